"""A study of your own text: defaults that work, to be changed by overrides."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.arrays import checked_count
from genloss.core.decoding import Decoding
from genloss.core.roles import Reality, Sampler
from genloss.core.samples import NO_TOKEN
from genloss.core.text import with_vocabulary_of
from genloss.corpus.inventory import inventory_of
from genloss.corpus.readers.fields import DEFAULT
from genloss.corpus.readers.rows import is_prose
from genloss.errors import SpecError
from genloss.models.ngram.ngram import NGramLearner
from genloss.realities.text_rows import TextRows
from genloss.spec.build import build
from genloss.spec.toml import overridden
from genloss.store.folder import BLOCKS
from genloss.store.reader import is_run
from genloss.study.own_model import (
    blocks_in_an_hour,
    check_places,
    config_of,
    learner_of,
    longest,
    places,
    weight_bytes,
    with_overrides,
)

SMALL_LEARNER = {
    "kind": "transformer",
    "start": "scratch",
    "training": {
        "epochs": 20,
        "batch": 32,
        "learning_rate": 1e-3,
        "rate": "cosine",
        "warmup": 100,
    },
}
"""The learner of a text without a model to fine-tune."""

BLOCK_TOKENS = 64
"""Tokens of a block and of what is written after it, as in Shumailov et al. 2024."""

MOST_BLOCKS = 2000
"""Training blocks, at most, unless n_real says more: a laptop gets through 128,000 tokens."""

HELD_OUT = 200
"""Validation blocks, at most."""

FEW_FILES = 30
"""As many files or fewer are cut into pieces: else a tenth of them would be three at most."""

RAREFIED = (100, 300, 1000, 3000, 10000)
"""Tokens at which types are counted, as far as there are so many."""

FAST_CHAINS = 8
"""Chains of a learner that is done in seconds; a network's take minutes each, and it has one."""

AT_EQUAL_TOKENS = (
    "surviving_vocabulary",
    "rare_token_share",
    "good_turing_missing_mass",
    "compression_ratio",
)
"""What a corpus shows, which depends on its length."""

BY_THE_BASE: tuple[Any, ...] = (
    {"kind": "sequence_perplexity", "q": [0.05, 0.5, 0.95], "under": "base"},
)
"""What a model that was trained before says of the texts."""


def is_text(path: Path) -> bool:
    """Return whether a path means text rather than a spec or a run folder."""
    if path.is_dir():
        # A half-deleted run folder is reported when it is opened, not here.
        return not (is_run(path) or (path / BLOCKS).exists())
    return path.is_file() and path.suffix != ".toml"


def name_of(path: Path) -> str:
    """Return the name of a study of the text at path: what of the path's name a run may have."""
    stem = path.resolve().stem
    return "".join(c if c.isalnum() or c in "-_.=," else "-" for c in stem) or "text"


