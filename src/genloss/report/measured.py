"""The metrics of a run at the generations that are drawn.

A table of 2,050 generations times 200 chains is mostly numbers that no page can show: one pass
finds which generations there are, a second one parses those that are wanted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genloss.core.about import Entries
from genloss.core.arrays import Ints
from genloss.errors import GenlossError
from genloss.judge.controls import ControlRun, controls_of
from genloss.judge.forecast.forecasts import Forecast, Forecasts, forecast
from genloss.judge.theory_lines import theory_of
from genloss.store.reader import Run
from genloss.store.series import Column, columns, left_out
from genloss.store.theory_file import Lines, TheoryLine

NONE = Forecasts((), {}, ())

FAN = 12
"""Generations at which a fan is computed."""

SHORT_LINE = 50
"""A theory line with fewer points than this keeps all of them."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A run with what is drawn of its metrics: their columns, theory, why some lack, and words.

    controls: those beside it.
    """

    run: Run
    series: Mapping[str, Column]
    not_applicable: Mapping[str, str]
    theory: Lines
    about: Entries
    forecasts: Forecasts = NONE
    controls: tuple[ControlRun, ...] = ()

    def fan(self, metric: str) -> tuple[Forecast, ...]:
        """Return the forecasts of a metric, or metric[component], by generation."""
        return tuple(f for f in self.forecasts.values if f.metric == metric)


def measured(
    run: Run, most: int = 300, about: Entries | None = None, ahead: int | None = None
) -> Measured:
    """Read a run at about `most` generations per metric; see `thinned`.

    about: the words of a whole page, instead of the run's own. ahead: also forecast generations up
    to this one, where the run allows it.

    Raises:
        StoreError: a table that is damaged or cannot be read.
    """
    theory = theory_of(run)
    times = {m: np.array(run.times(m), dtype=np.int64) for m in run.measured()}
    wanted = {m: thinned(t, most, theory.get(m)).tolist() for m, t in times.items()}
    words = run.about if about is None else about
    series = run.select(wanted)
    forecasts = _forecasts(run, ahead, max((int(t[-1]) for t in times.values()), default=0))
    controls = controls_of(run)
    absent = run.not_applicable | left_out(series)
    return Measured(run, columns(series), absent, theory, words, forecasts, controls)


def _forecasts(run: Run, ahead: int | None, last: int) -> Forecasts:
    if ahead is None or ahead <= last:
        return NONE
    try:
        return forecast(run, sorted({*np.linspace(last, ahead, FAN + 1).astype(int)[1:].tolist()}))
    except GenlossError:
        return NONE


def thinned(times: Ints, most: int, theory: TheoryLine | None = None) -> Ints:
    """Return about `most` of the generations: the ends, the middle one, and those of a short law.

    They look dense on linear and on log axes.
    """
    if not times.size:
        return times
    middle = [int(np.abs(times - times[-1] / 2).argmin())]
    law = theory.t if theory and len(theory.t) < SHORT_LINE else ()
    kept = np.concatenate([middle, np.flatnonzero(np.isin(times, law))])
    return times[np.union1d(places(len(times), most), kept).astype(np.int64)]


def places(n: int, most: int) -> Ints:
    """Return at most about `most` of 0 .. n - 1, ends included, denser at the start than after."""
    if n <= most:
        return np.arange(n)
    even = np.linspace(0, n - 1, most - most // 3).round()
    early = np.geomspace(1, n, most // 3).round() - 1
    return np.unique(np.concatenate([even, early])).astype(np.int64)
