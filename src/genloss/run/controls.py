"""Controls beside the runs that they belong to: which are run with some studies, and where."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genloss.core.code import CodeChanged
from genloss.core.places import Place
from genloss.run.events import Sink
from genloss.run.executors.executor import Executor
from genloss.run.other_machine import OtherMachine
from genloss.run.runner import header_of, local_executor, run_studies
from genloss.store.fingerprint import fingerprint
from genloss.store.folder import control_path, run_path
from genloss.store.reader import Run
from genloss.study.controls import Control, controls_for, layout_of
from genloss.study.study import Study, identity


@dataclass(frozen=True)
class Beside:
    """A control and the study that it belongs to, and its folder."""

    path: Path
    control: Control
    of: Study

    @property
    def study(self) -> Study:
        """The control as a study."""
        return self.control.study(self.of)


def controls_beside(study: Study, of_study: Mapping[str, Any], place: Path) -> Iterator[Beside]:
    """Yield the controls of a study that it does not do without, in the folder beside its own.

    of_study: what its fingerprint covers; place: its folder.
    """
    if study.controls:
        for control in controls_for(layout_of(study)):
            path = control_path(place, fingerprint(control.identity(of_study)))
            yield Beside(path, control, study)


def all_controls(studies: Sequence[Study], places: Sequence[Path]) -> list[Beside]:
    """Return the controls of some studies, each once."""
    every = (
        one
        for study, place in zip(studies, places, strict=True)
        for one in controls_beside(study, identity(study), place)
    )
    return list({one.path: one for one in every}.values())


@dataclass(frozen=True)
class WithControls:
    """Studies and, behind them, their controls, each with its folder; for `run_studies`."""

    studies: tuple[Study, ...]
    folders: tuple[Path, ...]


def with_controls(
    studies: Sequence[Study], root: Place, folders: Sequence[Place] | None = None
) -> WithControls:
    """Return studies and their controls, each once, with the folders of all.

    Controls lie in the folder `controls` beside a run. folders: of the studies, else
    root/NAME-FINGERPRINT.
    """
    own = [Path(folder) for folder in folders or ()]
    places = own or [run_path(Path(root), header_of(study)) for study in studies]
    controls = all_controls(studies, places)
    return WithControls(
        (*studies, *(one.study for one in controls)), (*places, *(one.path for one in controls))
    )


def run_with_controls(
    studies: Sequence[Study],
    root: Place,
    *,
    folders: Sequence[Place] | None = None,
    workers: int = 0,
    executor: Executor | None = None,
    progress: Sink | None = None,
    code_changed: CodeChanged = "refuse",
    other_machine: OtherMachine = "refuse",
) -> list[Run]:
    """Run or resume studies, then their controls; see `run_studies`, whose options these are.

    No more processes are started than the studies alone would take.

    Returns:
        The runs of the studies.

    Raises:
        GenlossError: see `run_studies`.
    """
    both = with_controls(studies, root, folders)
    runs = run_studies(
        both.studies,
        root,
        folders=both.folders,
        workers=workers,
        executor=executor or local_executor(studies, workers),
        progress=progress,
        code_changed=code_changed,
        other_machine=other_machine,
    )
    return runs[: len(studies)]
