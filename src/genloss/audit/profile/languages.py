"""Which languages the texts of a sample are in, and what their pages say of it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from genloss.audit.profile.proportions import share
from genloss.corpus.languages import DETECTOR, UNKNOWN
from genloss.corpus.record.record import Record

DECLARED = "html_lang"
"""The attribute in which the language that a page declares stands."""

SAME = {
    "nb": "no",
    "nn": "no",
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "mo": "ro",
    "cmn": "zh",
    "bs": "sh",
    "hr": "sh",
    "sr": "sh",
    "fil": "tl",
}
"""Codes of one language, or of languages that a detector of short texts cannot tell apart."""

SHOWN = 10


def languages(records: Sequence[Record], found: Sequence[str]) -> dict[str, Any]:
    """Return the languages of texts, the commonest first, and where their pages declare another.

    found: the language of each text, as it was detected.
    declared: of texts with an html_lang whose language was detected, how many differ in the first
    part of the code ("en" of "en-GB"); not_told: those whose language was not.
    """
    n = len(records)
    return {
        "sample": n,
        "detector": DETECTOR,
        "values": [{"value": lang, **share(k, n)} for lang, k in Counter(found).most_common(20)],
        "declared": _declared(records, found),
    }


def _declared(records: Sequence[Record], found: Sequence[str]) -> dict[str, Any]:
    said = [str(record.attributes.get(DECLARED, "")).strip().lower() for record in records]
    both = [(s.replace("_", "-").partition("-")[0], f) for s, f in zip(said, found, strict=True)]
    told = [(s, f) for s, f in both if s and f != UNKNOWN]
    pairs = Counter((s, f) for s, f in told if SAME.get(s, s) != SAME.get(f, f))
    return {
        "differ": share(pairs.total(), len(told)),
        "not_told": sum(bool(s) and f == UNKNOWN for s, f in both),
        "pairs": [
            {"declared": s, "detected": f, "count": k} for (s, f), k in pairs.most_common(SHOWN)
        ],
    }
