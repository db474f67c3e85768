"""How long a text is, in words; bands of lengths; the length below which a score says nothing."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genloss.audit.conformal.guarantee import share_between
from genloss.audit.conformal.thresholds import fewest, threshold
from genloss.core.arrays import Floats

EDGES = (50, 100, 200, 400, 800)
"""Words at which a band of lengths begins."""

CUTS = (25, 50, 75, 100, 150, 200, 300)
"""Words to which texts are cut where power is measured."""

POWER = 0.1
"""Share of machine text that must be caught, with 95 % confidence, for a length to be judged."""

FEWEST = 30
"""Machine texts of a length, at least."""

WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts that put no spaces between words; each counts as a word."""


def n_words(text: str) -> int:
    """Return the number of words: what stands between spaces, and letters of scripts without."""
    return len(text.split()) + len(WITHOUT_SPACES.findall(text))


def band(words: int) -> str:
    """Return the band of lengths, such as '100-199 words'."""
    i = bisect_right(EDGES, words)
    if i == len(EDGES):
        return f"{EDGES[-1]} words or more"
    return f"{EDGES[i - 1] if i else 1}-{EDGES[i] - 1} words"


def cut(text: str, words: int) -> str:
    """Return the first words of a text, as they stand."""
    ends = [found.end() for _, found in zip(range(words), re.finditer(r"\S+", text), strict=False)]
    return text[: ends[-1]] if ends else ""


@dataclass(frozen=True)
class Power:
    """Machine texts caught at one length: k of n, and the 95 % interval of the share."""

    words: int
    human: int
    machine: int
    caught: int
    low: float
    high: float


@dataclass(frozen=True)
class Shortest:
    """The fewest words that are judged, and why.

    ground: 'power' (measured at `table`), 'no power' (at no length of it enough; see
    `Calibration.is_weak`), 'calibrated' (not measured, for want of texts), 'given'. In the
    second and third case words is 0, and the shortest calibrated text of a group decides.
    """

    words: int
    ground: str
    table: tuple[Power, ...] = ()


def shortest(
    groups: Sequence[tuple[Mapping[int, Floats], Mapping[int, Floats]]], level: float
) -> Shortest:
    """Return the fewest words at which, and above which, enough machine text is caught.

    groups: of human and of machine texts of each group, words to the scores of texts cut there. A
    group has a threshold of its own; at lengths where it has fewer human texts than a marginal one
    needs, it is left out, as are lengths with fewer than 30 machine texts in all. Enough: the lower
    95 % bound is at least `POWER`.
    """
    rows = []
    for words in sorted({words for human, machine in groups for words in human.keys() & machine}):
        n = caught = people = 0
        for pair in groups:
            own, other = (x.get(words, np.zeros(0)) for x in pair)
            own, other = own[~np.isnan(own)], other[~np.isnan(other)]
            if len(own) >= fewest(level, "marginal"):
                caught += int((other > threshold(own, level, "marginal").value).sum())
                n, people = n + len(other), people + len(own)
        if n >= FEWEST:
            low, high = share_between(caught, n)
            rows.append(Power(words, people, n, caught, low, high))
    if not rows:
        return Shortest(0, "calibrated")
    enough = len(rows)
    while enough and rows[enough - 1].low >= POWER:
        enough -= 1
    if enough == len(rows):
        return Shortest(0, "no power", tuple(rows))
    return Shortest(rows[enough].words, "power", tuple(rows))
