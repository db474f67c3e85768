"""What `genloss ls` says of runs, and an index of it, so that ten thousand are listed in no time.

The index is a cache: it holds what headers and manifests said, with size and time of each file; a
file whose size or time differs is read again, and without the index everything is.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from genloss.errors import StoreError
from genloss.store.files import read_sealed, unsealed, write_sealed
from genloss.store.folder import BLOCKS, CONTROL, CONTROLS, holds_run
from genloss.store.header import HEADER
from genloss.store.manifest import MANIFEST
from genloss.store.reader import Run
from genloss.store.table import TABLE

INDEX = ".index.json"

FEWEST = 200
"""Runs below which reading them all is as fast as an index."""

Stamps = dict[str, list[int]]
"""Size and time of the files that a summary was read from."""


@dataclass(frozen=True)
class Summary:
    """What a run is and how far it has come: t of every block that has begun; kinds as text."""

    generations: int
    chains: int
    blocks: int
    regime: str
    learner: str
    reality: str
    t: tuple[int, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every block has reached the last generation."""
        return len(self.t) == self.blocks and all(t >= self.generations for t in self.t)


FIELDS = tuple(field.name for field in fields(Summary))
PLAIN = (int, int, int, str, str, str)
"""The types of all of them but t."""


def summary_of(run: Run) -> Summary:
    """Read a run's header and manifests, and hold its tables to the lengths that they say.

    Raises:
        StoreError: something among them is damaged.
    """
    for block in run.blocks:
        block.check_sizes()
    return _described(run.spec, run.header.n_blocks, run.progress())


def summaries(root: Path) -> Iterator[tuple[Path, Summary | StoreError]]:
    """Yield every run at or below root with its summary, or with what is wrong with it.

    Controls are left out, as by `find_runs`.

    Reads the index of root, and writes it again where runs are many and something changed.
    """
    before = _read_index(root)
    after: dict[str, Any] = {}
    changed = False
    for run, place in _runs(str(root), ""):
        if isinstance(place, StoreError):
            yield Path(run), place
            continue
        if (known := _known(before.get(place), run)) is not None:
            after[place] = before[place]
            yield Path(run), known
            continue
        try:
            stamps, summary = _read(run)
        except (StoreError, OSError) as error:
            if os.path.exists(run):
                yield Path(run), error if isinstance(error, StoreError) else StoreError(str(error))
            continue
        changed = True
        after[place] = {"stamps": stamps, "summary": dict(vars(summary))}
        yield Path(run), summary
    if len(after) >= FEWEST and (changed or len(after) != len(before)):
        with suppress(StoreError):
            # One text: with an indent for each entry it takes ten times as long.
            write_sealed(root / INDEX, {"runs": json.dumps(after, separators=(",", ":"))})


def _runs(folder: str, place: str) -> Iterator[tuple[str, str | StoreError]]:
    """Yield the runs that `folders` finds but controls, with their place below root, in texts.

    A folder with a header is a run: nobody need look for what else lies in it. One that cannot be
    looked into comes with the error, and hides no other.
    """
    try:
        with os.scandir(folder) as entries:
            inside = sorted((e.name, e.is_dir(follow_symlinks=False)) for e in entries)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        sick = StoreError(f"cannot read {folder}: {error.strerror}; check path and permissions")
        if not place:
            raise sick from error
        yield folder, sick
        return
    if holds_run([name for name, _ in inside]):
        if not _is_control(place):
            yield folder, place or "."
        return
    for name, is_folder in inside:
        path, below = f"{folder}/{name}", f"{place}/{name}" if place else name
        if is_folder and not os.path.exists(f"{path}/{HEADER}"):
            yield from _runs(path, below)
        elif is_folder and not _is_control(below):
            yield path, below


def _is_control(place: str) -> bool:
    """Return whether a place below root lies where controls do, as `is_control_path` does."""
    *_, above, name = ["", *place.split("/")]
    return above == CONTROLS and name.startswith(CONTROL)


def _read(run: str) -> tuple[Stamps, Summary]:
    """Return the summary of a run and the stamps of what it was read from."""
    stamps = Stamps()
    try:
        summary = _quickly(run, stamps)
    except (StoreError, OSError, LookupError, TypeError, AttributeError):
        summary = None
    # Whatever is odd about a run is found, and said, by its own reader.
    return (stamps, summary) if summary else (_stamps(run), summary_of(Run(run)))


