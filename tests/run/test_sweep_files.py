"""`verify` reads the files of a sweep that are no runs, and names what is not as it was written."""

import json

import pytest

from genloss.cli.verify import verified
from genloss.run.sweep import run_sweep
from genloss.run.sweep_files import verify_sweep
from genloss.store.files import read_sealed, write_sealed
from genloss.study.sweep import sweep_from


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    table = tmp_path_factory.mktemp("data") / "a.csv"
    table.write_text("1.0\n2.0\n4.0\n3.0\n")
    spec = {
        "name": "two",
        "reality": {"kind": "table_file", "path": str(table)},
        "learner": {"kind": "gaussian", "ddof": 1},
        "generations": 2,
        "chains": 2,
        "metrics": ["sigma"],
    }
    grid = {"vary": {"n_real": [1, 4], "learner.ddof": [0, 1]}, "exclude": [{"n_real": 1}]}
    grid["exclude"][0]["learner.ddof"] = 0
    sweep = sweep_from(spec, grid)
    return run_sweep(sweep, tmp_path_factory.mktemp("runs"), workers=1).folder


FILES = ("sweep.json", "sweep.toml", "failed.json", "progress.json", "machine.json")


def problems(folder) -> dict[str, str]:
    return {c.path.name: c.problem for c in verify_sweep(folder) if c.problem}


def test_a_sweep_as_written_has_no_problem_and_every_file_is_read(folder):
    assert tuple(c.path.name for c in verify_sweep(folder)) == FILES
    assert problems(folder) == {}


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(folder, name, capsys):
    path = folder / name
    before = path.read_bytes()
    at = before.index(b"ddof") if name == "sweep.toml" else len(before) // 2
    path.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
    try:
        found = problems(folder)
        assert [*found] == [name]
        assert str(path) in found[name]
        if name != "sweep.json":
            assert not verified([folder], json=False)
            assert "1 problem in 1 folder" in " ".join(capsys.readouterr().out.split())
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("failed.json", {"cells": {"a": {"error": "E"}}}),
        ("failed.json", {"cells": []}),
        ("progress.json", {"state": 1}),
        ("machine.json", {"paths": {"reality.path": 1}}),
        ("sweep.json", {"name": "two"}),
    ],
)
def test_a_sealed_file_of_the_wrong_shape_is_named(folder, name, value):
    path = folder / name
    before = path.read_bytes()
    write_sealed(path, value)
    try:
        assert [*problems(folder)] == [name]
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("text", ["", "n_real = [", "\udcff", None])
def test_another_sweep_toml_is_named(folder, text):
    path = folder / "sweep.toml"
    before = path.read_bytes()
    path.unlink()
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    try:
        assert [*problems(folder)] == ["sweep.toml"]
    finally:
        path.write_bytes(before)


def test_verify_counts_sweeps(folder, capsys):
    assert verified([folder.parent], json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["sweeps"] == 1
    assert told["files"] > len(FILES)
    assert read_sealed(folder / "failed.json")["cells"]
