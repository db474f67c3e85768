"""A regime in a world that moves on: whatever was written lags behind."""

from dataclasses import dataclass, replace

import numpy as np

from genloss.core.abilities import pairs_rows
from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.roles import Data, History, Regime, Sizes
from genloss.core.samples import Samples
from genloss.errors import DataError, SpecError


@dataclass(frozen=True)
class Moving:
    """D_t of another regime, of which every row lags speed behind for each generation of its age.

    The frame is that of today's reality, in which p_0 stands still and its past lies at
    -speed * age along the first coordinate: S_0 is t - 1 generations old, rows of generation s are
    t - s, new real rows are of today. A regime that keeps new real rows does not know their age.

    Raises:
        SpecError: a speed that is not finite.
        DataError: data without rows of numbers, or rows without an age.
    """

    about = About(
        "moving",
        "A reality that moves",
        "Another regime in a world that moves on: what was written lags behind.",
    )
    regime: Regime
    speed: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.speed):
            raise SpecError(f"moving: speed is {self.speed}; expected a finite number")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return f"as one regime has it, in a world that moves by {self.speed:g} a generation"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return those of the regime."""
        return self.regime.sizes(t, n_real, n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return D_t of the regime, its old rows where they lie today."""
        t = history.t
        real = _rows(history.real)
        past = tuple(_aged(_rows(part), self._ages(_rows(part), t)) for part in history.synthetic)
        aged = replace(
            history,
            real=_aged(real, np.full(real.x.shape[:2], self.speed * (t - 1.0))),
            synthetic=past,
        )
        return self.regime.compose(aged, fresh, rng)

    def remember(self, history: History) -> History:
        """Keep what the regime keeps, where it lay when it was written."""
        return self.regime.remember(history)

    @property
    def pairs_rows(self) -> bool:
        """Whether the regime knows rows by their places."""
        return pairs_rows(self.regime)

    def _ages(self, part: Samples, t: int) -> Floats:
        """Return how far the rows (C, n) lag behind at t."""
        origin = np.asarray(part.origin, dtype=np.float64)
        if (origin < 1).any():
            raise DataError(
                "moving: some rows that were kept are of no generation, so that their age is not "
                "known; use a regime that keeps what models wrote alone, such as fresh or rising"
            )
        return self.speed * (t - origin)


def _aged(rows: Samples, lag: Floats) -> Samples:
    x = rows.x.copy()
    x[..., 0] -= lag
    return Samples(x, rows.origin, rows.weight, rows.label)


def _rows(data: Data) -> Samples:
    if not isinstance(data, Samples) or data.x.ndim != 3 or data.x.dtype.kind != "f":
        raise DataError("moving: only rows of numbers can lag behind; use form = 'rows'")
    return data
