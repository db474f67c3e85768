"""Targets: a published number beside ours, and the band that decides.

A target names a run, a metric, a generation t and a statistic over chains. Its band is one of
  law            expected value from genloss.theory, within 4 standard errors of our ensemble
  ensemble       published mean over m chains: 4 standard errors of both, added in quadrature
  one_draw       published single draw: its quantile among our chains must lie in the central 99 %
  readoff        number read off a figure: its reading error plus 4 standard errors of ours
  interval       a range that the source itself states
`minus` subtracts the same statistic of another run, which makes "A equals B" a target.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import SpecError
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


def judge(
    target: Mapping[str, Any], runs: Mapping[str, Run], studies: Mapping[str, Study]
) -> Verdict:
    """Measure one target and hold it against its band.

    Raises:
        SpecError: a target that names an unknown run, metric, generation, statistic or band.
    """
    try:
        study = studies[target["run"]]
        chosen = _values(runs[target["run"]], target)
    except KeyError as error:
        raise SpecError(f"target {target['id']}: no run or metric {error}") from error
    band = target["band"]
    if band["kind"] == "one_draw":
        low, high, measured = *CENTRAL, quantile_of(target["published"], chosen)
        if chosen.size < LEAST_CHAINS:
            raise SpecError(f"target {target['id']}: {chosen.size} chains; needs {LEAST_CHAINS}")
    else:
        estimate = statistic(target["statistic"], chosen)
        if other := target.get("minus"):
            second = statistic(target["statistic"], _values(runs[other], target))
            both = float(np.hypot(estimate.error, second.error))
            estimate = Estimate(estimate.value - second.value, both, estimate.chains)
        low, high = BANDS[band["kind"]](target, estimate, study)
        measured = estimate.value
    return Verdict(
        id=target["id"],
        what=target["what"],
        published=target.get("published"),
        low=low,
        high=high,
        measured=measured,
        passed=bool(low <= measured <= high),
        band=band["kind"],
        source=target["source"],
        chains=int(chosen.size),
        run=target["run"],
    )


def statistic(name: str, values: Floats) -> Estimate:
    """Return a statistic over chains with its standard error.

    mean; median (error from the spacing of order statistics); variance (error from the fourth
    moment); sd; share_below:X (binomial); quantile:Q (order statistics).
    """
    kind, _, option = name.partition(":")
    n = values.size
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
    if kind == "share_below":
        share = float((values < float(option)).mean())
        # Never zero: with no success in n, the rule of succession still leaves some doubt.
        smoothed = (share * n + 1) / (n + 2)
        return Estimate(share, float(np.sqrt(smoothed * (1 - smoothed) / n)), n)
    raise SpecError(
        f"unknown statistic {name!r}; expected mean, median, variance, sd, "
        "share_below:X or quantile:Q"
    )


def quantile_of(x: float, values: Floats) -> float:
    """Return the share of values below x, ties counted half, in [0, 1]."""
    return float((values < x).mean() + 0.5 * (values == x).mean())


def expected_value(expected: Any, study: Study) -> float:
    """Return a number, or theory's: {"law": "moments.replace", "field": "spread", "args": {...}}.

    The result is times * law(args).field + plus. In args "$field" and "$a.b" stand for fields of
    the study, such as "$n_real".
    """
    if not isinstance(expected, Mapping):
        return float(expected)
    module, _, name = expected["law"].partition(".")
    law = getattr(import_module(f"genloss.theory.{module}"), name)
    found = law(**{k: _resolved(v, study) for k, v in expected.get("args", {}).items()})
    if field := expected.get("field"):
        found = getattr(found, field)
    return float(np.asarray(found) * expected.get("times", 1.0) + expected.get("plus", 0.0))


def _resolved(value: Any, study: Study) -> Any:
    if isinstance(value, list):
        return np.array(value)
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    found: Any = study
    for name in value[1:].split("."):
        found = getattr(found, name)
    return found


def _values(run: Run, target: Mapping[str, Any]) -> Floats:
    series = run.series[target["metric"]]
    t = series.t[-1] if target["t"] == "last" else target["t"]
    place = np.flatnonzero(series.t == t)
    if not place.size:
        raise SpecError(f"target {target['id']}: generation {t} was not measured in {run.path}")
    return series.values[place[0]]


def _quantile(values: Floats, q: float) -> Estimate:
    n = values.size
    ordered = np.sort(values)
    half = np.sqrt(n * q * (1 - q))
    low, high = (int(np.clip(n * q + s * half, 0, n - 1)) for s in (-1, 1))
    error = float(ordered[high] - ordered[low]) / 2
    return Estimate(float(np.quantile(values, q)), error, n)


def _law(target: Mapping[str, Any], ours: Estimate, study: Study) -> tuple[float, float]:
    centre = expected_value(target["band"]["expected"], study)
    error = ours.error
    if "variance" in target["band"]:
        # Heavy tails make the sample's own error too small; the law knows the true one.
        error = float(np.sqrt(expected_value(target["band"]["variance"], study) / ours.chains))
    elif target["statistic"].startswith("share_below"):
        error = float(np.sqrt(centre * (1 - centre) / ours.chains))
    return centre - STANDARD_ERRORS * error, centre + STANDARD_ERRORS * error


def _ensemble(target: Mapping[str, Any], ours: Estimate, study: Study) -> tuple[float, float]:
    band = target["band"]
    # Without a published spread, theirs is ours: the same law, over their number of chains.
    theirs = band.get("error", ours.error * np.sqrt(ours.chains / band.get("chains", 1)))
    half = STANDARD_ERRORS * float(np.hypot(ours.error, theirs)) + band.get("rounding", 0.0)
    return target["published"] - half, target["published"] + half


def _readoff(target: Mapping[str, Any], ours: Estimate, study: Study) -> tuple[float, float]:
    half = target["band"]["reading"] + STANDARD_ERRORS * ours.error
    return target["published"] - half, target["published"] + half


def _interval(target: Mapping[str, Any], ours: Estimate, study: Study) -> tuple[float, float]:
    return target["band"]["low"], target["band"]["high"]


BANDS: Mapping[str, Callable[[Mapping[str, Any], Estimate, Study], tuple[float, float]]] = {
    "law": _law,
    "ensemble": _ensemble,
    "readoff": _readoff,
    "interval": _interval,
}
