"""Chats that WhatsApp exported as text, in the forms that its languages write."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from genloss.corpus.readers import bounded
from genloss.corpus.readers.byte_stream import decoded
from genloss.corpus.readers.found import Found, Unreadable, party
from genloss.errors import DataError

MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Signs without a width that say in which direction one reads."""

_M = rf"[{MARKS}]*"
_SEP = rf"{_M}[./-]{_M}\s?{_M}"

LINE = re.compile(
    rf"{_M}\[?{_M}(?P<day>\d{{1,4}}{_SEP}\d{{1,2}}{_SEP}\d{{2,4}}){_M}\.?[,\u060c]?\s+{_M}"
    r"(?:(?:à|às|um|klo|at)\s|(?:오전|오후|午前|午後|上午|下午)\s?)?"
    r"(?P<time>\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?(?:[ap]\.?\s?m\.?|ص|م))?)"
    rf"{_M}(?:\]| -| –)\s(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
"""The first line of a message: a day, a time, who, and what. With brackets as phones of one maker
write it, or with a dash; digits of any script."""

ABSENT = re.compile(
    rf"{_M}(<[^<>]{{4,60}}>|(image|video|audio|sticker|gif|document|bild|vidéo|imagen)"
    r" (omitted|weggelassen|absente?|omitid[ao])|this message was deleted|"
    r"you deleted this message|diese nachricht wurde gelöscht|null)\.?",
    re.IGNORECASE,
)
"""What stands for a picture, or for a message that was deleted, in several languages."""


@dataclass(frozen=True)
class DayOrder:
    """How the days of one chat are written: 'ymd', 'dmy', 'mdy', or '' where both may be meant."""

    order: str

    def days(self, written: str) -> tuple[date, date]:
        """Return the first and last day that may be meant; raises ValueError for none."""
        a, b, c = _numbers(written)
        year = c + 2000 if c < 100 else c
        if self.order == "ymd":
            day = date(a, b, c)
            return day, day
        if self.order:
            day = date(year, b, a) if self.order == "dmy" else date(year, a, b)
            return day, day
        both = sorted((date(year, b, a), date(year, a, b)))
        return both[0], both[1]


def _numbers(day: str) -> tuple[int, int, int]:
    """Return the numbers of a day, in any script, as they are written."""
    first, second, third = (int(part) for part in re.findall(r"\d+", day))
    return first, second, third


def looks_like_chat(file: Path, content: bytes | None = None) -> bool:
    """Return whether two of the first five lines of a text begin messages; see `beginnings`."""
    heads = bounded.beginnings(file, 5, content)
    return sum(bool(LINE.match(head)) for head in heads) >= 2


def messages(file: Path, me: frozenset[str]) -> Found:
    """Yield the messages of a chat, in two passes: the first tells days from months.

    Where no day beyond the 12th does, a date is the interval of both readings. Lines of the program
    itself, and what stands for pictures, are left aside.
    """
    order = day_order(file)
    for number, day, rest in _begun(file):
        if isinstance(rest, Unreadable):
            yield number, rest
            continue
        author, colon, text = rest.partition(": ")
        if not colon or len(author) > 80 or "\n" in author:
            yield number, Unreadable("line of the program", "no author before a colon")
            continue
        if ABSENT.fullmatch(text.strip()):
            yield number, Unreadable("picture or deleted message", "holds no text")
            continue
        author = author.strip(f"{MARKS} ~")
        row: dict[str, Any] = {"text": text.strip(), "source": f"chat {file.stem}"}
        row.update(conversation=file.stem, author=author, party=party(author, me))
        try:
            first, last = order.days(day)
            row["date"] = {"first": first.isoformat(), "last": last.isoformat(), "grade": "claimed"}
        except ValueError:
            row["date"] = day
        yield number, row


def day_order(file: Path) -> DayOrder:
    """Return how the days of a chat are written, from all of them."""
    firsts = seconds = dotted = False
    for _, day, _ in _begun(file):
        first, second, _ = _numbers(day)
        if first > 31:
            return DayOrder("ymd")
        firsts, seconds = firsts or first > 12, seconds or second > 12
        # Points between days are German, Russian and the like, which all begin with the day.
        dotted = dotted or "." in day
    if firsts or dotted:
        return DayOrder("dmy")
    return DayOrder("mdy" if seconds else "")


def _begun(file: Path) -> Iterator[tuple[int, str, str | Unreadable]]:
    """Yield line, day and the rest of every message, with the lines that follow its first."""
    start, day, message = 0, "", _Message()
    for number, content in bounded.bounded_lines(file):
        line = (content or b"").decode("utf-8", "replace").rstrip("\r").removeprefix("\ufeff")
        if found := LINE.fullmatch(line):
            if start:
                yield start, day, message.whole()
            start, day, message = number, found["day"], _Message()
            message.take(number, content, found["rest"])
        elif start:
            message.take(number, content, line)
    if start:
        yield start, day, message.whole()


@dataclass
class _Message:
    """The lines of one message as far as they are read; wrong: why one of them is no text."""

    lines: list[str] = field(default_factory=list)
    size: int = 0
    wrong: str = ""

    def take(self, number: int, content: bytes | None, line: str) -> None:
        """Take a line; content: its bytes, None where they are too many."""
        self.size += len(line) + 1 if content is not None else bounded.LONGEST + 1
        if self.size > bounded.LONGEST:
            self.lines.clear()
            return
        self.lines.append(line)
        if "\ufffd" in line and content is not None and not self.wrong:
            try:
                decoded(content, "", number)
            except DataError as error:
                self.wrong = str(error).removeprefix(": ")

    def whole(self) -> str | Unreadable:
        """Return the text of the message, or why it is not read."""
        if self.size > bounded.LONGEST:
            return Unreadable("too long", f"a message of over {bounded.LONGEST:,} characters")
        return Unreadable("not UTF-8 text", self.wrong) if self.wrong else "\n".join(self.lines)
