"""A detector of generated rows with dialled errors, with or without a tilt."""

from dataclasses import dataclass

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.curators.dial import tilted_rate
from genloss.core.curators.rarity import rarity
from genloss.core.curators.reference import Reference
from genloss.core.curators.selection import Covers, Selection, check_passage
from genloss.core.curators.share import check_rate
from genloss.core.samples import REAL, Samples
from genloss.errors import SpecError

MOST_TILT = 100.0
"""Beyond it a rate is a step: everything rarer than a bound, nothing else."""


def check_tilt(tilt: float, name: str) -> None:
    """Refuse a tilt outside [0, 100]; raises SpecError."""
    if not 0 <= tilt <= MOST_TILT:
        raise SpecError(
            f"{name}: tilt is {tilt}; expected a number from 0 (errors hit all rows alike) to "
            f"{MOST_TILT:.0f}"
        )


@dataclass(frozen=True)
class Detector:
    """Refuses rows that a detector takes for generated; it never sees who made them.

    A real row of rarity u is flagged with probability r(u) of mean fpr, a generated one with r(u)
    of mean tpr (`dial`): the tilt raises false positives with a row's rarity, and lowers true ones
    with its typicality. tpr is met by generated rows that are as rare as real ones are.

    Without a tilt an error only thins: what enters keeps its law. Through a tilt the tail is lost:
    of real rows beyond rarity q there enter int_q^1 (1 - r(u)) du / (1 - fpr), less than 1 - q.

    Raises:
        SpecError, DataError: rates outside [0, 1], a tilt outside [0, 100], rounds below 1.
    """

    about = About(
        "detector",
        "Detector",
        "Rows that a detector takes for generated do not enter; it errs at rates that are set, and "
        "more often on rare rows if it has a tilt.",
        ("drayson-2025",),
    )
    tpr: float
    fpr: float
    tilt: float = 0.0
    rounds: int = 1
    covers: Covers = "training"

    def __post_init__(self) -> None:
        check_rate(self.tpr, "detector: tpr")
        check_rate(self.fpr, "detector: fpr")
        check_tilt(self.tilt, "detector")
        check_passage("detector", self.rounds, self.covers)

    def flag_rates(self, rows: Samples, reference: Reference) -> Floats:
        """Return the probability of being flagged for each row (C, m)."""
        real = np.asarray(rows.origin) == REAL
        if self.tilt == 0:
            return np.where(real, self.fpr, self.tpr)
        low, high = rarity(reference).of(rows.x)
        rates = np.empty(real.shape)
        for those, rate in ((real, self.fpr), (~real, self.tpr)):
            rates[those] = tilted_rate(low[those], high[those], rate, self.tilt)
        return rates

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Toss a coin for every row, weighted by what it is and how rare."""
        flagged = rng.random(rows.x.shape[:2]) < self.flag_rates(rows, reference)
        reason = (np.asarray(rows.origin) != REAL).astype(np.int64)
        return Selection(~flagged, reason, ("false positive", "true positive"))
