"""The power fails while a run is written, or the disk refuses: nothing wrong, and it resumes.

States after a loss of power are those of `disk.torn`. Each must show the right numbers or name a
file, hold what checkpoints promised, and resume to the bytes of an unbroken run.
"""

import errno
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from genloss.errors import GenlossError
from genloss.run.runner import run_study
from genloss.store.block import BlockStore
from genloss.store.reader import Run
from genloss.study.study import study_from

from .disk import Disk, Named, Written, torn
from .lab import MAKERS, SPEC, Lab, drawn, samples

STUDY = study_from(SPEC)


class Recording:
    """Every change that writing a run made, from a folder that was empty or half done.

    promises: after how many changes which block had vouched for which generation.
    """

    def __init__(self, kind: str, root: Path, monkeypatch) -> None:
        self.kind, self.lab = kind, Lab("finished", root / "lab")
        self.disk = Disk(self.begun(root / "recorded"))
        self.begins = len(self.disk.changes)
        self.promises: list[tuple[int, int, int]] = []
        plain = BlockStore.checkpoint

        def checkpoint(store, state):
            plain(store, state)
            self.promises.append((len(self.disk.changes), store.block, state.t))

        with monkeypatch.context() as patched, self.disk.recording():
            patched.setattr(BlockStore, "checkpoint", checkpoint)
            run_study(STUDY, self.disk.root, workers=1)
        self.lab.copy = self.lab.copy.parents[1] / "power" / self.lab.copy.name

    def begun(self, place: Path) -> Path:
        """Return a new folder that is empty, or holds the run half done."""
        place.mkdir(parents=True)
        if self.kind == "half_done":
            MAKERS[self.kind](place)
        return place

    def cases(self) -> list[tuple[int, float | None]]:
        """Return moments, and the odds of what was not synced; the last ones draw both."""
        moments = range(self.begins, len(self.disk.changes) + 1)
        return [(k, odds) for k in moments for odds in (0.0, 1.0, *10 * [None])]

    def lay(self, tree) -> Path:
        """Lay a state where the lab's copy is."""
        shutil.rmtree(self.lab.copy.parent, ignore_errors=True)
        self.lab.copy.parent.mkdir()
        tree.lay(self.lab.copy.parent)
        return self.lab.copy


@pytest.fixture(scope="module", params=["from the start", "half_done"])
def recording(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Recording(request.param, tmp_path_factory.mktemp("power"), monkeypatch)


def bytes_of(folder: Path) -> dict[str, bytes]:
    varying = ("provenance.jsonl", "machine.json", ".lock")
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in varying)
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


@pytest.mark.slow
def test_the_record_is_whole(recording):
    """With every change there, what the record gives is what lies on the disk."""
    disk = recording.disk
    tree = dict(disk.after(len(disk.changes), lambda i: True).files())
    real = {
        str(p.relative_to(disk.root)): p.read_bytes() if p.is_file() else None
        for p in disk.root.rglob("*")
    }
    assert tree == real
    assert len(recording.promises) > 3


@pytest.mark.slow
@samples(3, 16)
def test_a_loss_of_power(recording, sample, seed):
    lab, disk = recording.lab, recording.disk
    for n, (moment, odds) in enumerate(drawn(recording.cases(), sample, seed)):
        rng = random.Random(f"{seed} {moment} {n}")
        copy = recording.lay(torn(disk, moment, rng, odds))
        what = f"power lost before change {moment}, odds {odds}, case {n} of seed {seed}"
        lab.judge(what)
        promised = [(block, t) for end, block, t in recording.promises if end <= moment]
        if promised:
            stored = {block.number: block.t for block in Run(copy).blocks}
            assert all(stored.get(block, -1) >= t for block, t in promised), what
        run_study(STUDY, copy.parent, workers=1)
        assert bytes_of(copy) == bytes_of(lab.right), what


@pytest.mark.slow
@samples(10, 50)
def test_a_run_that_is_taken_back(tmp_path, sample, seed):
    """Bad input withdraws a new run; the power fails meanwhile: the next try says the same."""
    bad = study_from({**SPEC, "n_real": 1})
    (tmp_path / "recorded").mkdir()
    disk, refused = Disk(tmp_path / "recorded"), "leave no degrees of freedom"
    with disk.recording(), pytest.raises(GenlossError, match=refused):
        run_study(bad, disk.root, workers=1)
    cases = [(k, n) for k in range(len(disk.changes) + 1) for n in range(10)]
    for moment, n in drawn(cases, sample, seed):
        place = tmp_path / f"{moment} {n}"
        place.mkdir()
        torn(disk, moment, random.Random(f"{seed} {moment} {n}")).lay(place)
        with pytest.raises(GenlossError, match=refused):
            run_study(bad, place, workers=1)


@pytest.mark.slow
@samples(3, 16)
def test_a_disk_that_lies(recording, sample, seed):
    """One change is lost that was synced, and nothing else: a refusal by name, or no difference."""
    disk, end = recording.disk, len(recording.disk.changes)
    lost = [i for i in range(recording.begins, end) if isinstance(disk.changes[i], Written | Named)]
    for i in drawn(lost, sample, seed):
        recording.lay(disk.after(end, lambda j, i=i: j != i))
        recording.lab.judge(f"{disk.changes[i]} was lost", redo=True)


def refusal(root: Path) -> str:
    """Run there, and return why it stopped."""
    try:
        run_study(STUDY, root, workers=1)
    except GenlossError as error:
        return str(error)
    return ""


def once(at: int, number: int) -> Callable[[int, str], None]:
    def fail(n: int, call: str) -> None:
        if n == at:
            raise OSError(number, os.strerror(number))

    return fail


def from_then_on(at: int, number: int) -> Callable[[int, str], None]:
    """A full disk stays full; only removing works."""

    def fail(n: int, call: str) -> None:
        if n >= at and call not in ("unlink", "fsync"):
            raise OSError(number, os.strerror(number))

    return fail


FAULTS = [(once, errno.EIO), (once, errno.ENOSPC), (from_then_on, errno.ENOSPC)]


@pytest.mark.slow
@samples(3, 10)
@pytest.mark.parametrize(("lasting", "number"), FAULTS)
def test_a_call_that_fails(recording, tmp_path, sample, seed, lasting, number):
    """Every call that changes something fails once, or all do from one on."""
    calls: list[int] = []
    with Disk(recording.begun(tmp_path / "all"), lambda n, call: calls.append(n)).recording():
        run_study(STUDY, tmp_path / "all", workers=1)
    right = bytes_of(recording.lab.right)
    for at in drawn(calls, sample, seed):
        root = recording.begun(tmp_path / str(at))
        with Disk(root, lasting(at, number)).recording():
            problem = refusal(root)
        assert not problem or (os.strerror(number) in problem and str(root) in problem), at
        assert not list(root.rglob("*.tmp")), at
        assert bytes_of(run_study(STUDY, root, workers=1).path) == right, at