def _quickly(run: str, stamps: Stamps) -> Summary | None:
    """Read header and manifests by their seals, and of what they hold only what a summary needs.

    A third of the time of `summary_of`. None where something is not as it should be.
    """
    header = _unsealed(run, HEADER, stamps)
    spec, names = header["spec"], {header["fingerprint"], *header["earlier"]}
    chains, each = spec["chains"], spec["chains_per_block"]
    counts = (spec["generations"], chains, each)
    if any(type(count) is not int or count < 1 for count in counts):
        return None
    blocks, n, t = f"{run}/{BLOCKS}", -(-chains // each), list[int]()
    begun = _names(blocks)
    if not {*begun} <= {f"{i:04d}" for i in range(n)}:
        return None
    for name in begun:
        block = f"{BLOCKS}/{name}"
        try:
            manifest = _unsealed(run, f"{block}/{MANIFEST}", stamps)
        except FileNotFoundError:
            stamps[f"{block}/{MANIFEST}"], vouched, last = [], 0, 0
        else:
            vouched, last = manifest["table"]["bytes"], manifest["t"]
            if manifest["run"] not in names or manifest["block"] != int(name):
                return None
        stamps[f"{block}/{TABLE}"] = stamp = _stamp(f"{run}/{block}/{TABLE}")
        if type(last) is not int or (vouched and (not stamp or stamp[0] < vouched)):
            return None
        t.append(last)
    return _described(spec, n, t)


def _described(spec: Mapping[str, Any], blocks: int, t: Sequence[int]) -> Summary:
    curator = spec.get("curator")
    return Summary(
        spec["generations"],
        spec["chains"],
        blocks,
        _kind(spec["regime"]) + (f" through {_kind(curator)}" if curator else ""),
        _kind(spec["learner"]),
        _kind(spec["reality"]),
        tuple(t),
    )


def _unsealed(run: str, name: str, stamps: Stamps) -> dict[str, Any]:
    """Return what a sealed file holds, whose stamp is noted."""
    path = f"{run}/{name}"
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(f"{path} is not a regular file")
        content = os.read(handle, about.st_size + 1)
    finally:
        os.close(handle)
    stamps[name] = [about.st_size, about.st_mtime_ns]
    return unsealed(content, path)


def refresh(root: Path) -> None:
    """Write the index of root, where runs are many, so that they are listed at once."""
    for _ in summaries(root):
        pass


def _names(folder: str) -> list[str]:
    """Return the names in a folder, in order; none where there is no folder."""
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _stamps(run: str) -> Stamps:
    """Return size and time of header, manifests and tables; of a table only whether it shrank."""
    paths = [HEADER]
    with suppress(OSError):
        for block in _names(f"{run}/{BLOCKS}"):
            paths += [f"{BLOCKS}/{block}/{MANIFEST}", f"{BLOCKS}/{block}/{TABLE}"]
    return {path: _stamp(f"{run}/{path}") for path in paths}


def _stamp(path: str) -> list[int]:
    try:
        about = os.stat(path)
    except OSError:
        return []
    return [about.st_size, about.st_mtime_ns]


def _read_index(root: Path) -> Mapping[str, Any]:
    """Return what the index says of each run; nothing of one that cannot be read."""
    path = root / INDEX
    if not path.is_file():
        return {}
    try:
        runs = json.loads(read_sealed(path)["runs"])
    except (StoreError, ValueError, LookupError, TypeError, RecursionError):
        # It is made again from what it was made of.
        return {}
    return runs if isinstance(runs, dict) else {}


def _known(entry: Any, run: str) -> Summary | None:
    """Return what the index says of a run; None where files changed or it says no such thing."""
    try:
        *plain, t = (entry["summary"][field] for field in FIELDS)
        right = tuple(map(type, plain)) == PLAIN and {type(one) for one in t} <= {int}
        right = right and len(entry["summary"]) == len(FIELDS)
        if not right or entry["stamps"] != _stamps(run):
            return None
        return Summary(**{**entry["summary"], "t": tuple(t)})
    except (LookupError, TypeError):
        return None


def _kind(part: Any) -> str:
    return str(part["kind"]) if isinstance(part, Mapping) else str(part)
