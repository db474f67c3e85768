"""Advice where the answer is known, and fresh chains that check it; in full: `make deep`."""

import importlib
from pathlib import Path

import pytest

from genloss.plan.advise.advice import Effort

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def known(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("advice_known")


@pytest.fixture
def confirmation(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("advice")


@pytest.mark.slow
def test_the_golden_ratio_is_found_with_theory_off(known, tmp_path):
    """As many real as synthetic rows: 0.618, within .05 and with an interval of at most +- .05."""
    found = known.weight(100, 100, Effort(tmp_path, 50, workers=1))
    assert found.exact == pytest.approx(0.618, abs=5e-4)
    assert found.holds
    assert found.answer.low <= found.exact <= found.answer.high


@pytest.mark.slow
def test_the_count_of_fresh_rows_is_found_with_theory_off(known, tmp_path):
    assert known.count(10, Effort(tmp_path, 60, workers=1)).holds


@pytest.mark.deep
def test_every_known_answer_is_found(known, tmp_path):
    assert [k.what for k in known.all_known(Effort(tmp_path, 50)) if not k.holds] == []


@pytest.mark.deep
@pytest.mark.parametrize("name", ["gaussian", "mixture", "ngram", "digits"])
def test_fresh_chains_meet_the_advice_and_miss_it_with_less(confirmation, name, tmp_path):
    found = confirmation.confirmed(confirmation.SYSTEMS[name], tmp_path)
    assert found.met >= confirmation.MEET
    assert found.missed >= confirmation.MISS
