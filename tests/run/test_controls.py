"""Controls in real runs: rows of a finite reality, folders, and what stays as it is."""

import numpy as np
import pytest

from genloss.core.chain import draw_real
from genloss.core.forms import AsMoments, Rows
from genloss.core.streams import Streams
from genloss.errors import RealityExhausted
from genloss.realities.finite import FiniteRows
from genloss.run.controls import run_with_controls, with_controls
from genloss.run.memory import measure
from genloss.run.runner import header_of, run_studies
from genloss.run.setup import real_rows_needed
from genloss.store.folder import run_path
from genloss.store.reader import find_controls
from genloss.study.controls import control_studies
from genloss.study.study import study_from


def finite(n=10, chains=2):
    rows = np.arange(n, dtype=np.float64)[:, None]
    return FiniteRows.of(rows, chains, np.random.default_rng(0), np.arange(n))


def drawn(p_0, n, start, form=None):
    return draw_real(p_0, form or Rows(), n, Streams(0), 2, start, repeats=True)[0]


def test_a_finite_reality_begins_again_where_it_ends():
    p_0 = finite()
    data = drawn(p_0, 4, 8)
    expected = np.concatenate([p_0.rows(8, 2), p_0.rows(0, 2)], axis=1)
    np.testing.assert_array_equal(data.x, expected)
    np.testing.assert_array_equal(data.label, data.x[:, :, 0].astype(int))


def test_no_row_comes_twice_into_a_set_that_is_no_larger_than_the_reality():
    for start in range(0, 40, 7):
        data = drawn(finite(), 10, start)
        for chain in data.x[:, :, 0]:
            assert sorted(chain) == list(range(10))


def test_a_larger_set_has_every_row_as_often_as_the_others():
    counts = np.unique(drawn(finite(), 25, 3).x[0], return_counts=True)[1]
    assert sorted(counts) == 5 * [2] + 5 * [3]


def test_rows_that_come_again_travel_in_every_form():
    moments = drawn(finite(), 20, 3, AsMoments())
    assert moments.n_rows == 20
    np.testing.assert_allclose(moments.mean, 4.5)


def test_other_regimes_are_refused_rows_that_there_are_not():
    with pytest.raises(RealityExhausted):
        draw_real(finite(), Rows(), 4, Streams(0), 2, 8)


DIGITS = {
    "reality": "digits8x8",
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 600,
    "held_out": 100,
    "generations": 9,
    "metrics": ["real_share", "mean_error"],
}


def test_a_finite_reality_has_rows_for_every_control():
    """1,797 rows, of which nine sets of 600 would take 5,400."""
    study = study_from({**DIGITS, "regime": "accumulate"})
    for control in control_studies(study):
        assert real_rows_needed(control) == 700
        series = measure(control).series
        assert (series["real_share"].values == 1).all()


def test_studies_come_first_and_each_control_once(tmp_path):
    arms = [study_from({**DIGITS, "name": kind, "regime": kind}) for kind in ("replace", "augment")]
    what = with_controls(arms, tmp_path)
    assert what.studies[:2] == tuple(arms)
    assert what.folders[:2] == tuple(run_path(tmp_path, header_of(arm)) for arm in arms)
    names = [folder.relative_to(tmp_path).parts[0] for folder in what.folders[2:]]
    assert names == ["controls", "controls"]


def test_controls_of_a_folder_of_ones_own_lie_beside_it(tmp_path):
    [study] = [study_from(DIGITS)]
    what = with_controls([study], tmp_path / "runs", [tmp_path / "mine" / "here"])
    assert what.folders[0] == tmp_path / "mine" / "here"
    assert what.folders[1].parent == tmp_path / "mine" / "controls"


@pytest.mark.slow
def test_a_run_is_the_same_with_and_without_controls(tmp_path):
    study = study_from({**DIGITS, "generations": 2})
    [alone] = run_studies([study], tmp_path / "a", workers=1)
    what = with_controls([study], tmp_path / "b")
    beside = run_studies(what.studies, tmp_path / "b", folders=what.folders, workers=1)[0]
    for name in ("blocks/0000/metrics.jsonl", "blocks/0000/manifest.json", "run.json"):
        assert (alone.path / name).read_bytes() == (beside.path / name).read_bytes()


@pytest.mark.slow
def test_a_control_survives_a_kill_and_ends_in_the_same_bytes(tmp_path):
    """Its folder is resumed like any other: from its last checkpoint, to the same table."""
    study = study_from({**DIGITS, "generations": 3, "checkpoint_every": 1})
    for root in ("a", "b"):
        run_with_controls([study], tmp_path / root, workers=1)
    [whole], [cut] = (find_controls(tmp_path / root) for root in ("a", "b"))
    block = cut.path / "blocks/0000"
    table = (whole.path / "blocks/0000/metrics.jsonl").read_bytes()
    # As after a kill: lines that no manifest vouches for yet, torn in the middle.
    (block / "metrics.jsonl").write_bytes(table + b'{"t": 5, "metr')
    run_with_controls([study], tmp_path / "b", workers=1)
    assert (block / "metrics.jsonl").read_bytes() == table
