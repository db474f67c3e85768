"""A detector of generated text that has really learned something, and what it never saw."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array, Floats
from genloss.core.curators.choice import first_share
from genloss.core.curators.reference import Reference
from genloss.core.curators.selection import Bools, Covers, Selection
from genloss.core.curators.share import check_share
from genloss.core.samples import NO_TOKEN, REAL, Samples
from genloss.errors import DataError, SpecError

Taught = Literal["another", "loop", "nothing"]

SMOOTH = 0.1
"""Added to every count of a bigram."""


@dataclass(frozen=True)
class TaughtDetector:
    """Keeps a share of D_t: the rows of text that look least generated to a bigram detector.

    A row's score is the mean over its tokens of ln q(b | a) / p(b | a), p counted in held-out real
    rows (S_0 where there are none), q what it was taught: 'another' generator, p^temper
    normalised, that never wrote a row of the loop; the 'loop', counted in the generated rows of
    D_t; or 'nothing', chance alone. Every arm keeps the same number of rows. once: it judges the
    first mixture (t = 2), chance all others.
    O(C n T + C V^2).

    Raises:
        SpecError: a share outside (0, 1], a temper of 1 or below, or an unknown lesson.
    """

    about = About(
        "taught_detector",
        "Taught detector",
        "Of human and generated rows those are kept that look least generated to a detector, which "
        "was taught on another generator or on the loop's own.",
        ("drayson-2025",),
    )
    keep: float = 0.5
    taught: Taught = "another"
    temper: float = 1.5
    once: bool = False
    rounds: ClassVar[int] = 1
    covers: ClassVar[Covers] = "training"

    def __post_init__(self) -> None:
        check_share(self.keep, "taught_detector: keep")
        if not self.temper > 1:
            raise SpecError(
                f"taught_detector: temper is {self.temper}; expected more than 1, as the other "
                "generator writes too typically"
            )
        if self.taught not in ("another", "loop", "nothing"):
            raise SpecError(
                f"taught_detector: taught is {self.taught!r}; expected another, loop or nothing"
            )

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Keep the rows of the lowest scores; what it does not judge, by chance."""
        if rows.x.dtype.kind not in "iu" or rows.x.ndim != 3:
            raise DataError(
                f"taught_detector judges rows of tokens (C, n, T); got {rows.x.shape} of "
                f"{rows.x.dtype}; take the curator detector for other rows"
            )
        made = np.broadcast_to(np.asarray(rows.origin) != REAL, rows.x.shape[:2])
        if self._rests(rows):
            key = rng.random(rows.x.shape[:2])
        else:
            key = self._scores(rows, made, reference)
        accepted = first_share(key, rows, self.keep)
        return Selection(accepted, made.astype(np.int64), ("human row", "generated row"))

    def _rests(self, rows: Samples) -> bool:
        return self.taught == "nothing" or (self.once and int(np.max(rows.origin)) > 1)

    def _scores(self, rows: Samples, made: Bools, reference: Reference) -> Floats:
        # Rows that it judges would look human because it knows them by heart.
        real = reference.real.x if reference.held_out is None else reference.held_out
        size = int(max(rows.x.max(), real.max())) + 1
        human = _frequencies(real, np.ones(real.shape[:2]), size)
        if self.taught == "loop":
            weight = np.ones(made.shape) if rows.weight is None else rows.weight
            machine = _frequencies(rows.x, made * weight, size)
        else:
            machine = human**self.temper
            machine /= machine.sum(axis=2, keepdims=True)
        return _means(rows.x, np.log(machine) - np.log(human))


def _frequencies(x: Array, weight: Floats, size: int) -> Floats:
    """P(b | a) of each chain, (C, V, V), from its rows (C, n, T) by their weights (C, n)."""
    counts = np.full((len(x), size, size), SMOOTH)
    first, second = x[:, :, :-1], x[:, :, 1:]
    there = (first != NO_TOKEN) & (second != NO_TOKEN)
    for c, pairs in enumerate(there):
        each = np.broadcast_to(weight[c][:, None], pairs.shape)[pairs]
        np.add.at(counts[c], (first[c][pairs], second[c][pairs]), each)
    return counts / counts.sum(axis=2, keepdims=True)


def _means(x: Array, table: Floats) -> Floats:
    first, second = x[:, :, :-1], x[:, :, 1:]
    there = (first != NO_TOKEN) & (second != NO_TOKEN)
    chain = np.arange(len(x))[:, None, None]
    each = table[chain, np.where(there, first, 0), np.where(there, second, 0)] * there
    return np.asarray(each.sum(axis=2) / np.maximum(there.sum(axis=2), 1))
