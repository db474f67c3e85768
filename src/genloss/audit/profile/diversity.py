"""Distinct runs of words at equal size, beside the noise of random halves."""

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np

from genloss.audit.profile.words import words_of
from genloss.corpus.record.record import Record

SIZE = 20_000
"""Words that every number is taken from; a group with fewer has none."""

RUNS = (1, 2, 3)

DRAWS = 10
"""Random orders of the texts; numbers are means over them."""

TEXT = 500
"""Words that one text gives at most, so that one long text is no group."""


def distinct(words: Sequence[str], n: int) -> float:
    """Return the share of the runs of n words that are different."""
    runs = list(zip(*(words[i:] for i in range(n)), strict=False))
    return len(set(runs)) / len(runs) if runs else 0.0


def diversity(records: Sequence[Record], key: str, seed: int) -> dict[str, Any]:
    """Return the share of distinct runs of 1, 2 and 3 words in 20,000 words of each group.

    noise: the standard deviation of the difference between two disjoint random halves of a group,
    each at half the size: differences between groups below about twice that are noise.
    """
    groups: dict[str, list[str]] = {"all": []}
    for record in records:
        groups["all"].append(record.text or "")
        if (value := record.key(key)) != "unknown":
            groups.setdefault(value, []).append(record.text or "")
    rows = []
    for at, (name, texts) in enumerate(groups.items()):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(at,)))
        row = _of_group(texts, rng)
        if row is not None:
            rows.append({"group": name, "texts": len(texts), **row})
    return {"size": SIZE, "key": key, "groups": rows, "too_small": len(groups) - len(rows)}


def _first_words(texts: Iterable[str]) -> list[str]:
    """Return the first 20,000 words of texts, and look at no text behind them."""
    return list(islice(chain.from_iterable(words_of(text)[:TEXT] for text in texts), SIZE))


def _of_group(texts: Sequence[str], rng: np.random.Generator) -> dict[str, Any] | None:
    if len(_first_words(texts)) < SIZE:
        return None
    values, halves = np.zeros((DRAWS, len(RUNS))), np.zeros((DRAWS, len(RUNS)))
    for draw in range(DRAWS):
        words = _first_words(texts[i] for i in rng.permutation(len(texts)))
        one, other = words[: SIZE // 2], words[SIZE // 2 :]
        values[draw] = [distinct(words, n) for n in RUNS]
        halves[draw] = [distinct(one, n) - distinct(other, n) for n in RUNS]
    return {
        "distinct": dict(zip(map(str, RUNS), values.mean(axis=0).tolist(), strict=True)),
        "noise": dict(zip(map(str, RUNS), halves.std(axis=0, ddof=1).tolist(), strict=True)),
    }
