"""Forecasts held against laws whose generation N is known, and what they refuse."""

import numpy as np
import pytest

from genloss.core.over_chains import MEAN
from genloss.core.view import Direction
from genloss.errors import DataError, SpecError
from genloss.judge.forecast.forecasts import RATE, changes, forecast, of_column, refusal
from genloss.judge.forecast.reliability import UNRELIABLE, doubts
from genloss.run.runner import run_study
from genloss.store.series import Column
from genloss.store.theory_file import TheoryLine
from genloss.study.study import study_from

SETS, CHAINS = 100, 10
TIMES = np.arange(1, 9)
AHEAD = 16


def column(values, t=TIMES, unit="1"):
    return Column("m", unit, Direction.LOWER, np.asarray(t), values, "m")


def walks(rng, drift):
    """Chains (t, 2 C) to generation AHEAD that drift and wander: steps N(drift, 1)."""
    steps = drift + rng.standard_normal((AHEAD, 2 * CHAINS))
    return 50 + np.cumsum(steps, axis=0)


def shares_inside(seed, drift, lines):
    """Of SETS of walks: how often the mean at AHEAD was held, the share of new chains, widths."""
    rng = np.random.default_rng(seed)
    held, chains, widths = [], [], []
    for _ in range(SETS):
        y = walks(rng, drift)
        [got] = of_column(column(y[: len(TIMES), :CHAINS]), np.array([AHEAD]), lines)
        held.append(got.mean.low <= y[-1, :CHAINS].mean() <= got.mean.high)
        inside = (got.chain.low <= y[-1, CHAINS:]) & (y[-1, CHAINS:] <= got.chain.high)
        chains.append(inside.mean())
        widths.append(got.mean.high - got.mean.low)
    return np.mean(held), np.mean(chains), np.median(widths)


BAND = 4 * np.sqrt(0.09 / SETS)
"""Four standard errors of a share of 0.9 of independent sets."""


@pytest.mark.slow
def test_with_the_drift_known_intervals_hold_their_level_and_are_those_of_a_random_walk():
    drift = 0.3
    t = tuple(range(1, AHEAD + 1))
    line = TheoryLine("drift", MEAN, t, tuple(50 + drift * u for u in t))
    held, chains, width = shares_inside(1, drift, {"m": line})
    assert abs(held - 0.9) < BAND
    # Ten chains say little of how they will spread: their law at N comes from averaged models.
    assert abs(chains - 0.9) < 0.12
    # The mean of C walks moves by N(0, h / C) in h steps about its drift.
    exact = 2 * 1.645 * np.sqrt((AHEAD - len(TIMES)) / CHAINS)
    assert 0.8 < width / exact < 1.35


@pytest.mark.slow
def test_a_metric_near_its_largest_value_moves_by_squares_of_what_walks():
    """Sums of 20 squared walks: mean 20 t, variance 40 t^2, which no walk of even steps has."""
    rng = np.random.default_rng(7)
    t = tuple(range(1, AHEAD + 1))
    line = TheoryLine("squares", MEAN, t, tuple(1000 - 20.0 * u for u in t))
    held = []
    for _ in range(SETS):
        walk = np.cumsum(rng.standard_normal((AHEAD, CHAINS, 20)), axis=0)
        y = 1000 - (walk**2).sum(axis=2)
        [got] = of_column(column(y[: len(TIMES)]), np.array([AHEAD]), {"m": line})
        held.append(got.mean.low <= y[-1].mean() <= got.mean.high)
    assert abs(np.mean(held) - 0.9) < BAND


@pytest.mark.slow
def test_walks_without_a_law_are_not_taken_for_a_trend():
    held, chains, width = shares_inside(2, 0.0, {})
    assert abs(held - 0.9) < BAND
    assert abs(chains - 0.9) < 0.12
    # Not knowing the law costs width.
    assert width > 2 * 1.645 * np.sqrt((AHEAD - len(TIMES)) / CHAINS)


