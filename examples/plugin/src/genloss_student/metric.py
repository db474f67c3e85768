"""A metric with two components: the smallest and the largest value that a generation writes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.about import About, Component
from genloss.core.samples import Samples
from genloss.core.view import Direction, NotApplicable


@dataclass(frozen=True)
class Extremes:
    """Smallest and largest coordinate of S_t."""

    about = About(
        "extremes",
        "Extremes",
        "How far out the generated rows reach.",
        figure="range",
        components=(
            Component("smallest", "Smallest value", "How far down the generated rows reach."),
            Component("largest", "Largest value", "How far up the generated rows reach."),
        ),
    )
    name: ClassVar[str] = "extremes"
    unit: ClassVar[str] = "units of the data"
    direction: ClassVar[Direction] = Direction.START
    labels: ClassVar[tuple[str, ...]] = ("smallest", "largest")

    def __call__(self, view):
        if not isinstance(view.samples, Samples):
            return NotApplicable("there are no rows whose extremes could be taken")
        x = view.samples.x.reshape(view.p_0.n_chains, -1).astype(float)
        return np.stack([x.min(axis=1), x.max(axis=1)], axis=1)
