"""Curators that ask nothing but chance, or who made a row."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.about import About
from genloss.core.curators.reference import Reference
from genloss.core.curators.selection import Covers, Selection, check_passage, refusing
from genloss.core.curators.share import check_share
from genloss.core.samples import REAL, Samples


@dataclass(frozen=True)
class Thinning:
    """Accepts every row with probability `keep`, whatever it is: an error without a tilt.

    What it accepts still follows p_t, which makes it the control for curators that choose.

    Raises:
        SpecError, DataError: keep outside (0, 1], or fewer rounds than one.
    """

    about = About("thinning", "Thinning", "Rows enter or not by the toss of a coin.")
    keep: float
    rounds: int = 10
    covers: Covers = "generated"

    def __post_init__(self) -> None:
        check_share(self.keep, "thinning: keep")
        check_passage("thinning", self.rounds, self.covers)

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Toss a coin for every row."""
        return refusing(rng.random(rows.x.shape[:2]) >= self.keep, "chance")


@dataclass(frozen=True)
class Oracle:
    """Knows who made every row of D_t, and lets real ones in alone: what no detector can do better.

    Generated rows are gone for good, so that D_t keeps its real rows and no others: a regime that
    has none leaves nothing, which ends the run.
    """

    about = About(
        "oracle",
        "Oracle",
        "Only real rows enter; who made a row is known without error.",
    )
    rounds: ClassVar[int] = 1
    covers: ClassVar[Covers] = "training"

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Refuse what others made."""
        return refusing(np.asarray(rows.origin) != REAL, "generated")
