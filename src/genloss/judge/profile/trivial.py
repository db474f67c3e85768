"""What a predictor scores that has learnt nothing: the far end of the scale of excess risk."""

from __future__ import annotations

import numpy as np

from genloss.core.abilities import FiniteModel
from genloss.core.about import Aspect, about_object
from genloss.core.arrays import Array
from genloss.core.roles import Model
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.core.view import KnowsTrivial, Metric, NotApplicable, View, stream_key
from genloss.errors import GenlossError
from genloss.store.reader import Run
from genloss.study.study import Study

MOST_CHAINS = 16
"""Realities of so many chains stand for all of them."""

PER_BYTE = 8.0
"""Bits per byte of a model that takes all bytes for equally likely."""


def trivial_scores(study: Study) -> dict[str, float]:
    """Return the scores of the metrics of risk, means over chains, by metric.

    Reality is asked; metrics without an answer are left out, and so are those of tokens, which only
    a run knows (`of_tokens`).

    Raises:
        GenlossError: a reality that cannot be read here.
    """
    asking = [m for m in study.metrics if _is_risk(m) and isinstance(m, KnowsTrivial)]
    if not asking:
        return {}
    scores: dict[str, float] = {}
    streams = Streams(study.seed)
    chains = min(study.block_chains(0), MOST_CHAINS)
    p_0, held_out = _reality(study, chains, streams)
    rows = p_0.rows(0, 1) if isinstance(p_0, FiniteModel) else p_0.sample(1, streams.rng(0, "one"))
    samples = Samples.of(rows, 0)
    for metric in asking:
        rng = streams.rng(0, f"{stream_key(metric)}:trivial")
        if (score := _score(metric, View(0, p_0, p_0, None, samples, held_out, rng))) is not None:
            scores[metric.name] = score
    return scores


def _is_risk(metric: Metric) -> bool:
    about = about_object(metric)
    return about is not None and about.aspect is Aspect.RISK


def _score(metric: Metric, view: View) -> float | None:
    if not isinstance(metric, KnowsTrivial):
        return None
    try:
        score = metric.trivial(view)
    except GenlossError:
        return None
    if isinstance(score, NotApplicable) or not np.isfinite(score).all():
        return None
    return float(np.mean(score))


def of_tokens(kind: str, run: Run) -> float | None:
    """Return what a metric says of a model that takes all tokens or bytes for equally likely.

    Perplexity: the size of the vocabulary, which a run notes with its first checkpoint: byte pairs
    learned from a short text may be fewer than its spec asks for. None for other metrics.
    """
    if kind == "bits_per_byte":
        return PER_BYTE
    size = run.vocabulary if kind == "perplexity" else None
    return None if size is None else float(size)


def _reality(study: Study, chains: int, streams: Streams) -> tuple[Model, Array | None]:
    """Return p_0 of some chains and held-out rows; a law draws them, a finite reality gives up."""
    p_0 = study.reality.realise(chains, streams.rng(0, "realise"))
    if not study.held_out:
        return p_0, None
    if isinstance(p_0, FiniteModel):
        return p_0.split(study.held_out)
    return p_0, p_0.sample(study.held_out, streams.rng(0, "held_out"))
