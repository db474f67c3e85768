"""Words that are younger than the date a text claims."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from genloss.audit.profile.proportions import share
from genloss.audit.profile.words import words_of
from genloss.corpus.record.record import Record

BORN = {
    "airplane": 1903, "antibiotics": 1941, "astronaut": 1928, "bitcoin": 2008, "blockchain": 2008,
    "blog": 1999, "blogger": 1999, "brexit": 2012, "broadband": 1956, "chatbot": 1990,
    "chatgpt": 2022, "coronavirus": 1968, "covid": 2020, "crowdfunding": 2006, "cyberspace": 1982,
    "deepfake": 2017, "dotcom": 1994, "email": 1979, "emoji": 1997, "facebook": 2004,
    "genocide": 1944, "hashtag": 2007, "helicopter": 1887, "instagram": 2010, "internet": 1974,
    "ipad": 2010, "iphone": 2007, "microchip": 1969, "midjourney": 2022, "nasa": 1958,
    "nylon": 1938, "openai": 2015, "paparazzi": 1961, "penicillin": 1929, "podcast": 2004,
    "radar": 1940, "robot": 1920, "selfie": 2002, "smartphone": 1995, "snapchat": 2011,
    "spotify": 2006, "supermarket": 1931, "television": 1907, "tiktok": 2017, "transistor": 1948,
    "vlog": 2002, "website": 1993, "whatsapp": 2009, "wifi": 1999, "wikipedia": 2001,
    "youtube": 2005,
}  # fmt: skip
"""Words, and a year before which nobody wrote them. Words with an older sense, such as the twitter
of birds, are none of them."""

SHOWN = 10


def younger_words(text: str, year: int) -> list[str]:
    """Return the words of a text that are younger than a year, each once, sorted."""
    return sorted({w for w in words_of(text) if BORN.get(w, 0) > year})


def younger_table(records: Sequence[Record]) -> dict[str, Any]:
    """Return how many of the dated texts of a sample hold words younger than their last day."""
    words: Counter[str] = Counter()
    ids = []
    n = k = 0
    for record in records:
        when = record.claimed
        if when is None:
            continue
        n += 1
        if found := younger_words(record.text or "", when.last.year):
            k += 1
            words.update(found)
            ids.append(record.id)
    return {
        "texts": share(k, n),
        "words": [{"value": word, "count": count} for word, count in words.most_common(SHOWN)],
        "examples": ids[:SHOWN],
        "known_words": len(BORN),
    }
