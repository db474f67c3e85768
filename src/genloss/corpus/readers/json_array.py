"""The elements of an array of JSON, one at a time."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genloss.corpus.readers import bounded
from genloss.corpus.readers.json_values import RepeatedFieldError, distinct, not_json
from genloss.errors import DataError

SPACE = re.compile(r"[ \t\n\r]*")

TAIL = 16
"""Characters at the end of what is there that may be half a token: a number, a name, an escape."""


def elements(file: Path) -> Iterator[Any]:
    """Yield the elements of a file that is one array, with the values that `json.loads` gives.

    Memory: one element, its text at most four times.

    Raises:
        DataError: not UTF-8, not JSON, with line and column; two values of one field; an element of
            more than bounded.LONGEST characters.
    """
    buffer = _Buffer(file)
    buffer.take("[")
    number = 0
    if buffer.sign() == "]":
        buffer.take("]")
    else:
        while True:
            number += 1
            yield buffer.value(number)
            if buffer.sign() == "]":
                buffer.take("]")
                break
            buffer.take(",")
    if buffer.sign():
        raise buffer.error("Extra data")


class _Buffer:
    """What is read of a file and not yet used, from `at` on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._chunks = bounded.text_chunks(file)
        self._text = ""
        self._at = 0
        # Where the text begins: line and column, from 1.
        self._line, self._column = 1, 1
        self._decode = json.JSONDecoder(object_pairs_hook=distinct).raw_decode

    def sign(self) -> str:
        """Go over white space, and return the character that follows, '' at the end."""
        while True:
            space = SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grow():
                return ""

    def take(self, sign: str) -> None:
        """Go over this character, or raise."""
        if self.sign() != sign:
            raise self.error(f"Expecting '{sign}' delimiter")
        self._at += 1

    def value(self, number: int) -> Any:
        """Return the value that follows, the element of this number."""
        self.sign()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # A string that is not closed is told by its beginning.
                inside = error.pos + TAIL < len(self._text)
                settled = inside and not error.msg.startswith("Unterminated")
                if settled or not self._grow(number):
                    raise self.error(error.msg, error.pos) from None
            except RepeatedFieldError as error:
                raise DataError(f"{self._file}: row {number}: {error}") from None
            except (ValueError, RecursionError) as error:
                # Half a number may have too many digits for a whole one.
                if isinstance(error, RecursionError) or not self._grow(number):
                    raise not_json(error, str(self._file)) from None
            else:
                if end - self._at > bounded.LONGEST:
                    raise self._too_long(number)
                if end + TAIL < len(self._text) or not self._grow():
                    self._at = end
                    return value

    def _too_long(self, number: int) -> DataError:
        return bounded.too_long(f"{self._file}: row {number}", "an element")

    def error(self, what: str, at: int | None = None) -> DataError:
        """Return the error of something else than JSON, by default here."""
        error = json.JSONDecodeError(what, self._text, self._at if at is None else at)
        error.colno += self._column - 1 if error.lineno == 1 else 0
        error.lineno += self._line - 1
        return not_json(error, str(self._file))

    def _grow(self, number: int = 0) -> bool:
        """Read as much again as is left, a chunk at least; return False where nothing is.

        number: of an element that what is left does not hold as a whole.
        """
        if number and len(self._text) - self._at > bounded.LONGEST:
            raise self._too_long(number)
        if not (chunk := next(self._chunks, "")):
            return False
        used = self._text[: self._at]
        if ends := used.count("\n"):
            self._column = len(used) - used.rfind("\n")
            self._line += ends
        else:
            self._column += len(used)
        parts = [self._text[self._at :]]
        wanted = len(parts[0])
        while chunk:
            parts.append(chunk)
            wanted -= len(chunk)
            chunk = next(self._chunks, "") if wanted > 0 else ""
        self._text, self._at = "".join(parts), 0
        return True