def own_text_spec(path: Path, model: str = "", overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return the spec of a study on the text at path, five generations of full replacement.

    model: a name on the Hugging Face hub or a base on this machine; every generation is fine-tuned
    from it, a large one on fewer blocks, so that two cores are done in about an hour. Empty
    trains a small OPT (1.3 million parameters) from scratch, on byte pairs learned from the text.
    overrides: key=value; the text is read as those of the reality say, and the sizes follow it.

    Raises:
        GenlossError: a text that cannot be read or that is too small, a model that does not fit it.
    """
    config = config_of(model) if model else {}
    # A block and what is written after it must have places.
    block = min(BLOCK_TOKENS, (longest(config) or 2 * BLOCK_TOKENS) // 2)
    reality = {"kind": "text", "path": str(path), "block": block}
    reality["documents"] = _documents(path, overridden({"reality": reality}, overrides)["reality"])
    reality |= {"tokeniser": model} if model else {}
    learner = with_overrides(learner_of(model), overrides) if model else dict(SMALL_LEARNER)
    overridden_spec = overridden({"reality": reality, "learner": learner}, overrides)
    p_0 = _read(overridden_spec["reality"])
    # Refuses a tokeniser that is not that of the model.
    with_vocabulary_of(build("learner", overridden_spec["learner"]), p_0)
    block, held = p_0.summary.block, p_0.summary.validation.blocks
    spec = {
        "reality": reality,
        "learner": learner,
        "sampler": {"kind": "sampling", "max_new": block, "min_new": block},
        "n_real": min(blocks_in_an_hour(weight_bytes(model), MOST_BLOCKS), p_0.n_rows),
        "generations": 5,
        "held_out": min(HELD_OUT, held, max(1, p_0.n_rows // 10)),
        "keep": {"every": 1, "rows": 100},
        "checkpoint_every": 1,
    }
    if isinstance(build("learner", overridden_spec["learner"]), NGramLearner):
        spec["chains"] = FAST_CHAINS
    sampler = build("sampler", overridden(spec, overrides)["sampler"])
    before = int(p_0.tokeniser.begin != NO_TOKEN)
    if not model:
        spec["learner"] = learner | {"positions": max(2 * block, places(sampler, block, before))}
    overridden_spec = overridden(spec, overrides)
    most = longest({**config, **_learner_field(overridden_spec, "positions", "n_positions")})
    check_places(sampler, block, before, most)
    metrics = metrics_of(overridden_spec, sampler, block)
    return spec | {"metrics": [*metrics, *(BY_THE_BASE if model else ())]}


def metrics_of(spec: Mapping[str, Any], sampler: Sampler, block: int) -> list[Any]:
    """Return the metrics of a spec, overrides included, whose real rows have `block` tokens.

    Generations are compared at as many tokens as every one of them has: where rows are shorter than
    blocks, their number; where texts may end early, half of what they have at most.
    """
    n = checked_count(spec["n_real"], "n_real")
    n = min(n, checked_count(spec.get("n_synthetic", 0), "n_synthetic", 0) or n)
    least, most = 0, block
    if isinstance(sampler, Decoding):
        least, most = min(sampler.min_new, block), min(sampler.max_new, block)
    have = n * most if least == most else max(n * most // 2, n * least)
    at = {"tokens": have} if least < block else {}
    rarefied = [m for m in RAREFIED if m <= have]
    return [
        "perplexity",
        "bits_per_byte",
        "predictive_entropy",
        "sequence_perplexity",
        *({"kind": kind} | at for kind in AT_EQUAL_TOKENS),
        {"kind": "distinct_n", "n": 2} | at,
        {"kind": "repetition", "n": 3},
        "perplexity_tail",
        *([{"kind": "rarefied_types", "tokens": rarefied}] if rarefied else []),
        "duplicate_rows",
        *(("mean_length", "truncated_rows") if least < most else ()),
        "real_share",
    ]


def _read(part: Any) -> TextRows:
    recipe: Reality = build("reality", part)
    p_0 = recipe.realise(1, np.random.default_rng(0))
    if not isinstance(p_0, TextRows):
        raise SpecError(f"reality {part!r} is not text; expected text or hub_text")
    return p_0


def _learner_field(spec: Mapping[str, Any], name: str, key: str) -> dict[str, Any]:
    """Return a field of the learner, where it is given, as a config names it."""
    learner = spec["learner"]
    return {key: learner[name]} if isinstance(learner, Mapping) and name in learner else {}


def _documents(path: Path, reality: Any) -> str:
    """Return the form for a text: a few files of prose are cut into pieces, rows are whole."""
    options = reality if isinstance(reality, Mapping) else {}
    files = tuple(options.get("files", ()))
    inventory = inventory_of(path, options.get("text_field", DEFAULT), files, "ignore")
    prose = sum(is_prose(entry.path) for entry in inventory.read)
    return "pieces" if 0 < prose <= FEW_FILES else "whole"
