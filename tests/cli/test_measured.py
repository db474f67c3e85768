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
