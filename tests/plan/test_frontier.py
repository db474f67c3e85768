"""Risk against budget, where prices and the closed form say by hand what is best."""

import math
from dataclasses import replace

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.plan.advise.advice import Answer, Effort, best_setting
from genloss.plan.advise.drawing import evidence_chart, frontier_chart
from genloss.plan.advise.evidence import Cell
from genloss.plan.advise.fields import field_dial
from genloss.plan.advise.frontier import Prices, frontier
from genloss.plan.advise.question import question_of, target_of
from genloss.plan.advise.supplies import real_rows
from genloss.plan.advise.transfer import transfer, transfers
from genloss.report.chart_files import figure_svg
from genloss.study.study import study_from
from genloss.theory.anchored import anchored

SPEC = {
    "name": "line",
    "reality": {"kind": "gaussian", "d": 8},
    "learner": {"kind": "gaussian", "ddof": 1},
    "form": "moments",
    "n_real": 50,
    "generations": 5,
    "chains": 60,
    "metrics": ["squared_mean_error", "w2_squared"],
}


@pytest.fixture
def question():
    return question_of(study_from(SPEC), target_of("squared_mean_error <= 0.2 at 6"), "mean")


@pytest.mark.slow
def test_the_frontier_holds_what_no_cheaper_mixture_reaches(question, tmp_path):
    found = frontier(question, "fresh", Prices(1, 0.1), Effort(tmp_path))
    assert found.how == "closed form"
    for m in found.best:
        cheaper = [o.risk for o in found.mixtures if o.cost < m.cost]
        assert m.risk < min(cheaper, default=float("inf"))
    for m in found.mixtures:
        # 50 rows of S_0 and five more generations.
        assert m.cost == pytest.approx(50 + 5 * m.real + 0.1 * 5 * m.synthetic)
        if m.real:
            path = anchored(6, 50, m.real, m.synthetic, real_rows="fresh", ddof=1)
            assert m.risk == pytest.approx(8 * float(path.mean_error))
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_kept_rows_are_paid_once(question, tmp_path):
    found = frontier(question, "kept", Prices(1, 0), Effort(tmp_path))
    assert {m.cost for m in found.mixtures} == {max(50, m.real) for m in found.mixtures}


@pytest.mark.slow
def test_kept_rows_alone_are_all_of_s_0(question, tmp_path):
    """By runs, which know what no synthetic row costs: 12 real rows cost 12, not 50."""
    found = frontier(question, "kept", Prices(1, 1), Effort(tmp_path, 2, workers=1), theory=False)
    alone = {m.real: m.cost for m in found.mixtures if not m.synthetic}
    assert min(alone) < 50
    assert all(cost == real for real, cost in alone.items())


def test_prices_are_two_numbers():
    for real, synthetic in ((-1, 1), (0, 0), (1, float("nan"))):
        with pytest.raises(SpecError, match="prices"):
            Prices(real, synthetic)


@pytest.mark.slow
def test_a_flat_optimum_is_found_and_drawn(tmp_path):
    """Of unbiased rows that shrink by lam, the risk is least a little below lam = 1."""
    spec = SPEC | {"sampler": {"kind": "shrinkage", "lam": 1.0}, "regime": "replace"}
    spec |= {"regime": {"kind": "fresh", "n_real": 20}, "n_synthetic": 100}
    question = question_of(study_from(spec), target_of("w2_squared lowest at 10"))
    dial = field_dial(question.study, "sampler.lam=0.5:1.0")
    [answer] = best_setting(question, dial, Effort(tmp_path, workers=1)).answers
    assert 0.9 < answer.value < 1
    assert answer.low <= answer.value <= answer.high
    assert answer.high - answer.low <= 0.08 * 0.5 + 1e-9
    # Chains of two settings differ by the setting alone.
    assert answer.flat.correlation > 0.8
    chart = evidence_chart(question, [answer])
    assert b"<svg" in figure_svg(chart, tmp_path / "a.svg").read_bytes()


