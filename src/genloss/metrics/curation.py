"""Metrics of the curator: how much it accepts, and how much is missing."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.view import Direction, NamedMetric, NotApplicable, View

NO_CURATOR = NotApplicable("no curator stands between S_t and the next training sets")


@dataclass(frozen=True)
class AcceptanceRate(NamedMetric):
    """Rows accepted over rows seen, up to the last row that was needed."""

    about = About(
        "acceptance_rate",
        "Acceptance rate",
        "Share of the rows seen that the curator let in.",
    )
    base: ClassVar[str] = "acceptance_rate"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the rate (C,), in (0, 1]."""
        curation = view.curation
        return NO_CURATOR if curation is None else np.asarray(curation.accepted / curation.seen)


@dataclass(frozen=True)
class Shortfall(NamedMetric):
    """Share of the rows asked for that no round gave: 1 - accepted / asked."""

    about = About(
        "shortfall", "Shortfall", "Share of the rows asked for that the curator did not find."
    )
    base: ClassVar[str] = "shortfall"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.ZERO

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1)."""
        curation = view.curation
        return (
            NO_CURATOR if curation is None else np.asarray(1 - curation.accepted / curation.asked)
        )
