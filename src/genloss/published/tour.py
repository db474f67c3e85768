"""The tour: the demo's own studies and sweeps, every published experiment at smoke scale."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genloss.published.experiments import Experiment, published_folder, tour_experiments
from genloss.published.reproduce import check_targets, folder_of, judged
from genloss.report.page import write_report
from genloss.report.vega import charts_left_out
from genloss.run.controls import WithControls, with_controls
from genloss.run.events import Sink
from genloss.run.runner import header_of, run_studies
from genloss.run.sweep import run_sweep
from genloss.store.folder import run_path
from genloss.store.reader import Run
from genloss.study.sweep import load_sweep


def tour(root: Path, *, workers: int, progress: Sink, controls: bool = True) -> dict[str, Any]:
    """Run everything below root and return the report's path, targets met, missed, and seconds.

    All experiments are one batch, so that no core waits for the last block of each and workers
    start once. controls: run those of the tour's own studies and sweeps. The experiments go
    without: no target looks at them, and networks would train twice as long.
    """
    begun = time.monotonic()
    passed, missed = 0, []
    experiments, left_out = tour_experiments()
    for experiment, runs in _run(experiments, root, workers, progress, controls):
        if experiment.targets:
            verdicts = judged(experiment, root, runs)
            passed += sum(v.passed for v in verdicts)
            missed += [f"{experiment.name}: {v.id}" for v in verdicts if not v.passed]
    for spec in sorted((published_folder() / "sweeps").glob("*.toml")):
        run_sweep(load_sweep(spec), root, workers=workers, progress=progress, controls=controls)
    charts = charts_left_out()
    left_out += [f"charts of the report: {charts}"] if charts else []
    report = write_report([root], root / "report.html", title="Model collapse, a tour")
    return {
        "report": str(report),
        "passed": passed,
        "missed": missed,
        "left_out": left_out,
        "seconds": round(time.monotonic() - begun, 1),
    }


def _run(
    experiments: Sequence[Experiment], root: Path, workers: int, progress: Sink, controls: bool
) -> list[tuple[Experiment, list[Run]]]:
    """Run all studies of some experiments side by side; return each with its runs."""
    for experiment in experiments:
        check_targets(experiment)
    parts = [_with_folders(experiment, root, controls) for experiment in experiments]
    runs = iter(
        run_studies(
            [study for part in parts for study in part.studies],
            root,
            folders=[folder for part in parts for folder in part.folders],
            workers=workers,
            progress=progress,
        )
    )
    every = [[next(runs) for _ in part.studies] for part in parts]
    return [(e, of[: len(e.studies)]) for e, of in zip(experiments, every, strict=True)]


def _with_folders(experiment: Experiment, root: Path, controls: bool) -> WithControls:
    studies = tuple(experiment.studies.values())
    if experiment.targets:
        folder = folder_of(experiment, root)
    elif controls:
        return with_controls(studies, root / experiment.name)
    else:
        folder = root / experiment.name
    return WithControls(studies, tuple(run_path(folder, header_of(s)) for s in studies))
