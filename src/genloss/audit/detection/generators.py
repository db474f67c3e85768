"""When a generator came out, and whether a test on it says anything about those of today."""

import re
from collections.abc import Iterable
from datetime import date

from genloss.audit.conformal.calibration import Trial
from genloss.corpus.record.record import Record

RELEASED = (
    (r"gpt-?2\b", 2019),
    (r"gpt-?neo\b|gpt-?j\b", 2021),
    (r"\bopt-", 2022),
    (r"gpt-?3\.5|chatgpt|text-davinci", 2022),
    (r"gpt-?3\b", 2020),
    (r"gpt-?4o", 2024),
    (r"gpt-?4\b", 2023),
    (r"llama-?2|llama2|mistral-7b", 2023),
    (r"llama-?3|smollm2", 2024),
)
"""Name of a generator, in lower case, and its year; an attribute `released` of a record wins."""

CURRENT = 1
"""Years before this one in which a generator still counts as current."""


def released(record: Record) -> int:
    """Return the year of a record's generator, 0 where unknown."""
    given = record.attributes.get("released", 0)
    if isinstance(given, int | float) and given:
        return int(given)
    if isinstance(given, str) and given.isdecimal():
        return int(given)
    name = record.generator.name.lower() if record.generator else ""
    return next((year for sought, year in RELEASED if re.search(sought, name)), 0)


def untested(tested: Iterable[Trial], today: date) -> str:
    """Return what a card must say of generators, '' where a current one was tried."""
    tried = [t for t in tested if t.n]
    if any(t.released >= today.year - CURRENT for t in tried):
        return ""
    if not tried:
        return "Not tested on current generators, nor on any other: what it catches is unknown."
    years = sorted({t.released for t in tried if t.released})
    when = f" of {years[0]}-{years[-1]}" if years else ", of unknown years"
    when = f" of {years[0]}" if len(years) == 1 else when
    return f"Not tested on current generators; those it was tried on are{when}."
