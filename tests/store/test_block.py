"""One block: append, keep, checkpoint, resume, and half-deleted folders."""

import json
import os
import shutil
import tracemalloc
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from genloss.errors import StoreError
from genloss.store.block import BlockStore, Checkpoint, FileNotebook, generation_path
from genloss.store.manifest import Earlier, Machine, read_manifest
from genloss.store.table import TABLE, Table, absent_row, metric_row

MACHINE = Machine(3, "avx9", {"numpy": "2.0"})
RUN = "0123456789abcdef"
X = {"model.mean": np.arange(6.0).reshape(2, 3)}


def opened(path, machine=MACHINE) -> BlockStore:
    return BlockStore(path, RUN, 0, machine)


def kept(path) -> list[int]:
    return sorted(int(p.name) for p in (path / "generations").iterdir() if p.name.isdecimal())


def written(path, last=4, every=2) -> BlockStore:
    """Write generations 0 .. last as the runner does: rows, kept generation, checkpoint."""
    store = opened(path)
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
    found = opened(tmp_path / "0000").resume()
    assert (found.t, found.n_real_drawn) == (4, 104)
    np.testing.assert_array_equal(found.arrays["model.mean"], X["model.mean"])


@pytest.mark.parametrize("last", range(8))
def test_what_came_after_the_last_checkpoint_is_removed_and_redone(tmp_path, folder_bytes, last):
    right = written(tmp_path / "unbroken", last=8)
    store = written(tmp_path / "broken", last=last)
    store = opened(store.path)
    found = store.resume()
    assert found.t == last - last % 2
    assert kept(store.path) == [t for t in range(found.t + 1) if t % 3 == 0]
    go_on(store, found.t + 1, 8)
    assert folder_bytes(store.path) == folder_bytes(right.path)


def test_rows_without_any_checkpoint_are_removed(tmp_path):
    store = opened(tmp_path)
    store.resume()
    store.append([absent_row(0, "sigma", "why")])
    store.keep(0, {"state": X}, {})
    assert opened(tmp_path).resume() is None
    assert ((tmp_path / TABLE).stat().st_size, kept(tmp_path)) == (0, [])


def test_half_written_leftovers_of_a_kill_are_removed(tmp_path, folder_bytes):
    written(tmp_path)
    before = folder_bytes(tmp_path)
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"t":5,"metric":"sig')
    (tmp_path / "generations" / "000006.ab.tmp").mkdir()
    (tmp_path / "generations" / "000006.ab.tmp" / "state.safetensors").write_bytes(b"half")
    (tmp_path / "manifest.json.0c.tmp").write_bytes(b"half")
    (tmp_path / "checkpoint-000006.safetensors").write_bytes(b"whole, but nothing names it")
    opened(tmp_path).resume()
    assert folder_bytes(tmp_path) == before


def test_missing_rows_are_half_deleted(tmp_path):
    written(tmp_path)
    table = tmp_path / "metrics.jsonl"
    table.write_bytes(table.read_bytes()[:-7])
    with pytest.raises(StoreError, match=r"metrics.jsonl is half-deleted: \d+ bytes of it are"):
        opened(tmp_path).resume()
    table.unlink()
    with pytest.raises(StoreError, match=r"metrics.jsonl is half-deleted: its manifest vouches"):
        opened(tmp_path).resume()


def test_a_missing_kept_generation_is_half_deleted(tmp_path):
    store = written(tmp_path)
    shutil.rmtree(generation_path(store.path, 3))
    with pytest.raises(StoreError, match=r"000003/state.safetensors is half-deleted"):
        opened(tmp_path).resume()


def test_a_refusal_deletes_nothing(tmp_path, folder_bytes):
    store = written(tmp_path)
    shutil.rmtree(generation_path(store.path, 3))
    (tmp_path / "half.tmp").touch()
    before = folder_bytes(tmp_path)
    with pytest.raises(StoreError):
        opened(tmp_path).resume()
    assert folder_bytes(tmp_path) == before


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_checkpoint_is_refused(tmp_path, share):
    written(tmp_path)
    place = tmp_path / "checkpoint-000004.safetensors"
    content = place.read_bytes()
    place.write_bytes(content[: int(share * len(content))])
    with pytest.raises(StoreError, match=r"000004.safetensors is damaged: its digest is not the"):
        opened(tmp_path).resume()


