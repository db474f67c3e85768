"""Three cells of the grid of coverage; the whole is benchmarks/coverage_of_intervals.py."""

import importlib
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def coverage(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = importlib.import_module("coverage_of_intervals")
    monkeypatch.setattr(module, "SETS", 1000)
    monkeypatch.setattr(module, "LAWS", {k: module.LAWS[k] for k in ("exponential",)})
    monkeypatch.setattr(module, "CHAINS", (3, 19, 20))
    return module


def test_ranges_and_medians_hold_their_level_and_three_chains_have_none(coverage):
    rng = np.random.default_rng(5)
    grid = [*coverage.ranges(rng), *coverage.medians(rng)]
    assert {(c.kind, c.chains) for c in grid if c.chains == 3} == {("range of chains 0.5", 3)}
    for cell in grid:
        assert cell.coverage > cell.nominal - 4 * cell.error - 0.002, cell


def test_shares_hold_their_level_on_average(coverage):
    average, nominal, least = coverage.average_and_least(list(coverage.shares()))
    assert average > nominal
    assert least.coverage > 0.7


@pytest.mark.slow
def test_standard_errors_of_every_statistic_are_in_the_grid(coverage):
    grid = [*coverage.errors(np.random.default_rng(7)), *coverage.share_errors()]
    named = {cell.kind.partition(" +- ")[0] for cell in grid}
    # A variance and its root need more chains than these.
    assert {"mean", "median", "quantile:0.9"} <= named
    assert len(named) == 4
    one = [c for c in grid if c.kind == "mean +- 1 errors" and c.chains == 20]
    assert abs(one[0].coverage - one[0].nominal) < 0.1


def test_a_range_that_is_too_narrow_is_seen(coverage, monkeypatch, capsys):
    """Numpy's quantiles of 19 chains hold 0.81 of them."""
    monkeypatch.setattr(
        coverage,
        "chain_range",
        lambda x, level: coverage.Interval(
            np.median(x, axis=0), *np.quantile(x, [(1 - level) / 2, (1 + level) / 2], axis=0)
        ),
    )
    cells = [c for c in coverage.ranges(np.random.default_rng(6)) if c.nominal == 0.9]
    assert coverage.row("range of chains", cells)
    assert "SHORT" in capsys.readouterr().out
