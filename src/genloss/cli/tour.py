"""The tour: every published experiment at smoke scale, the demo's own studies, one report."""

import time
from pathlib import Path
from typing import Any

from genloss.report.page import write_report
from genloss.study.published import load_experiment, published_names, tour_studies
from genloss.study.reproduce import reproduce
from genloss.study.runner import Progress, run_studies

SCALE = "smoke"


def tour(root: Path, *, workers: int, progress: Progress) -> dict[str, Any]:
    """Run everything below root and return the report's path, targets met and seconds."""
    begun = time.monotonic()
    passed = failed = 0
    studies, left_out = tour_studies()
    run_studies(studies, root / "tour", workers=workers, progress=progress)
    for name in published_names():
        experiment = load_experiment(name, SCALE)
        _, verdicts = reproduce(experiment, root, workers=workers, progress=progress)
        passed += sum(v.passed for v in verdicts)
        failed += sum(not v.passed for v in verdicts)
    report = write_report([root], root / "report.html", title="Model collapse, a tour")
    return {
        "report": str(report),
        "passed": passed,
        "failed": failed,
        "left_out": left_out,
        "seconds": round(time.monotonic() - begun, 1),
    }
