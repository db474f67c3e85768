"""A fit on its way to other processes: a folder that says what to train, on what, from where."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from genloss import errors
from genloss.core.arrays import Array
from genloss.core.roles import Model
from genloss.core.samples import Samples
from genloss.errors import FitError, GenlossError
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.tuning.fitting import Lesson
from genloss.models.torch.notebook import below
from genloss.store.arrays import pack_arrays, unpack_arrays
from genloss.store.block import FileNotebook
from genloss.store.files import read_bytes, write_bytes

LEARNER, ARRAYS, LEFT = "learner.json", "arrays.safetensors", "left.safetensors"
NOTE, FAILED, LOG = "note", "failed.json", "log"


class Trainee(Protocol):
    """A learner that can train in a team of processes; a dataclass of plain fields."""

    @property
    def training(self) -> FineTuning:
        """How it is trained."""
        ...

    def trained(self, lesson: Lesson) -> Model:
        """Train every chain in this process, alone or with others of a team."""
        ...

    def restore(self, state: Mapping[str, Array]) -> Model:
        """Rebuild a model from its state."""
        ...


def write_job(folder: Path, learner: Trainee, lesson: Lesson) -> None:
    """Write a learner and its lesson on rows into an empty folder; the note goes there too."""
    cls = type(learner)
    fields = asdict(cast(Any, learner))
    text = json.dumps({"class": f"{cls.__module__}:{cls.__qualname__}", "fields": fields})
    (folder / LEARNER).write_text(text, encoding="utf-8")
    arrays = {"seeds": lesson.seeds}
    for name, samples in (("train.", lesson.train), ("valid.", lesson.valid)):
        arrays |= _arrays(name, samples) if isinstance(samples, Samples) else {}
    if lesson.before is not None:
        arrays |= {f"before.{name}": value for name, value in lesson.before.state().items()}
    write_arrays(folder / ARRAYS, arrays)
    note = lesson.notebook.read() if lesson.notebook else None
    if note:
        FileNotebook(folder / NOTE).write(note)


def read_learner(folder: Path) -> Trainee:
    """Return the learner of a job."""
    description = json.loads((folder / LEARNER).read_text(encoding="utf-8"))
    module, _, name = description["class"].partition(":")
    fields = description["fields"] | {"training": FineTuning(**description["fields"]["training"])}
    learner: Trainee = getattr(import_module(module), name)(**fields)
    return learner


def read_lesson(folder: Path, learner: Trainee) -> Lesson:
    """Return the lesson of a job; a model to go on from comes to the learner's device."""
    arrays = read_arrays(folder / ARRAYS)
    before, valid = below(arrays, "before."), below(arrays, "valid.")
    return Lesson(
        Samples(**below(arrays, "train.")),
        arrays["seeds"],
        learner.restore(before) if before else None,
        Samples(**valid) if valid else None,
    )


def write_failure(folder: Path, error: GenlossError) -> None:
    """Write the error that ended a process."""
    failure = {"kind": type(error).__name__, "message": str(error)}
    write_bytes(folder / FAILED, json.dumps(failure).encode())


def failure_in(folder: Path) -> GenlossError | None:
    """Return the error that a process left behind, if one did."""
    try:
        failure = json.loads((folder / FAILED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    kind: type[GenlossError] = getattr(errors, failure["kind"], FitError)
    return kind(failure["message"])


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays by name; a reader finds the old file or the new one."""
    write_bytes(path, pack_arrays(arrays, {}))


def read_arrays(path: Path) -> dict[str, Array]:
    """Read arrays by name; raises StoreError for a file that is damaged or gone."""
    return unpack_arrays(read_bytes(path), path)[0]


def _arrays(prefix: str, samples: Samples) -> dict[str, Array]:
    columns = {"x": samples.x, "origin": samples.origin}
    columns |= {"weight": samples.weight} if samples.weight is not None else {}
    columns |= {"label": samples.label} if samples.label is not None else {}
    return {prefix + name: value for name, value in columns.items()}
