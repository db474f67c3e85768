"""Reading only what is drawn gives what reading everything gives."""

import numpy as np
import pytest

from genloss.cli import run_tables
from genloss.core.over_chains import MEAN
from genloss.errors import StoreError
from genloss.report.figures.lines import metric_figure
from genloss.report.measured import measured, places, thinned
from genloss.run.runner import run_study
from genloss.store.table import TABLE
from genloss.store.theory_file import TheoryLine
from genloss.study.study import study_from

from .conftest import decay, make_run


def test_thinned_series_are_those_of_the_reader(tmp_path):
    values = {"trace_ratio": decay(400, 6), "w2_squared": decay(400, 6, seed=1)}
    run = make_run(tmp_path, metrics=values, blocks=3)
    found = measured(run, 40)
    for name, series in found.series.items():
        whole = run.series[name]
        at = np.searchsorted(whole.t, series.t)
        np.testing.assert_array_equal(series.values, whole.values[at])
        assert (series.unit, series.direction) == (whole.unit, whole.direction)
        assert {0, 200, 400} <= set(series.t.tolist())
        assert len(series.t) <= 42
    assert list(found.series) == list(run.series)


def test_everything_is_read_where_it_is_little(tmp_path):
    run = make_run(tmp_path, metrics={"trace_ratio": decay(20, 4)})
    np.testing.assert_array_equal(
        measured(run).series["trace_ratio"].values, run.series["trace_ratio"].values
    )


@pytest.mark.slow
def test_a_short_law_keeps_its_generations(tmp_path):
    law = {"trace_ratio": TheoryLine("law", MEAN, (0, 333, 777), (1.0, 0.5, 0.1))}
    run = make_run(tmp_path, metrics={"trace_ratio": decay(1000, 2)}, theory=law)
    assert {0, 333, 777} <= set(measured(run, 20).series["trace_ratio"].t.tolist())


def test_infinite_values_and_absent_metrics(tmp_path):
    values = decay(5, 3)
    values[2, 1] = np.inf
    run = make_run(tmp_path, metrics={"kl": values}, absent={"precision": "no held-out rows"})
    found = measured(run)
    np.testing.assert_array_equal(found.series["kl"].values, values)
    assert found.not_applicable == run.not_applicable == {"precision": "no held-out rows"}


def test_a_line_being_written_is_left_out(tmp_path):
    run = make_run(tmp_path)
    with (run.blocks[0].path / TABLE).open("ab") as file:
        file.write(b'{"t":21,"metric":"trace_ratio","values":[0.1')
    assert measured(run).series["trace_ratio"].t[-1] == 20


def test_generations_that_one_block_lacks_are_left_out(tmp_path):
    run = make_run(tmp_path, blocks=2)
    (run.blocks[1].path / "manifest.json").unlink()
    table = run.blocks[1].path / TABLE
    table.write_bytes(b"".join(table.read_bytes().splitlines(keepends=True)[:11]))
    found = measured(run).series["trace_ratio"]
    assert found.t.tolist() == list(range(11))
    assert found.values.shape == (11, 8)


def test_a_line_that_does_not_fit_is_refused(tmp_path):
    run = make_run(tmp_path)
    with (run.blocks[0].path / TABLE).open("ab") as file:
        file.write(b'{"t":3,"metric":"trace_ratio","values":[0.1],"chain":"0123456789abcdef"}\n')
    with pytest.raises(StoreError, match=r"metrics.jsonl is damaged: line 22 does not fit"):
        measured(run)


def test_a_run_that_has_not_begun_has_nothing(tmp_path):
    run = make_run(tmp_path)
    for name in (TABLE, "manifest.json"):
        (run.blocks[0].path / name).unlink()
    assert dict(measured(run, 10).series) == {}


@pytest.mark.parametrize(("n", "most"), [(1, 5), (5, 5), (50, 12), (2051, 100), (2051, 300)])
def test_places_hold_both_ends_and_the_beginning(n, most):
    at = places(n, most)
    assert at[0] == 0
    assert at[-1] == n - 1
    assert len(at) <= most
    assert (np.diff(at) > 0).all()
    if n > most >= 100:
        # The log-spaced third makes the first steps single generations.
        assert at[1] == 1


def test_chosen_of_nothing_is_nothing():
    assert thinned(np.array([], dtype=np.int64), 10).size == 0


RARE = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "regime": "accumulate",
    "form": "rows",
    "n_real": 12,
    "chains": 6,
    "chains_per_block": 1,
    "generations": 3,
    "curator": {"kind": "detector", "tpr": 0.9, "fpr": 0.1, "rounds": 9},
    "metrics": ["trace_ratio", {"kind": "accepted_by_rarity", "bounds": [0.5, 0.95]}],
}
"""Of twelve rows, the rarest twentieth holds none in every second chain."""


@pytest.mark.slow
def test_a_component_that_some_chains_lack_is_said_and_shown_nowhere(tmp_path, capsys):
    run = run_study(study_from(RARE), tmp_path, workers=1)
    series = run.series["accepted_by_rarity(bounds=(0.5, 0.95))"]
    lacking = np.isnan(series["0.95-1"]).sum(axis=1)
    assert ((lacking > 0) & (lacking < 6)).any()
    found = measured(run)
    assert not any(np.isnan(column.values).any() for column in found.series.values())
    [(name, why)] = found.not_applicable.items()
    assert name.endswith("[0.95-1]")
    assert "of 6 chains have none" in why
    assert all(metric_figure(metric, [found]) for metric in found.series)
    assert why in run._repr_html_()
    run_tables.one(run, json=False)
    assert f"{name}: {why}" in capsys.readouterr().out.replace("\n", " ")
