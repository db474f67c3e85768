"""Targets: a published number beside ours, and the band that decides.

A target names a run, a metric, a time t and a statistic over chains. t picks one number per chain:
its value at a generation or at the "last" one, or with "first_below:X" the first measured
generation at which it is below X. Its band is one of
  law            expected value from genloss.theory, within 4 standard errors of our ensemble
  bounds         proven bounds from genloss.theory (or 0, 1), each with 4 standard errors of ours
  ensemble       published mean over m chains: 4 standard errors of both, added in quadrature; with
                 the published `sd` of a chain, a single chain of ours may be judged
  one_draw       published single draw: its quantile among our chains must lie in the central 99 %
  readoff        number read off a figure: its reading error plus 4 standard errors of ours, and of
                 theirs if the figure shows a mean over so many `chains`
  interval       a range that the source itself states
  between        above the same statistic elsewhere (`lower`) and below it in a third place
                 (`upper`), each by 4 standard errors of the difference
`minus` subtracts the same statistic elsewhere: of another run ("NAME"), or of whatever entries of
the target a table replaces ({"run": ..., "t": ...}); "A equals B" becomes a target. `lower` and
`upper` of a `between` name their places in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.errors import SpecError
from genloss.judge.expected import expected_value
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
class Estimate:
    """A statistic over chains and its standard error."""

    value: float
    error: float
    chains: int


@dataclass(frozen=True)
class Chosen:
    """What t picks of a run: one value per chain.

    A waiting time is seen at the next measured generation, up to `late` generations late. `missing`
    chains had not got there by the last generation; they count with it, which is too early.
    """

    values: Floats
    late: float = 0.0
    missing: int = 0


def judge(
    target: Mapping[str, Any], runs: Mapping[str, Run], studies: Mapping[str, Study]
) -> Verdict:
    """Measure one target and hold it against its band.

    Raises:
        SpecError: a target that names an unknown run, metric, generation, statistic or band, or
            a statistic that is not finite.
    """
    study, chosen = _found(target, runs, studies)
    values, what, missing = chosen.values, target["what"], chosen.missing
    band = target["band"]
    if band["kind"] == "one_draw":
        low, high, measured = *CENTRAL, quantile_of(target["published"], values)
        if values.size < LEAST_CHAINS:
            raise SpecError(f"target {target['id']}: {values.size} chains; needs {LEAST_CHAINS}")
    else:
        estimate, late, early = _estimate(target, values), chosen.late, 0.0
        if minus := target.get("minus"):
            other = _elsewhere(minus, target, runs, studies)
            estimate = _difference(estimate, statistic(target["statistic"], other.values))
            early, missing = other.late, missing + other.missing
        if band["kind"] == "between":
            low, high = (
                _apart(estimate, _elsewhere(band[side], target, runs, studies), target, sign)
                for side, sign in (("lower", 1), ("upper", -1))
            )
        elif band["kind"] in BANDS:
            low, high = BANDS[band["kind"]](target, estimate, study)
        else:
            raise SpecError(f"target {target['id']}: unknown band {band['kind']!r}")
        low, high, measured = low - early, high + late, estimate.value
    if not np.isfinite([low, high, measured]).all():
        raise SpecError(
            f"target {target['id']}: {measured} against {low} .. {high}; a number that is not "
            "finite meets no band; use the median or a share of the chains"
        )
    if missing:
        what += f" ({missing} of {values.size} chains never got there)"
    return Verdict(
        id=target["id"],
        what=what,
        published=target.get("published"),
        low=low,
        high=high,
        measured=measured,
        passed=bool(low <= measured <= high) and not missing,
        band=band["kind"],
        source=target["source"],
        chains=int(values.size),
        run=target["run"],
    )


def statistic(name: str, values: Floats) -> Estimate:
    """Return a statistic over chains with its standard error.

    mean; median (error from the spacing of order statistics); variance (error from the fourth
    moment); sd; share_below:X and share_above:X (binomial); quantile:Q (order statistics).
    """
    kind, _, option = name.partition(":")
    n = values.size
    if n < 2:
        raise SpecError(f"{name} of {n} chain has no standard error; run 2 chains or more")
    if kind == "mean":
        return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(n)), n)
    if kind in ("median", "quantile"):
        return _quantile(values, float(option or 0.5))
    if kind in ("variance", "sd"):
        variance = float(values.var(ddof=1))
        fourth = float(((values - values.mean()) ** 4).mean())
        error = float(np.sqrt(max(fourth - variance**2, 0.0) / n))
        if kind == "variance":
            return Estimate(variance, error, n)
        sd = variance**0.5
        return Estimate(sd, error / (2 * sd) if sd else 0.0, n)
    if kind in ("share_below", "share_above"):
        x = float(option)
        share = float((values < x if kind == "share_below" else values > x).mean())
        # Never zero: with no success in n, the rule of succession still leaves some doubt.
        smoothed = (share * n + 1) / (n + 2)
        return Estimate(share, float(np.sqrt(smoothed * (1 - smoothed) / n)), n)
    raise SpecError(
        f"unknown statistic {name!r}; expected mean, median, variance, sd, "
        "share_below:X, share_above:X or quantile:Q"
    )


def _estimate(target: Mapping[str, Any], values: Floats) -> Estimate:
    sd = target["band"].get("sd")
    if values.size == 1 and sd and target["statistic"] == "mean":
        # One chain says nothing about its spread; the published ensemble does.
        return Estimate(float(values[0]), sd, 1)
    return statistic(target["statistic"], values)


def quantile_of(x: float, values: Floats) -> float:
    """Return the share of values below x, ties counted half, in [0, 1]."""
    return float((values < x).mean() + 0.5 * (values == x).mean())


def _found(
    target: Mapping[str, Any], runs: Mapping[str, Run], studies: Mapping[str, Study]
) -> tuple[Study, Chosen]:
    try:
        return studies[target["run"]], _chosen(runs[target["run"]], target)
    except KeyError as error:
        raise SpecError(f"target {target['id']}: no run or metric {error}") from error


def _elsewhere(
    place: str | Mapping[str, Any],
    target: Mapping[str, Any],
    runs: Mapping[str, Run],
    studies: Mapping[str, Study],
) -> Chosen:
    changes = place if isinstance(place, Mapping) else {"run": place}
    return _found({**target, **changes}, runs, studies)[1]


def _apart(ours: Estimate, other: Chosen, target: Mapping[str, Any], sign: int) -> float:
    found = statistic(target["statistic"], other.values)
    return found.value + sign * STANDARD_ERRORS * _difference(ours, found).error


def _chosen(run: Run, target: Mapping[str, Any]) -> Chosen:
    series, t = run.columns[target["metric"]], target["t"]
    if isinstance(t, str) and t.startswith("first_below:"):
        return first_below(series.t, series.values, float(t.partition(":")[2]))
    place = np.flatnonzero(series.t == (series.t[-1] if t == "last" else t))
    if not place.size:
        raise SpecError(f"target {target['id']}: generation {t} was not measured in {run.path}")
    return Chosen(series.values[place[0]])


def first_below(t: Ints, values: Floats, x: float) -> Chosen:
    """Return the first of the generations t (T,) at which each chain of values (T, C) is below x.

    late is the mean distance to the measured generation before, less 1: 0 where every generation is
    measured, and no more than that can the mean waiting time be over-estimated by.
    """
    below = values < x
    at = np.where(below.any(axis=0), below.argmax(axis=0), len(t) - 1)
    gap = t[at] - t[np.maximum(at - 1, 0)]
    late = float(np.maximum(gap - 1, 0).mean())
    return Chosen(t[at].astype(np.float64), late, int((~below.any(axis=0)).sum()))


def _difference(one: Estimate, other: Estimate) -> Estimate:
    error = float(np.hypot(one.error, other.error))
    return Estimate(one.value - other.value, error, one.chains)


def _quantile(values: Floats, q: float) -> Estimate:
    n = values.size
    ordered = np.sort(values)
    half = np.sqrt(n * q * (1 - q))
    low, high = (int(np.clip(n * q + s * half, 0, n - 1)) for s in (-1, 1))
    error = float(ordered[high] - ordered[low]) / 2
    return Estimate(float(np.quantile(values, q)), error, n)


def _error(target: Mapping[str, Any], ours: Estimate, study: Study, expected: float) -> float:
    if "variance" in target["band"]:
        # Heavy tails make the sample's own error too small; the law knows the true one.
        variance = expected_value(target["band"]["variance"], study)
    elif target["statistic"].startswith("share") and "minus" not in target:
        variance = expected * (1 - expected)
    else:
        return ours.error
    return float(np.sqrt(variance / ours.chains))


def _law(target: Mapping[str, Any], ours: Estimate, study: Study) -> tuple[float, float]:
    centre = expected_value(target["band"]["expected"], study)
    half = STANDARD_ERRORS * _error(target, ours, study, centre)
    return centre - half, centre + half


def _bounds(target: Mapping[str, Any], ours: Estimate, study: Study) -> tuple[float, float]:
    low, high = (expected_value(target["band"][side], study) for side in ("lower", "upper"))
    return (
        low - STANDARD_ERRORS * _error(target, ours, study, low),
        high + STANDARD_ERRORS * _error(target, ours, study, high),
    )


def _ensemble(target: Mapping[str, Any], ours: Estimate, study: Study) -> tuple[float, float]:
    band = target["band"]
    # Without a published spread, theirs is ours: the same law, over their number of chains.
    sd = band.get("sd", ours.error * np.sqrt(ours.chains))
    theirs = band.get("error", sd / np.sqrt(band.get("chains", 1)))
    return _round(target, float(np.hypot(ours.error, theirs)), band.get("rounding", 0.0))


def _readoff(target: Mapping[str, Any], ours: Estimate, study: Study) -> tuple[float, float]:
    chains = target["band"].get("chains", np.inf)
    error = ours.error * float(np.sqrt(1 + ours.chains / chains))
    return _round(target, error, target["band"]["reading"])


def _round(target: Mapping[str, Any], error: float, reading: float) -> tuple[float, float]:
    half = STANDARD_ERRORS * error + reading
    return target["published"] - half, target["published"] + half


def _interval(target: Mapping[str, Any], ours: Estimate, study: Study) -> tuple[float, float]:
    return target["band"]["low"], target["band"]["high"]


BANDS: Mapping[str, Callable[[Mapping[str, Any], Estimate, Study], tuple[float, float]]] = {
    "law": _law,
    "bounds": _bounds,
    "ensemble": _ensemble,
    "readoff": _readoff,
    "interval": _interval,
}
