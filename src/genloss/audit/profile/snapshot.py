"""A sample of a corpus as five numbers a text, by which a later audit is held against it."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import compress, crc32, decompressobj

import numpy as np
from numpy.typing import NDArray

from genloss.audit.conformal.lengths import n_words
from genloss.audit.profile.tally import source_of
from genloss.corpus.record.record import Record

TEXTS = 10_000
"""Texts of a snapshot, at most: the first of the sample."""

ASPECTS = ("source", "domain", "length", "language", "year")

Codes = NDArray[np.uint32]


@dataclass(frozen=True)
class Snapshot:
    """A number for each text and aspect: equal where its value is, and in every snapshot.

    Values are told apart by CRC-32: two of 10,000 share a number with probability .01.
    """

    columns: Mapping[str, Codes]

    def as_json(self) -> dict[str, Any]:
        """Return it as text: little-endian numbers of 32 bits, packed by zlib, in base 64."""
        packed = {name: _packed(codes) for name, codes in self.columns.items()}
        return {"texts": len(next(iter(self.columns.values()))), **packed}

    @classmethod
    def of_json(cls, plain: Mapping[str, Any]) -> "Snapshot":
        """Return the snapshot of such text.

        Raises:
            KeyError, ValueError: no such text, or a damaged one.
        """
        return cls({name: _codes(plain[name], int(plain["texts"])) for name in ASPECTS})


def snapshot_of(records: Sequence[Record], languages: Sequence[str]) -> Snapshot:
    """Return the snapshot of a sample.

    The length is in words, by powers of the square root of two; year and domain as records are
    grouped by them; languages: of the texts, as they were detected.
    """
    taken = records[:TEXTS]
    values: dict[str, Sequence[object]] = {
        "source": [source_of(r) for r in taken],
        "domain": [r.key("domain") for r in taken],
        "length": [int(2 * np.log2(1 + n_words(r.text or ""))) for r in taken],
        "language": languages[:TEXTS],
        "year": [r.key("year") for r in taken],
    }
    return Snapshot({name: _numbers(values[name]) for name in ASPECTS})


def _numbers(values: Sequence[object]) -> Codes:
    return np.array([crc32(str(v).encode("utf-8", "surrogatepass")) for v in values], np.uint32)


def _packed(codes: Codes) -> str:
    return b64encode(compress(codes.astype("<u4").tobytes(), 9)).decode()


def _codes(packed: str, n: int) -> Codes:
    if not 0 <= n <= TEXTS:
        raise ValueError(f"{n} texts")
    content = decompressobj().decompress(b64decode(packed, validate=True), 4 * n + 1)
    if len(content) != 4 * n:
        raise ValueError(f"{len(content)} bytes for {n} texts")
    return np.frombuffer(content, "<u4").astype(np.uint32)
