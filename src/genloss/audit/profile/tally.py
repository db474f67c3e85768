"""What is counted over all records: sizes, sources, dates, licences, origins, contradictions."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from genloss.audit.profile.proportions import share
from genloss.audit.profile.sketches import Values
from genloss.corpus.record.dated import Dated
from genloss.corpus.record.record import UNKNOWN, Record, host_of

SHOWN = 20
"""Values that are named."""

WAITING = 4096
"""Different sets of a record's values that are counted before each value is."""

BINS = [0.0, *np.geomspace(1, 1e8, 321).tolist()]
"""Bins of lengths in words, each 6 % wide; quantiles are read off them."""


AHEAD = timedelta(days=36525)
"""Dates farther in the future count as if they were as far: so many days are kept at most."""


class Tally:
    """Counts over records, in memory that their number does not change.

    today: dates after it are in the future. States of earlier days may be merged. Memory: see
    `Values`, of each key.
    """

    def __init__(self, today: date) -> None:
        self.today = today
        self._by: dict[str, Values] = {}
        self._waiting: dict[_Known, int] = {}
        self._lengths = [0] * len(BINS)
        self._words: Counter[str] = Counter()
        self._ahead: dict[str, Counter[str]] = {"claimed": Counter(), "captured": Counter()}
        self.records = self.characters = self.words = 0

    def add(self, record: Record) -> None:
        """Count one record."""
        self.records += 1
        text = record.text or ""
        n = len(text.split())
        self.characters += len(text)
        self.words += n
        self._words[record.origin] += n
        self._lengths[bisect_right(BINS, n) - 1] += 1
        # Most records differ from others in their text alone.
        known = _known(record)
        self._waiting[known] = self._waiting.get(known, 0) + 1
        if len(self._waiting) >= WAITING:
            self._settle()

    def _settle(self) -> None:
        for known, n in self._waiting.items():
            for key, value in known.values():
                self._count(key, value, n)
            for name, when in (("claimed", known.claimed), ("captured", known.captured)):
                if when and when.first > self.today:
                    self._ahead[name][min(when.first, self.today + AHEAD).isoformat()] += n
        self._waiting.clear()

    def _count(self, key: str, value: str, n: int) -> None:
        if key not in self._by:
            self._by[key] = Values(spared=UNKNOWN)
        self._by[key].add(value, n)

    def state(self) -> dict[str, Any]:
        """Return the counts as plain values."""
        self._settle()
        return {
            "by": {key: values.state() for key, values in self._by.items()},
            "ahead": self._ahead,
            "lengths": self._lengths,
            "words_by_origin": self._words,
            "totals": [self.records, self.characters, self.words],
        }

    def merge(self, state: Mapping[str, Any]) -> None:
        """Take the counts of the records that follow."""
        self._settle()
        for key, values in state["by"].items():
            if key not in self._by:
                self._by[key] = Values(spared=UNKNOWN)
            self._by[key].merge(values)
        for name, days in state["ahead"].items():
            still = {day: n for day, n in days.items() if day > self.today.isoformat()}
            self._ahead[name].update(still)
        self._lengths = [a + b for a, b in zip(self._lengths, state["lengths"], strict=True)]
        self._words.update(state["words_by_origin"])
        records, characters, words = state["totals"]
        self.records += records
        self.characters += characters
        self.words += words

    def sizes(self) -> dict[str, Any]:
        """Return records, characters, words, and quantiles of the words of a text (within 6 %)."""
        below = np.cumsum(self._lengths)
        at = [np.searchsorted(below, q * self.records) for q in (0.1, 0.5, 0.9)]
        named = dict(zip(("tenth", "median", "ninetieth"), at, strict=True))
        quantiles = {k: round(BINS[i]) if self.records else 0 for k, i in named.items()}
        return {
            "records": self.records,
            "characters": self.characters,
            "words": self.words,
            "words_of_a_text": quantiles,
            "words_by_origin": dict(self._words.most_common()),
        }

    def counts(self) -> Mapping[str, dict[str, Any]]:
        """Return of every key the share unknown, and its commonest values with their counts.

        Of years, every one. sketch: where a key has too many values for exact counts, from and to
        how many are different (95 %), and by how much a count may be too low.
        """
        self._settle()
        every = ("claimed year", "captured year")
        found = {key: self._table(values, key in every) for key, values in self._by.items()}
        doubts = Values(spared=UNKNOWN)
        if "doubts" in self._by:
            doubts.merge(self._by["doubts"].state())
        for name, days in self._ahead.items():
            if days:
                doubts.add(f"{name} date in the future", days.total())
        years = {key: found.get(key) or self._table(Values()) for key in every}
        return {**found, "doubts": self._table(doubts), **years}

    def _table(self, values: Values, every: bool = False) -> dict[str, Any]:
        counted = dict(values.counts)
        unknown = counted.pop(UNKNOWN, 0)
        ranked = sorted(counted.items(), key=lambda entry: -entry[1])
        named = sorted(ranked) if every else ranked[:SHOWN]
        different, low, high = values.different()
        rest = sum(counted.values()) + values.lost - sum(n for _, n in named)
        sketch = {"sketch": {"different": [low, high], "missing": values.missing}}
        return {
            "unknown": share(unknown, self.records, whole=True),
            "different": different,
            "values": [{"value": value, "count": n} for value, n in named],
            "rest": rest,
            **({} if values.exact else sketch),
        }


