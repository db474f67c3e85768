"""Reproduce a published experiment: run its studies, judge its targets, write both down."""

from pathlib import Path
from typing import Any

from genloss.core.code import CodeChanged
from genloss.core.places import Place
from genloss.judge.targets import as_table, check_measured
from genloss.judge.verdicts import Verdict, judge
from genloss.published.experiments import Experiment
from genloss.run.controls import run_with_controls
from genloss.run.events import Sink
from genloss.run.other_machine import OtherMachine
from genloss.run.runner import run_studies
from genloss.store.files import write_sealed
from genloss.store.reader import Run

TARGETS = "targets.json"


def reproduce(
    experiment: Experiment,
    root: Place,
    *,
    workers: int = 0,
    progress: Sink | None = None,
    code_changed: CodeChanged = "refuse",
    other_machine: OtherMachine = "refuse",
    controls: bool = False,
) -> tuple[list[Run], list[Verdict]]:
    """Run (or resume) an experiment below root/NAME-SCALE and judge every target.

    The verdicts are stored beside the runs, in targets.json. code_changed, other_machine:
    as for `run_studies`. controls: run those of the studies too, which no target looks at.

    Raises:
        SpecError: a target that looks where the studies do not measure; nothing has run then.
    """
    for target in experiment.targets:
        check_measured(target, experiment.studies)
    folder = Path(root) / f"{experiment.name}-{experiment.scale}"
    studies = list(experiment.studies.values())
    runs = (run_with_controls if controls else run_studies)(
        studies,
        folder,
        workers=workers,
        progress=progress,
        code_changed=code_changed,
        other_machine=other_machine,
    )
    by_name = dict(zip(experiment.studies, runs, strict=True))
    verdicts = [judge(target, by_name, experiment.studies) for target in experiment.targets]
    write_sealed(
        folder / TARGETS,
        {
            **summary(experiment, verdicts),
            "title": experiment.title,
            "address": experiment.address,
            "targets": [
                {**v.full(), "asked": as_table(target)}
                for v, target in zip(verdicts, experiment.targets, strict=True)
            ],
            "runs": {name: run.path.name for name, run in by_name.items()},
        },
    )
    return runs, verdicts


def summary(experiment: Experiment, verdicts: list[Verdict]) -> dict[str, Any]:
    """Return what `genloss reproduce --json` prints."""
    passed = sum(v.passed for v in verdicts)
    return {
        "experiment": experiment.name,
        "scale": experiment.scale,
        "targets": [v.brief() for v in verdicts],
        "passed": passed,
        "failed": len(verdicts) - passed,
    }
