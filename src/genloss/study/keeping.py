"""What stays on disk of a generation: the model's state, rows to look at, texts to read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from genloss.core.arrays import Array
from genloss.core.chain import Generation
from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.protocols import Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.streams import Streams
from genloss.core.text import TextModel
from genloss.study.study import Study

TEXTS = 24
"""Texts kept of a generation, for readers."""


def kept_parts(
    study: Study, generation: Generation, p_0: Model, real: Any, streams: Streams
) -> dict[str, Mapping[str, Array]]:
    """Return the arrays to keep of the first chains, by part: state, samples, texts.

    real: S_0, whose rows are the prompts of language models.
    """
    keep, t = study.keep, generation.t
    parts: dict[str, Mapping[str, Array]] = {}
    # Reality's state is its recipe, which the spec holds.
    if t:
        parts["state"] = _leading(generation.model.state(), keep.chains)
    rows = _rows(generation.samples, keep.rows, streams.rng(t, "keep")) if keep.rows else None
    if rows is None:
        return parts
    parts["samples"] = _leading(rows.arrays(), keep.chains)
    if isinstance(p_0, TextModel):
        parts["texts"] = _texts(study, p_0, rows, real, t)
    return parts


def _rows(samples: Any, most: int, rng: np.random.Generator) -> Samples | None:
    if isinstance(samples, Source):
        return samples.take(most, rng)
    if isinstance(samples, Samples):
        return samples.head(min(most, samples.n_rows))
    return None


def _texts(study: Study, p_0: TextModel, rows: Samples, real: Any, t: int) -> dict[str, Array]:
    decode, n = p_0.tokeniser.decode, min(TEXTS, rows.n_rows)
    out = packed([decode(row) for row in rows.x[0, :n]])
    if t and isinstance(study.sampler, BeamSearch | Sampling) and isinstance(real, Samples):
        end = p_0.tokeniser.end
        prompts = study.sampler.prompts.of(real.x, end, real.n_chains, n)[0]
        found = packed([decode(row) for row in prompts])
        out |= {f"prompts_{name}": value for name, value in found.items()}
    return out


def packed(texts: Sequence[str]) -> dict[str, Array]:
    """Return texts as one array of UTF-8 bytes, with the place where each of them ends."""
    parts = [text.encode() for text in texts]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return {"utf8": np.frombuffer(b"".join(parts), dtype=np.uint8), "ends": ends}


def _leading(arrays: Mapping[str, Array], chains: int) -> dict[str, Array]:
    return {name: value[:chains] for name, value in arrays.items()}
