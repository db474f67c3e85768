"""Where a record is: in which files, as what, and which runs read it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Literal

from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.line import ID
from genloss.corpus.record.of_runs import records_of_run
from genloss.corpus.record.reading import located, records_of_file
from genloss.corpus.walk import RUN
from genloss.errors import DataError, GenlossError, SpecError, StoreError
from genloss.store.files import read_sealed
from genloss.store.folder import holds_run
from genloss.store.machine_file import MACHINE, local_spec
from genloss.store.reader import Run, find_runs, folders

How = Literal["holds it", "holds what was made from it", "reads it", "kept it"]

MADE: How = "holds what was made from it"


@dataclass(frozen=True)
class Held:
    """One place that a record, or something made from it, is in: id is the one that is there."""

    place: str
    how: How
    id: str
    count: int = 1


@dataclass(frozen=True)
class Traced:
    """Places that hold a record, what could not be searched, and what is no corpus.

    unsearched: files, rows and runs that may hold it for all that can be told. passed_over: files
    that no command reads, and parts that hold no text.
    """

    held: tuple[Held, ...]
    unsearched: Aside
    passed_over: Aside


TEXTLESS = ("no text", "no page", "no message", "line of the program", "picture or deleted message")
"""Kinds of what is left out of a file because there is no text of a record in it."""


@dataclass
class _Search(Aside):
    """What a file leaves out, each in its place; fields that are left out of a record are none."""

    passed_over: Aside = field(default_factory=Aside)

    def put(self, file: object, line: int, kind: str, reason: str, kept: bool = False) -> None:
        if kind in TEXTLESS or kind.endswith(", no text"):
            self.passed_over.put(file, line, kind, reason)
        elif not kept:
            super().put(file, line, kind, reason)


def trace(
    id_wanted: str, paths: Sequence[Path], fields: FieldMap, stream: IO[str] | None = None
) -> Traced:
    """Return every file and run below paths that holds a record, or what was made from it.

    Files of any sort are read by a map of fields, messages of third parties included; the id of a
    text is the one of its bytes, so that copies in foreign files are found, too. What has it among
    its parents, at any remove, counts as made from it; files are read again until nothing new is
    found. Of a run, the file or folder that it reads is looked into as well. stream: takes all that
    could not be searched. Memory: the ids that are found.

    Raises:
        SpecError: no id.
        DataError: a path that does not exist.
    """
    if not ID.fullmatch(id_wanted):
        raise SpecError(f"{id_wanted!r} is no id; expected sha256: and 64 hex digits")
    search = _Search(stream)
    fields = replace(fields, third_party=True)
    read_by = {}
    for run in (run for path in paths if path.is_dir() for run in _runs(path, search)):
        with _said(run.path, search):
            read_by[run.path] = list(_read_by(run, search))
    places = [*paths, *(path for read in read_by.values() for path in read)]
    files = list(dict.fromkeys(f for p in places for f in _absolute(p, search.passed_over)))
    # Runs are looked into apart.
    search.passed_over.left_out.pop(RUN, None)
    held = _found(files, {id_wanted}, id_wanted, fields, search)
    wanted = {id_wanted}
    while found := {h.id for h in held.values()} - wanted:
        wanted |= found
        # What cannot be read has been said.
        held = _found(files, wanted, id_wanted, fields, Aside())
    of_runs = _of_runs(read_by, held.values(), wanted, id_wanted, search)
    return Traced((*held.values(), *of_runs), search, search.passed_over)


def _found(
    files: Iterable[Path], wanted: set[str], root: str, fields: FieldMap, aside: Aside
) -> dict[tuple[str, str], Held]:
    found = dict[tuple[str, str], Held]()
    for file in files:
        with _said(file, aside):
            for record in records_of_file(file, fields, aside):
                if record.id in wanted or wanted.intersection(record.parents):
                    how: How = "holds it" if record.id == root else MADE
                    key = (str(file), record.id)
                    count = found[key].count + 1 if key in found else 1
                    found[key] = Held(str(file), how, record.id, count)
    return found


@contextmanager
def _said(place: Path, aside: Aside) -> Iterator[None]:
    """Put what cannot be read, or not further, aside, and go on behind it."""
    try:
        yield
    except (DataError, StoreError) as error:
        kind = "damaged run" if isinstance(error, StoreError) else "file cannot be read"
        reason = str(error).removeprefix(f"{place}: ")
        aside.put(place, 0, kind, reason.replace("reality.text_field", "--field text=NAME"))


def _of_runs(
    runs: Mapping[Path, Sequence[Path]],
    held: Iterable[Held],
    wanted: set[str],
    root: str,
    aside: Aside,
) -> Iterator[Held]:
    for run, paths in runs.items():
        for h in held:
            if any(path == Path(h.place) or path in Path(h.place).parents for path in paths):
                yield Held(str(run), "reads it", h.id)
        with _said(run, aside):
            for record in records_of_run(run):
                if record.id in wanted:
                    yield Held(str(run), "kept it" if record.id == root else MADE, record.id)


def _runs(path: Path, aside: Aside) -> Iterator[Run]:
    try:
        yield from find_runs(path)
    except GenlossError:
        # One is damaged; the others are found one by one.
        for folder, names in folders(path):
            if holds_run(names):
                with _said(folder, aside):
                    yield Run(folder)


def _read_by(run: Run, aside: Aside) -> Iterator[Path]:
    """Yield the files and folders that a run read; those that are not on this machine go aside."""
    place = run.path / MACHINE
    folder = Path(str(read_sealed(place).get("folder", "."))) if place.exists() else Path()
    for name in _paths_in(local_spec(run.path, run.spec).get("reality")):
        if (path := folder / name).exists():
            yield path
        else:
            aside.put(run.path, 0, "not on this machine", f"it read {name}, which is not here")


def _paths_in(reality: object) -> Iterator[str]:
    if isinstance(reality, Mapping):
        for key, value in reality.items():
            if "path" in key and isinstance(value, str) and value:
                yield value
            yield from _paths_in(value)


def _absolute(path: Path, aside: Aside) -> Iterator[Path]:
    yield from (p.file.absolute() for p in located([path], aside) if not p.file.is_dir())
