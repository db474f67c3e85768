"""A small run, finished and half done, and the promises that hold for every damaged copy of it."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from genloss.errors import StoreError
from genloss.run.block import run_block
from genloss.run.runner import header_of, run_studies, run_study
from genloss.run.task import Task
from genloss.spec.parts import entries
from genloss.store.folder import create_or_match, run_path
from genloss.store.reader import Run, find_runs
from genloss.store.verify import verify
from genloss.study.study import study_from

SPEC = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 8,
    "generations": 4,
    "chains": 3,
    "chains_per_block": 2,
    "metrics": ["trace_ratio", "entropy"],
    "keep": {"at": [0, 2], "rows": 2},
    "checkpoint_every": 2,
    "name": "small",
}


class Stopped(Exception):
    """Enough for now."""


def finished(root: Path) -> Run:
    return run_study(study_from(SPEC), root, workers=1)


def half_done(root: Path) -> Run:
    """Stop block 0 after generation 3: its table goes on behind the manifest of generation 2."""
    study = study_from(SPEC)
    header = header_of(study)
    path = run_path(root, header)
    create_or_match(path, header, entries(study))

    def tell(step):
        if step.generations == 3:
            raise Stopped

    with pytest.raises(Stopped):
        run_block(Task(study, path, 0), tell)
    return Run(path)


MAKERS = {"finished": finished, "half_done": half_done}


def numbers(path: Path) -> dict[str, object]:
    """Return all that readers show of a run, as bytes; raises StoreError."""
    run = Run(path)
    chains = [c for b in run.blocks for c in range(2 * b.number, min(2 * b.number + 2, 3))]
    out: dict[str, object] = {
        f"{name} {t} {chain}": (value.tobytes(), s.unit)
        for name, s in run.series.items()
        for t, values in zip(s.t.tolist(), s.values, strict=True)
        for chain, value in zip(chains, values, strict=True)
    }
    out |= {f"absent: {name}": why for name, why in run.not_applicable.items()}
    for t in run.kept():
        for part in ("state", "samples"):
            if run.has(t, part):
                arrays = run.arrays(t, part)
                out |= {f"{part} {t} {k}": v.tobytes() for k, v in arrays.items()}
    out["spec"] = {k: v for k, v in run.spec.items() if k != "name"}
    return out


def resumed(path: Path) -> dict[str, object]:
    """Return the numbers after a resume; raises StoreError."""
    run_studies([study_from(SPEC)], path.parent, folders=[path], workers=1)
    return numbers(path)


class Lab:
    """A folder of one kind, its right numbers, and a place for damaged copies of it."""

    def __init__(self, kind: str, root: Path) -> None:
        self.right = MAKERS[kind](root / kind).path
        self.other = MAKERS[kind](root / "elsewhere").path
        self.copy = root / "copy" / self.right.name
        self.numbers = numbers(self.right)
        self.final = numbers(finished(root / "final").path)
        files = (p for p in sorted(self.right.rglob("*")) if p.is_file() and p.name != ".lock")
        self.files = [p.relative_to(self.right) for p in files]

    def fresh(self) -> Path:
        if self.copy.exists():
            shutil.rmtree(self.copy)
        shutil.copytree(self.right, self.copy)
        return self.copy

    def judge(self, what: str, redo: bool = False) -> None:
        """Hold the damaged copy against the three promises."""
        problem = ""
        try:
            seen = numbers(self.copy)
            assert seen.keys() <= self.numbers.keys(), f"{what}: other numbers appear"
            assert all(seen[k] == self.numbers[k] for k in seen), f"{what}: other numbers"
            # Without its manifest, a block shows no kept generation and marks its rows; without
            # its folder, no chain; of rows that no manifest vouches for, those that are left.
            if seen.keys() != self.numbers.keys():
                run = Run(self.copy)
                told = run.unvouched is not None or run.missing or not run.is_complete
                assert told, f"{what}: numbers are gone, and nobody says so"
        except StoreError as error:
            problem = str(error)
        assert not problem or str(self.copy) in problem, f"{what}: {problem} names no file"
        assert "\n" not in problem, f"{what}: {problem}"
        listed = find_runs(self.copy.parent)
        assert len(listed) <= 1, what
        found = [c for c in verify(Run(self.copy)) if c.problem]
        if problem and self.copy.exists():
            assert found, f"{what}: readers refuse it, and verify does not: {problem}"
        if redo:
            self.redo(what)

    def redo(self, what: str) -> None:
        """Resume the damaged copy: the numbers of a whole run, or a refusal that names a file."""
        problem, done = "", {}
        try:
            done = resumed(self.copy)
        except StoreError as error:
            problem = str(error)
        assert not problem or str(self.copy) in problem, f"{what}: {problem} names no file"
        assert all(done[k] == self.final[k] for k in done), f"{what}: resumed to other numbers"


def drawn(cases: list, sample: int, seed: int) -> Iterator:
    print(f"{min(sample, len(cases))} of {len(cases)} cases, seed {seed}")
    return iter(random.Random(seed).sample(cases, min(sample, len(cases))))


ALL = 10**9


def samples(few: int, some: int) -> pytest.MarkDecorator:
    """Return how many cases of each kind the fast lane tries, how many CI, and `-m deep`: all."""
    slow = pytest.param(some, marks=pytest.mark.slow)
    deep = pytest.param(ALL, marks=[pytest.mark.slow, pytest.mark.deep])
    return pytest.mark.parametrize("sample", [few, slow, deep])
