"""Counts of n-grams as a tree: every n-gram seen is a node below the n-gram it continues.

Level m holds the m-grams of all chains, sorted, so that the continuations of a context are
neighbours; level 0 holds one empty context per chain. Exact for any vocabulary and order: keys are
(number of the context, token), nothing is hashed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from genloss.core.arrays import Array, Floats, Ints, frozen
from genloss.core.samples import NO_TOKEN

Smoothing = Literal["kneser_ney", "add_k"]


@dataclass(frozen=True, eq=False)
class Tree:
    """Nodes of all levels, one after another, chain by chain within a level.

    starts (N + 2,): the first node of each level; parent, word, suffix, count: one entry per node.
    parent is the n-gram without its last token (-1 for a root), suffix that without its first one;
    count is what the smoothing counts: occurrences, or left neighbours.
    """

    starts: Ints
    parent: Ints
    word: Ints
    suffix: Ints
    count: Floats

    @property
    def n_chains(self) -> int:
        """C, the number of roots."""
        return int(self.starts[1])

    @property
    def order(self) -> int:
        """N, tokens of the longest n-grams."""
        return len(self.starts) - 2

    @property
    def n_contexts(self) -> int:
        """Nodes of less than N tokens, which are the first ones."""
        return int(self.starts[self.order])

    @property
    def first(self) -> Ints:
        """Children of context h are the nodes first[h] .. first[h + 1]."""
        below = self.parent[self.n_chains :]
        counted = np.bincount(below, minlength=self.n_contexts)
        return self.n_chains + np.concatenate([[0], np.cumsum(counted)])

    def chains(self) -> Ints:
        """Return the chain of every node."""
        chain = np.arange(len(self.word), dtype=np.int64)
        for m in range(1, self.order + 1):
            level = slice(*self.starts[m : m + 2])
            chain[level] = chain[self.parent[level]]
        return chain


def counted(x: Ints, weight: Floats | None, order: int, vocabulary: int, kind: Smoothing) -> Tree:
    """Count the n-grams, n = 1 .. order, inside rows x (C, n, T), a row as often as it weighs.

    add_k counts occurrences. kneser_ney counts them for the longest n-grams; for shorter ones the
    different tokens seen before them, the beginning of a row being one more. O(C n T order log).
    """
    chains, rows, length = x.shape
    x = x.reshape(-1, length)
    often = np.ones(len(x)) if weight is None else weight.reshape(-1)
    used = (x != NO_TOKEN) & (often > 0)[:, None]
    root = np.repeat(np.arange(chains), rows)[:, None]
    here = np.broadcast_to(root, x.shape)
    before = here
    starts = [0, chains]
    nodes = [_roots(chains)]
    opens: list[Array] = []
    for m in range(1, order + 1):
        at = np.nonzero(used[:, m - 1 :])
        place = (at[0], at[1] + m - 1)
        key = before[place] * vocabulary + x[place]
        kinds, first, index = np.unique(key, return_index=True, return_inverse=True)
        count = np.bincount(index, often[place[0]], minlength=len(kinds)).astype(np.float64)
        opens.append(np.bincount(index[place[1] == m - 1], minlength=len(kinds)) > 0)
        nodes.append((kinds // vocabulary, kinds % vocabulary, here[place][first], count))
        here = np.full(x.shape, -1, dtype=np.int64)
        here[place] = starts[-1] + index
        before = np.concatenate([np.full((len(x), 1), -1), here[:, :-1]], axis=1)
        starts.append(starts[-1] + len(kinds))
    tree = Tree(np.array(starts), *(np.concatenate(part) for part in zip(*nodes, strict=True)))
    return _by_left_neighbours(tree, opens) if kind == "kneser_ney" else tree


def _by_left_neighbours(tree: Tree, opens: list[Array]) -> Tree:
    """Count the shorter n-grams by the tokens before them; opens: which ones begin a row."""
    count, starts = tree.count.copy(), tree.starts
    for m in range(1, tree.order):
        longer = tree.suffix[starts[m + 1] : starts[m + 2]] - starts[m]
        left = np.bincount(longer, minlength=int(starts[m + 1] - starts[m]))
        count[starts[m] : starts[m + 1]] = left + opens[m - 1]
    return replace(tree, count=count)


def _roots(chains: int) -> tuple[Ints, Ints, Ints, Floats]:
    none = np.full(chains, -1, dtype=np.int64)
    return none, none, none, np.zeros(chains)


def discounts(tree: Tree, fixed: float | None) -> Floats:
    """Return the discount D of each chain and level (C, N + 1), 0 at level 0.

    D = n1 / (n1 + 2 n2), n_r the number of n-grams of count r (Ney, Essen and Kneser 1994), or 1/2
    where one of the two is 0 and says nothing; or the fixed one.
    """
    shape = (tree.n_chains, tree.order + 1)
    if fixed is not None:
        discount = np.full(shape, fixed)
    else:
        level = np.repeat(np.arange(tree.order + 1), np.diff(tree.starts))
        cell, whole = tree.chains() * shape[1] + level, np.rint(tree.count)
        once, twice = (
            np.bincount(cell[whole == r], minlength=shape[0] * shape[1]).reshape(shape)
            for r in (1, 2)
        )
        known = (once > 0) & (twice > 0)
        discount = np.where(known, once / np.maximum(once + 2 * twice, 1), 0.5)
    discount[:, 0] = 0.0
    return np.asarray(discount, dtype=np.float64)


def arrays_of(tree: Tree) -> dict[str, Array]:
    """Return the tree with chains on axis 0: level m as (C, G) arrays, filled up with -1.

    Nodes are numbered from 0 within their chain and level, so that leading chains make a tree too.
    """
    chain, out = tree.chains(), {}
    offset = _offsets(tree, chain)
    for m in range(1, tree.order + 1):
        level = slice(*tree.starts[m : m + 2])
        mine, sizes = chain[level], np.bincount(chain[level], minlength=tree.n_chains)
        place = (mine, np.arange(len(mine)) - (np.cumsum(sizes) - sizes)[mine])
        columns = {
            "parent": tree.parent[level] - offset[m - 1, mine],
            "suffix": tree.suffix[level] - offset[m - 1, mine],
            "word": tree.word[level],
            "count": tree.count[level],
        }
        for name, column in columns.items():
            kind = np.float64 if name == "count" else np.int32
            full = np.full((tree.n_chains, int(sizes.max())), -1, dtype=kind)
            full[place] = column
            out[f"{name}_{m}"] = frozen(full)
    return out


def tree_of(arrays: Mapping[str, Array]) -> Tree:
    """Return the tree of `arrays_of`."""
    order = sum(name.startswith("word_") for name in arrays)
    chains = len(arrays["word_1"])
    starts, nodes = [0, chains], [_roots(chains)]
    offset = np.arange(chains)
    for m in range(1, order + 1):
        word, parent, suffix, count = (
            arrays[f"{name}_{m}"] for name in ("word", "parent", "suffix", "count")
        )
        present = word >= 0
        shift = np.broadcast_to(offset[:, None], word.shape)[present]
        words = word[present].astype(np.int64)
        nodes.append((parent[present] + shift, words, suffix[present] + shift, count[present]))
        sizes = present.sum(axis=1)
        offset = starts[-1] + np.cumsum(sizes) - sizes
        starts.append(starts[-1] + int(sizes.sum()))
    return Tree(np.array(starts), *(np.concatenate(part) for part in zip(*nodes, strict=True)))


def _offsets(tree: Tree, chain: Ints) -> Ints:
    """Return the first node of each level and chain (N + 1, C)."""
    every = np.arange(tree.n_chains)
    ends = zip(tree.starts, tree.starts[1:], strict=False)
    return np.stack([low + np.searchsorted(chain[low:high], every) for low, high in ends])
