"""Metrics of novelty: rows of S_t that lie where no real row would."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.about import About, Aspect
from genloss.core.arrays import Floats, checked_count
from genloss.core.numbers import open_fraction
from genloss.core.view import Direction, NamedMetric, NotApplicable, View
from genloss.metrics.arrays import memorisation
from genloss.metrics.copies import real_rows
from genloss.metrics.shared import beside_reality


@dataclass(frozen=True)
class FarRows(NamedMetric):
    """Share of S_t farther from the nearest real row than a share q of new real rows come.

    The nearest of `reference` real rows, fewer where reality has no more; how far new real rows
    come is seen on the held-out ones, so that q is met by 1 / (1 - q) of them or more. O(rows
    reference d) per chain.
    """

    about = About(
        "far_rows",
        "Rows unlike anything real",
        "Share of samples farther from real rows than real rows are from one another.",
        ("schaeffer-2025",),
        aspect=Aspect.NOVELTY,
    )
    q: float = 0.999
    rows: int = 1000
    reference: int = 1000
    base: ClassVar[str] = "far_rows"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.LOWER

    def __post_init__(self) -> None:
        open_fraction(self.q, "far_rows: q")
        checked_count(self.rows, "far_rows: rows", 0)
        checked_count(self.reference, "far_rows: reference")

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1]; about 1 - q for new real rows."""
        both = beside_reality(view, self.rows)
        if isinstance(both, NotApplicable):
            return both
        generated, held_out = both
        key = ("far", self.q, self.rows, self.reference)
        real = view.once_for_all((*key, "real"), lambda: real_rows(view, self.reference))
        reach = view.once_for_all(
            (*key, "reach"),
            lambda: np.quantile(memorisation.nearest_distances(held_out, real), self.q, axis=1),
        )
        away = memorisation.nearest_distances(generated, real)
        return np.asarray((away > reach[:, None]).mean(axis=1))
