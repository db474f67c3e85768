"""Damaged run folders: the same numbers, or a refusal that names a file; never anything else.

Every byte of a small finished and of a half-done folder is flipped, every file is cut at every
length, deleted, and swapped with every other one; CI draws a sample, `-m deep` does all. Readers
and the resume are tried in this process.
"""

import shutil

import pytest

from genloss.run.runner import run_study
from genloss.study.study import study_from

from .lab import MAKERS, SPEC, Lab, drawn, samples


@pytest.fixture(scope="module", params=MAKERS)
def lab(request, tmp_path_factory) -> Lab:
    return Lab(request.param, tmp_path_factory.mktemp(request.param))


@pytest.mark.slow
@samples(12, 80)
def test_flipped_bytes(lab, sample, seed):
    cases = [(name, i) for name in lab.files for i in range((lab.right / name).stat().st_size)]
    lab.fresh()
    for n, (name, i) in enumerate(drawn(cases, sample, seed)):
        content = bytearray((lab.right / name).read_bytes())
        content[i] ^= 1 << (n % 8)
        (lab.copy / name).write_bytes(content)
        redo = n % 10 == 0
        lab.judge(f"bit {n % 8} of byte {i} of {name}", redo)
        if redo:
            lab.fresh()
        else:
            (lab.copy / name).write_bytes((lab.right / name).read_bytes())


@pytest.mark.slow
@samples(12, 80)
def test_files_cut_short(lab, sample, seed):
    cases = [(name, i) for name in lab.files for i in range((lab.right / name).stat().st_size)]
    lab.fresh()
    for n, (name, i) in enumerate(drawn(cases, sample, seed + 1)):
        (lab.copy / name).write_bytes((lab.right / name).read_bytes()[:i])
        redo = n % 10 == 0
        lab.judge(f"{name} cut after {i} bytes", redo)
        if redo:
            lab.fresh()
        else:
            (lab.copy / name).write_bytes((lab.right / name).read_bytes())


@pytest.mark.slow
def test_files_that_are_gone(lab):
    for name in lab.files:
        (lab.fresh() / name).unlink()
        lab.judge(f"{name} deleted", redo=True)
    folders = {parent for name in lab.files for parent in name.parents if parent.parts}
    for name in sorted(folders):
        shutil.rmtree(lab.fresh() / name)
        lab.judge(f"{name}/ deleted", redo=True)


@pytest.mark.slow
@samples(12, 80)
def test_files_that_were_swapped(lab, sample, seed):
    cases = [(a, b) for a in lab.files for b in lab.files if a < b]
    for a, b in drawn(cases, sample, seed + 2):
        copy = lab.fresh()
        one, two = (copy / a).read_bytes(), (copy / b).read_bytes()
        (copy / a).write_bytes(two)
        (copy / b).write_bytes(one)
        lab.judge(f"{a} swapped with {b}", redo=True)


@pytest.mark.slow
def test_files_of_another_run(tmp_path):
    """Everything of a run with another seed, one file at a time."""
    lab = Lab("finished", tmp_path)
    other = run_study(study_from({**SPEC, "seed": 1}), tmp_path / "seed 1", workers=1).path
    for name in lab.files:
        copy = lab.fresh()
        (copy / name).write_bytes((other / name).read_bytes())
        lab.judge(f"{name} of another run", redo=True)


@pytest.mark.slow
def test_the_samples_can_fail(tmp_path):
    """What a forger makes, with all digests made anew, is seen by the judge, and not by readers."""
    lab = Lab("finished", tmp_path)
    forged = run_study(study_from({**SPEC, "seed": 1}), tmp_path / "seed 1", workers=1).path
    shutil.rmtree(lab.fresh())
    shutil.copytree(forged, lab.copy)
    with pytest.raises(AssertionError, match="other numbers"):
        lab.judge("everything")
