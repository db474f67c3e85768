"""Which languages the texts of a sample are in."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from genloss.audit.profile.proportions import share
from genloss.corpus.languages import DETECTOR, languages_of
from genloss.corpus.record.record import Record


def languages(records: Sequence[Record]) -> dict[str, Any]:
    """Return the languages of texts, the commonest first."""
    counts = Counter(languages_of(record.text or "" for record in records))
    n = len(records)
    return {
        "sample": n,
        "detector": DETECTOR,
        "values": [{"value": lang, **share(k, n)} for lang, k in counts.most_common(20)],
    }
