"""What cannot fit is refused from sizes alone, with all columns that the rows have."""

import pytest

from genloss.core import resources
from genloss.errors import ResourceError
from genloss.run.runner import run_study
from genloss.run.setup import check_memory
from genloss.study.study import study_from

SPEC = {
    "reality": {"kind": "gaussian", "d": 3},
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 100,
    "held_out": 50,
    "generations": 2,
    "chains": 2,
    "metrics": ["sigma"],
}


def test_wide_rows_are_refused_before_they_are_drawn(tmp_path):
    """10^8 rows of one number fit into many machines, of 1,000 numbers into none."""
    wide = SPEC | {"reality": {"kind": "gaussian", "d": 1000}, "n_real": 10**8}
    with pytest.raises(ResourceError, match=r"2 chains of 200,000,050 rows of 1,000 numbers"):
        run_study(study_from(wide), tmp_path / "runs", workers=1)
    assert not list(tmp_path.rglob("run.json"))


def test_a_covariance_that_cannot_fit_is_refused():
    with pytest.raises(ResourceError, match="covariances of 10,000,000 by 10,000,000 numbers"):
        study_from(SPEC | {"reality": {"kind": "gaussian", "d": 10_000_000}})


def test_every_number_of_trained_drawn_and_held_out_rows_counts(monkeypatch):
    need = 8 * 2 * ((100 + 100 + 50) * 3 + 3 + 3 * 3)
    monkeypatch.setattr(resources, "free_memory", lambda: need)
    check_memory(study_from(SPEC))
    monkeypatch.setattr(resources, "free_memory", lambda: need - 1)
    with pytest.raises(ResourceError, match="2 chains of 250 rows of 3 numbers"):
        check_memory(study_from(SPEC))


def test_every_component_of_a_mixture_counts(monkeypatch):
    """k weights, means and covariances of d by d beside the rows, by hand."""
    study = study_from(SPEC | {"learner": {"kind": "mixture", "k": 90}})
    need = 8 * 2 * ((100 + 100 + 50) * 3 + 90 * (1 + 3 + 9))
    monkeypatch.setattr(resources, "free_memory", lambda: need)
    check_memory(study)
    monkeypatch.setattr(resources, "free_memory", lambda: need - 1)
    with pytest.raises(ResourceError, match="250 rows of 3 numbers, with models of 1,170 numbers"):
        check_memory(study)


def test_every_token_of_text_counts(monkeypatch, tmp_path):
    """A row of text is as wide as its block, before anything is read."""
    spec = SPEC | {
        "reality": {"kind": "text", "path": str(tmp_path), "block": 64},
        "learner": {"kind": "ngram", "order": 2},
        "metrics": [],
    }
    monkeypatch.setattr(resources, "free_memory", lambda: 8 * 2 * 250 * 64 - 1)
    with pytest.raises(ResourceError, match="2 chains of 250 rows of 64 tokens take"):
        check_memory(study_from(spec))
