"""Tests for watermarks of which the key is known: KGW and SynthID, as transformers writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from genloss.core.about import About
from genloss.core.arrays import Floats, Ints, checked_count
from genloss.core.scorer import WATERMARK
from genloss.errors import SpecError
from genloss.models.torch.lm.base import config_of
from genloss.models.torch.lm.detection.judge import tokeniser_of, tokens_of
from genloss.models.torch.lm.detection.single import BASE
from genloss.models.torch.lm.modules import transformers

ALL = 1 << 20
"""Tokens of a text, at most."""


@dataclass(frozen=True)
class KGW:
    """z of green tokens, (g - gamma n) / sqrt(n gamma (1 - gamma)) (Kirchenbauer et al. 2023).

    base: whose tokeniser and number of logits the writer had; its weights are not read. key, ratio
    (gamma), seeding, width: as of transformers' WatermarkingConfig when the text was written. Every
    n-gram counts once. Without that key, z is that of chance.

    Raises:
        SpecError: a ratio outside (0, 1).
        DataError, MissingExtra: as `LogPerplexity`.
    """

    about = About(
        "kgw",
        "KGW watermark",
        "Whether more green words than chance stand in a text, for a known key.",
        ("kirchenbauer-2023",),
    )
    evidence = WATERMARK
    base: str = BASE
    key: int = 15485863
    ratio: float = 0.25
    seeding: Literal["lefthash", "selfhash"] = "lefthash"
    width: int = 1

    def __post_init__(self) -> None:
        checked_count(self.width, "kgw: width")
        if not 0 < self.ratio < 1:
            raise SpecError(f"kgw: ratio is {self.ratio}; expected a share such as 0.25")

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return z (n,), nan of texts shorter than two n-grams."""
        detector = self._detector()
        rows = tokens_of(tokeniser_of(self.base, ""), texts, ALL)
        return np.array([self._z(detector, row) for row in rows])

    def _detector(self) -> Any:
        settings = {
            "greenlist_ratio": self.ratio,
            "bias": 2.0,
            "hashing_key": self.key,
            "seeding_scheme": self.seeding,
            "context_width": self.width,
        }
        config = config_of(self.base, "", {}, False)
        return transformers().WatermarkDetector(
            model_config=config,
            device="cpu",
            watermarking_config=settings,
            ignore_repeated_ngrams=True,
            max_cache_size=1 << 14,
        )

    def _z(self, detector: Any, row: Ints) -> float:
        if len(row) < self.width + 2:
            return float("nan")
        found = detector(torch.from_numpy(row)[None], return_dict=True)
        return float(found.z_score[0])


@dataclass(frozen=True)
class SynthID:
    """Mean of the g-values of a text's tokens, standardised: sqrt(4 m depth) (mean - 1 / 2).

    Without the watermark a g-value is 0 or 1 by a coin, so that the score is about N(0, 1); m
    tokens whose context is new, depth keys (Dathathri et al. 2024, the unweighted mean). keys,
    ngram: as of transformers' SynthIDTextWatermarkingConfig when the text was written; those of
    products are not public.

    Raises:
        SpecError: no keys, an n-gram below 2.
        DataError, MissingExtra: as `LogPerplexity`.
    """

    about = About(
        "synthid",
        "SynthID watermark",
        "Whether the words of a text follow a tournament with known keys.",
        ("dathathri-2024",),
    )
    evidence = WATERMARK
    keys: tuple[int, ...]
    base: str = BASE
    ngram: int = 5
    table_size: int = 65536
    table_seed: int = 0
    history: int = 1024

    def __post_init__(self) -> None:
        checked_count(self.ngram, "synthid: ngram", 2)
        if not self.keys:
            raise SpecError("synthid: keys is empty; expected those that the text was written with")

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the standardised mean (n,), nan of texts without a whole n-gram."""
        processor = self._processor()
        rows = tokens_of(tokeniser_of(self.base, ""), texts, ALL)
        return np.array([self._score(processor, row) for row in rows])

    def _processor(self) -> Any:
        return transformers().SynthIDTextWatermarkLogitsProcessor(
            ngram_len=self.ngram,
            keys=list(self.keys),
            sampling_table_size=self.table_size,
            sampling_table_seed=self.table_seed,
            context_history_size=self.history,
            device=torch.device("cpu"),
        )

    def _score(self, processor: Any, row: Ints) -> float:
        if len(row) < self.ngram:
            return float("nan")
        tokens = torch.from_numpy(row)[None]
        g = processor.compute_g_values(tokens)[0].double().numpy()
        used = processor.compute_context_repetition_mask(tokens)[0].bool().numpy()
        values = g[used]
        return float(np.sqrt(4 * values.size) * (values.mean() - 0.5)) if values.size else np.nan
