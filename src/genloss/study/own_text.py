"""A study of one's own text: the defaults that just work, to be changed by overrides."""

from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.protocols import Reality
from genloss.core.text import TextModel
from genloss.errors import SpecError
from genloss.store.folder import HEADER
from genloss.study.build import build

BLOCK = 64
"""Tokens of a block and of what is written after it, as in Shumailov et al. 2024."""

HELD_OUT = 200
"""Validation blocks, at most."""

METRICS: tuple[Any, ...] = (
    "perplexity",
    "bits_per_byte",
    *({"kind": "sequence_perplexity", "q": q} for q in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)),
    "surviving_vocabulary",
    "rare_token_share",
    {"kind": "distinct_n", "n": 2},
    {"kind": "repetition", "n": 3},
    {"kind": "perplexity_tail", "tail": "low"},
    {"kind": "perplexity_tail", "tail": "high"},
    *({"kind": "rarefied_types", "tokens": n} for n in (100, 300, 1000, 3000, 10000)),
    "duplicate_rows",
    "empty_rows",
    "real_share",
)

BY_THE_BASE: tuple[Any, ...] = tuple(
    {"kind": "sequence_perplexity", "q": q, "under": "base"} for q in (0.05, 0.5, 0.95)
)
"""What a model that was trained before says of the texts."""


def is_text(path: Path) -> bool:
    """Return whether a path means text rather than a spec or a run folder."""
    if path.is_dir():
        # A half-deleted run folder is told as such, by whoever opens it.
        return not any((path / name).exists() for name in (HEADER, "blocks"))
    return path.is_file() and path.suffix != ".toml"


def own_text_spec(path: Path, model: str = "") -> dict[str, Any]:
    """Return the spec of a study on the text at path, five generations of full replacement.

    model: a name on the Hugging Face hub or a folder; every generation is fine-tuned from it. Empty
    trains a small OPT (1.3 million parameters) from scratch, on byte pairs learned from the text.

    Raises:
        GenlossError: a text that cannot be read or that is too small.
    """
    reality: dict[str, Any] = {"kind": "text", "path": str(path), "block": BLOCK}
    reality |= {"tokeniser": model} if model else {}
    recipe: Reality = build("reality", reality)
    p_0 = recipe.realise(1, np.random.default_rng(0))
    if not isinstance(p_0, TextModel):
        raise SpecError(f"{path} is no text")
    return {
        "reality": reality,
        "learner": _learner(model),
        "sampler": {"kind": "sampling", "max_new": BLOCK, "min_new": BLOCK},
        "n_real": p_0.n_rows,
        "generations": 5,
        "held_out": min(HELD_OUT, max(1, p_0.n_rows // 10)),
        "metrics": [*METRICS, *(BY_THE_BASE if model else ())],
        "keep": {"every": 1, "rows": 100},
        "checkpoint_every": 1,
    }


def _learner(model: str) -> dict[str, Any]:
    if model:
        return {"kind": "hugging_face", "base": model}
    training = {"epochs": 20, "batch": 32, "learning_rate": 1e-3, "rate": "cosine", "warmup": 100}
    sizes = {"start": "scratch", "positions": 2 * BLOCK}
    return {"kind": "transformer", **sizes, "training": training}
