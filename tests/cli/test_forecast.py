"""`genloss forecast`, as people and scripts see it."""

import json

import pytest

SPEC = """
n_real = 40
generations = 6
chains = 4
form = "moments"
reality = { kind = "gaussian", d = 1 }
learner = { kind = "gaussian", ddof = 1 }
metrics = ["trace_ratio", "sigma", "real_share"]
"""


@pytest.fixture
def run(genloss, tmp_path):
    (tmp_path / "spec.toml").write_text(SPEC)
    assert genloss("run", "spec.toml", "--folder", "it").exit_code == 0
    return "it"


@pytest.mark.slow
def test_a_table_names_what_is_estimated_and_what_has_no_forecast(genloss, run):
    shown = genloss("forecast", run, "--at", 30).output
    assert "from generations up to 6 of 4 chains" in shown
    for words in ("generation 30", "mean of these chains", "a further chain", "rate", "(exact)"):
        assert words in shown
    assert "real_share: no forecast (it is the same in every chain" in shown


@pytest.mark.slow
def test_json_has_every_generation_asked_for(genloss, run):
    words = ("--at", 30, "--at", 12, "--metric", "sigma", "--from", 4, "--json")
    got = json.loads(genloss("forecast", run, *words).output)
    assert [(f["metric"], f["at"], f["seen"]) for f in got["values"]] == [
        ("sigma", 30, 4), ("sigma", 12, 4),
    ]  # fmt: skip
    one = got["values"][0]
    for of in (one["mean"], one["chain"]):
        assert of["low"] < of["median"] < of["high"]
    assert got["refused"] == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--at", 5), "generation 5 is not ahead"),
        (("--at", 9, "--from", 2), "a forecast needs 3 or more"),
        (("--at", 9, "--metric", "w2"), "the run has no values of w2"),
    ],
)
def test_bad_input_ends_with_2_and_a_line(genloss, run, words, message):
    done = genloss("forecast", run, *words)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


@pytest.mark.slow
def test_far_horizons_are_called_unscored(genloss, run):
    assert "not scored: generation 61" in genloss("forecast", run, "--at", 61).output
