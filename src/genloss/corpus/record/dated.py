"""Dates as intervals of days, each with the grade of its evidence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, get_args

from genloss.errors import DataError

Grade = Literal["archive", "crawl", "claimed", "guessed"]
"""What vouches for a date, the strongest first: a capture of a web archive, a crawler's own clock,
what the text or its publisher says, an inference from anything else."""

GRADES: tuple[Grade, ...] = get_args(Grade)

PARTIAL = re.compile(r"(\d{4})(?:-(\d{1,2})|\.0)?")
"""A year, as tables of numbers write it, too, or a year and a month."""

SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")
"""A day with slashes that begins with the year."""

PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{6})?")
"""A day, or a moment, without signs between its parts, as archives write it."""

EPOCH = 1e8
"""Numbers from here on are seconds since 1970, from a thousand times that on milliseconds."""


@dataclass(frozen=True)
class Dated:
    """From the first to the last day that it may have been, both included.

    Raises:
        DataError: the last day is before the first, or no such grade.
    """

    first: date
    last: date
    grade: Grade = "claimed"

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise DataError(
                f"a date from {self.first} to {self.last} ends before it begins; turn it round"
            )
        if self.grade not in GRADES:
            raise DataError(f"no grade {self.grade!r} of dates; there are {', '.join(GRADES)}")

    def within(self, form: str) -> str:
        """Return the one period, such as '%Y-%m', that holds the interval, or ''."""
        first = self.first.strftime(form)
        return first if first == self.last.strftime(form) else ""

    def is_as_good_as(self, grade: Grade) -> bool:
        """Return whether its evidence is of this grade or a stronger one."""
        return GRADES.index(self.grade) <= GRADES.index(grade)

    def as_json(self) -> dict[str, str]:
        """Return first, last and grade as text."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "grade": self.grade,
        }


def dated(value: Any, grade: Grade = "claimed") -> Dated:
    """Return what people write for dates as an interval.

    A year, a month, a day or a moment in ISO 8601, an interval of two with a slash between them,
    14 digits of a web archive, seconds or milliseconds since 1970, or a mapping of first and last.

    Raises:
        DataError: none of these.
    """
    if isinstance(value, Mapping):
        ends = [dated(value.get(name), grade) for name in ("first", "last")]
        return Dated(ends[0].first, ends[1].last, value.get("grade", grade))
    if isinstance(value, datetime):
        value = _day_of(value)
    if isinstance(value, date):
        return Dated(value, value, grade)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= EPOCH:
        return _moment(value, grade)
    text = SLASHED.sub(lambda d: f"{d[1]}-{d[2]:0>2}-{d[3]:0>2}", str(value).strip(), 1)
    start, slash, end = text.partition("/")
    try:
        first = _ends(start)
        if slash and not end[:4].isdigit():
            raise ValueError(text)
        last = _ends(end) if slash else first
    except ValueError:
        raise DataError(
            f"no date: {text[:40]!r}; expected 2019, 2019-05, 2019-05-31, a moment in ISO 8601 or "
            "two of them such as 2019-05/2019-07"
        ) from None
    return Dated(first[0], last[1], grade)


def _moment(number: float, grade: Grade) -> Dated:
    milli = number >= 1000 * EPOCH
    try:
        day = datetime.fromtimestamp(number / 1000 if milli else number, UTC).date()
    except (OverflowError, ValueError, OSError):
        unit = "milliseconds" if milli else "seconds"
        raise DataError(
            f"no date: {str(number)[:40]} {unit} after 1970; expected years to 9999"
        ) from None
    return Dated(day, day, grade)


def _ends(text: str) -> tuple[date, date]:
    text = text.strip()
    if found := PARTIAL.fullmatch(text):
        year, month = int(found[1]), int(found[2] or 0)
        first = date(year, month or 1, 1)
        beyond = (year, month + 1) if 0 < month < 12 else (year + 1, 1)
        last = date(9999, 12, 31) if beyond[0] > 9999 else date(*beyond, 1) - timedelta(days=1)
        return first, last
    if found := PACKED.fullmatch(text):
        day = date(int(found[1]), int(found[2]), int(found[3]))
        return day, day
    moment = datetime.fromisoformat(text)
    day = _day_of(moment)
    return day, day


def _day_of(moment: datetime) -> date:
    """Return the day of a moment in UTC; its own at the two ends of the calendar."""
    try:
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except OverflowError:
        return moment.date()
