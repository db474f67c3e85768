"""A curator: outliers do not enter."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.core.about import About
from genloss.core.curators.selection import Selection


@dataclass(frozen=True)
class Within:
    """Accepts rows all of whose coordinates are within `limit` of 0."""

    about = About("within", "Within a limit", "Rows without an outlying coordinate enter.")
    limit: float = 3.0
    rounds: int = 10
    covers: Literal["generated", "all"] = "generated"

    def select(self, rows, reference, rng):
        far = np.abs(rows.x.reshape(*rows.x.shape[:2], -1)).max(axis=2)
        return Selection(far <= self.limit, np.zeros(far.shape, dtype=int), ("outlier",))
