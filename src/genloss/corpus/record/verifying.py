"""Whether files of records are what was written; what is not, by name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Literal

from genloss.corpus.readers.bounded import LONGEST, bounded_lines
from genloss.corpus.readers.byte_stream import decoded, endings
from genloss.corpus.readers.json_values import value_of
from genloss.corpus.record.line import is_record, record_from
from genloss.corpus.record.reading import LINES
from genloss.corpus.record.record import Record, id_of
from genloss.corpus.record.signing import checked
from genloss.corpus.record.writing import line_digest, sums_of
from genloss.corpus.walk import walked
from genloss.errors import DataError

Fault = Literal["tampered", "missing", "added", "malformed", "unreadable", "signature"]

GONE = "its line should stand before this one"

AHEAD = 4096
"""Digests that are looked through for a line that does not stand where it should."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one record: where, which, and how."""

    file: str
    line: int
    id: str
    fault: Fault
    reason: str

    def __str__(self) -> str:
        """Return it as one line."""
        where = f"{self.file}{f': line {self.line}' if self.line else ''}"
        return f"{where}: {self.fault}: {self.reason}{f' ({self.id})' if self.id else ''}"


@dataclass
class Verification:
    """What was looked at: files, records, files that have digests beside them; who signed which.

    signed: a name of the file of signers, or a key where none was given, by file.
    """

    files: int = 0
    records: int = 0
    vouched: int = 0
    signed: dict[str, str] = field(default_factory=dict)


def verify_records(
    paths: Iterable[Path], seen: Verification, signers: Path | None = None
) -> Iterator[Problem]:
    """Yield what is wrong with the records of files, or of the JSON lines below folders.

    Text or file of each record is hashed and compared with its id. Where digests lie beside a file,
    any changed line, and any that is missing, added or moved, is named too. Where the digests are
    signed, the signature is checked; signers: a file of allowed signers, one of whom must have
    signed every file. Constant memory.

    Raises:
        DataError: a path that does not exist, or holds no JSON lines; no such file of signers.
        MissingExtra: signers, or a signature, without ssh-keygen.
    """
    for path in paths:
        files = list(record_files(path))
        if not files:
            raise DataError(f"{path}: holds no .jsonl of records; see docs/record.md")
        for file in files:
            seen.files += 1
            yield from _of_file(file, seen)
            yield from _of_signature(file, seen, signers)


