"""`advise --measured`: a share that was measured, beside the one that is needed."""

import json

import pytest

from genloss.cli.measured import RealShare, read_real_share
from genloss.errors import DataError

SPEC = """

name = "gauss"
reality = { kind = "gaussian", d = 1 }
learner = { kind = "gaussian", ddof = 1 }
regime = { kind = "fresh", n_real = 20 }
n_real = 100
generations = 20
chains = 20
metrics = ["trace_ratio"]
"""


@pytest.mark.parametrize(
    ("needed", "said"), [(0.2, "enough"), (0.5, "cannot tell"), (0.8, "too few")]
)
def test_an_interval_decides_or_cannot_tell(needed, said):
    assert RealShare(0.4, 0.6).against(needed) == said


def test_a_bound_leaves_no_real_rows_possible(tmp_path):
    file = tmp_path / "share.json"
    file.write_text(json.dumps({"pair": None, "bound": {"low": 0.3}}))
    assert read_real_share(file) == RealShare(0.0, 0.7)
    file.write_text("{}")
    with pytest.raises(DataError, match="no measured share"):
        read_real_share(file)


def test_advice_names_it(genloss, tmp_path):
    (tmp_path / "spec.toml").write_text(SPEC)
    share = {"pair": {"share": {"low": 0.1, "high": 0.2, "estimate": 0.15}}}
    (tmp_path / "share.json").write_text(json.dumps(share))
    done = genloss(
        *("advise", "spec.toml", "--target", "trace_ratio >= 0.5 at 20", "--mean"),
        *("--supply", "fresh", "--as", "share", "--measured", "share.json"),
    )
    assert done.exit_code == 0, done.stderr
    assert "Measured: 80" in done.stdout
    assert "enough" in done.stdout


def test_an_alarm_or_a_disagreement_leaves_all_open(tmp_path):
    """A corpus of another domain read as 0 to 8 % machines, with an alarm; half of it was."""
    file = tmp_path / "share.json"
    pair = {"share": {"low": 0.0, "high": 0.08}}
    alarms = [{"about": "scores", "p": 0.0, "raised": True}, {"about": "length", "raised": False}]
    for found, word in (
        ({"pair": pair, "alarms": alarms}, "by scores the corpus"),
        ({"pair": pair, "disagreement": "they do not meet"}, "disagree"),
        ({"pair": pair, "in_both": 7}, "7 of its texts calibrate"),
        ({"pair": pair, "ternary": {"human": pair["share"], "fits": False}}, "three"),
    ):
        file.write_text(json.dumps(found))
        answer = read_real_share(file).against(0.5)
        assert answer.startswith("cannot tell, as ")
        assert word in answer
    alarms[0]["raised"] = False
    file.write_text(json.dumps({"pair": pair, "alarms": alarms}))
    assert read_real_share(file).against(0.5) == "enough"


def test_edited_rows_are_not_real(tmp_path):
    """People 40 to 50 %, machines 10 to 20 %: the rest was edited."""
    file = tmp_path / "share.json"
    ternary = {"human": {"low": 0.4, "high": 0.5}, "fits": True}
    file.write_text(json.dumps({"pair": {"share": {"low": 0.1, "high": 0.2}}, "ternary": ternary}))
    assert read_real_share(file) == RealShare(0.4, 0.5)