LAWS = {
    "a straight line": lambda t: 0.02 * t,
    "a plateau as 1/t": lambda t: 0.5 - 0.3 / t,
    "a decay": lambda t: np.exp(-t / 10),
    "a logarithm": lambda t: 1 + 0.2 * np.log(t),
    "a power": lambda t: t**-0.5,
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_rates_find_the_shape_of_quiet_means(law):
    rng = np.random.default_rng(3)
    t, ahead = np.arange(1, 13), 40
    noise = 1e-3 * rng.standard_normal((12, CHAINS))
    [got] = of_column(column(law(t)[:, None] + noise, t), np.array([ahead]), {})
    truth, change = law(float(ahead)), abs(law(float(ahead)) - law(12.0))
    assert got.source == RATE
    assert got.mean.low <= truth <= got.mean.high
    # Closer than the last value by far, and not by being vague: half of the change at most.
    assert abs(got.mean.median - truth) < 0.35 * change + 2e-3
    assert got.mean.high - got.mean.low < 1.6 * change + 1e-2


def test_theory_is_moved_to_what_was_seen():
    t = tuple(range(1, AHEAD + 1))
    line = TheoryLine("law", MEAN, t, tuple(1.0 * u for u in t))
    rng = np.random.default_rng(4)
    # A walk that began 5 above its line stays there: what was seen is not forgotten.
    y = 5 + np.arange(1, 9)[:, None] + 0.01 * np.cumsum(rng.standard_normal((8, 10)), axis=0)
    [got] = of_column(column(y), np.array([AHEAD]), {"m": line})
    assert got.source == "law"
    assert got.mean.median == pytest.approx(5 + AHEAD, abs=0.1)


def test_nothing_falls_below_zero_that_was_never_seen_there_but_log_densities():
    y = np.linspace(1, 0.2, 8)[:, None] + np.random.default_rng(5).normal(0, 0.02, (8, 10))
    [share] = of_column(column(y), np.array([40]), {})
    [nll] = of_column(column(y, unit="nats per row"), np.array([40]), {})
    assert share.mean.low == 0
    assert nll.mean.low < 0


def test_what_says_nothing_of_later_generations_is_refused():
    rng = np.random.default_rng(6)
    moving = rng.standard_normal((8, 4))
    assert refusal(column(moving)) == ""
    assert "3 or more" in refusal(column(moving[:2], TIMES[:2]))
    assert "not moved" in refusal(column(np.ones((8, 4))))
    assert "same in every chain" in refusal(column(np.repeat(np.arange(8.0)[:, None], 4, axis=1)))
    assert "infinite" in refusal(column(np.where(moving == moving[3, 2], np.inf, moving)))


SPEC = {
    "reality": {"kind": "gaussian", "d": 1},
    "learner": {"kind": "gaussian", "ddof": 1},
    "form": "moments",
    "n_real": 50,
    "generations": 20,
    "chains": 12,
    "metrics": ["trace_ratio", "sigma"],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_study(study_from(SPEC), tmp_path_factory.mktemp("runs"), workers=1)


def test_a_run_is_forecast_by_its_closed_form_where_there_is_one(run):
    got = forecast(run, [40, 20], seen=6)
    assert [(f.metric, f.at, f.seen) for f in got.values] == [
        ("trace_ratio", 40, 6), ("trace_ratio", 20, 6), ("sigma", 40, 6), ("sigma", 20, 6),
    ]  # fmt: skip
    ratio, sigma = got.values[0], got.values[2]
    assert ratio.source == "expected ratio (exact)"
    # The line of sigma is that of the median, and says nothing of the mean.
    assert sigma.source == RATE
    assert sigma.shapes
    assert got.doubts == ()
    assert ratio.chain.high - ratio.chain.low > ratio.mean.high - ratio.mean.low
    # What came is not looked at: the same forecast from a run that ends there.
    assert forecast(run, 40, metrics=["trace_ratio"], seen=6).values == (ratio,)


def test_too_little_the_past_and_unknown_metrics_are_refused(run):
    with pytest.raises(DataError, match=r"trace_ratio and sigma: 2 generations .* 3 or more"):
        forecast(run, 40, seen=2)
    with pytest.raises(SpecError, match="generation 6 is not ahead: generation 6 is the last"):
        forecast(run, 6, seen=6)
    with pytest.raises(SpecError, match=r"no values of perplexity .* sigma and trace_ratio"):
        forecast(run, 40, metrics=["perplexity"])


def test_a_regime_that_switches_later_is_not_forecast_past_its_switch(tmp_path):
    switch = {"kind": "switch", "at": 8, "first": "replace", "then": "accumulate"}
    run = run_study(study_from({**SPEC, "regime": switch}), tmp_path, workers=1)
    assert forecast(run, 8, seen=6).values
    with pytest.raises(DataError, match="2 generations measured after generation 8; a forecast"):
        forecast(run, 40, seen=10)
    with pytest.raises(DataError, match="switches after generation 8"):
        forecast(run, 9, seen=6)
    # Past it, what went before is another story.
    with pytest.raises(DataError, match="2 generations"):
        forecast(run, 40, seen=10)
    assert forecast(run, 40, seen=11).values


def test_what_changes_inside_is_found():
    """A switch in a switch counts while that is in force; so does one in a world that moves."""
    early = {"kind": "switch", "at": 5, "first": {"kind": "replace"}, "then": {"kind": "fresh"}}
    late = {**early, "at": 12}
    outer = {"kind": "switch", "at": 9, "first": early, "then": late}
    assert sorted(changes({"regime": {"kind": "moving", "regime": outer, "speed": 0.1}})) == [
        5,
        9,
        12,
    ]
    # 12 lies after the end of the first regime, 5 before the beginning of the second.
    outer = {**outer, "first": late, "then": early}
    assert changes({"regime": outer}) == {9: "the regime switches"}
    makers = {"kind": "makers", "enters": [1, 6, 1]}
    assert changes({"regime": {"kind": "web"}, "learner": makers}) == {5: "a maker enters"}


def test_chains_that_scatter_by_more_than_their_mean_have_ends_but_no_middle(tmp_path):
    """Of 20 rows the variance keeps its mean for ever, while 95 chains in 100 lose it."""
    spec = {**SPEC, "n_real": 20, "chains": 40, "metrics": ["trace_ratio"]}
    run = run_study(study_from(spec), tmp_path, workers=1)
    got = forecast(run, 200)
    [ratio] = got.values
    later = (np.random.default_rng(0).chisquare(19, (200, 2000)) / 19).prod(axis=0)
    assert ((ratio.chain.low <= later) & (later <= ratio.chain.high)).mean() >= 0.9
    assert ratio.chain.low == 0
    assert np.isnan(ratio.chain.median)
    assert not np.isnan(ratio.mean.median)
    assert any("for each of the 20 rows" in doubt for doubt in got.doubts)


def test_what_was_not_scored_is_said():
    spec = {"learner": {"kind": "gaussian"}, "chains": 10, "n_real": 100, "n_synthetic": 41}
    assert doubts(spec, 6, 60, {True, False}) == ()
    assert "10 times" in doubts(spec, 6, 61, {False})[0]
    assert "transformer" in doubts({**spec, "learner": {"kind": "transformer"}}, 6, 12, {False})[0]
    assert "one chain" in doubts({**spec, "chains": 1}, 6, 12, {False})[0]


def test_what_missed_its_level_is_called_unreliable_with_the_coverage_seen():
    symbols = {"learner": {"kind": "categorical"}, "chains": 10, "n_real": 9, "n_synthetic": 9}
    assert doubts(symbols, 6, 12, {False}) == ()
    [told] = doubts(symbols, 6, 12, {True, False})
    assert told.startswith("unreliable: from closed forms")
    assert "84.4 %" in told
    assert len({learner for learner, _ in UNRELIABLE}) <= 3
