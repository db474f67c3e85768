"""Scorers of text: how machine-like a text looks. A score alone accuses nobody; see docs."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import DataError


@runtime_checkable
class Scorer(Protocol):
    """A number per text; higher is more machine-like."""

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return a score per text (n,), nan where it cannot judge; one depends on no other text."""
        ...


WATERMARK: Literal["watermark"] = "watermark"
"""The `evidence` of a scorer that tests for a watermark of a known key."""


def evidence_of(scorer: Scorer) -> Literal["watermark", "detector"]:
    """Return the kind of evidence that a flag of a scorer is, by its class attribute `evidence`."""
    return WATERMARK if getattr(scorer, "evidence", "") == WATERMARK else "detector"


@runtime_checkable
class TaughtScorer(Scorer, Protocol):
    """A scorer that has learned from texts, which may not calibrate it as well."""

    def taught_on(self) -> frozenset[str]:
        """Return the ids of the texts that it has learned from, as of `text_id`."""
        ...


def scored(scorer: Scorer, texts: Sequence[str]) -> Floats:
    """Return the scores of texts (n,), float64.

    Raises:
        DataError: another number of scores than of texts, or an infinite one.
    """
    scores = np.asarray(scorer.scores(texts), dtype=np.float64)
    if scores.shape != (len(texts),):
        raise DataError(
            f"{type(scorer).__name__} gave scores of shape {scores.shape} for {len(texts)} texts; "
            "expected one number per text"
        )
    if np.isinf(scores).any():
        raise DataError(
            f"{type(scorer).__name__} gave text {np.isinf(scores).argmax()} an infinite score; "
            "expected finite numbers, or nan where it cannot judge"
        )
    return scores
