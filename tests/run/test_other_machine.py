"""A run that another machine began: refused, or gone on with and recorded."""

from dataclasses import replace

import pytest

from genloss.cli import run_tables
from genloss.errors import StoreError
from genloss.run import other_machine
from genloss.run.events import Moved, Phase
from genloss.run.runner import run_study
from genloss.store.environment import versions_with
from genloss.store.manifest import LIBRARIES
from genloss.store.reader import Run
from genloss.study.study import study_from


class Stopped(Exception):
    pass


def stop_at(t):
    def sink(event):
        if isinstance(event, Moved) and event.step.phase == Phase.DONE and event.step.t == t:
            raise Stopped

    return sink


@pytest.fixture
def begun(small, tmp_path):
    """Return a study and its run, stopped in its first block after a checkpoint at t = 3."""
    study = study_from(small("moments_replace"))
    with pytest.raises(Stopped):
        run_study(study, tmp_path, workers=1, progress=stop_at(4))
    [run] = [Run(path) for path in tmp_path.iterdir()]
    return study, run


def move(monkeypatch, sets="another set", **packages):
    monkeypatch.setattr(other_machine, "instructions", lambda: sets)
    monkeypatch.setattr(
        other_machine, "versions_with", lambda more: {**versions_with(more), **packages}
    )


@pytest.mark.slow
def test_another_instruction_set_or_package_is_refused_with_both_sides(
    begun, tmp_path, monkeypatch, folder_bytes
):
    study, run = begun
    before = folder_bytes(run.path)
    move(monkeypatch, numpy="1.0")
    with pytest.raises(StoreError, match=r"(?s)0000 was begun.*sets: .*numpy: .*1.0.*--elsewhere"):
        run_study(study, tmp_path, workers=1)
    assert folder_bytes(run.path) == before


def test_what_decides_no_bit_is_no_other_machine(begun, tmp_path, monkeypatch):
    study, _ = begun
    other = {"python": "9.9", "genloss": "9.9", "torch": "0.0"}
    monkeypatch.setattr(
        other_machine, "versions_with", lambda more: {**versions_with(more), **other}
    )
    # torch counts for networks alone.
    assert run_study(study, tmp_path, workers=1).is_complete


def test_elsewhere_goes_on_and_records_both_machines(begun, tmp_path, monkeypatch, capsys):
    study, run = begun
    there = run.blocks[0].manifest.machine
    move(monkeypatch)
    done = run_study(study, tmp_path, workers=1, other_machine="accept")
    assert done.is_complete
    first, second = (Run(done.path).blocks[i].manifest.machine for i in (0, 1))
    assert (first.instructions, first.threads) == ("another set", there.threads)
    [earlier] = first.earlier
    assert (earlier.t, earlier.instructions, earlier.versions) == (
        3,
        there.instructions,
        there.versions,
    )
    assert second.earlier == ()
    run_tables.one(Run(done.path), json=False)
    assert "block 0000: made on another machine up to generation 3" in capsys.readouterr().out
    # What is finished may be read, and asked for again, anywhere.
    monkeypatch.undo()
    assert run_study(study, tmp_path, workers=1).is_complete


@pytest.mark.parametrize(
    ("changed", "used"),
    [
        ({}, ()),
        ({"learner": {"kind": "transformer"}}, ()),
        ({"learner": {"kind": "hugging_face"}}, ("transformers", "accelerate")),
        (
            {"learner": {"kind": "makers", "learners": [{"kind": "hugging_face"}]}},
            ("transformers", "accelerate"),
        ),
        (
            {"learner": {"kind": "hugging_face", "adapters": "lora"}},
            ("transformers", "peft", "accelerate"),
        ),
        ({"reality": {"kind": "text", "tokeniser": "a"}}, ("transformers", "tokenizers")),
    ],
)
def test_libraries_count_where_a_study_uses_them(changed, used):
    spec = {"reality": {"kind": "text", "tokeniser": ""}, "learner": {"kind": "ngram"}}
    assert other_machine.libraries(spec | changed) == used


def test_a_library_that_a_run_uses_may_not_change_under_it(begun):
    """Of a run without any the manifest names none, and goes on whatever is installed."""
    _, run = begun
    assert not {*LIBRARIES} & {*run.blocks[0].manifest.machine.versions}
    there = run.blocks[0].manifest.machine
    with_library = replace(there, versions={**there.versions, "transformers": "4.1"})
    here = replace(there, versions={**there.versions, "transformers": "5.0"})
    assert with_library.unlike(here) == ["transformers: 4.1, here 5.0"]
    assert there.unlike(here) == []
