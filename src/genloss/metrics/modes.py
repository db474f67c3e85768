"""Metrics of realities with named modes: which of them S_t still visits."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.abilities import DensityModel, ModalLaw
from genloss.core.about import About, Aspect
from genloss.core.arrays import Floats
from genloss.core.roles import Model
from genloss.core.view import Direction, NamedMetric, NotApplicable, View
from genloss.metrics.arrays import modes
from genloss.metrics.shared import rows_of


def rows_and_modes(view: View) -> tuple[Floats, Floats, float] | NotApplicable:
    """Return S_t (C, n, d), the centres (K, d) and the radius, or why there are none."""
    x = rows_of(view, 0)
    if isinstance(x, NotApplicable):
        return x
    if not isinstance(view.p_0, ModalLaw):
        return NotApplicable(f"{type(view.p_0).__name__} has no named modes")
    return x, *view.p_0.modes()


class OfModes(NamedMetric, ABC):
    """Base class of the metrics of S_t and reality's modes; subclasses implement `of`."""

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return one value per chain (C,), or why there is none."""
        rows = rows_and_modes(view)
        return rows if isinstance(rows, NotApplicable) else self.of(*rows)

    @abstractmethod
    def of(self, x: Floats, centres: Floats, radius: float) -> Floats | NotApplicable:
        """Return (C,) from rows (C, n, d), centres (K, d) and the radius of a mode."""


@dataclass(frozen=True)
class SurvivingModes(OfModes):
    """Number of modes that hold at least min_share of the rows (Alemohammad et al. 2023)."""

    about = About(
        "surviving_modes",
        "Surviving modes",
        "Number of reality's modes that still receive samples.",
        ("alemohammad-2023",),
        aspect=Aspect.MODES,
    )
    min_share: float = 0.0
    base: ClassVar[str] = "surviving_modes"
    unit: ClassVar[str] = "modes"
    direction: ClassVar[Direction] = Direction.HIGHER

    def of(self, x: Floats, centres: Floats, radius: float) -> Floats:
        """Return the number (C,), in [0, K]."""
        return modes.surviving_modes(x, centres, radius, min_share=self.min_share)


@dataclass(frozen=True)
class AverageModalVariance(OfModes):
    """Mean variance within the modes that still hold rows (Alemohammad et al. 2023)."""

    about = About(
        "average_modal_variance",
        "Average modal variance",
        "Variance within the modes that are still alive.",
        ("alemohammad-2023",),
        aspect=Aspect.SPREAD,
    )
    min_share: float = 0.0
    base: ClassVar[str] = "average_modal_variance"
    unit: ClassVar[str] = "squared units of the data"
    direction: ClassVar[Direction] = Direction.START

    def of(self, x: Floats, centres: Floats, radius: float) -> Floats:
        """Return the variance (C,), >= 0."""
        return modes.average_modal_variance(x, centres, radius, min_share=self.min_share)


@dataclass(frozen=True)
class ModeShare(OfModes):
    """Share of rows in one mode, such as a minority."""

    about = About(
        "mode_share",
        "Mode share",
        "Share of samples in one mode.",
        ("alemohammad-2023",),
        aspect=Aspect.GROUP,
    )
    mode: int
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    @property
    def name(self) -> str:
        """mode_share and which mode."""
        return f"mode_share({self.mode})"

    def of(self, x: Floats, centres: Floats, radius: float) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1]."""
        if not 0 <= self.mode < len(centres):
            return NotApplicable(f"there are only {len(centres)} modes")
        return modes.mode_shares(x, centres, radius)[:, self.mode]


@dataclass(frozen=True)
class ModeNLL:
    """Mean negative log-likelihood, under p_t, of the held-out real rows of one mode."""

    about = About(
        "mode_nll",
        "Surprise about one mode",
        "How surprised the model is by real rows of one group, such as a minority.",
    )
    mode: int
    unit: ClassVar[str] = "nats per row"
    direction: ClassVar[Direction] = Direction.LOWER

    @property
    def name(self) -> str:
        """mode_nll and which mode."""
        return f"mode_nll({self.mode})"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the mean (C,), inf where p_t gives a row no density, or why there is none."""
        if view.held_out is None:
            return NotApplicable("no held-out rows; set held_out")
        if not isinstance(view.p_0, ModalLaw):
            return NotApplicable(f"{type(view.p_0).__name__} has no named modes")
        model: Model = view.model
        if not isinstance(model, DensityModel):
            return NotApplicable(f"{type(model).__name__} has no density")
        centres, radius = view.p_0.modes()
        if not 0 <= self.mode < len(centres):
            return NotApplicable(f"there are only {len(centres)} modes")
        mine = modes.mode_labels(view.held_out, centres, radius) == self.mode
        if not mine.any(axis=1).all():
            return NotApplicable(f"a chain holds out no row of mode {self.mode}; raise held_out")
        nats = np.where(mine, -model.log_prob(view.held_out), 0.0)
        return np.asarray(nats.sum(axis=1) / mine.sum(axis=1))
