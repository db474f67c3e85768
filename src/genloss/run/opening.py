"""Opening a run's folder: locked, created where it is new, with a note of when work was done."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from genloss.errors import DataError, FitError, MissingExtra, RealityExhausted, SpecError
from genloss.run.events import Said, Sink
from genloss.spec.parts import entries
from genloss.store.folder import PROVENANCE, create_or_match, run_path, withdraw
from genloss.store.header import Header, read_header
from genloss.store.lock import locked
from genloss.store.provenance import append, now, session
from genloss.store.reader import Run
from genloss.store.same_code import record_code
from genloss.study.canary import canary_of
from genloss.study.study import Study

BAD_INPUT = (SpecError, DataError, FitError, RealityExhausted, MissingExtra)


@dataclass(frozen=True)
class Cell:
    """A run that is to be made: what, where, and what its folder says of it."""

    study: Study
    path: Path
    header: Header


@contextmanager
def opened(cell: Cell, progress: Sink) -> Iterator[None]:
    """Lock a run's folder, create it where it is new, and note when work starts and ends.

    The canary of a pretrained model is asked first, noted and told.

    Raises:
        FitError: its value is not the expected one.
    """
    run, header = cell.path, cell.header
    # Under a name of ours, another process that starts at the same moment may have made it.
    made = not run.exists() or run.name.startswith(run_path(run, header).name)
    with locked(run):
        new = create_or_match(run, header, entries(cell.study))
        record_code(run, header)
        with (
            _withdrawn_on_bad_input(run, made) if new else nullcontext(),
            session(run / PROVENANCE, read_header(run).origin, header.spec["seed"], header.code),
        ):
            if not Run(run).is_complete:
                _ask_canary(cell, progress)
            yield


def _ask_canary(cell: Cell, progress: Sink) -> None:
    canary = canary_of(cell.study)
    if canary is not None:
        line = {"event": "canary", "time": now(), **asdict(canary)}
        append(cell.path / PROVENANCE, read_header(cell.path).origin, line)
        progress(Said(str(canary)))
        canary.check()


@contextmanager
def _withdrawn_on_bad_input(run: Path, made: bool) -> Iterator[None]:
    """Remove a new run that bad input ends before it holds anything; it is locked meanwhile.

    A model or text that does not fit shows where it is read, which only a learner can tell.
    """
    try:
        yield
    except BAD_INPUT:
        if Run(run).is_blank:
            withdraw(run, with_folder=made)
        raise
