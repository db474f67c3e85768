"""From decisions to rows: rounds until enough are accepted, and what became of all.

S_t is what p_t writes and metrics look at; what a curator accepts of it is what regimes remember.
Rows are drawn in rounds of n, each round of every chain and with a stream of its own, until n are
accepted or the curator's rounds are over, so that a chain never depends on its neighbours. A chain
that falls short is filled up with refused rows of weight 0: n rows everywhere, fewer that count.
A D_t that must pass as a whole is judged once: there are no other rows to take instead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Ints, frozen
from genloss.core.curators.reference import Reference
from genloss.core.curators.selection import Bools, Curator, Selection, Together
from genloss.core.roles import Data
from genloss.core.samples import Samples
from genloss.errors import DataError

NOT_NEEDED = -2
"""In `Judged.reason`: a row after the last one that was needed, which nobody looked at."""

ACCEPTED = -1
"""In `Judged.reason`."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows (C, m, ...) that a curator saw, and why each was refused.

    reason: (C, m), a place in `reasons`, or `ACCEPTED`, or `NOT_NEEDED`.
    """

    rows: Samples
    reason: Ints
    reasons: tuple[str, ...]

    @property
    def accepted(self) -> Bools:
        """Rows that entered (C, m)."""
        return np.asarray(self.reason == ACCEPTED)

    @property
    def seen(self) -> Bools:
        """Rows that were looked at (C, m)."""
        return np.asarray(self.reason != NOT_NEEDED)


@dataclass(frozen=True, eq=False)
class Curation:
    """What became of `asked` rows per chain: rows seen and accepted (C,), and refused by reason.

    Rows after the last one that was needed are not counted. judged: the rows themselves.
    """

    asked: int
    seen: Ints
    accepted: Ints
    refused: Mapping[str, Ints]
    judged: Judged | None = None


def together(*parts: Curation | None) -> Curation | None:
    """Return what became of the rows of all parts, such as real and generated ones, if any."""
    there = [part for part in parts if part is not None]
    if len(there) < 2:
        return there[0] if there else None
    refused: dict[str, Ints] = {}
    for part in there:
        for why, count in part.refused.items():
            refused[why] = refused.get(why, 0) + count
    judged = [part.judged for part in there if part.judged is not None]
    return Curation(
        sum(part.asked for part in there),
        np.sum([part.seen for part in there], axis=0),
        np.sum([part.accepted for part in there], axis=0),
        refused,
        _all_judged(judged) if len(judged) == len(there) else None,
    )


def _all_judged(parts: list[Judged]) -> Judged:
    reasons = tuple(dict.fromkeys(why for part in parts for why in part.reasons))
    codes = [np.array([reasons.index(why) for why in part.reasons] or [0]) for part in parts]
    reason = [
        np.where(part.reason < 0, part.reason, code[np.maximum(part.reason, 0)])
        for part, code in zip(parts, codes, strict=True)
    ]
    rows = Samples.concat([part.rows for part in parts])
    return Judged(rows, np.concatenate(reason, axis=1), reasons)


def rows_reserved(n: int, curator: Curator | None) -> int:
    """Return the real rows that n real rows may cost: n, or n for every round of a curator."""
    return n * (curator.rounds if curator is not None and curator.covers == "all" else 1)


def curated(
    draw: Callable[[int], Data],
    n: int,
    curator: Curator,
    reference: Reference,
    rng_of: Callable[[int], np.random.Generator],
) -> tuple[Samples, Curation]:
    """Return n rows of every chain with their weights, and what became of those seen.

    draw(k) returns the n rows of round k; rng_of(k) is the curator's stream in it.

    Raises:
        DataError: data without rows, or a chain of which nothing was accepted.
    """
    if isinstance(curator, Together):
        rows = Samples.concat([_checked(draw(k)) for k in range(curator.rounds)])
        rows = rows.head(min(curator.candidates(n), rows.n_rows))
        selection = _selected(curator, rows, reference, rng_of(0))
    else:
        rows, selection = _by_rounds(draw, n, curator, reference, rng_of)
    curation = _counts(rows, selection, n, isinstance(curator, Together))
    _check_some(curator, curation, f"raise its rounds ({curator.rounds})")
    # Accepted rows first, in the order drawn; refused ones fill what is missing.
    index = np.argsort(~selection.accepted, axis=1, kind="stable")[:, :n]
    return _taken(rows, selection, index), curation


NOT_REPLACED = (
    "take a regime that keeps real rows (accumulate, fresh), or let it cover 'generated' rows, "
    "which are drawn in rounds"
)
"""What else to try where nothing of a D_t is left."""


def curated_set(
    train: Data,
    curator: Curator,
    reference: Reference,
    rng: np.random.Generator,
    instead: str = NOT_REPLACED,
) -> tuple[Samples, Curation]:
    """Return what a curator leaves of a D_t as its regime composed it, and what became of its rows.

    As many rows as the chain has that keeps most; others are filled up with rows of weight 0.
    instead: what else to try where nothing is left.

    Raises:
        DataError: data without rows, or a chain of which nothing was accepted.
    """
    rows = _checked(train)
    selection = _selected(curator, rows, reference, rng)
    if rows.weight is not None:
        # What has no weight is not there, whatever was decided about it.
        there = rows.weight > 0
        weight = rows.weight if selection.weight is None else selection.weight
        selection = Selection(
            selection.accepted & there,
            np.where(there, selection.reason, 0),
            selection.reasons or ("no weight",),
            frozen(np.where(there, weight, 0.0)),
        )
    curation = _counts(rows, selection, rows.n_rows, True)
    _check_some(curator, curation, instead)
    most = int(selection.accepted.sum(axis=1).max())
    index = np.argsort(~selection.accepted, axis=1, kind="stable")[:, :most]
    return _taken(rows, selection, index), curation


def _by_rounds(
    draw: Callable[[int], Data],
    n: int,
    curator: Curator,
    reference: Reference,
    rng_of: Callable[[int], np.random.Generator],
) -> tuple[Samples, Selection]:
    rounds: list[Samples] = []
    selections: list[Selection] = []
    left = 1
    while left and len(rounds) < curator.rounds:
        k = len(rounds)
        rows = _checked(draw(k))
        selections.append(_selected(curator, rows, reference, rng_of(k)))
        rounds.append(rows)
        left = max(0, n - min(sum(s.accepted.sum(axis=1) for s in selections)))
    return Samples.concat(rounds), _joined(selections)


def _joined(selections: list[Selection]) -> Selection:
    """Return the decisions of all rounds as one; a reason is known by its words."""
    if len(selections) == 1:
        return selections[0]
    reasons = tuple(dict.fromkeys(why for s in selections for why in s.reasons))
    # Whatever stands there of accepted rows is never read.
    place = [np.array([reasons.index(why) for why in s.reasons] or [0]) for s in selections]
    pairs = zip(selections, place, strict=True)
    reason = [to[np.where(s.accepted, 0, s.reason)] for s, to in pairs]
    weighted = any(s.weight is not None for s in selections)
    weight = [np.ones(s.accepted.shape) if s.weight is None else s.weight for s in selections]
    return Selection(
        np.concatenate([s.accepted for s in selections], axis=1),
        np.concatenate(reason, axis=1),
        reasons,
        np.concatenate(weight, axis=1) if weighted else None,
    )


def _checked(data: Data) -> Samples:
    if not isinstance(data, Samples):
        raise DataError(f"a curator chooses rows; got {type(data).__name__}; use form = 'rows'")
    return data


def _selected(
    curator: Curator, rows: Samples, reference: Reference, rng: np.random.Generator
) -> Selection:
    selection = curator.select(rows, reference, rng)
    if selection.accepted.shape != rows.x.shape[:2]:
        raise DataError(
            f"{type(curator).__name__} decided about rows {selection.accepted.shape}; expected "
            f"{rows.x.shape[:2]}"
        )
    return selection


def _taken(rows: Samples, selection: Selection, index: Ints) -> Samples:
    """Return rows index (C, m), with the weights that they have from now on."""
    taken = rows.take(index)
    weight = np.ones(selection.accepted.shape) if selection.weight is None else selection.weight
    weight = np.take_along_axis(np.where(selection.accepted, weight, 0.0), index, axis=1)
    return Samples(taken.x, taken.origin, frozen(weight), taken.label)


def _check_some(curator: Curator, curation: Curation, instead: str) -> None:
    if not curation.accepted.all():
        chain = int(np.argmin(curation.accepted))
        refused = {why: int(count[chain]) for why, count in curation.refused.items()}
        words = ", ".join(f"{count:,} as {why!r}" for why, count in refused.items() if count)
        raise DataError(
            f"{type(curator).__name__} accepted none of the {curation.seen[chain]:,} rows of chain "
            f"{chain}; refused: {words}; loosen it, or {instead}"
        )


def _counts(rows: Samples, selection: Selection, n: int, together: bool) -> Curation:
    """Count each chain up to the row that fills it; of rows judged together, all that are refused.

    Accepted rows after the n-th are not needed either way.
    """
    accepted = selection.accepted
    so_far = accepted.cumsum(axis=1)
    needed = so_far <= n if together else so_far - accepted < n
    reason = np.where(accepted, ACCEPTED, selection.reason)
    reason = np.where(needed | (together & ~accepted), reason, NOT_NEEDED)
    refused = {why: (reason == k).sum(axis=1) for k, why in enumerate(selection.reasons)}
    judged = Judged(rows, reason, selection.reasons)
    seen = (reason != NOT_NEEDED).sum(axis=1)
    return Curation(n, seen, np.minimum(so_far[:, -1], n), refused, judged)
