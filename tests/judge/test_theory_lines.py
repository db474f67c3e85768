"""Theory lines of a stored run."""

import pytest

from genloss import GaussianLearner, Study, run_study
from genloss.errors import DataError, SpecError
from genloss.judge import theory_lines
from genloss.realities.gaussians import Gaussian
from genloss.store.folder import THEORY


@pytest.fixture
def run(tmp_path):
    study = Study(
        reality=Gaussian(),
        learner=GaussianLearner(1),
        n_real=5,
        generations=2,
        metrics=("trace_ratio",),
    )
    return run_study(study, tmp_path, workers=1)


def failing(error):
    def lines(study):
        raise error

    return lines


def test_lines_are_kept(run):
    assert set(theory_lines.theory_of(run)) == {"trace_ratio"}
    assert (run.path / THEORY).is_file()


def test_predictions_that_fail_are_told_and_cost_the_lines_alone(run, monkeypatch):
    monkeypatch.setattr(theory_lines, "theory_lines", failing(SpecError("Mine predicts nothing")))
    with pytest.warns(UserWarning, match="without theory: Mine predicts nothing"):
        assert theory_lines.theory_of(run) == {}
    assert not (run.path / THEORY).exists()


def test_a_study_whose_data_are_elsewhere_has_no_lines_here(run, monkeypatch):
    monkeypatch.setattr(theory_lines, "theory_lines", failing(DataError("gone")))
    assert theory_lines.theory_of(run) == {}