def test_a_field_that_begins_at_0_is_drawn_from_there():
    spec = SPEC | {"sampler": {"kind": "shrinkage", "lam": 1.0}}
    question = question_of(study_from(spec), target_of("w2_squared lowest at 10"), "mean")
    dial = field_dial(question.study, "sampler.lam=0.0:1.0")
    cells = tuple(Cell(k, np.array([1.0, 2.0])) for k in (0, 500, 1000))
    answer = Answer(dial, "mean", "search", 500, 0.4, 0.6, 100, 1.5, 0.5, cells)
    drawn = evidence_chart(question, [answer])["data"]["values"]
    assert {v["x"] for v in drawn} == {0.0, 0.5, 1.0}


@pytest.mark.slow
def test_the_frontier_by_runs_is_drawn(question, tmp_path):
    effort = Effort(tmp_path, chains=3, workers=1)
    found = frontier(question, "fresh", Prices(1, 0.1), effort, theory=False)
    assert found.how == "search"
    assert {(m.real > 0, m.synthetic > 0) for m in found.mixtures} == {
        (True, True),
        (True, False),
        (False, True),
    }
    chart = frontier_chart(question, found)
    assert sum(r["best"] == "on the frontier" for r in chart["data"]["values"]) == len(found.best)
    assert b"<svg" in figure_svg(chart, tmp_path / "f.svg").read_bytes()


@pytest.mark.slow
def test_the_frontier_of_both_rules_is_nowhere_worse(tmp_path):
    """Synthetic rows cost next to nothing: with the best weight more of them pay."""
    asked = question_of(study_from(SPEC), target_of("squared_mean_error <= 0.2 at 40"), "mean")
    effort, prices = Effort(tmp_path), Prices(1, 0.001)
    pooled = frontier(asked, "fresh", prices, effort)
    both = frontier(asked, "fresh", prices, effort, weighted=None)
    assert (both.how, both.left_out) == ("closed form", False)
    assert [m for m in both.mixtures if not m.weighted] == [
        replace(m, on_frontier=m in both.best) for m in pooled.mixtures
    ]
    assert any(m.weighted for m in both.best)
    for m in pooled.best:
        assert min(o.risk for o in both.best if o.cost <= m.cost) <= m.risk
    colours = frontier_chart(asked, both)["layer"][0]["encoding"]
    assert colours["shape"]["scale"]["domain"] == ["pooled", "best weight"]
    assert "shape" not in frontier_chart(asked, pooled)["layer"][0]["encoding"]


@pytest.mark.slow
def test_runs_for_the_best_weight_are_left_out_and_told(question, tmp_path):
    effort = Effort(tmp_path, chains=2, workers=1)
    found = frontier(question, "fresh", Prices(1, 0.1), effort, theory=False, weighted=None)
    assert found.left_out
    assert not any(m.weighted for m in found.mixtures)


def answer_of(question, rows, low, high, axis="share", weighted=False):
    dial = real_rows(question.study, axis, "fresh", weighted=weighted)
    return Answer(dial, "chain", "search", rows, low, high, dial.most, 0.0, 0)


def test_learners_are_compared_rule_by_rule(question):
    """Whatever else one of them was answered."""
    pooled, best = (answer_of(question, k, k, k, "count", w) for k, w in ((10, False), (4, True)))
    others = [answer_of(question, 12, 12, 12, "count", True), pooled, answer_of(question, 3, 3, 3)]
    one, two = transfers([pooled, best], others)
    assert (one.axis, one.weighted, one.ratio) == ("count", False, 1)
    assert (two.axis, two.weighted, two.ratio) == ("count", True, 3)
    assert transfers([pooled], []) == ()


def test_advice_that_differs_twice_is_not_transferable(question):
    """The ratio's interval: logs of both intervals, added in quadrature."""
    one, two = answer_of(question, 10, 8, 12.5), answer_of(question, 25, 20, 31.25)
    apart = transfer(one, two)
    assert apart.ratio == 2.5
    assert not apart.is_transferable
    half = math.hypot(math.log(1.25), math.log(1.25))
    assert (apart.low, apart.high) == (
        pytest.approx(2.5 * math.exp(-half)),
        pytest.approx(2.5 * math.exp(half)),
    )
    assert transfer(two, one).ratio == pytest.approx(0.4)
    assert not transfer(two, one).is_transferable
    assert transfer(one, answer_of(question, 18, 15, 21)).is_transferable
    none = answer_of(question, None, math.nan, math.nan)
    assert transfer(one, none).ratio is None
    assert not transfer(one, none).is_transferable