def record_files(path: Path) -> Iterator[Path]:
    """Yield a file, or the files of JSON lines below a folder.

    Raises:
        DataError: a path that does not exist.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; check the path")
    if not path.is_dir():
        yield path
        return
    for place in walked(path):
        if not place.why and endings(place.path)[0] in LINES and not place.path.is_dir():
            yield place.path


def _of_file(file: Path, seen: Verification) -> Iterator[Problem]:
    sums = _Sums(file) if sums_of(file).exists() else None
    seen.vouched += sums is not None
    try:
        for number, line in bounded_lines(file):
            if line is None:
                size = f"a line of more than {LONGEST >> 20} MiB"
                yield Problem(str(file), number, "", "unreadable", size)
            elif line.strip():
                seen.records += 1
                named = ""
                for problem in _of_line(file, number, line):
                    named = problem.id or named
                    yield problem
                if sums is not None:
                    yield from sums.compared(number, line, bool(named))
        if sums is not None:
            yield from sums.ended()
    except DataError as error:
        reason = str(error).removeprefix(f"{file}: ")
        yield Problem(str(file), 0, "", "unreadable", reason)


def _of_signature(file: Path, seen: Verification, signers: Path | None) -> Iterator[Problem]:
    found = checked(file, signers)
    if found is not None and found.wrong:
        yield Problem(str(file), 0, "", "signature", found.wrong)
    elif found is not None:
        seen.signed[str(file)] = found.by
    elif signers is not None:
        yield Problem(str(file), 0, "", "signature", "is not signed, and signers were given")


def _of_line(file: Path, number: int, line: bytes) -> Iterator[Problem]:
    try:
        row = value_of(decoded(line, "", number))
        if not isinstance(row, dict) or not is_record(row):
            raise DataError("is no record; expected the fields record and id")
        record = record_from(row)
    except (DataError, ValueError, RecursionError) as error:
        yield Problem(str(file), number, "", "malformed", str(error).removeprefix(": "))
        return
    if reason := _mismatch(record, file):
        fault: Fault = "missing" if reason.startswith("no file") else "tampered"
        yield Problem(str(file), number, record.id, fault, reason)


def _mismatch(record: Record, file: Path) -> str:
    if record.text is not None:
        return "" if id_of(record.text) == record.id else "its text is not the one of its id"
    at = file.parent / record.path
    if not at.is_file():
        return f"no file {record.path}"
    with at.open("rb") as content:
        found = f"sha256:{file_digest(content, 'sha256').hexdigest()}"
    return "" if found == record.id else f"{record.path} is not the file of its id"


class _Sums:
    """The digests beside a file, a few ahead of the line that is compared."""

    def __init__(self, file: Path) -> None:
        self._file = str(file)
        self._lines = _digests(sums_of(file))
        self._ahead: list[tuple[str, str]] = []
        self._digests = 0
        self._said: int | None = None

    def compared(self, number: int, line: bytes, named: bool) -> Iterator[Problem]:
        """Yield what is wrong with a line, and with the ones that should stand before it."""
        digest = line_digest(line)
        self._fill(1)
        if self._ahead and self._ahead[0][1] == digest:
            name, _ = self._ahead.pop(0)
            if name.encode("utf-8", "replace") not in line:
                why = f"{self._file}.sums has another id for this line"
                yield Problem(self._file, number, "", "tampered", why)
            return
        self._fill(AHEAD)
        at = next((i for i, (_, other) in enumerate(self._ahead) if other == digest), None)
        if at is not None:
            for missing, _ in self._ahead[:at]:
                yield Problem(self._file, number, missing, "missing", GONE)
            del self._ahead[: at + 1]
        elif same := self._same_id(line):
            for missing, _ in self._ahead[: same[0]]:
                yield Problem(self._file, number, missing, "missing", GONE)
            del self._ahead[: same[0] + 1]
            if not named:
                why = "the line was changed after it was written"
                yield Problem(self._file, number, same[1], "tampered", why)
        else:
            why = "no digest vouches for this line"
            yield Problem(self._file, number, "", "added", why)

    def ended(self) -> Iterator[Problem]:
        """Yield the records that should have followed."""
        while self._fill(1):
            missing, _ = self._ahead.pop(0)
            yield Problem(self._file, 0, missing, "missing", "its line is gone from the end")
        if self._said is None or next(self._lines, None) is not None:
            why = f"{self._file}.sums ends early or late; what follows is not vouched for"
            yield Problem(self._file, 0, "", "unreadable", why)
        elif self._said != self._digests:
            why = f"{self._file}.sums holds {self._digests:,} digests and says {self._said:,}"
            yield Problem(self._file, 0, "", "missing", why)

    def _same_id(self, line: bytes) -> tuple[int, str] | None:
        for at, (name, _) in enumerate(self._ahead):
            if name.encode() in line[:200]:
                return at, name
        return None

    def _fill(self, wanted: int) -> bool:
        while len(self._ahead) < wanted:
            entry = next(self._lines, None)
            if entry is None:
                break
            if entry[0] == "records":
                self._said = int(entry[1]) if entry[1].isdigit() else None
                break
            self._ahead.append(entry)
            self._digests += 1
        return bool(self._ahead)


def _digests(file: Path) -> Iterator[tuple[str, str]]:
    for _, line in bounded_lines(file):
        name, _, digest = (line or b"").decode("ascii", "replace").partition(" ")
        if name:
            yield name, digest
