"""What could not be read, or not wholly: counted, kept with file, line and reason."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, TypeVar

from genloss.errors import DataError

T = TypeVar("T")

SHOWN = 20
"""Entries that are held in memory, at most; a file takes them all."""


@dataclass(frozen=True)
class Unread:
    """One thing that was not read: file, line (or row; 0: the whole file), a short kind, why.

    kept: the record was read, and only one of its fields is left out.
    """

    file: str
    line: int
    kind: str
    reason: str
    kept: bool = False

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.file}{f': line {self.line}' if self.line else ''}: {self.reason}"


@dataclass
class Aside:
    """Counts by kind, and the first entries; with a stream, every entry as a line of JSON."""

    stream: IO[str] | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    first: list[Unread] = field(default_factory=list)

    def put(self, file: object, line: int, kind: str, reason: str, kept: bool = False) -> None:
        """Keep one entry."""
        entry = Unread(str(file), line, kind, reason, kept)
        (self.doubts if kept else self.left_out)[kind] += 1
        if len(self.first) < SHOWN:
            self.first.append(entry)
        if self.stream is not None:
            self.stream.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")

    def take(self, file: Path) -> None:
        """Keep the entries of another one, from the file that it wrote."""
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                self.put(**json.loads(line))

    def join(self, other: "Aside") -> None:
        """Count the entries of another one, whose stream was this one's, as well."""
        self.left_out.update(other.left_out)
        self.doubts.update(other.doubts)
        self.first += other.first[: SHOWN - len(self.first)]

    def summary(self) -> str:
        """Return the counts in a few words, '' where there is nothing."""
        parts = [f"{n:,} left out ({kind})" for kind, n in self.left_out.most_common()]
        parts += [f"{n:,} read in part ({kind})" for kind, n in self.doubts.most_common()]
        return "; ".join(parts)

    def why_none(self) -> str:
        """Return what was left out where nothing was read, with the reason of the commonest."""
        if not self.left_out:
            return "check the fields"
        kind = self.left_out.most_common(1)[0][0]
        reason = next((entry.reason for entry in self.first if entry.kind == kind), "")
        return f"{self.summary()}: {reason}" if reason else self.summary()


def one_or_more(records: Iterable[T], paths: Iterable[Path], aside: Aside) -> Iterator[T]:
    """Yield the records of paths.

    Raises:
        DataError: there was none; it names what was left out.
    """
    none = True
    for record in records:
        none = False
        yield record
    if none:
        raise no_record(paths, aside)


def no_record(paths: Iterable[Path], aside: Aside) -> DataError:
    """Return the error that nothing was read of paths, with what was left out."""
    named = ", ".join(map(str, paths)) or "what was named"
    return DataError(f"no record in {named}; {aside.why_none()}")


@contextmanager
def aside_in(file: Path | None) -> Iterator[Aside]:
    """Yield an Aside that writes into this file, which has its name once all is read."""
    if file is None:
        yield Aside()
        return
    part = file.with_name(file.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as stream:
            yield Aside(stream)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
