"""Rows that a curator refused lie beside the rows of a kept generation, with the reason of each."""

import numpy as np
import pytest

import genloss
from genloss.store.parts import REFUSED


def test_refused_rows_are_kept_with_their_reasons(tmp_path):
    study = genloss.Study(
        reality="gaussian",
        learner={"kind": "gaussian", "ddof": 1},
        n_real=30,
        generations=3,
        regime="accumulate",
        curator={"kind": "detector", "tpr": 0.5, "fpr": 0.2},
        chains=3,
        keep={"at": [2], "chains": 2, "rows": 12},
        metrics=["curated_rows"],
    )
    run = genloss.run_study(study, tmp_path)
    x, reason, reasons = run.refused(2)
    assert run.refused(1) is None
    assert reasons == ["false positive", "true positive"]
    assert x.shape == (2, 12, 1)
    origin = run.arrays(2, REFUSED)["origin"]
    refused = run.series["curated_rows"]["refused"][1, :2]
    for c in range(2):
        n = int(min(12, refused[c]))
        np.testing.assert_array_equal(reason[c, :n], origin[c, :n] != 0)
        np.testing.assert_array_equal(reason[c, n:], -1)


@pytest.mark.parametrize("curator", [None, {"kind": "deduplication"}])
def test_where_nothing_was_refused_nothing_is_kept(curator, tmp_path):
    study = genloss.Study(
        reality="gaussian",
        learner={"kind": "gaussian", "ddof": 1},
        n_real=30,
        generations=2,
        curator=curator,
        keep={"at": [2]},
    )
    assert not genloss.run_study(study, tmp_path).has(2, REFUSED)
