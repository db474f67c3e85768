"""Files of text, read row by row: plain, JSON lines and Parquet, compressed or not."""

import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any, cast

from genloss.corpus.extras import optional
from genloss.errors import DataError

OPENERS = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
"""Compression by the last suffix; the one before it says what is inside."""

PROSE = (".txt", ".md")
"""Suffixes of plain text that a folder is searched for."""

ROWS = (".jsonl", ".parquet", ".arrow")
"""Suffixes of files with one document per row; a folder that has any is read for these alone."""


MARKS = (((b"\xff\xfe", b"\xfe\xff"), "UTF-16"),)
"""How files of other encodings begin, and their names to iconv."""

NAMES = {"CP1252": "Latin-1 (Windows-1252)", "UTF-16LE": "UTF-16, or no text at all"}
"""What people call them."""


@dataclass(frozen=True)
class Document:
    """One text, and the file and line (or row) that it came from, for messages."""

    text: str
    source: str


Stamp = tuple[str, int, int]


def files_of(path: str | Path) -> list[Path]:
    """Return the file, or the files of a folder and of the folders in it, sorted by path.

    Of a folder: .jsonl, .parquet and .arrow files where there are any (the last are what
    `save_to_disk` of datasets writes), else .txt and .md, compressed or
    not; names that begin with a dot are left out, with all that is in them.

    Raises:
        DataError: no such file or folder, or none of these in it.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder; check the path")
    inside = sorted(f for f in path.rglob("*") if f.is_file() and not _hidden(f, path))
    for suffixes in (ROWS, PROSE):
        if found := [f for f in inside if _kind(f) in suffixes]:
            return found
    raise DataError(
        f"{path}: holds none of {', '.join((*PROSE, *ROWS))} (or .gz, .xz, .bz2 of them) among "
        f"{len(inside)} visible files{_endings(inside)}; rename or convert them, or name a file "
        "itself to read it as plain text"
    )


def is_prose(file: Path) -> bool:
    """Return whether a file is read as one plain text."""
    return _kind(file) not in ROWS


def stamps_of(path: str | Path) -> tuple[Stamp, ...]:
    """Return path, size and time of every file: they change where the content may have changed."""
    return tuple((str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files_of(path))


def rows_of(file: Path, text_field: str) -> Iterator[Document]:
    """Yield the text of a plain file, or of each row of a .jsonl, .parquet or .arrow file.

    Raises:
        DataError: not UTF-8 (with the line), damaged, or rows without such a text.
    """
    readers = {".jsonl": _json_rows, ".parquet": _parquet_rows, ".arrow": _arrow_rows}
    if reader := readers.get(_kind(file)):
        yield from reader(file, text_field)
        return
    with _opened(file) as stream:
        text = decoded(stream.read(), str(file))
    yield Document(text.removeprefix("\ufeff").replace("\r\n", "\n"), str(file))


def decoded(content: bytes, source: str, first_line: int = 1) -> str:
    """Return UTF-8 bytes as text.

    Raises:
        DataError: another encoding or zero bytes, with the line and the byte where it shows.
    """
    try:
        text, start = content.decode("utf-8"), content.find(b"\0")
    except UnicodeDecodeError as error:
        text, start = "", error.start
    # Half of UTF-16 is zero bytes, which are UTF-8 too; no text has them.
    if start < 0:
        return text
    line = first_line + content.count(b"\n", 0, start)
    place = start - content.rfind(b"\n", 0, start)
    known = (name for marks, name in MARKS if content.startswith(marks))
    code = next(known, "UTF-16LE" if b"\0" in content else "CP1252")
    raise DataError(
        f"{source}: line {line}, byte {place} is {content[start]:#04x}, which is not UTF-8 text; "
        f"it may be {NAMES.get(code, code)}; save it as UTF-8, such as by iconv -f {code} -t UTF-8 "
        "OLD > NEW, or leave the file out"
    )


def text_in(row: object, text_field: str, where: str) -> str:
    """Return the text of one row, empty where it is null.

    Raises:
        DataError: no table of fields, no such field, or no text in it.
    """
    if not isinstance(row, dict):
        raise DataError(
            f"{where}: is {type(row).__name__}; expected a table of fields, such as "
            f'{{"{text_field}": "..."}}'
        )
    if text_field not in row:
        raise _no_field(text_field, [str(name) for name in row], where)
    text = row[text_field]
    if text is not None and not isinstance(text, str):
        raise DataError(
            f"{where}: {text_field} is {type(text).__name__}; expected text; correct the row, or "
            "name another field by reality.text_field"
        )
    return text or ""


def _no_field(text_field: str, known: list[str], where: str) -> DataError:
    near = get_close_matches(text_field, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return DataError(
        f"{where}: no field {text_field!r}{hint}; it has {', '.join(known) or 'none'}; "
        "name the one that holds the text by reality.text_field"
    )


def _json_rows(file: Path, text_field: str) -> Iterator[Document]:
    with _opened(file) as stream:
        for number, content in enumerate(stream, start=1):
            line = decoded(content, str(file), number).removeprefix("\ufeff").strip()
            if not line:
                continue
            where = f"{file}: line {number}"
            try:
                row = json.loads(line)
            # Numbers of thousands of digits and brackets too deep are errors of other kinds.
            except (ValueError, RecursionError) as error:
                raise DataError(
                    f"{where}: not JSON ({error}); expected one object a line, such as "
                    f'{{"{text_field}": "..."}}'
                ) from None
            yield Document(text_in(row, text_field, where), where)


def _parquet_rows(file: Path, text_field: str) -> Iterator[Document]:
    parquet, arrow = optional("pyarrow.parquet"), optional("pyarrow")
    try:
        with parquet.ParquetFile(file) as table:
            if text_field not in table.schema_arrow.names:
                raise _no_field(text_field, list(table.schema_arrow.names), str(file))
            batches = table.iter_batches(batch_size=4096, columns=[text_field])
            yield from _column((batch.column(0) for batch in batches), file, text_field)
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"{file}: no whole Parquet file ({error}); get it again") from error


def _arrow_rows(file: Path, text_field: str) -> Iterator[Document]:
    stream, arrow = optional("pyarrow.ipc"), optional("pyarrow")
    try:
        with file.open("rb") as source, stream.open_stream(source) as table:
            if text_field not in table.schema.names:
                raise _no_field(text_field, list(table.schema.names), str(file))
            yield from _column((batch.column(text_field) for batch in table), file, text_field)
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"{file}: no whole stream of Arrow ({error}); get it again") from error


def _column(parts: Iterable[Any], file: Path, text_field: str) -> Iterator[Document]:
    texts = (text for part in parts for text in part.to_pylist())
    for row, text in enumerate(texts, start=1):
        where = f"{file}: row {row}"
        yield Document(text_in({text_field: text}, text_field, where), where)


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    opener = OPENERS.get(file.suffix.lower())
    try:
        with cast(IO[bytes], cast(Any, opener)(file) if opener else file.open("rb")) as stream:
            yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
        raise DataError(f"{file}: truncated or damaged ({error}); get it again") from error
    except OSError as error:
        raise DataError(f"{file}: {error.strerror or error}; check the path") from error


def _kind(file: Path) -> str:
    suffixes = [s.lower() for s in file.suffixes]
    if suffixes and suffixes[-1] in OPENERS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _endings(files: list[Path]) -> str:
    found = sorted({_kind(f) or "without a suffix" for f in files})
    return f" ({', '.join(found[:5])}{', ...' if len(found) > 5 else ''})" if found else ""


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
