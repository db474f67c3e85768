"""Records become scored texts, batch by batch."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from genloss.audit.conformal.calibration import Name, Scored
from genloss.audit.conformal.lengths import band, n_words
from genloss.core.scorer import Scorer, scored
from genloss.corpus.record.record import UNKNOWN, Record
from genloss.errors import DataError

BATCH = 256
"""Records that are scored at a time."""

LENGTH = "length"
"""The key of a group that is no field of a record: its band of lengths."""


def group_of(record: Record, words: int, by: Sequence[str]) -> Name:
    """Return the group of a record: its value of every key."""
    return tuple(band(words) if key == LENGTH else record.key(key) for key in by)


def source_of(record: Record, unit: str) -> str:
    """Return what is exchangeable: the value of a key, '' where the record has none."""
    value = record.id if unit == "id" else record.key(unit)
    return "" if value == UNKNOWN else value


def batches(records: Iterable[Record], size: int = BATCH) -> Iterator[list[Record]]:
    """Yield records some at a time; those without a text are passed over."""
    with_text = (record for record in records if record.text)
    while batch := list(islice(with_text, size)):
        yield batch


def scored_texts(records: Sequence[Record], scorer: Scorer, by: Sequence[str], unit: str) -> Scored:
    """Return the records as scored texts."""
    texts = [record.text or "" for record in records]
    words = [n_words(text) for text in texts]
    return Scored(
        [record.id for record in records],
        [source_of(record, unit) for record in records],
        [group_of(r, n, by) for r, n in zip(records, words, strict=True)],
        np.array(words, dtype=np.int64),
        scored(scorer, texts),
    )


def joined(parts: Sequence[Scored]) -> Scored:
    """Return scored texts one after another.

    Raises:
        DataError: there are none.
    """
    if not parts:
        raise DataError("no text was read; check the paths, and which field holds the text")
    return Scored(
        [i for part in parts for i in part.ids],
        [s for part in parts for s in part.sources],
        [g for part in parts for g in part.groups],
        np.concatenate([part.words for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
