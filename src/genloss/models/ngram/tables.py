"""What the compiled walks read: probabilities instead of counts."""

from typing import NamedTuple

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.models.ngram.counts import Tree, discounts


class Tables(NamedTuple):
    """p(w | h) = share[h, w] + spare[h] p(w | lower[h]); below a context without lower: 1 / V.

    first (contexts + 1,): the children of context h are nodes first[h] .. first[h + 1], their
    tokens word ascending, share their part of p(. | h), edges the running sums of share. suffix:
    the n-gram without its first token, -1 for a root.
    """

    first: Ints
    word: Ints
    suffix: Ints
    share: Floats
    edges: Floats
    spare: Floats
    lower: Ints
    vocabulary: int
    backs_off: bool


class How(NamedTuple):
    """The options of `Sampling`; plain: nothing but a minimum length; stops: at the end token."""

    plain: bool
    stops: bool
    min_new: int
    temperature: float
    top_k: int
    top_p: float
    penalty: float


class Search(NamedTuple):
    """The options of `BeamSearch`, and the end token."""

    beams: int
    min_new: int
    length_penalty: float
    penalty: float
    end: int


class Best(NamedTuple):
    """The best continuations of a step (K,), best first: ln p of the text, its beam, its token."""

    value: Floats
    beam: Ints
    token: Ints


def tables_of(tree: Tree, vocabulary: int, discount: float | None, k: float | None) -> Tables:
    """Return the interpolated law of a tree's counts, or with k the add-k law.

    Kneser-Ney takes min(c, D) from every count c and hands their sum to the lower law; add-k hands
    k V to the uniform one.
    """
    below, first, inner = tree.parent[tree.n_chains :], tree.first, tree.n_contexts
    discounted = np.zeros_like(tree.count)
    if k is None:
        level = np.repeat(np.arange(tree.order + 1), np.diff(tree.starts))
        discounted = np.minimum(tree.count, discounts(tree, discount)[tree.chains(), level])
    total: Floats = np.bincount(below, tree.count[tree.n_chains :], inner).astype(np.float64)
    spare = np.bincount(below, discounted[tree.n_chains :], minlength=inner).astype(np.float64)
    if k is not None:
        spare = np.full(inner, k * vocabulary)
        total = total + spare
    total[total == 0] = 1.0
    share = tree.count - discounted
    share[tree.n_chains :] /= total[below]
    sums = np.cumsum(share)
    edges = sums.copy()
    edges[tree.n_chains :] -= np.repeat(sums[first[:-1] - 1], np.diff(first))
    lower = tree.suffix[:inner] if k is None else np.full(inner, -1)
    suffix, spare = tree.suffix, spare / total
    return Tables(first, tree.word, suffix, share, edges, spare, lower, vocabulary, k is None)
