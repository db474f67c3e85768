"""Forecasts of a stored run: generation N of its metrics, from the generations up to T.

Two quantities, always named: the mean over the chains of this very run at N, and the value of one
further chain of the same study. Where the study has a closed form of the mean, its line is moved to
what was seen; else rates are fitted (`rates`). docs/forecast.md says how often intervals hold.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.consent import refusing_code
from genloss.errors import DataError, GenlossError, SpecError
from genloss.judge.forecast import predictive, rates
from genloss.judge.forecast.reliability import doubts
from genloss.judge.predictions import theory_lines
from genloss.spec.wording import listed
from genloss.store.reader import Run
from genloss.store.series import Column, columns
from genloss.store.theory_file import Lines
from genloss.study.study import Schedule, study_from

FEWEST = 3
"""Generations that a forecast needs: two points have a slope and nothing to doubt it by."""

LOOKED_AT = 24
"""Of more generations so many are looked at, closer together at the start."""

LEVELS = np.array([0.05, 0.5, 0.95])
"""Of every forecast; its interval is to hold nine times in ten."""

LOG_DENSITIES = "nats per row"
"""The unit that may change its sign; nothing else falls below 0 that was never seen there."""

RATE = "rate"
"""The source of a forecast without a closed form."""


@dataclass(frozen=True)
class Range:
    """A median and the ends of the interval that is to hold with probability 0.9.

    median: NaN where chains scatter by more than their mean, so that their middle is unknown.
    """

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """Generation `at` of a metric, in its unit, from the generations up to `seen`.

    mean: the mean over the chains of this run. chain: one further chain of the same study. source:
    'rate', or the label of the closed form. shapes: what the rate model took the mean for, the
    likeliest first.
    """

    metric: str
    unit: str
    at: int
    seen: int
    chains: int
    mean: Range
    chain: Range
    source: str
    shapes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forecasts:
    """The forecasts of a run; refused: why a metric has none; doubts: what to know before use."""

    values: tuple[Forecast, ...]
    refused: Mapping[str, str]
    doubts: tuple[str, ...]


def forecast(
    run: Run,
    at: int | Sequence[int],
    *,
    metrics: Sequence[str] = (),
    seen: int | None = None,
) -> Forecasts:
    """Return what generations `at` of a run will show of metrics (all of them if none is named).

    seen: only generations 1 to `seen` are looked at; None takes all that every block has. Nothing
    is run; a few hundredths of a second for each metric.

    Raises:
        SpecError: a metric that the run does not have; a generation that is not after `seen`.
        DataError: fewer than three generations of any metric asked for, or a regime that switches
            after them; of several metrics, of all.
    """
    asked = np.atleast_1d(np.asarray(at, dtype=np.int64))
    named = _columns(run, metrics, seen)
    last = max(int(c.t[-1]) for c in named.values()) if named else 0
    _check_times(asked, last)
    first = _first(run, last, int(asked.max()))
    lines = _lines(run, named, asked)
    values: list[Forecast] = []
    refused: dict[str, str] = {}
    for name, column in named.items():
        column = _after(column, first)
        if why := refusal(column, first - 1):
            refused[name] = why
        else:
            values += of_column(column, asked, lines)
    if not values:
        raise DataError(_joined(refused))
    by_theory = {f.source != RATE for f in values}
    return Forecasts(tuple(values), refused, doubts(run.spec, last, int(asked.max()), by_theory))


def _columns(run: Run, metrics: Sequence[str], seen: int | None) -> dict[str, Column]:
    """Return the columns asked for, from generation 1 to the last seen."""
    measured = run.measured()
    parents = {m.partition("[")[0] if m not in measured else m for m in metrics}
    wanted = [m for m in measured if not metrics or m in parents]
    times = {m: [t for t in run.times(m) if t and (seen is None or t <= seen)] for m in wanted}
    found = columns(run.select({m: _thinned(t) for m, t in times.items() if t}))
    if not metrics:
        if not found:
            raise DataError(
                f"{run.path} has no generation {f'up to {seen} ' if seen else ''}to forecast from; "
                f"expected {FEWEST} or more after generation 0; run on first"
            )
        return found
    chosen = {n: c for n, c in found.items() if n in metrics or c.metric in metrics}
    names = {c.name for c in chosen.values()} | {c.metric for c in chosen.values()}
    if missing := [m for m in metrics if m not in names]:
        known = sorted({*run.columns} | set(measured))
        raise SpecError(
            f"the run has no values of {listed(missing, 'and')} to forecast from; it measures "
            f"{listed(known, 'and')}"
        )
    return chosen


def _thinned(times: Sequence[int]) -> Collection[int]:
    """Return so many generations that fits stay quick: half of them even, half by ratio."""
    n = len(times)
    if n <= LOOKED_AT:
        return times
    half = LOOKED_AT // 2
    places = np.concatenate([np.linspace(0, n - 1, half), np.geomspace(1, n, half) - 1])
    return [times[i] for i in np.unique(places.round().astype(int))]


def _check_times(asked: Ints, last: int) -> None:
    if early := [int(t) for t in asked if t <= last]:
        raise SpecError(
            f"generation {early[0]} is not ahead: generation {last} is the last one that was seen; "
            "ask for a later one, or look at fewer generations (--from, seen)"
        )


def _first(run: Run, last: int, at: int) -> int:
    """Return the first generation that goes on as the last one does.

    Raises:
        DataError: something changes between what was seen and what is asked for.
    """
    known = changes(run.spec)
    for t, what in sorted(known.items()):
        if last <= t < at:
            raise DataError(
                f"{what} after generation {t}, and nothing of what follows was seen; ask for "
                f"generation {t} or before, or run past it"
            )
    return 1 + max((t for t in known if t < last), default=0)


def changes(spec: Mapping[str, Any]) -> dict[int, str]:
    """Return the generations after which a study goes on otherwise, and what changes, in words.

    A regime that switches, wherever it stands in another one, and makers that enter later.
    """
    learner = spec.get("learner", {})
    enters = learner.get("enters", ()) if learner.get("kind") == "makers" else ()
    out = {int(t) - 1: "a maker enters" for t in enters if t > 1}
    switches = _switches(spec.get("regime", {}), 0, math.inf)
    return out | dict.fromkeys(switches, "the regime switches")


def _switches(regime: Any, start: float, end: float) -> Iterator[int]:
    """Yield when regimes switch within generations start + 1 to end, where this one is in force."""
    if not isinstance(regime, Mapping):
        return
    if regime.get("kind") != "switch":
        for part in regime.values():
            yield from _switches(part, start, end)
        return
    at = int(regime["at"])
    if start < at < end:
        yield at
    yield from _switches(regime["first"], start, min(at, end))
    yield from _switches(regime["then"], max(at, start), end)


def _after(column: Column, first: int) -> Column:
    there = column.t >= first
    return replace(column, t=column.t[there], values=column.values[there])


def _joined(refused: Mapping[str, str]) -> str:
    """Return the reasons, each once, behind the metrics that it holds for."""
    reasons = dict.fromkeys(refused.values())
    return "; ".join(
        f"{listed([name for name, why in refused.items() if why == reason], 'and')}: {reason}"
        for reason in reasons
    )


def refusal(column: Column, after: int = 0) -> str:
    """Return why generations `after` + 1 to T of a metric say nothing of later ones, or ''."""
    n = len(column.t)
    if n < FEWEST:
        counted = f"{n} generation" if n == 1 else f"{n} generations"
        return (
            f"{counted} measured after generation {after:,}; a forecast needs {FEWEST} or more; "
            "run on, or measure more often"
        )
    if not np.isfinite(column.values).all():
        return "some chains are infinite or have no value; there is no mean to forecast"
    if (column.values == column.values[0]).all():
        return f"it has not moved in {n} generations; nothing says when it will"
    if column.values.shape[1] > 1 and (np.ptp(column.values, axis=1) == 0).all():
        return "it is the same in every chain: the study sets it, and no rate"
    return ""


def _lines(run: Run, named: Mapping[str, Column], asked: Ints) -> Lines:
    """Return the closed forms of the mean, at what was seen and what is asked for."""
    parents = {column.metric for column in named.values()}
    times = {int(t) for column in named.values() for t in column.t} | {int(t) for t in asked}
    try:
        with refusing_code():
            study = study_from(run.local_spec)
        metrics = tuple(m for m in study.metrics if m.name in parents)
        measure = Schedule(at=tuple(sorted(times)))
        lines = theory_lines(
            replace(study, metrics=metrics, generations=max(times), measure=measure)
        )
    except (GenlossError, ImportError, OSError):
        return {}
    return {name: line for name, line in lines.items() if line.statistic.is_mean}


def of_column(column: Column, asked: Ints, lines: Lines) -> list[Forecast]:
    """Return the forecasts of a metric at generations `asked` (N,), from all that the column has.

    lines: closed forms of the mean, by metric, at all these generations.
    """
    line = lines.get(column.name)
    theory, source = None, RATE
    if line is not None:
        seen, there = (_at(line.t, line.value, t) for t in (column.t, asked))
        # A closed form may be finite at some generations alone.
        if seen is not None and there is not None:
            theory, source = (seen, there), line.label
    t, values = column.t.astype(float), column.values
    fits = rates.fits(t, values, asked.astype(float), theory)
    deviations = values - values.mean(axis=1, keepdims=True)
    signed = column.unit == LOG_DENSITIES or bool((values < 0).any())
    floor = -np.inf if signed else 0.0
    return [
        Forecast(
            metric=column.name,
            unit=column.unit,
            at=int(n),
            seen=int(column.t[-1]),
            chains=values.shape[1],
            mean=_range(predictive.of_mean(fits, i, LEVELS), floor),
            chain=_range(predictive.of_chain(fits, i, deviations, LEVELS), floor),
            source=source,
            shapes=() if theory else tuple(dict.fromkeys(fits.name)),
        )
        for i, n in enumerate(asked)
    ]


def _at(t: Sequence[int], value: Sequence[float], times: Ints) -> Floats | None:
    by_t = dict(zip(t, value, strict=True))
    out = [by_t.get(int(u)) for u in times]
    return None if None in out else np.array(out, dtype=float)


def _range(quantiles: Floats, floor: float) -> Range:
    low, median, high = (float(q) for q in np.maximum(quantiles, floor))
    return Range(median, low, high)
