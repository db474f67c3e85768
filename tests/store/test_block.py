"""One block: append, keep, checkpoint, resume, and half-deleted folders."""

import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloss.errors import StoreError
from genloss.store.block import BlockStore, Checkpoint, absent_row, metric_row
from genloss.store.reader import _read_table

X = {"model.mean": np.arange(6.0).reshape(2, 3)}


def written(path, last=4, every=2) -> BlockStore:
    """Write generations 0 .. last as the runner does: rows, kept generation, checkpoint."""
    store = BlockStore(path)
    assert store.resume() is None
    go_on(store, 0, last, every)
    return store


def go_on(store, first, last, every=2):
    for t in range(first, last + 1):
        store.append([metric_row(t, "sigma", np.array([t + 0.5, 1 / (t + 1)]))])
        if t % 3 == 0:
            store.keep(t, {"state": X, "samples": {"x": X["model.mean"] + t}}, {"chains": 1})
        if t % every == 0:
            store.checkpoint(Checkpoint(t, 100 + t, X))


def test_a_checkpoint_comes_back(tmp_path):
    written(tmp_path / "0000")
    found = BlockStore(tmp_path / "0000").resume()
    assert (found.t, found.n_real_drawn) == (4, 104)
    np.testing.assert_array_equal(found.arrays["model.mean"], X["model.mean"])


@pytest.mark.parametrize("last", range(8))
def test_what_came_after_the_last_checkpoint_is_removed_and_redone(tmp_path, folder_bytes, last):
    right = written(tmp_path / "unbroken", last=8)
    store = written(tmp_path / "broken", last=last)
    found = store.resume()
    assert found.t == last - last % 2
    assert store.kept() == [t for t in range(found.t + 1) if t % 3 == 0]
    go_on(store, found.t + 1, 8)
    assert folder_bytes(store.path) == folder_bytes(right.path)


def test_rows_without_any_checkpoint_are_removed(tmp_path):
    store = BlockStore(tmp_path)
    store.resume()
    store.append([absent_row(0, "sigma", "why")])
    store.keep(0, {"state": X}, {})
    assert store.resume() is None
    assert (store.table_size(), store.kept()) == (0, [])


def test_half_written_leftovers_of_a_kill_are_removed(tmp_path, folder_bytes):
    store = written(tmp_path)
    before = folder_bytes(tmp_path)
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"t":5,"metric":"sig')
    (tmp_path / "generations" / "000006.tmp").mkdir()
    (tmp_path / "generations" / "000006.tmp" / "state.safetensors").write_bytes(b"half")
    store.resume()
    assert folder_bytes(tmp_path) == before


def test_missing_rows_are_half_deleted(tmp_path):
    store = written(tmp_path)
    table = tmp_path / "metrics.jsonl"
    table.write_bytes(table.read_bytes()[:-7])
    with pytest.raises(StoreError, match="half-deleted: 7 bytes of it are gone; delete the run"):
        store.resume()
    table.unlink()
    with pytest.raises(StoreError, match="half-deleted"):
        store.resume()


def test_a_missing_kept_generation_is_half_deleted(tmp_path):
    store = written(tmp_path)
    shutil.rmtree(store.generation(3))
    with pytest.raises(StoreError, match=r"half-deleted: generations \[3\] of it are gone"):
        store.resume()


def test_a_refusal_deletes_nothing(tmp_path, folder_bytes):
    store = written(tmp_path)
    shutil.rmtree(store.generation(3))
    before = folder_bytes(tmp_path)
    with pytest.raises(StoreError):
        store.resume()
    assert folder_bytes(tmp_path) == before


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_checkpoint_is_refused(tmp_path, share):
    store = written(tmp_path)
    place = tmp_path / "checkpoint.safetensors"
    content = place.read_bytes()
    place.write_bytes(content[: int(share * len(content))])
    with pytest.raises(StoreError, match="is not a genloss array file"):
        store.resume()


def test_a_checkpoint_of_another_version_is_refused(tmp_path):
    store = written(tmp_path)
    place = tmp_path / "checkpoint.safetensors"
    place.write_bytes(place.read_bytes().replace(rb"\"format\": 1", rb"\"format\": 2"))
    with pytest.raises(StoreError, match="has format 2; expected 1"):
        store.resume()


def test_foreign_files_among_the_generations_are_ignored(tmp_path):
    store = written(tmp_path)
    (tmp_path / "generations" / ".DS_Store").touch()
    (tmp_path / "generations" / "notes").touch()
    assert store.resume().t == 4
    assert store.kept() == [0, 3]
    assert (tmp_path / "generations" / "notes").exists()


def test_nan_is_refused_with_metric_generation_and_chain():
    with pytest.raises(StoreError, match="metric sigma is NaN at generation 7, chain 2 of its"):
        metric_row(7, "sigma", np.array([1.0, np.inf, np.nan]))


@given(
    st.lists(st.lists(st.floats(allow_nan=False), min_size=2, max_size=2), min_size=1, max_size=5)
)
def test_every_float_comes_back_from_the_table(tmp_path_factory, values):
    store = BlockStore(tmp_path_factory.getbasetemp())
    (store.path / "metrics.jsonl").unlink(missing_ok=True)
    for t, row in enumerate(values):
        store.append([metric_row(t, "sigma", np.array(row)), absent_row(t, "w2", "no moments")])
    lines = (store.path / "metrics.jsonl").read_text().splitlines()
    assert all("NaN" not in line and "Infinity" not in line for line in lines)
    assert len([json.loads(line) for line in lines]) == 2 * len(values)
    found = _read_table(store.path / "metrics.jsonl")
    assert set(found) == {"sigma"}
    for t, row in enumerate(values):
        assert found["sigma"][t].tobytes() == np.array(row).tobytes()


def test_nothing_of_a_refused_generation_is_written(tmp_path):
    store = written(tmp_path)
    size = store.table_size()

    def rows():
        yield metric_row(5, "fine", np.ones(2))
        yield metric_row(5, "sigma", np.array([1.0, np.nan]))

    with pytest.raises(StoreError, match="metric sigma is NaN"):
        store.append(rows())
    assert store.table_size() == size


def test_rows_are_in_the_order_written(tmp_path):
    written(tmp_path)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    times = [json.loads(line)["t"] for line in lines]
    assert all(a < b for a, b in pairwise(times))
