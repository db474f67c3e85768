"""The bytes of a file: opened, decompressed and decoded, or refused in one line."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, cast

from genloss.core.extras import optional
from genloss.core.places import regular_file
from genloss.errors import DataError

COMPRESSED = (".gz", ".xz", ".bz2", ".zst", ".zstd")
"""Compression by the last suffix; the one before it says what is inside."""

OPENERS = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}

MARKS = (
    ((b"\xff\xfe", b"\xfe\xff"), "UTF-16", "UTF-16"),
    ((b"\x1f\x8b",), "", "packed by gzip, and should end in .gz"),
    ((b"\x28\xb5\x2f\xfd",), "", "packed by Zstandard, and should end in .zst"),
    ((b"\xfd7zXZ\0",), "", "packed by xz, and should end in .xz"),
    ((b"BZh",), "", "packed by bzip2, and should end in .bz2"),
    ((b"PK\x03\x04",), "", "a ZIP archive or an office document; take the text out of it"),
    ((b"%PDF",), "", "a PDF; take the text out of it, such as by pdftotext"),
    ((b"PAR1",), "", "Parquet, and should end in .parquet"),
)
"""How files that are no UTF-8 begin, their encoding to iconv, and what they may be."""

NAMES = {"CP1252": "Latin-1 (Windows-1252)", "UTF-16LE": "UTF-16, or no text at all"}
"""What people call encodings that have no mark."""


def printable(text: str) -> str:
    """Return a name of a file or field as one line of characters that can be printed."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def endings(file: Path) -> tuple[str, str]:
    """Return the suffix that says how a file is read, and that of its compression, or ''."""
    suffixes = [s.lower() for s in file.suffixes]
    packed = suffixes.pop() if suffixes and suffixes[-1] in COMPRESSED else ""
    return suffixes[-1] if suffixes else "", packed


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """Open a regular file for reading, decompressed by its last suffix.

    Raises:
        DataError: no regular file, or a compressed stream that is damaged or ends early.
        MissingExtra: .zst without pyarrow.
    """
    packed = endings(regular_file(file))[1]
    try:
        with _stream(file, packed) as stream:
            yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
        raise DataError(f"{file}: truncated or damaged ({error}); get it again") from error
    except OSError as error:
        # pyarrow and bz2 tell damage by an OSError without a number.
        if packed and error.errno is None:
            raise DataError(f"{file}: truncated or damaged ({error}); get it again") from error
        raise DataError(f"{file}: {error.strerror or error}; check the path") from error


@contextmanager
def _stream(file: Path, packed: str) -> Iterator[IO[bytes]]:
    if packed in (".zst", ".zstd"):
        arrow = optional("pyarrow", "this text")
        with file.open("rb") as raw, arrow.CompressedInputStream(raw, "zstd") as stream:
            yield cast(IO[bytes], BufferedReader(stream))
        return
    opener = OPENERS.get(packed)
    with cast(IO[bytes], cast(Any, opener)(file) if opener else file.open("rb")) as plain:
        yield plain


def read_text(file: Path) -> str:
    """Return a whole file as text, without a byte order mark.

    Raises:
        DataError: see `opened` and `decoded`.
    """
    with opened(file) as stream:
        return decoded(stream.read(), str(file)).removeprefix("\ufeff")


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
    code = "UTF-16LE" if b"\0" in content else "CP1252"
    what = NAMES[code]
    for marks, known, name in MARKS:
        if content.startswith(marks):
            code, what = known, name
    remedy = f"save it as UTF-8, such as by iconv -f {code} -t UTF-8 OLD > NEW, or " if code else ""
    raise DataError(
        f"{source}: line {line}, byte {place} is {content[start]:#04x}, which is not UTF-8 text; "
        f"it may be {what}; {remedy}leave the file out"
    )
