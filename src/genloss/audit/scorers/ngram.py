"""Cross-entropy under n-grams of bytes, learned from labelled texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from genloss.audit.scorers.taught import lessons
from genloss.core.about import About
from genloss.core.arrays import Floats, Ints, checked_count
from genloss.core.places import digest_of
from genloss.core.samples import NO_TOKEN, Samples
from genloss.errors import SpecError
from genloss.models.ngram.ngram import NGramLearner, NGramModel

LONGEST = 20_000
"""Bytes of a text that are read."""

FEWEST = 20
"""Bytes below which a mean over them is no score."""

CELLS = 1 << 21
"""Bytes that are scored at a time."""


@dataclass(frozen=True)
class NGramCrossEntropy:
    """1 / T sum ln p_machine(x_i) - ln p_human(x_i), nats per byte, of two n-gram models.

    texts: a file of records whose origin is known; without machine text among them, the score is
    the mean of ln p_human alone. order: bytes of an n-gram. Texts of under 20 bytes have no score.
    Interpolated Kneser-Ney; learning takes O(bytes x order).

    Raises:
        SpecError: an order outside 1 to 5.
        DataError: no such file, no human text.
    """

    about = About(
        "ngram_cross_entropy",
        "n-gram cross-entropy",
        "Whether short sequences of letters are more common in machine text than in human text.",
        ("chen-1999",),
    )
    texts: str = field(metadata={"identity": False})
    order: int = 5

    def __post_init__(self) -> None:
        if checked_count(self.order, "ngram_cross_entropy: order") > 5:
            raise SpecError(f"ngram_cross_entropy: order is {self.order}; expected 1 to 5")

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the file."""
        return {"texts": digest_of(Path(self.texts).expanduser())}

    def taught_on(self) -> frozenset[str]:
        """Return the ids of the texts that it has learned from."""
        return lessons(self.texts).ids

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the difference per text (n,), or the mean log-probability; nan if too short."""
        own = lessons(self.texts)
        human = mean_log_probs(_learned(own.human, self.order), texts)
        if not own.machine:
            return human
        return mean_log_probs(_learned(own.machine, self.order), texts) - human


@lru_cache(maxsize=4)
def _learned(texts: tuple[str, ...], order: int) -> NGramModel:
    rows = [row for text in texts if len(row := tokens(text))]
    filled = _filled(rows)
    train = Samples.of(filled[None], 0)
    return NGramLearner(vocabulary=257, order=order).fit(train, np.random.default_rng(0))


def tokens(text: str) -> Ints:
    """Return the bytes of a text, from 1 on; 0 would end a document."""
    raw = text.encode("utf-8", "replace")[:LONGEST]
    return np.frombuffer(raw, dtype=np.uint8).astype(np.int64) + 1


def mean_log_probs(model: NGramModel, texts: Sequence[str]) -> Floats:
    """Return 1 / (T - 1) sum ln p(x_i | ...) of each text (n,), nats per byte, nan if too short."""
    rows, out = [tokens(text) for text in texts], np.full(len(texts), np.nan)
    long = [i for i, row in enumerate(rows) if len(row) >= FEWEST]
    long.sort(key=lambda i: len(rows[i]))
    start = 0
    while start < len(long):
        width = len(rows[long[min(len(long) - 1, start + 255)]])
        part = long[start : start + max(1, min(256, CELLS // width))]
        x = _filled([rows[i] for i in part])[None]
        total = model.token_log_probs(x)[0].sum(axis=1)
        out[part] = total / ((x[0] != NO_TOKEN).sum(axis=1) - 1)
        start += len(part)
    return out


def _filled(rows: Sequence[Ints]) -> Ints:
    width = max(len(row) for row in rows)
    filled = np.full((len(rows), width), NO_TOKEN, dtype=np.int64)
    for row, own in zip(filled, rows, strict=True):
        row[: len(own)] = own
    return filled
