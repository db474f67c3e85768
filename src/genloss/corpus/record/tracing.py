"""Where a record is: in which files, as what, and which runs read it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.line import ID
from genloss.corpus.record.of_runs import records_of_run
from genloss.corpus.record.reading import located, records_of_file
from genloss.errors import DataError, GenlossError, SpecError
from genloss.store.files import read_sealed
from genloss.store.machine_file import MACHINE, local_spec
from genloss.store.reader import Run, runs_below

How = Literal["holds it", "holds what was made from it", "reads it", "kept it"]

MADE: How = "holds what was made from it"


@dataclass(frozen=True)
class Held:
    """One place that a record, or something made from it, is in: id is the one that is there."""

    place: str
    how: How
    id: str
    count: int = 1


def trace(id_wanted: str, paths: Sequence[Path], aside: Aside) -> list[Held]:
    """Return every file and run below paths that holds a record, or what was made from it.

    Files of any sort are read; the id of a text is the one of its bytes, so that copies in foreign
    files are found, too. What has it among its parents, at any remove, counts as made from it;
    files are read again until nothing new is found. Of a run, the file or folder that it reads is
    looked into as well. Memory: the ids that are found.

    Raises:
        SpecError: no id.
        DataError: a path that does not exist.
    """
    if not ID.fullmatch(id_wanted):
        raise SpecError(f"{id_wanted!r} is no id; expected sha256: and 64 hex digits")
    runs = {run.path: _read_by(run) for path in paths if path.is_dir() for run in _runs(path)}
    places = [*paths, *(path for read in runs.values() for path in read)]
    files = list(dict.fromkeys(file for p in places for file in _absolute(p, aside)))
    wanted = {id_wanted}
    while True:
        held = _found(files, wanted, id_wanted)
        found = {h.id for h in held.values()} | wanted
        if found == wanted:
            break
        wanted = found
    return [*held.values(), *_of_runs(runs, held.values(), wanted, id_wanted)]


def _found(files: Iterable[Path], wanted: set[str], root: str) -> dict[tuple[str, str], Held]:
    fields, found = FieldMap(third_party=True), dict[tuple[str, str], Held]()
    for file in files:
        try:
            for record in records_of_file(file, fields, Aside()):
                if record.id in wanted or wanted.intersection(record.parents):
                    how: How = "holds it" if record.id == root else MADE
                    key = (str(file), record.id)
                    count = found[key].count + 1 if key in found else 1
                    found[key] = Held(str(file), how, record.id, count)
        except DataError:
            # Every command that reads the file says so.
            continue
    return found


def _of_runs(
    runs: Mapping[Path, Sequence[Path]], held: Iterable[Held], wanted: set[str], root: str
) -> Iterator[Held]:
    for run, paths in runs.items():
        for h in held:
            if any(path == Path(h.place) or path in Path(h.place).parents for path in paths):
                yield Held(str(run), "reads it", h.id)
        for record in records_of_run(run):
            if record.id in wanted:
                yield Held(str(run), "kept it" if record.id == root else MADE, record.id)


def _runs(path: Path) -> Iterator[Run]:
    try:
        yield from runs_below([path])
    except GenlossError:
        # A folder without runs.
        return


def _read_by(run: Run) -> list[Path]:
    """Return the files and folders that a run read, as far as they are on this machine."""
    place = run.path / MACHINE
    folder = Path(str(read_sealed(place).get("folder", "."))) if place.exists() else Path()
    named = _paths_in(local_spec(run.path, run.spec).get("reality"))
    return [path for name in named if (path := folder / name).exists()]


def _paths_in(reality: object) -> Iterator[str]:
    if isinstance(reality, Mapping):
        for key, value in reality.items():
            if "path" in key and isinstance(value, str) and value:
                yield value
            yield from _paths_in(value)


def _absolute(path: Path, aside: Aside) -> Iterator[Path]:
    yield from (p.file.absolute() for p in located([path], aside) if not p.file.is_dir())
