"""A watermark over words whose key is known, without a tokeniser or a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.scorer import WATERMARK
from genloss.errors import SpecError

FEWEST = 16
"""Pairs of words below which z is not about normal, and not given."""


@dataclass(frozen=True)
class GreenList:
    """z = (g - gamma n) / sqrt(n gamma (1 - gamma)) of pairs of words, each pair once.

    A word is green after another one if the first 8 bytes of SHA-256(key, 0, before, 0, word), both
    in lower case, as a share of 2^64, are below gamma = ratio: the test of Kirchenbauer et al. 2023
    for whoever writes with that rule. Texts with fewer than 16 pairs have no score.

    Raises:
        SpecError: a ratio outside (0, 1), no key.
    """

    about = About(
        "green_list",
        "Green words",
        "Whether more green words than chance stand in a text, for a key over words.",
        ("kirchenbauer-2023",),
    )
    evidence = WATERMARK
    key: str
    ratio: float = 0.5

    def __post_init__(self) -> None:
        if not self.key or not 0 < self.ratio < 1:
            raise SpecError(
                f"green_list: key {self.key!r}, ratio {self.ratio}; expected a text and a share "
                "such as 0.5"
            )

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return z (n,), nan of texts with too few pairs."""
        return np.array([self._z(text) for text in texts], dtype=np.float64)

    def is_green(self, before: str, word: str) -> bool:
        """Return whether a word is green after another one."""
        drawn = sha256(f"{self.key}\0{before}\0{word}".casefold().encode("utf-8", "replace"))
        return int.from_bytes(drawn.digest()[:8], "big") / 2**64 < self.ratio

    def _z(self, text: str) -> float:
        words = text.casefold().split()
        pairs = set(pairwise(words))
        green = sum(self.is_green(*pair) for pair in pairs)
        return green_z(green, len(pairs), self.ratio) if len(pairs) >= FEWEST else float("nan")


def green_z(green: int, n: int, ratio: float) -> float:
    """Return (g - gamma n) / sqrt(n gamma (1 - gamma)); about N(0, 1) without a watermark."""
    return float((green - ratio * n) / np.sqrt(n * ratio * (1 - ratio)))
