"""Metrics of realities with named modes: which of them S_t still visits."""

from dataclasses import dataclass
from typing import ClassVar

from genloss.core.arrays import Floats
from genloss.core.protocols import ModalLaw
from genloss.metrics import modes
from genloss.metrics.suites.shared import rows_of
from genloss.metrics.view import Direction, NotApplicable, View, named


def rows_and_modes(view: View) -> tuple[Floats, Floats, float] | NotApplicable:
    """Return S_t (C, n, d), the centres (K, d) and the radius, or why there are none."""
    x = rows_of(view, 0)
    if isinstance(x, NotApplicable):
        return x
    if not isinstance(view.p_0, ModalLaw):
        return NotApplicable(f"{type(view.p_0).__name__} has no named modes")
    return x, *view.p_0.modes()


@dataclass(frozen=True)
class SurvivingModes:
    """Number of modes that hold at least min_share of the rows (Alemohammad et al. 2023)."""

    min_share: float = 0.0
    unit: ClassVar[str] = "modes"
    direction: ClassVar[Direction] = "higher is closer"

    @property
    def name(self) -> str:
        """surviving_modes and its options."""
        return named("surviving_modes", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the number (C,), in [0, K]."""
        found = rows_and_modes(view)
        if isinstance(found, NotApplicable):
            return found
        return modes.surviving_modes(*found, min_share=self.min_share)


@dataclass(frozen=True)
class AverageModalVariance:
    """Mean variance within the modes that still hold rows (Alemohammad et al. 2023)."""

    min_share: float = 0.0
    unit: ClassVar[str] = "squared units of the data"
    direction: ClassVar[Direction] = "compare with t = 0"

    @property
    def name(self) -> str:
        """average_modal_variance and its options."""
        return named("average_modal_variance", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the variance (C,), >= 0."""
        found = rows_and_modes(view)
        if isinstance(found, NotApplicable):
            return found
        return modes.average_modal_variance(*found, min_share=self.min_share)


@dataclass(frozen=True)
class ModeShare:
    """Share of rows in one mode, such as a minority."""

    mode: int
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    @property
    def name(self) -> str:
        """mode_share and which mode."""
        return f"mode_share({self.mode})"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1]."""
        found = rows_and_modes(view)
        if isinstance(found, NotApplicable):
            return found
        if not 0 <= self.mode < len(found[1]):
            return NotApplicable(f"there are only {len(found[1])} modes")
        return modes.mode_shares(*found)[:, self.mode]