def test_a_manifest_of_another_block_or_run_is_refused(tmp_path):
    written(tmp_path)
    for run, block in ((RUN, 1), ("f" * 16, 0)):
        with pytest.raises(StoreError, match=f"belongs to block 0 of run {RUN}; expected block"):
            BlockStore(tmp_path, run, block, MACHINE).resume()


def test_a_folder_that_was_continued_is_read_under_its_new_name(tmp_path):
    """The table stays chained to the first fingerprint; the next manifest names the new one."""
    store = written(tmp_path)
    store = BlockStore(tmp_path, RUN, 0, MACHINE, ("f" * 16, RUN))
    assert store.resume().t == 4
    go_on(store, 5, 6)
    assert read_manifest(tmp_path, ("f" * 16, RUN), 0).run == "f" * 16
    assert BlockStore(tmp_path, RUN, 0, MACHINE, ("f" * 16, RUN)).resume().t == 6


def test_a_resume_goes_on_with_the_threads_of_the_first_start(tmp_path, folder_bytes):
    right = written(tmp_path / "unbroken", last=8)
    written(tmp_path / "broken")
    store = opened(tmp_path / "broken", replace(MACHINE, threads=64))
    store.resume()
    assert store.machine == MACHINE
    go_on(store, 5, 8)
    assert folder_bytes(store.path) == folder_bytes(right.path)


def test_a_block_notes_every_machine_that_it_was_on(tmp_path):
    written(tmp_path)
    second = Machine(64, "neon", {"numpy": "2.1"})
    store = opened(tmp_path, second)
    store.resume()
    go_on(store, 5, 6)
    opened(tmp_path, second).resume()
    store = opened(tmp_path, replace(second, versions={"numpy": "2.2"}))
    store.resume()
    go_on(store, 7, 8)
    machine = read_manifest(tmp_path, (RUN,), 0).machine
    assert (machine.threads, machine.instructions) == (MACHINE.threads, "neon")
    assert machine.versions == {"numpy": "2.2"}
    assert machine.earlier == (
        Earlier(4, MACHINE.instructions, MACHINE.versions),
        Earlier(6, "neon", {"numpy": "2.1"}),
    )


def test_one_checkpoint_is_left_and_none_where_nothing_goes_on(tmp_path):
    store = written(tmp_path)
    assert [p.name for p in tmp_path.glob("checkpoint*")] == ["checkpoint-000004.safetensors"]
    store.checkpoint(Checkpoint(5, 105, {}))
    assert list(tmp_path.glob("checkpoint*")) == []
    assert opened(tmp_path).resume() == Checkpoint(5, 105, {})


@pytest.mark.parametrize("name", [TABLE, "generations", "notebook", "manifest.json"])
def test_nothing_is_written_through_a_link(tmp_path, name):
    block, victim = tmp_path / "0000", tmp_path / "victim"
    block.mkdir()
    victim.mkdir() if name == "generations" else victim.write_text("precious")
    (block / name).symlink_to(victim)
    store = opened(block)
    refused = {TABLE: "is a link", "generations": "is a link", "manifest.json": "is damaged"}
    match = f"{name} {refused.get(name)}"
    with pytest.raises(StoreError, match=match) if name in refused else nullcontext():
        store.resume()
        go_on(store, 0, 2)
        store.notebook().write(X)
    assert list(victim.iterdir()) == [] if victim.is_dir() else victim.read_text() == "precious"


def test_a_table_with_a_second_name_is_left_alone(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "0000").mkdir()
    os.link(victim, tmp_path / "0000" / TABLE)
    with pytest.raises(StoreError, match="has a second name"):
        opened(tmp_path / "0000").resume()
    assert victim.read_text() == "precious"


