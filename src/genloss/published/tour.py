"""The tour: the demo's own studies and sweeps, every published experiment at smoke scale."""

import time
from pathlib import Path
from typing import Any

from genloss.published.experiments import published_folder, tour_experiments
from genloss.published.reproduce import reproduce
from genloss.report.page import write_report
from genloss.report.vega import charts_left_out
from genloss.run.controls import run_with_controls
from genloss.run.events import Sink
from genloss.run.runner import run_studies
from genloss.run.sweep import run_sweep
from genloss.study.sweep import load_sweep


def tour(root: Path, *, workers: int, progress: Sink, controls: bool = True) -> dict[str, Any]:
    """Run everything below root and return the report's path, targets met, missed, and seconds.

    controls: run those of the tour's own studies and sweeps. The experiments go without: no target
    looks at them, and networks would train twice as long.
    """
    run = run_with_controls if controls else run_studies
    begun = time.monotonic()
    passed, missed = 0, []
    experiments, left_out = tour_experiments()
    for experiment in experiments:
        if not experiment.targets:
            studies = list(experiment.studies.values())
            run(studies, root / experiment.name, workers=workers, progress=progress)
            continue
        _, verdicts = reproduce(experiment, root, workers=workers, progress=progress)
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
