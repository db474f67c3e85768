"""Rules against spam and boilerplate, of the sort of C4 and Gopher; whom they hit by mistake.

Thresholds are the papers' (Raffel et al. 2020; Rae et al. 2021) where they have the rule.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genloss.audit.profile.proportions import share
from genloss.corpus.record.record import Record

STOP = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))

LINK = re.compile(r"https?://|www\.", re.IGNORECASE)

PHRASES = re.compile(
    r"lorem ipsum|accept (all )?cookies|cookie policy|javascript (is|must be) (disabled|enabled)|"
    r"all rights reserved|terms of (use|service)|subscribe to our newsletter|click here to|"
    r"buy now|free shipping|limited time offer|100% guaranteed",
    re.IGNORECASE,
)

FEWEST = 20
"""People's texts of a group below which its share of misfires is not given."""


@dataclass(frozen=True)
class Look:
    """A text as the rules see it."""

    text: str
    words: Sequence[str]
    lines: Sequence[str]


def _repeated(items: Sequence[str]) -> float:
    """Return the share of characters in items that occurred before."""
    seen: set[str] = set()
    again = total = 0
    for item in items:
        total += len(item)
        again += len(item) * (item in seen)
        seen.add(item)
    return again / total if total else 0.0


def _top(words: Sequence[str], n: int) -> float:
    """Return the share of words that the commonest row of n of them covers, without overlaps."""
    rows = Counter(zip(*(words[i:] for i in range(n)), strict=False))
    if not rows:
        return 0.0
    row, count = rows.most_common(1)[0]
    return count * sum(map(len, row)) / max(1, sum(map(len, words))) if count > 1 else 0.0


def _rows_again(words: Sequence[str], n: int = 10) -> float:
    rows = list(zip(*(words[i:] for i in range(n)), strict=False))
    return 1 - len(set(rows)) / len(rows) if rows else 0.0


def _ending(look: Look) -> float:
    ends = sum(line.rstrip().endswith((".", "!", "?", '"', "”", "'", "…")) for line in look.lines)
    return ends / len(look.lines) if look.lines else 0.0


def _mean(words: Sequence[str]) -> float:
    return sum(map(len, words)) / len(words) if words else 0.0


def _share(items: Sequence[str], holds: Callable[[str], object]) -> float:
    return sum(bool(holds(item)) for item in items) / len(items) if items else 0.0


RULES: Mapping[str, tuple[str, Callable[[Look], bool]]] = {
    "short": ("fewer than 50 words", lambda t: len(t.words) < 50),
    "word_length": (
        "words of fewer than 3 or more than 10 letters on average",
        lambda t: not 3 <= _mean(t.words) <= 10,
    ),
    "symbols": (
        "more than one # or … for ten words",
        lambda t: t.text.count("#") + t.text.count("…") + t.text.count("...") > len(t.words) / 10,
    ),
    "no_letters": (
        "more than a fifth of the words without a letter",
        lambda t: _share(t.words, lambda w: any(c.isalpha() for c in w)) < 0.8,
    ),
    "stop_words": (
        "fewer than two of the commonest English words (of English alone)",
        lambda t: len(STOP & {w.lower() for w in t.words}) < 2,
    ),
    "bullets": (
        "more than nine tenths of the lines begin with a bullet",
        lambda t: _share(t.lines, lambda x: x.lstrip().startswith(("-", "•", "*"))) > 0.9,
    ),
    "ellipses": (
        "more than three tenths of the lines end in an ellipsis",
        lambda t: _share(t.lines, lambda x: x.rstrip().endswith(("…", "..."))) > 0.3,
    ),
    "no_ends": ("fewer than an eighth of the lines end a sentence", lambda t: _ending(t) < 0.12),
    "links": (
        "more than one word in twenty is an address",
        lambda t: len(LINK.findall(t.text)) > len(t.words) / 20,
    ),
    "phrases": (
        "cookie notices, calls to buy, filler",
        lambda t: bool(PHRASES.search(t.text)),
    ),
    "braces": ("a curly bracket, as code has", lambda t: "{" in t.text),
    "lines_again": (
        "a fifth of the text is lines that occurred before",
        lambda t: _repeated([line.strip() for line in t.lines]) > 0.2,
    ),
    "pairs_again": (
        "one pair of words makes up a fifth of the text",
        lambda t: _top(t.words, 2) > 0.2,
    ),
    "rows_again": (
        "a tenth of the rows of ten words occurred before",
        lambda t: _rows_again(t.words) > 0.1,
    ),
}
"""Each rule: what it refuses, and whether it refuses a text."""


def look_at(text: str) -> Look:
    """Return a text as the rules see it."""
    return Look(text, text.split(), [line for line in text.splitlines() if line.strip()])


def refused(text: str) -> list[str]:
    """Return the rules that refuse a text."""
    look = look_at(text)
    return [name for name, (_, hits) in RULES.items() if hits(look)]


def rule_table(records: Sequence[Record], group: str) -> dict[str, Any]:
    """Return what every rule refuses, and how much of it people wrote, by group.

    A misfire is a text of origin human that is refused. Without such texts there is no telling.
    """
    by_group: dict[str, Counter[str]] = {}
    people: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    anything = 0
    for record in records:
        found = refused(record.text or "")
        hits.update(found)
        anything += bool(found)
        if record.origin == "human":
            name = record.key(group)
            people[name] += 1
            by_group.setdefault(name, Counter()).update([*found, *(["any"] if found else [])])
    n = len(records)
    groups = [name for name, count in people.most_common(12) if count >= FEWEST]
    return {
        "sample": n,
        "any": share(anything, n),
        "group_key": group,
        "groups": groups,
        "small_groups": len(people) - len(groups),
        "people": sum(people.values()),
        "any_misfires": {g: share(by_group[g]["any"], people[g]) for g in groups},
        "rules": [
            {
                "rule": name,
                "meaning": meaning,
                "refused": share(hits[name], n),
                "misfires": {g: share(by_group[g][name], people[g]) for g in groups},
            }
            for name, (meaning, _) in RULES.items()
        ],
    }
