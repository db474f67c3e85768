"""The comparison of two checkouts finds what differs, down to one bit."""

import importlib
from pathlib import Path

import numpy as np
import pytest

import genloss
from genloss.judge.theory_lines import theory_of

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
KEY = ("line", "trace_ratio", 3)


@pytest.fixture
def same(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("same")


@pytest.fixture
def numbers(same, tmp_path):
    """Return what one small run holds: two blocks, two metrics, theory's lines."""
    study = genloss.Study(
        name="line",
        reality=genloss.Gaussian(),
        learner=genloss.GaussianLearner(ddof=1),
        n_real=9,
        generations=3,
        chains=5,
        chains_per_block=3,
        metrics=(genloss.TraceRatio(), genloss.W2Squared()),
    )
    run = genloss.run_study(study, tmp_path, workers=1)
    theory_of(run)
    read = same.read_runs(tmp_path)
    expected = run.series["trace_ratio"].values[-1]
    assert read[KEY] == [same.bits(v) for v in expected]
    assert ("line", "theory: trace_ratio", 3) in read
    return read


def test_equal_runs_are_the_same_and_all_their_values_are_compared(same, numbers):
    outcome = same.compare("one", numbers, dict(numbers))
    assert outcome.same
    # t = 0 .. 3, five chains; theory has one value for each.
    assert outcome.values == 2 * 4 * (5 + 1)


def test_a_planted_bit_is_found_with_its_place_and_distance(same, numbers):
    value = np.frombuffer(bytes.fromhex(numbers[KEY][4]), ">f8")[0]
    chains = [*numbers[KEY][:4], same.bits(np.nextafter(value, 9.0))]
    outcome = same.compare("one", numbers, {**numbers, KEY: chains})
    [difference] = outcome.differing
    assert (difference.key, difference.chain, difference.ulps) == (KEY, 4, 1)
    assert not outcome.same


def test_zeros_of_two_signs_differ_and_stand_side_by_side(same):
    [difference] = same.compare("one", {KEY: [same.bits(0.0)]}, {KEY: [same.bits(-0.0)]}).differing
    assert difference.ulps == 0


def test_what_stands_on_one_side_only_fails_unless_listed(same, numbers, monkeypatch):
    fewer = {key: chains for key, chains in numbers.items() if key[1] != "trace_ratio"}
    assert not same.compare("one", numbers, fewer).same
    assert not same.compare("one", fewer, numbers).same
    monkeypatch.setattr(same, "ONLY_OLD", ("*/trace_ratio",))
    assert same.compare("one", numbers, fewer).same


def test_a_renamed_metric_is_compared_under_its_new_name(same, numbers, monkeypatch):
    new = {(run, m.replace("trace_ratio", "r[1]"), t): c for (run, m, t), c in numbers.items()}
    monkeypatch.setitem(same.RENAMED, "trace_ratio", "r[1]")
    assert same.compare("one", numbers, new).same


def test_a_chain_that_is_gone_is_no_equality(same, numbers):
    assert not same.compare("one", numbers, {**numbers, KEY: numbers[KEY][:4]}).same


def test_a_run_of_an_unknown_format_is_refused(same, numbers, tmp_path):
    [header] = tmp_path.rglob("run.json")
    header.write_text('{"format": 99}')
    with pytest.raises(ValueError, match="99"):
        same.read_runs(tmp_path)
