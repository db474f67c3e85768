"""The bytes of a file: opened, decompressed and decoded, or refused in one line."""

import bz2
import codecs
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


def decoded(content: bytes, source: str, first_line: int = 1) -> str:
    """Return UTF-8 bytes as text.

    Raises:
        DataError: another encoding or zero bytes, with the line and the byte where it shows.
    """
    return decoded_part(content, source, Place(first_line), final=True)[0]


@dataclass(frozen=True)
class Place:
    """Where bytes stand in a file: their line, the bytes before them in it, how the file begins."""

    line: int = 1
    before: int = 0
    head: bytes = b""

    def after(self, content: bytes) -> "Place":
        """Return the place behind them."""
        ends = content.count(b"\n")
        before = len(content) - content.rfind(b"\n") - 1 if ends else self.before + len(content)
        return Place(self.line + ends, before, self.head or content[:8])


def decoded_part(content: bytes, source: str, place: Place, final: bool) -> tuple[str, int]:
    """Return UTF-8 bytes as text, and how many they are without a character that is cut off.

    final: nothing follows, so that none may be cut.

    Raises:
        DataError: see `decoded`.
    """
    try:
        text, used = codecs.utf_8_decode(content, "strict", final)
        wrong = len(content)
    except UnicodeDecodeError as error:
        text, used, wrong = "", 0, error.start
    # Half of UTF-16 is zero bytes, which are UTF-8 too; no text has them.
    zero = content.find(b"\0", 0, wrong)
    wrong = zero if zero >= 0 else wrong
    if wrong == len(content):
        return text, used
    raise DataError(_no_text(content, wrong, source, place))


def _no_text(content: bytes, wrong: int, source: str, place: Place) -> str:
    at, head = place.after(content[:wrong]), place.head or content
    code = "UTF-16LE" if b"\0" in content else "CP1252"
    what = NAMES[code]
    for marks, known, name in MARKS:
        if head.startswith(marks):
            code, what = known, name
    remedy = f"save it as UTF-8, such as by iconv -f {code} -t UTF-8 OLD > NEW, or " if code else ""
    return (
        f"{source}: line {at.line}, byte {at.before + 1} is {content[wrong]:#04x}, which is not "
        f"UTF-8 text; it may be {what}; {remedy}leave the file out"
    )
