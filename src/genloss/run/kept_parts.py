"""What stays on disk of a generation: the model's state, rows to look at, texts to read."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from genloss.core.arrays import Array
from genloss.core.chain import Generation
from genloss.core.curators.rounds import Judged
from genloss.core.decoding import Decoding
from genloss.core.roles import Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.streams import Streams
from genloss.core.text import ContinuedText, TextModel
from genloss.store.parts import REFUSED, SAMPLES, STATE, TEXTS, pack_refused, pack_texts
from genloss.study.study import Study

MOST_TEXTS = 24
"""Texts kept of a generation, for readers."""


def kept_parts(
    study: Study, generation: Generation, p_0: Model, real: Any, streams: Streams
) -> dict[str, Mapping[str, Array]]:
    """Return the arrays to keep of the first chains, by part: state, samples, texts, refused.

    real: S_0, whose rows are the prompts of language models.
    """
    keep, t = study.keep, generation.t
    parts: dict[str, Mapping[str, Array]] = {}
    # Reality's state is its recipe, which the spec holds.
    if t:
        parts[STATE] = _leading(generation.model.state(), keep.chains)
    rows = _rows(generation.samples, keep.rows, streams.rng(t, "keep")) if keep.rows else None
    if rows is None:
        return parts
    parts[SAMPLES] = _leading(rows.arrays(), keep.chains)
    curation = generation.curation
    if curation is not None and curation.judged is not None:
        refused = _refused(curation.judged, keep.chains, keep.rows)
        parts |= {} if refused is None else {REFUSED: refused}
    if isinstance(p_0, TextModel):
        parts[TEXTS] = _texts(study, p_0, rows, real, t)
    return parts


def _refused(judged: Judged, chains: int, most: int) -> dict[str, Array] | None:
    """Return the first refused rows of each chain, None where nothing was refused.

    Chains with fewer are filled up, reason -1.
    """
    refused = judged.reason[:chains] >= 0
    m = min(most, int(refused.sum(axis=1).max()))
    if not m:
        return None
    index = np.argsort(~refused, axis=1, kind="stable")[:, :m]
    leading = Samples.from_arrays(_leading(judged.rows.arrays(), chains))
    reason = np.take_along_axis(np.where(refused, judged.reason[:chains], -1), index, axis=1)
    return pack_refused(leading.take(index).arrays(), reason, judged.reasons)


def _rows(samples: Any, most: int, rng: np.random.Generator) -> Samples | None:
    if isinstance(samples, Source):
        return samples.take(most, rng)
    if isinstance(samples, Samples):
        return samples.head(min(most, samples.n_rows))
    return None


def _texts(study: Study, p_0: TextModel, rows: Samples, real: Any, t: int) -> dict[str, Array]:
    decode, end, n = p_0.tokeniser.decode, p_0.tokeniser.end, min(MOST_TEXTS, rows.n_rows)
    written, prompts, sampler = rows.x[0, :n], None, study.sampler
    if isinstance(sampler, Decoding) and isinstance(real, Samples):
        x = real.x[:1]
        if t or sampler.prompts.kind != "none":
            prompts = sampler.prompts.of(x, end, 1, n)[0]
        if t == 0 and prompts is not None and isinstance(p_0, ContinuedText):
            # What the real text says after the prompts; its rows are the prompts themselves.
            rest = p_0.following(0, real.n_rows)[:1]
            written = sampler.prompts.after(x, rest, end, n, sampler.max_new)[0]
        elif t == 0:
            prompts = None
    texts = [decode(row) for row in written]
    return pack_texts(texts, None if prompts is None else [decode(row) for row in prompts])


def _leading(arrays: Mapping[str, Array], chains: int) -> dict[str, Array]:
    return {name: value[:chains] for name, value in arrays.items()}
