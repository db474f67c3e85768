"""What runs write at least, from sizes alone: never more than they write, and not much less."""

from types import SimpleNamespace

import pytest

from genloss.errors import ResourceError, StoreError
from genloss.run import disk
from genloss.run.disk import least_bytes
from genloss.run.runner import run_study
from genloss.run.sweep import run_sweep
from genloss.study.controls import control_studies
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from


def written(study, root) -> int:
    run = run_study(study, root, workers=1).path
    return sum(path.stat().st_size for path in run.rglob("*") if path.is_file())


ROWS = 12
"""Bytes of a row of one number: eight, and four of its origin."""


def test_kept_rows_and_the_last_checkpoint_are_counted_by_hand(small):
    """Blocks of 2 and 1 chains; chains 1 of each are kept at 0, 4 and 7, five rows of twelve."""
    keep = {"at": [0, 4, 7], "chains": 1, "rows": 5}
    spec = {**small("rows_accumulate"), "form": "rows", "keep": keep}
    pooled = least_bytes(study_from(spec))
    last = least_bytes(study_from({**spec, "regime": "replace"}))
    assert pooled - last == ROWS * 3 * (7 * 12 - 12)
    more = least_bytes(study_from({**spec, "keep": {**keep, "every": 1, "chains": 2, "rows": 99}}))
    assert more - pooled == ROWS * (3 * 12 * 8 - 2 * 5 * 3)
    wide = study_from({**spec, "reality": {"kind": "gaussian", "d": 3}})
    assert least_bytes(wide) - pooled == 16 * (2 * 5 * 3 + 3 * 7 * 12)


CARRIED = [
    "rows_accumulate",
    "rows_subsample",
    "rows_mix",
    "moments_window",
    "endless_augment",
    "finite_fresh",
    "finite_curated",
    "rows_detected",
    "rows_chosen",
    "symbols_contaminated",
    "counts_replace",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", CARRIED)
def test_no_run_writes_less(small, name, tmp_path):
    """Folders apart, which are pages of their own."""
    spec = small(name, metrics=[], keep={"every": 1, "chains": 2, "rows": 1000})
    rows = least_bytes(study_from(spec)) - disk.RUN_BYTES
    assert 0 <= rows <= written(study_from(spec), tmp_path)


@pytest.mark.slow
def test_a_run_of_many_rows_writes_little_more(small, tmp_path):
    keep = {"every": 1, "chains": 2, "rows": 10_000}
    study = study_from({**small("rows_accumulate", metrics=[]), "n_real": 10_000, "keep": keep})
    size = written(study, tmp_path)
    assert 0.95 * size < least_bytes(study) < 1.05 * size


@pytest.mark.slow
def test_a_sweep_whose_kept_rows_or_controls_exceed_the_disk_is_refused(
    small, tmp_path, monkeypatch
):
    """320 GB of them: two cells of 1,000 generations, 100 chains and 200,000 rows."""
    spec = {**small("rows_accumulate", metrics=[]), "name": "s"}
    many = {"chains": 100, "chains_per_block": 100, "generations": 1000, "n_real": 200_000}
    keep = {"every": 1, "rows": 200_000, "chains": 100}
    grid = {"vary": {"seed": [0, 1]}}
    free = 320 * 10**9
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(ResourceError, match=r"2 runs take .* keep fewer generations"):
        run_sweep(sweep_from({**spec, **many, "keep": keep}, grid), tmp_path, workers=1)
    sweep = sweep_from({**spec, "keep": {}}, grid)
    free = sum(least_bytes(study) for _, study in sweep.cells)
    beside = [least_bytes(c) for _, study in sweep.cells for c in control_studies(study)]
    with pytest.raises(ResourceError, match=f"{2 + len(beside)} runs take"):
        run_sweep(sweep, tmp_path, workers=1, controls=True)
    free += sum(beside)
    assert run_sweep(sweep, tmp_path, workers=1, controls=True).failed == {}


@pytest.mark.parametrize("root", ["/proc/nowhere", "/dev/null/runs"])
def test_a_root_that_cannot_be_written_says_so_before_it_is_measured(small, root):
    sweep = sweep_from({**small("moments_replace"), "name": "s"}, {"vary": {"n_real": [8, 16]}})
    with pytest.raises(StoreError, match=f"{root}/s cannot be written: nothing can be made in /"):
        run_sweep(sweep, root, workers=1)
