"""Hostile and busy folders: nothing is written outside, no code runs, readers bear a writer."""

import os
import shutil
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genloss.cli.main import app
from genloss.errors import GenlossError, StoreError
from genloss.run.runner import header_of, run_studies, run_study
from genloss.store.folder import run_path
from genloss.store.lock import locked
from genloss.store.reader import Run
from genloss.study.load import load_study
from genloss.study.study import study_from

SPEC = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 8,
    "generations": 4,
    "chains": 3,
    "chains_per_block": 2,
    "metrics": ["trace_ratio"],
    "keep": {"at": [0, 2], "rows": 2},
    "checkpoint_every": 2,
    "name": "small",
}


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="genloss")


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


PLACES = (
    "blocks",
    "blocks/0000",
    "blocks/0000/generations",
    "blocks/0000/generations/000002",
    "blocks/0000/generations/000004",
    "blocks/0000/metrics.jsonl",
    "blocks/0000/manifest.json",
    "blocks/0000/checkpoint-000002.safetensors",
    "blocks/0000/notebook",
    "blocks/0000/.lock",
    ".lock",
    "provenance.jsonl",
    "theory.json",
    "machine.json",
    "about.json",
)


UNFINISHED = pytest.param(True, marks=pytest.mark.slow, id="unfinished")


@pytest.mark.slow
@pytest.mark.parametrize("damaged", [pytest.param(False, id="whole"), UNFINISHED])
@pytest.mark.parametrize("place", PLACES)
def test_links_in_a_run_folder_lead_no_write_outside(tmp_path, place, damaged):
    """Each file or folder of a run is a link to its like elsewhere, which stays as it is."""
    run = run_study(study_from(SPEC), tmp_path / "runs", workers=1).path
    if damaged:
        # Everything must be written again.
        (run / "blocks" / "0000" / "manifest.json").unlink()
    victim = tmp_path / "victim" / Path(place).name
    victim.parent.mkdir()
    there = run / place
    if there.exists():
        shutil.move(there, victim)
    elif place.endswith(("notebook", "safetensors", "manifest.json", "theory.json")):
        victim.write_text("precious")
    else:
        victim.mkdir()
        (victim / "thesis.tex").write_text("precious")
    there.symlink_to(victim)
    before = snapshot(victim.parent)
    for act in (
        lambda: run_studies([study_from(SPEC)], run.parent, folders=[run], workers=1),
        lambda: run_studies([load_study(run)], run.parent, folders=[run], workers=1),
        lambda: call("report", run, "--out", tmp_path / "r.html"),
        lambda: call("show", run),
    ):
        try:
            act()
        except GenlossError as error:
            refusal = str(error)
            assert str(run) in refusal
    assert snapshot(victim.parent) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["run.json", "blocks/0000/metrics.jsonl", "link.html", "pipe.html"]
)
def test_a_report_is_not_written_over_a_run_or_through_a_link(tmp_path, name):
    run = run_study(study_from(SPEC), tmp_path / "runs", workers=1).path
    (tmp_path / "precious").write_text("precious")
    (run / "link.html").symlink_to(tmp_path / "precious")
    os.mkfifo(run / "pipe.html")
    before = {k: v for k, v in snapshot(run).items() if k != "theory.json"}
    refused = call("report", run, "--out", run / name)
    assert refused.exit_code == 2
    assert (
        "is a link" in refused.stderr
        or "belongs to the run" in refused.stderr
        or ("is a folder or a device" in refused.stderr)
    )
    assert {k: v for k, v in snapshot(run).items() if k != "theory.json"} == before
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.slow
def test_only_what_was_made_is_removed(tmp_path):
    """Bad input withdraws a new run; the folder that the user named was theirs before."""
    mine = tmp_path / "mine"
    mine.mkdir()
    bad = study_from({**SPEC, "n_real": 1})
    with pytest.raises(GenlossError, match="leave no degrees of freedom"):
        run_studies([bad], tmp_path, folders=[mine], workers=1)
    assert list(mine.iterdir()) == []
    (mine / "thesis.tex").write_text("precious")
    with pytest.raises(StoreError, match=r"has files but no run\.json \(thesis\.tex\)"):
        run_studies([bad], tmp_path, folders=[mine], workers=1)
    assert [p.name for p in mine.iterdir()] == ["thesis.tex"]


@pytest.mark.slow
def test_the_loser_of_two_starts_is_told_who_holds_the_folder(tmp_path):
    """At any moment of the winner's start: before the header is there, and after."""
    study = study_from(SPEC)
    path = run_path(tmp_path, header_of(study))
    with locked(path), pytest.raises(StoreError, match=rf"by another process \({os.getpid()}, sin"):
        run_study(study, tmp_path, workers=1)
    run_study(study, tmp_path, workers=1)
    with locked(path), pytest.raises(StoreError, match=rf"by another process \({os.getpid()}, sin"):
        run_study(study, tmp_path, workers=1)
    assert Run(path).is_complete


@pytest.mark.slow
def test_readers_bear_a_run_that_is_being_written(tmp_path):
    """`ls`, `show` and `table` in a loop while runs begin, checkpoint, and are taken away."""
    root = tmp_path / "runs"
    busy = {**SPEC, "generations": 12, "chains": 4, "checkpoint_every": 1, "keep": {"every": 1}}
    done, enough = threading.Event(), threading.Event()

    def write():
        try:
            for seed in range(100):
                run = run_study(study_from({**busy, "seed": seed}), root, workers=1).path
                if seed:
                    shutil.rmtree(run)
                    if enough.is_set():
                        break
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen, first = 0, run_path(root, header_of(study_from({**busy, "seed": 0})))
    try:
        while not done.is_set():
            for words in (("ls", root), ("ls", root, "--json")):
                found = call(*words)
                assert found.exit_code == 0, (found.stderr, found.exception)
                assert "Traceback" not in found.stderr
                assert "damaged" not in found.stdout
                seen += 1
            if seen > 5:
                enough.set()
            if (first / "run.json").exists():
                for words in (("show", first), ("table", first, "--out", tmp_path / "t.csv")):
                    found = call(*words)
                    assert found.exit_code == 0, (words, found.stderr, found.exception)
    finally:
        enough.set()
        writer.join()
    assert seen > 5
    assert Run(first).is_complete