class _Known(NamedTuple):
    """What is counted of a record beside its text."""

    domain: str
    source: str
    gathered: str
    licence: str
    origin: str
    depth: int | None
    grounded: bool | None
    generator: str
    evidence: tuple[str, ...]
    consent: tuple[str, ...]
    party: str
    claimed: Dated | None
    captured: Dated | None
    contradictory: bool
    odd_licence: bool

    def values(self) -> Iterator[tuple[str, str]]:
        """Yield every key with its value."""
        yield "domain", self.domain
        yield "source", self.source
        if self.gathered:
            yield f"{self.gathered} source", self.source
        yield "licence", self.licence
        yield "origin", self.origin
        yield "depth", UNKNOWN if self.depth is None else str(self.depth)
        yield "grounded", {None: UNKNOWN, True: "real", False: "not real"}[self.grounded]
        yield "generator", self.generator
        yield from (("evidence", kind) for kind in self.evidence)
        yield from (("consent", signal) for signal in self.consent)
        yield "party", self.party
        for name, when in (("claimed", self.claimed), ("captured", self.captured)):
            year = when.within("%Y") or "several years" if when else UNKNOWN
            yield f"{name} year", year
            yield f"{name} grade", when.grade if when else UNKNOWN
        if _later(self.claimed, self.captured):
            yield "doubts", "claims a date after it was captured"
        if self.contradictory:
            yield "doubts", "evidence for two origins"
        if self.odd_licence:
            yield "doubts", "licence that is no SPDX expression"


def _known(record: Record) -> _Known:
    attributes = record.attributes
    return _Known(
        record.key("domain"),
        source_of(record),
        _gathered(record),
        record.licence or UNKNOWN,
        record.origin,
        record.depth,
        record.grounded,
        record.key("generator"),
        tuple(dict.fromkeys(str(e.kind) for e in record.evidence)) or ("none",),
        record.consent or ("none found",),
        str(attributes.get("party", "not a message")),
        record.claimed,
        record.captured,
        bool(record.evidence) and record.contradictory,
        "licence_as_given" in attributes,
    )


def source_of(record: Record) -> str:
    """Return the host of a text, or the name of its file or collection; 'unknown' without one."""
    return host_of(record.source) or record.source.partition(":")[0] or UNKNOWN


def _gathered(record: Record) -> str:
    """Return how a text came: "crawled" by its day of capture, "" for a message, else "other"."""
    if "party" in record.attributes:
        return ""
    captured = record.captured is not None and record.captured.grade in ("archive", "crawl")
    return "crawled" if captured else "other"


def _later(claimed: Dated | None, captured: Dated | None) -> bool:
    return bool(claimed and captured and claimed.first > captured.last)
