"""Paths of this machine stay in machine.json, also where a sweep varies them and cells fail."""

import os

import pytest

from genloss.cli.sweeps import loaded
from genloss.errors import DataError
from genloss.run.cell_logs import CellLogs
from genloss.run.sweep import run_sweep
from genloss.store.machine_file import MACHINE, portable, short_paths, without_folders
from genloss.store.sweep import read_failures, read_sweep
from genloss.study.sweep import sweep_from

ROWS = "1.0\n2.0\n4.0\n3.0\n"


@pytest.fixture
def spec(small):
    spec = {**small("moments_replace", metrics=["sigma"]), "name": "small"}
    return {**spec, "generations": 2, "n_real": 4, "chains": 2, "chains_per_block": 2}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a home with tables in folders that nobody else should read of."""
    home = tmp_path / "ada"
    for name, more in (("secret-project", ""), ("other-client", "9.0\n"), ("third one", "7.0\n")):
        (home / name).mkdir(parents=True)
        (home / name / "a.csv").write_text(ROWS + more)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr("sys.argv", ["genloss"])
    return home


def files_naming(folder, *words):
    """Return the files below a folder that have one of some words in their path or text."""
    return {
        os.path.relpath(path, folder)
        for path in folder.rglob("*")
        if any(
            word in str(path.relative_to(folder))
            or (path.is_file() and word.encode() in path.read_bytes())
            for word in words
        )
    }


def values(home, monkeypatch, form):
    """Return paths of the same tables, absolute or from a folder beside home."""
    folders = ("secret-project", "other-client", "third one")
    if form == "absolute":
        return [str(home / name / "a.csv") for name in folders]
    (home.parent / "work").mkdir()
    monkeypatch.chdir(home.parent / "work")
    return [f"../ada/{name}/a.csv" for name in folders]


@pytest.mark.parametrize("form", ["absolute", "from above"])
def test_a_sweep_over_paths_keeps_them_on_this_machine(spec, home, tmp_path, monkeypatch, form):
    paths = values(home, monkeypatch, form)
    grid = {"vary": {"reality.path": [*paths, paths[0].replace("a.csv", "few.csv")]}}
    spec = {**spec, "reality": {"kind": "table_file", "path": paths[0]}}
    (home / "secret-project" / "few.csv").write_text("1.0\n2.0\n")
    what = sweep_from(spec, grid)
    names = ["path=a.csv", "path=a-2.csv", "path=a-3.csv", "path=few.csv"]
    assert [study.name for _, study in what.cells] == names
    done = run_sweep(what, tmp_path / "shared", workers=1)
    assert [run.path.exists() for run in done.runs] == [True, True, True, False]
    found = files_naming(done.folder, "secret-project", "other-client", "third one", str(tmp_path))
    assert {path.rpartition("/")[2] for path in found} == {MACHINE}
    assert all("a.csv" in run.header.spec["reality"]["path"] for run in done.runs[:3])
    options = [cell.options["reality.path"] for cell in read_sweep(done.folder).cells]
    assert options == ["a.csv", "a-2.csv", "a-3.csv", "few.csv"]
    assert len(read_failures(done.folder)) == 1


def test_failures_and_logs_have_the_last_part_of_paths(tmp_path):
    paths = ["/home/ada/secret project/a.csv", str(tmp_path)]
    (tmp_path / "logs").mkdir()
    logs = CellLogs(tmp_path / "logs", paths)
    error = DataError(f"{paths[0]}: line 3; see {tmp_path}/CELL and /opt/private/b.csv")
    logs.give_up(tmp_path / "CELL", error)
    message = f"a.csv: line 3; see {tmp_path.name}/CELL and b.csv"
    assert logs.failure(error)["message"] == message
    assert (tmp_path / "logs" / "CELL.log").read_text().endswith(f"DataError: {message}\n")


@pytest.mark.slow
def test_a_sweep_over_paths_that_end_alike_goes_on_and_grows_from_its_folder(
    spec, home, tmp_path, monkeypatch
):
    paths = values(home, monkeypatch, "absolute")
    spec = {**spec, "reality": {"kind": "table_file", "path": paths[0]}}
    what = sweep_from(spec, {"vary": {"reality.path": paths[:2]}})
    done = run_sweep(what, tmp_path / "runs", workers=1)
    again, root = loaded(done.folder, (), (), "", tmp_path, trust=False)
    assert again == what
    assert root == tmp_path / "runs"
    longer, _ = loaded(done.folder, ("generations=3",), (), "", tmp_path, trust=False)
    more = run_sweep(longer, root, workers=1)
    assert [run.header.identity["generations"] for run in more.runs] == [3, 3]
    assert [run.header.earlier[0] for run in more.runs] == [
        run.path.name[-16:] for run in done.runs
    ]
    assert more.failed == {}


def test_paths_are_shortened_and_those_that_end_alike_are_numbered():
    paths = ["/home/ada/x.csv", "~/work/x.csv", "../ada/x.csv", "data/x.csv", "/home/ada/x.csv"]
    assert short_paths({"vary": {"a": paths}}) == {
        "/home/ada/x.csv": "x.csv", "~/work/x.csv": "x-2.csv", "../ada/x.csv": "x-3.csv",
    }  # fmt: skip
    assert portable({"a": paths})["a"] == ["x.csv"] * 3 + ["data/x.csv", "x.csv"]
    plain = {"a": ["replace", "/", "~", "..", "half / half", "hub:org/name", "3/4"]}
    assert portable(plain) == plain


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/home/ada/s/a.csv: no such file", "a.csv: no such file"),
        ("cannot read '/home/ada/x y/b.csv'; try c.csv", "cannot read 'b.csv'; try c.csv"),
        ("~/s/c.csv, ../ada/d.csv, ~bob/e.csv and f/g.csv", "c.csv, d.csv, e.csv and f/g.csv"),
        ("[/home/ada/: bad] (/home/ada)", "[ada/: bad] (ada)"),
        ("n/m of 3 / 4, https://x.org/a/b, s3://b/a", "n/m of 3 / 4, https://x.org/a/b, s3://b/a"),
    ],
)
def test_texts_lose_the_folders_of_paths(text, left):
    assert without_folders(text, ["/home/ada/x y/b.csv"]) == left
