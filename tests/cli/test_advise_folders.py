"""`genloss advise` on several texts: each of them, and whether advice on one would do for all."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from genloss.cli.asked import Told
from genloss.cli.folders import compared, words
from genloss.plan.advise.advice import Advice, Answer
from genloss.plan.advise.supplies import real_rows
from genloss.plan.advise.transfer import transfer
from genloss.study.study import study_from

TAILS = {"steep": 1.4, "middle": 1.0, "flat": 0.3}
TARGET = ("--target", "perplexity within 20 % of control at 2")
SMALL = ("n_real=40", "generations=2", "reality.block=12", "--chains", "4", "--workers", "1")


@pytest.fixture
def texts(tmp_path):
    """Three folders of documents whose words follow Zipf laws of three exponents."""
    rng = np.random.default_rng(1)
    kinds = ["".join(chr(97 + i // 26**k % 26) for k in range(2)) for i in range(400)]
    for name, exponent in TAILS.items():
        share = np.arange(1, 401) ** -exponent
        folder = tmp_path / name
        folder.mkdir()
        for i in range(30):
            drawn = rng.choice(kinds, 120, p=share / share.sum())
            (folder / f"{i}.txt").write_text(" ".join(drawn))
    return list(TAILS)


def told(rows, low, high, n=100):
    """Return made-up advice: so many of n rows, with an interval."""
    study = study_from(
        {
            "reality": "gaussian",
            "learner": {"kind": "gaussian", "ddof": 1},
            "form": "moments",
            "n_real": n,
            "generations": 3,
            "metrics": ["trace_ratio"],
        }
    )
    dial = real_rows(study, "share", "fresh")
    answer = Answer(dial, "chain", "search", rows, low, high, n, 0.0, 0)
    return Told(Advice(SimpleNamespace(study=study), (answer,)))


def test_those_that_need_least_and_most_decide():
    [each] = compared([told(20, 16, 25), told(10, 8, 12.5), told(25, 20, 31.25)])
    assert (each.least, each.most, each.span.ratio) == (1, 2, 2.5)
    half = math.hypot(math.log(1.25), math.log(1.25))
    assert each.span.low == pytest.approx(2.5 * math.exp(-half))
    assert each.ratios[2].ratio == 1.25
    said = words(each, ["a", "b", "c"])
    assert said.startswith("Not transferable: share of real rows: c needs 2.5 times as much as b")
    [near] = compared([told(20, 16, 25), told(12, 10, 14), told(18, 15, 20)])
    assert words(near, ["a", "b", "c"]).startswith("Share of real rows: no more than 2 times apart")


def test_shares_of_unlike_sizes_are_compared_as_shares():
    small, large = told(20, 16, 25, n=100), told(40, 32, 50, n=400)
    [a], [b] = small.advice.answers, large.advice.answers
    assert transfer(a, b).ratio == pytest.approx(0.5)
    [each] = compared([small, large])
    assert (each.least, each.most) == (1, 0)


def test_where_one_text_has_no_answer_there_is_no_ratio():
    [each] = compared([told(20, 16, 25), told(None, math.nan, math.nan)])
    assert each.span.ratio is None
    assert words(each, ["a", "b"]).startswith("Not transferable: no share of real rows holds")


@pytest.mark.slow
def test_three_texts_of_different_tails(told, texts):
    options = (*texts, *SMALL, *TARGET, "--as", "share", "--minutes", "0.01", "--root", "runs")
    advice = told("advise", *options)
    assert [one["text"] for one in advice["texts"]] == texts
    rows = [one["answers"][0]["real_rows"] for one in advice["texts"]]
    [each] = advice["compared"]
    assert [r["ratio"] for r in each["over_first"]] == pytest.approx([r / rows[0] for r in rows])
    assert each["span"]["ratio"] == pytest.approx(max(rows) / min(rows))
    low, high = each["span"]["interval"]
    assert low < each["span"]["ratio"] < high
    assert each["span"]["transferable"] is (max(rows) <= 2 * min(rows))
    # Perplexities are as unlike as the tails; what is needed of them is not their like.
    controls = [one["control"] for one in advice["texts"]]
    assert controls == sorted(controls)


@pytest.mark.slow
def test_two_texts_are_shown_beside_one_another(genloss, texts):
    options = (*texts[1:], *SMALL, "--target", "perplexity <= 10000 at 2", "--as", "share")
    shown = genloss("advise", *options, "--minutes", "0", "--root", "runs")
    assert shown.exit_code == 0, shown.stderr
    for said in ("Text: middle", "Text: flat", "times middle", "Share of real rows: no more than"):
        assert said in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("steep", "nowhere"), "nowhere: no text; expected KEY=VALUE"),
        (("steep", "./steep"), "two texts are called steep"),
        (("steep", "flat", "--vary", "regime.k=1:3"), "are of one text; got several"),
        (("steep", "flat", "--figure", "a.svg"), "are of one text; got several"),
    ],
)
def test_what_cannot_be_compared_is_refused(genloss, texts, tmp_path, arguments, why):
    refused = genloss("advise", *arguments, *TARGET)
    assert refused.exit_code == 2
    assert why in " ".join(refused.stderr.split())
    assert not (tmp_path / "runs").exists()
