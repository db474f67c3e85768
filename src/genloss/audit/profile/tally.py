"""What is counted over all records: sizes, sources, dates, licences, origins, contradictions."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np

from genloss.audit.profile.proportions import share
from genloss.corpus.record.dated import Dated
from genloss.corpus.record.record import UNKNOWN, Record, host_of

KEYS = 100_000
"""Different values of one key that are counted; further ones are counted together."""

SHOWN = 20
"""Values that are named."""

OTHERS = "others"

BINS = np.append(0, np.geomspace(1, 1e8, 321))
"""Bins of lengths in words, each 6 % wide; quantiles are read off them."""


AHEAD = timedelta(days=36525)
"""Dates farther in the future count as if they were as far: so many days are kept at most."""


class Tally:
    """Counts over records, in memory that their number does not change.

    today: dates after it are in the future. States of earlier days may be merged.
    """

    def __init__(self, today: date) -> None:
        self.today = today
        self._by: dict[str, Counter[str]] = {}
        self._lengths = np.zeros(BINS.size, dtype=np.int64)
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
        self._lengths[np.searchsorted(BINS, n, "right") - 1] += 1
        self._count("domain", record.key("domain"))
        source = host_of(record.source) or record.source.partition(":")[0] or UNKNOWN
        self._count("source", source)
        if gathered := _gathered(record):
            self._count(f"{gathered} source", source)
        self._count("licence", record.licence or UNKNOWN)
        self._count("origin", record.origin)
        self._count("depth", UNKNOWN if record.depth is None else str(record.depth))
        grounded = {None: UNKNOWN, True: "real", False: "not real"}[record.grounded]
        self._count("grounded", grounded)
        self._count("generator", record.key("generator"))
        for kind in {str(e.kind) for e in record.evidence} or {"none"}:
            self._count("evidence", kind)
        for signal in record.consent or ("none found",):
            self._count("consent", signal)
        self._count("party", str(record.attributes.get("party", "not a message")))
        self._dates(record)

    def _dates(self, record: Record) -> None:
        for name, when in (("claimed", record.claimed), ("captured", record.captured)):
            self._count(f"{name} year", when.within("%Y") or "several years" if when else UNKNOWN)
            self._count(f"{name} grade", when.grade if when else UNKNOWN)
            if when and when.first > self.today:
                self._ahead[name][min(when.first, self.today + AHEAD).isoformat()] += 1
        if _later(record.claimed, record.captured):
            self._count("doubts", "claims a date after it was captured")
        if record.contradictory:
            self._count("doubts", "evidence for two origins")
        if "licence_as_given" in record.attributes:
            self._count("doubts", "licence that is no SPDX expression")

    def _count(self, key: str, value: str, n: int = 1) -> None:
        counts = self._by.setdefault(key, Counter())
        counts[value if value in counts or len(counts) < KEYS else OTHERS] += n

    def state(self) -> dict[str, Any]:
        """Return the counts as plain values."""
        return {
            "by": self._by,
            "ahead": self._ahead,
            "lengths": self._lengths.tolist(),
            "words_by_origin": self._words,
            "totals": [self.records, self.characters, self.words],
        }

    def merge(self, state: Mapping[str, Any]) -> None:
        """Take the counts of the records that follow."""
        for key, values in state["by"].items():
            for value, n in values.items():
                self._count(key, value, n)
        for name, days in state["ahead"].items():
            still = {day: n for day, n in days.items() if day > self.today.isoformat()}
            self._ahead[name].update(still)
        self._lengths += np.array(state["lengths"])
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
        quantiles = {k: round(float(BINS[i])) if self.records else 0 for k, i in named.items()}
        return {
            "records": self.records,
            "characters": self.characters,
            "words": self.words,
            "words_of_a_text": quantiles,
            "words_by_origin": dict(self._words.most_common()),
        }

    def by(self, key: str, every: bool = False) -> dict[str, Any]:
        """Return the share unknown, and the commonest values with their counts."""
        counts = self._found().get(key, Counter())
        known = [(value, n) for value, n in counts.most_common() if value != UNKNOWN]
        named = sorted(known) if every else known[:SHOWN]
        rest = sum(n for _, n in known) - sum(n for _, n in named)
        return {
            "unknown": share(counts[UNKNOWN], self.records, whole=True),
            "different": len(known),
            "values": [{"value": value, "count": n} for value, n in named],
            "rest": rest,
        }

    def counts(self) -> Mapping[str, dict[str, Any]]:
        """Return every key with its values."""
        years = {f"{name} year": self.by(f"{name} year", True) for name in ("claimed", "captured")}
        return {**{key: self.by(key) for key in self._found()}, **years}

    def _found(self) -> dict[str, Counter[str]]:
        """Return the counts of every key, dates in the future among the doubts."""
        ahead = {f"{name} date in the future": d.total() for name, d in self._ahead.items() if d}
        return {**self._by, "doubts": self._by.get("doubts", Counter()) + Counter(ahead)}


def _gathered(record: Record) -> str:
    """Return how a text came: "crawled" by its day of capture, "" for a message, else "other"."""
    if "party" in record.attributes:
        return ""
    captured = record.captured is not None and record.captured.grade in ("archive", "crawl")
    return "crawled" if captured else "other"


def _later(claimed: Dated | None, captured: Dated | None) -> bool:
    return bool(claimed and captured and claimed.first > captured.last)
