"""What a predictor scores that has learnt nothing, by hand; and that runs remember it."""

import numpy as np
import pytest

from genloss.judge.profile.trivial import of_tokens, trivial_scores
from genloss.judge.theory_lines import study_of, trivial_of
from genloss.run.runner import run_study
from genloss.store.theory_file import read_theory
from genloss.study.study import study_from

PLANE = {
    "reality": {"kind": "gaussian", "d": 2},
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 50,
    "generations": 2,
    "chains": 2,
    "held_out": 20_000,
}


def scores(metrics, **changed):
    return trivial_scores(study_from({**PLANE, "metrics": metrics, **changed}))


def test_a_constant_is_as_far_as_reality_is_wide():
    # All of the variance, 2, and of each direction the root of 1.
    got = scores(["w2_squared", "w2", "sliced_wasserstein", "energy_distance", "trace_ratio"])
    assert got["w2_squared"] == pytest.approx(2)
    assert got["w2"] == pytest.approx(2**0.5)
    assert got["sliced_wasserstein"] == pytest.approx(1, abs=0.05)
    # 2 E|X| - E|X - X'| of the plane: sqrt(pi / 2) (2 - sqrt 2).
    assert got["energy_distance"] == pytest.approx((np.pi / 2) ** 0.5 * (2 - 2**0.5), abs=0.1)
    assert "trace_ratio" not in got


def test_mass_spread_evenly_leaves_the_square_of_reality():
    reality = {"kind": "two_blobs", "separation": 40.0, "std": 2.0, "weight": 0.25}
    # Far apart: (w^2 + (1 - w)^2) / (4 pi std^2).
    got = scores(["squared_l2"], reality=reality)["squared_l2"]
    assert got == pytest.approx((0.25**2 + 0.75**2) / (4 * np.pi * 4), rel=1e-6)


def test_a_uniform_law_over_the_box_of_reality_knows_its_logarithm():
    got = scores(["held_out_nll"], held_out=1000)["held_out_nll"]
    # The range of 1,000 normal values is 6.5 on average, its logarithm 1.87; deviation below 0.1.
    assert got == pytest.approx(2 * 1.87, abs=0.3)
    assert scores(["held_out_nll"], held_out=0) == {}


def test_one_symbol_for_ever_loses_all_others():
    p = [0.5, 0.3, 0.2]
    tokens = {"reality": {"kind": "token_law", "p": p}, "learner": {"kind": "categorical", "k": 3}}
    got = scores([{"kind": "forward_kl", "smoothing": 1e-3}], **tokens, held_out=0)
    q = (np.array([1.0, 0, 0]) + 1e-3) / 1.003
    [score] = got.values()
    assert score == pytest.approx((p * np.log(p / q)).sum(), rel=0.01)
    assert scores(["support_loss"], **tokens, held_out=0) == {"support_loss": pytest.approx(0.5)}


def test_the_mean_of_y_misses_all_that_can_be_predicted():
    lines = {"reality": {"kind": "regression", "d": 4, "w": [1.0, 2, 0, 3]}, "held_out": 0}
    assert scores(["excess_risk"], **lines, learner="least_squares") == {"excess_risk": 14}


def test_who_knows_no_plane_guesses():
    labels = {"reality": {"kind": "halfspace", "d": 3}, "learner": "least_squares", "held_out": 0}
    assert scores(["halfspace_accuracy"], **labels) == {"halfspace_accuracy": 0.5}


def test_responses_are_foretold_by_their_shares_or_their_spread():
    labels = {"reality": {"kind": "logistic", "d": 1, "w": 0.0}, "learner": "logistic_regression"}
    got = scores(["response_nll"], **labels, held_out=1000)["response_nll"]
    # Shares within 4 standard errors of a half: the entropy is at most 2 (4 * 0.0158)^2 below.
    assert np.log(2) - 0.008 < got <= np.log(2)
    lines = {"reality": {"kind": "regression", "d": 1, "w": 3.0}, "learner": "least_squares"}
    got = scores(["response_nll"], **lines, held_out=1000)["response_nll"]
    # 10 is the variance of 3 x + noise; that of 1,000 rows is 4.5 % off as a standard error.
    assert got == pytest.approx(np.log(2 * np.pi * np.e * 10) / 2, abs=0.1)
    assert scores(["response_nll"], **lines, held_out=0) == {}


def test_tokens_are_equally_likely_to_who_knows_none(tmp_path):
    """Of the words that are there: a short text has not as many pairs as it is asked for."""
    rows = "".join(f"ab{i} ab{i} ac ac bc bc" + chr(10) for i in range(60))
    (tmp_path / "short.csv").write_text("text\n" + rows)
    text = {
        "reality": {"kind": "text", "path": str(tmp_path / "short.csv"), "block": 8},
        "learner": "ngram",
        "sampler": {"kind": "sampling", "max_new": 8, "min_new": 8},
        "n_real": 20,
        "metrics": ["perplexity", "bits_per_byte", "distinct_n"],
        "held_out": 0,
    }
    study = study_from({**PLANE, **text})
    assert trivial_scores(study) == {}
    run = run_study(study, tmp_path / "runs", workers=1)
    size = study.reality.realise(1, np.random.default_rng(0)).tokeniser.size
    assert run.vocabulary == size < study.reality.vocabulary == 4096
    kinds = ("perplexity", "bits_per_byte", "distinct_n")
    assert [of_tokens(kind, run) for kind in kinds] == [size, 8, None]


def test_a_run_keeps_them_beside_its_theory(tmp_path):
    study = study_from({**PLANE, "held_out": 0, "metrics": ["w2_squared"]})
    run = run_study(study, tmp_path)
    assert read_theory(run.path, run.header) is None
    assert trivial_of(run) == {"w2_squared": pytest.approx(2)}
    assert read_theory(run.path, run.header).trivial == trivial_of(run)
    assert study_of(run).reality == study.reality