def test_a_note_that_was_changed_is_none(tmp_path):
    note = FileNotebook(tmp_path / "notebook", "run/0000")
    assert note.read() is None
    note.write(X)
    np.testing.assert_array_equal(note.read()["model.mean"], X["model.mean"])
    assert FileNotebook(note.path, "run/0001").read() is None
    content = note.path.read_bytes()
    for i in range(len(content)):
        note.path.write_bytes(content[:i] + bytes([content[i] ^ 4]) + content[i + 1 :])
        assert note.read() is None
        note.path.write_bytes(content[:i])
        assert note.read() is None


def test_foreign_files_among_the_generations_are_ignored(tmp_path):
    written(tmp_path)
    (tmp_path / "generations" / ".DS_Store").touch()
    (tmp_path / "generations" / "notes").touch()
    assert opened(tmp_path).resume().t == 4
    assert kept(tmp_path) == [0, 3]
    assert (tmp_path / "generations" / "notes").exists()


def test_nan_is_refused_with_metric_generation_and_chain():
    with pytest.raises(StoreError, match="metric sigma is NaN at generation 7, chain 2 of its"):
        metric_row(7, "sigma", np.array([1.0, np.inf, np.nan]))


FLOATS = st.floats(allow_nan=False)


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.lists(FLOATS, min_size=2, max_size=2), st.lists(FLOATS, min_size=6, max_size=6)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_float_comes_back_from_the_table(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("block")
    store = opened(folder)
    store.resume()
    for t, (row, parts) in enumerate(values):
        three = np.array(parts).reshape(2, 3)
        store.append(
            [
                metric_row(t, "sigma", np.array(row)),
                metric_row(t, "three", three, {1: "too few"} if t % 2 else None),
                absent_row(t, 'w2 "\\é', "no moments"),
            ]
        )
    lines = (folder / TABLE).read_text().splitlines()
    assert all("NaN" not in line and "Infinity" not in line for line in lines)
    assert len([json.loads(line) for line in lines]) == 3 * len(values)
    table = Table(folder / TABLE, RUN, 0, None)
    assert table.times() == (
        {name: list(range(len(values))) for name in ("sigma", "three")},
        {'w2 "\\é': "no moments"},
    )
    rows = {(t, name): value for t, name, value in table.rows()}
    for t, (row, parts) in enumerate(values):
        assert rows[t, "sigma"].tobytes() == np.array(row).tobytes()
        three = np.array(parts).reshape(2, 3)
        places = [0, 2] if t % 2 else [0, 1, 2]
        assert rows[t, "three"][:, places].tobytes() == three[:, places].tobytes()
        assert np.isnan(rows[t, "three"][:, 1]).all() == (t % 2 == 1)
    wanted = list(table.rows({"sigma": {0}}))
    assert [(t, name) for t, name, _ in wanted] == [(0, "sigma")]


def test_nothing_of_a_refused_generation_is_written(tmp_path):
    store = written(tmp_path)
    before = (tmp_path / TABLE).read_bytes()

    def rows():
        yield metric_row(5, "fine", np.ones(2))
        yield metric_row(5, "sigma", np.array([1.0, np.nan]))

    with pytest.raises(StoreError, match="metric sigma is NaN"):
        store.append(rows())
    assert (tmp_path / TABLE).read_bytes() == before


def test_rows_are_in_the_order_written(tmp_path):
    written(tmp_path)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    times = [json.loads(line)["t"] for line in lines]
    assert all(a < b for a, b in pairwise(times))


def peak_bytes(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_note_takes_little_more_room_than_its_own_bytes(tmp_path):
    """Packed once, and never joined with its digest in another copy.

    Up to 0.7, safetensors holds two copies while it packs.
    """
    arrays = {"x": np.zeros(1 << 20)}
    note = FileNotebook(tmp_path / "notebook", "run/0000")
    note.write(X)  # what is imported on first use
    packing = peak_bytes(lambda: save(arrays))
    assert peak_bytes(lambda: note.write(arrays)) < packing + 0.5 * arrays["x"].nbytes
    np.testing.assert_array_equal(note.read()["x"], arrays["x"])
