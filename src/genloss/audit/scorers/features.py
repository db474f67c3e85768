"""Fifteen cheap numbers about a text: none of them needs a model, each has a plain meaning."""

import re
import zlib
from collections.abc import Sequence

import numpy as np

from genloss.core.arrays import Floats

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
SENTENCE = re.compile(r"[.!?。！？]+(?:\s|$)")
SAME = 100
"""Words, and six times as many bytes, at which variety is measured: it depends on length."""

FEWEST = 20
"""Words below which the numbers say nothing."""

NAMES = (
    "mean word length",
    "spread of word lengths",
    "mean sentence length",
    "spread of sentence lengths",
    "different words of 100",
    "words of 100 that stand once",
    "repeated triples of words",
    "commas per word",
    "other marks per word",
    "digits per letter",
    "capitals per letter",
    "quotes per word",
    "line breaks per word",
    "brackets per word",
    "compressed size",
)


def features(texts: Sequence[str]) -> Floats:
    """Return the numbers (n, 15), in the order of NAMES; nan of texts of under 20 words."""
    return np.array([_of(text) for text in texts]).reshape(len(texts), len(NAMES))


def _of(text: str) -> list[float]:
    words = [word.casefold() for word in WORD.findall(text)]
    if len(words) < FEWEST:
        return [float("nan")] * len(NAMES)
    lengths = np.array([len(word) for word in words])
    sentences = [len(WORD.findall(part)) for part in SENTENCE.split(text)]
    spoken = np.array([n for n in sentences if n] or [len(words)])
    return [
        float(lengths.mean()),
        float(lengths.std()),
        float(np.log(spoken.mean())),
        float(np.log1p(spoken.std())),
        *_variety(words),
        *_marks(text, len(words)),
        _compressed(text),
    ]


def _variety(words: list[str]) -> list[float]:
    first = words[:SAME]
    kinds = set(first)
    once = sum(first.count(word) == 1 for word in kinds)
    triples = list(zip(words, words[1:], words[2:], strict=False))
    repeated = 1 - len(set(triples)) / max(1, len(triples))
    return [len(kinds) / len(first), once / len(first), repeated]


def _marks(text: str, words: int) -> list[float]:
    letters = max(1, sum(map(str.isalpha, text)))
    return [
        text.count(",") / words,
        sum(text.count(mark) for mark in ";:-—–!?") / words,
        sum(map(str.isdigit, text)) / letters,
        sum(map(str.isupper, text)) / letters,
        sum(text.count(mark) for mark in "\"“”'‘’") / words,
        text.count("\n") / words,
        sum(text.count(mark) for mark in "()[]{}") / words,
    ]


def _compressed(text: str) -> float:
    raw = text.encode("utf-8", "replace")[: 6 * SAME]
    return len(zlib.compress(raw, 9)) / max(1, len(raw))
