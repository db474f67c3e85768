"""Reproduce a published experiment: run its studies, judge its targets, write both down."""

from collections.abc import Sequence
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


def check_targets(experiment: Experiment) -> None:
    """Raise SpecError for a target that looks where the studies do not measure."""
    for target in experiment.targets:
        check_measured(target, experiment.studies)


def folder_of(experiment: Experiment, root: Place) -> Path:
    """Return where an experiment's runs and verdicts lie."""
    return Path(root) / f"{experiment.name}-{experiment.scale}"


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
    check_targets(experiment)
    folder = folder_of(experiment, root)
    studies = list(experiment.studies.values())
    runs = (run_with_controls if controls else run_studies)(
        studies,
        folder,
        workers=workers,
        progress=progress,
        code_changed=code_changed,
        other_machine=other_machine,
    )
    return runs, judged(experiment, root, runs)


def judged(experiment: Experiment, root: Place, runs: Sequence[Run]) -> list[Verdict]:
    """Judge every target on the runs of the studies, and store the verdicts beside them."""
    by_name = dict(zip(experiment.studies, runs, strict=True))
    verdicts = [judge(target, by_name, experiment.studies) for target in experiment.targets]
    write_sealed(
        folder_of(experiment, root) / TARGETS,
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
    return verdicts


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
