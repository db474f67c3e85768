"""Verdicts: targets measured and held against their bands."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, assert_never

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import SpecError
from genloss.judge.estimates import first_below
from genloss.judge.expected import expected_value
from genloss.judge.statistics import Estimate, difference, quantile_of, statistic
from genloss.judge.targets import (
    Band,
    Between,
    Bounds,
    Ensemble,
    Interval,
    Law,
    OneDraw,
    Place,
    Readoff,
    Target,
    kind_of,
    threshold,
)
from genloss.store.reader import Run
from genloss.study.study import Study

STANDARD_ERRORS = 4.0
CENTRAL = (0.005, 0.995)
LEAST_CHAINS = 200
"""A quantile of a single published draw means nothing among fewer chains."""


@dataclass(frozen=True)
class Verdict:
    """One target, judged: measured lies in [low, high] or it does not."""

    id: str
    what: str
    published: float | None
    low: float
    high: float
    measured: float
    passed: bool
    band: str
    source: str
    chains: int
    run: str

    def brief(self) -> dict[str, Any]:
        """Return what `genloss reproduce --json` prints of it."""
        keys = ("id", "what", "published", "low", "high", "measured")
        return {**{k: getattr(self, k) for k in keys}, "pass": self.passed}

    def full(self) -> dict[str, Any]:
        """Return everything."""
        return asdict(self)


@dataclass(frozen=True)
class Sample:
    """One value per chain, from one place.

    A waiting time is seen at the next measured generation, at most `late` generations late
    (a mean). `missing` chains had not got there by the last one; they count with it: too early.
    """

    values: Floats
    late: float = 0.0
    missing: int = 0


def judge(target: Target, runs: Mapping[str, Run], studies: Mapping[str, Study]) -> Verdict:
    """Measure one target and hold it against its band.

    Raises:
        SpecError: an unknown run, metric or generation, too few chains, or a number that is not
            finite.
    """
    sample = _sample(target.at, target, runs)
    what, missing = target.what, sample.missing
    if isinstance(target.band, OneDraw):
        low, high, measured = _one_draw(target, sample.values)
    else:
        ours, late, early = _estimate(target, sample.values), sample.late, 0.0
        if target.minus is not None:
            other = _sample(target.minus, target, runs)
            ours = difference(ours, statistic(target.statistic, other.values))
            early, missing = other.late, missing + other.missing
        low, high = _limits(target, target.band, ours, runs, studies[target.at.run])
        low, high, measured = low - early, high + late, ours.value
    if not np.isfinite([low, high, measured]).all():
        raise SpecError(
            f"target {target.id}: {measured} against {low} .. {high}; a number that is not "
            "finite meets no band; use the median or a share of the chains"
        )
    if missing:
        what += f" ({missing} of {sample.values.size} chains never got there)"
    return Verdict(
        id=target.id,
        what=what,
        published=target.published,
        low=low,
        high=high,
        measured=measured,
        passed=bool(low <= measured <= high) and not missing,
        band=kind_of(target.band),
        source=target.source,
        chains=int(sample.values.size),
        run=target.at.run,
    )


def _sample(place: Place, target: Target, runs: Mapping[str, Run]) -> Sample:
    try:
        run = runs[place.run]
        series = run.columns[place.metric]
    except KeyError as error:
        raise SpecError(f"target {target.id}: no run or metric {error}") from error
    t, values = series.t, series.values
    if (below := threshold(place.t)) is not None:
        passage = first_below(values.T, below, t)
        never = np.isinf(passage.t)
        waited = np.where(never, float(t[-1]), passage.t)
        return Sample(waited, float(passage.late.mean()), int(never.sum()))
    at = np.flatnonzero(t == (t[-1] if place.t == "last" else place.t))
    if not at.size:
        raise SpecError(f"target {target.id}: generation {place.t} was not measured in {run.path}")
    return Sample(values[at[0]])


def _estimate(target: Target, values: Floats) -> Estimate:
    sd = target.band.sd if isinstance(target.band, Ensemble) else None
    if values.size == 1 and sd and target.statistic.is_mean:
        # One chain says nothing about its spread; the published ensemble does.
        return Estimate(float(values[0]), sd, 1)
    return statistic(target.statistic, values)


def _one_draw(target: Target, values: Floats) -> tuple[float, float, float]:
    if values.size < LEAST_CHAINS:
        raise SpecError(f"target {target.id}: {values.size} chains; needs {LEAST_CHAINS}")
    return *CENTRAL, quantile_of(_published(target), values)


def _limits(
    target: Target, band: Band, ours: Estimate, runs: Mapping[str, Run], study: Study
) -> tuple[float, float]:
    match band:
        case Law():
            centre = expected_value(band.expected, study)
            half = STANDARD_ERRORS * _error(target, ours, study, centre)
            return centre - half, centre + half
        case Bounds():
            low, high = (expected_value(side, study) for side in (band.lower, band.upper))
            return (
                low - STANDARD_ERRORS * _error(target, ours, study, low),
                high + STANDARD_ERRORS * _error(target, ours, study, high),
            )
        case Ensemble():
            # Without a published spread, theirs is ours: the same law, over their number of chains.
            sd = ours.error * np.sqrt(ours.chains) if band.sd is None else band.sd
            theirs = sd / np.sqrt(band.chains) if band.error is None else band.error
            return _round(target, float(np.hypot(ours.error, theirs)), band.rounding)
        case Readoff():
            chains = np.inf if band.chains is None else band.chains
            error = ours.error * float(np.sqrt(1 + ours.chains / chains))
            return _round(target, error, band.reading)
        case Interval():
            return band.low, band.high
        case Between():
            return (
                _apart(ours, band.lower, target, runs, 1),
                _apart(ours, band.upper, target, runs, -1),
            )
        case OneDraw():
            raise AssertionError("a single draw is judged by its quantile")
        case _:
            assert_never(band)


def _error(target: Target, ours: Estimate, study: Study, expected: float) -> float:
    if isinstance(target.band, Law) and target.band.variance is not None:
        variance = expected_value(target.band.variance, study)
    elif target.statistic.is_share and target.minus is None:
        variance = expected * (1 - expected)
    else:
        return ours.error
    return float(np.sqrt(variance / ours.chains))


def _apart(
    ours: Estimate, place: Place, target: Target, runs: Mapping[str, Run], sign: int
) -> float:
    other = statistic(target.statistic, _sample(place, target, runs).values)
    return other.value + sign * STANDARD_ERRORS * difference(ours, other).error


def _round(target: Target, error: float, reading: float) -> tuple[float, float]:
    half = STANDARD_ERRORS * error + reading
    return _published(target) - half, _published(target) + half


def _published(target: Target) -> float:
    assert target.published is not None, "checked where the target was read"
    return target.published
