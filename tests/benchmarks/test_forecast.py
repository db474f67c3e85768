"""Five experiments under seeds of their own; the whole is benchmarks/forecast.py."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from genloss.judge.forecast.forecasts import RATE

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

CHEAP = (
    "gaussian,d=1,n=40,replace",
    "gaussian,d=1,n=200,accumulate_subsample",
    "gaussian,d=1,n=40,mix-0.1",
    "discrete,zipf,n=50,replace",
    "discrete,uniform,n=50,accumulate",
)
SEEDS = range(20, 23)


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("forecast")


def test_development_and_scoring_share_no_experiment_and_no_seed(benchmark):
    sides = benchmark.split()
    names = {side: {e.name for e in some} for side, some in sides.items()}
    assert not names["develop"] & names["score"]
    assert not set(benchmark.SEEDS["develop"]) & set(benchmark.SEEDS["score"])
    assert sum(e.seeds for e in sides["score"]) >= 200
    systems = {side: {e.system for e in some} for side, some in sides.items()}
    assert systems["develop"] == systems["score"]


@pytest.mark.slow
def test_forecasts_hold_nine_times_in_ten_and_beat_the_last_value_and_slope(benchmark, tmp_path):
    some = [e for side in benchmark.split().values() for e in side if e.name in CHEAP]
    assert len(some) == len(CHEAP)
    cases = [c for e in some for seed in SEEDS for c in benchmark.cases(e, seed, tmp_path)]
    assert len({c.unit for c in cases}) == len(CHEAP) * len(SEEDS)
    for rate in (False, True):
        mine = [c for c in cases if (c.forecast.source == RATE) == rate]
        # Forecasts of one unit go wrong together: the error of its coverage is about 3 % for 15.
        assert np.mean([c.mean_inside for c in mine]) > 0.78
        assert np.mean([c.chains_inside for c in mine]) > 0.78
        ours = np.mean(np.log([c.score for c in mine]))
        for which in range(2):
            assert ours < np.mean(np.log([c.rival_score(which, 1.645) for c in mine]))
