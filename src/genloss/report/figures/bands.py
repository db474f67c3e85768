"""Quantiles over chains, and the chains themselves where they are too few for quantiles."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.chain_quantiles import fewest_chains, quantiles
from genloss.core.over_chains import MEAN
from genloss.judge.estimates import location
from genloss.judge.forecast.forecasts import Forecast
from genloss.report.figures.beside import Beside
from genloss.report.published_values import Point, columns
from genloss.store.series import Column
from genloss.store.theory_file import TheoryLine

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The median, the middle 50 % of the chains and the middle 90 %."""

FEWEST = fewest_chains(LEVELS[-1] - LEVELS[0])
"""Under so many chains no band is drawn, and each chain is: they cannot carry nine in ten."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One metric of one run at the generations drawn: t (T,), values (T, C), bands (5, T).

    mean is over chains (T,). theory: the values (T,) of the line, NaN where there is none.
    published: values that others reported, see `published`. controls: those beside the run. fan
    (4, N): generations ahead, and the median and ends of what a further chain is forecast to show.
    """

    label: str
    t: Ints
    values: Floats
    bands: Floats
    mean: Floats
    theory: Floats
    line: TheoryLine | None
    published: tuple[Point, ...] = ()
    fan: Floats = field(default_factory=lambda: np.empty((4, 0)))
    controls: tuple[Beside, ...] = ()

    @property
    def chains(self) -> int:
        """The number of chains."""
        return int(self.values.shape[1])

    @property
    def has_bands(self) -> bool:
        """Whether there are enough chains for bands."""
        return self.chains >= FEWEST

    @property
    def draws_chains(self) -> bool:
        """Whether each chain is drawn: there are some, and too few for bands."""
        return 1 < self.chains < FEWEST

    def ends(self) -> tuple[float, float]:
        """Return the ends of what is drawn last: of nine chains in ten, or of the chains."""
        last = self.bands[[0, -1], -1] if self.has_bands else self.values[-1]
        return float(np.min(last)), float(np.max(last))

    @property
    def median(self) -> Floats:
        """The median over chains (T,)."""
        return self.bands[2]

    @property
    def has_theory(self) -> bool:
        """Whether any generation drawn has a theory value."""
        return bool(np.isfinite(self.theory).any())

    @property
    def has_theory_of_mean(self) -> bool:
        """Whether theory is drawn, and predicts the mean over chains."""
        return self.has_theory and self.line is not None and self.line.statistic.is_mean

    def last(self) -> int:
        """Return the last generation."""
        return int(self.t[-1])

    def end(self) -> int:
        """Return the last generation drawn, forecast ones included."""
        return max(self.last(), int(self.fan[0].max(initial=0)))

    def points(self) -> Floats:
        """Return t, value, low and high of the published values up to the last generation."""
        found = columns(self.published, self.last())
        return np.asarray(found[:, found[0] <= self.last()])


def curve(
    label: str,
    series: Column,
    line: TheoryLine | None,
    published: tuple[Point, ...] = (),
    fan: Sequence[Forecast] = (),
    controls: tuple[Beside, ...] = (),
) -> Curve:
    """Return what is drawn of a metric, with its theory line if it has one."""
    by_t = dict(zip(line.t, line.value, strict=True)) if line else {}
    return Curve(
        label=label,
        t=series.t,
        values=series.values,
        bands=quantiles(series.values.T, LEVELS),
        mean=location(series.values.T, MEAN),
        theory=np.array([by_t.get(t, np.nan) for t in series.t.tolist()]),
        line=line,
        published=published,
        fan=np.array([(f.at, f.chain.median, f.chain.low, f.chain.high) for f in fan])
        .reshape(-1, 4)
        .T,
        controls=controls,
    )


SPREAD_WORDS = f"the middle 90 % of the chains (of fewer than {FEWEST}: all) in brackets"
"""What brackets behind a median hold."""


def rounded(values: Floats, digits: int = 5) -> list[float | None]:
    """Return JSON numbers with that many significant digits; None for NaN and infinity."""
    return [float(f"{v:.{digits}g}") if np.isfinite(v) else None for v in values.tolist()]
