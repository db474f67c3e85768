"""Controls beside the runs that they belong to: which are run with some studies, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genloss.core.places import Place
from genloss.run.runner import header_of
from genloss.store.folder import control_path, run_path
from genloss.study.controls import control_studies
from genloss.study.study import Study


@dataclass(frozen=True)
class WithControls:
    """Studies and, behind them, their controls, each with its folder; for `run_studies`."""

    studies: tuple[Study, ...]
    folders: tuple[Path, ...]


def with_controls(
    studies: Sequence[Study], root: Place, folders: Sequence[Place] | None = None
) -> WithControls:
    """Return studies followed by those of their controls that differ, and the folders of all.

    Controls lie in the folder `controls` beside the run, where every run beside it looks for them.
    folders: of the studies, else root/NAME-FINGERPRINT.
    """
    places = [Path(folder) for folder in folders or ()] or [
        run_path(Path(root), header_of(study)) for study in studies
    ]
    controls = {
        control_path(place, header_of(control).fingerprint): control
        for study, place in zip(studies, places, strict=True)
        for control in control_studies(study)
    }
    return WithControls((*studies, *controls.values()), (*places, *controls))
