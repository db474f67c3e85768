"""Measuring without a folder gives the numbers of a run."""

import numpy as np
import pytest

from genloss.run.memory import measure
from genloss.run.runner import run_study
from genloss.study.study import study_from


@pytest.mark.slow
def test_the_numbers_in_memory_are_those_of_a_run_to_the_bit(system, tmp_path, monkeypatch):
    study = study_from({**system, "metrics": [*system["metrics"], "copy_rate"]})
    run = run_study(study, tmp_path / "runs", workers=1)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    measured = measure(study)
    assert list((tmp_path / "empty").iterdir()) == []
    assert measured.series.keys() == run.series.keys()
    for name, series in run.series.items():
        np.testing.assert_array_equal(measured.series[name].t, series.t)
        np.testing.assert_array_equal(measured.series[name].values, series.values)
        assert (measured.series[name].unit, measured.series[name].labels) == (
            series.unit,
            series.labels,
        )
    assert measured.not_applicable == run.not_applicable
    assert measured.not_applicable


def test_it_tells_where_it_is(small):
    steps = []
    measure(study_from(small("moments_replace")), steps.append)
    assert max(step.t for step in steps) == 7
