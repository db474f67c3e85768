"""The language model that a text of your own is fine-tuned on, refused before anything runs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from genloss.core.bases import folder_on_disk
from genloss.core.decoding import Decoding
from genloss.core.parsing import parsing_reason
from genloss.core.roles import Sampler
from genloss.errors import DataError, SpecError
from genloss.spec.build import build, find_class
from genloss.spec.toml import overridden

POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx", "context_length")
"""Keys of a config for the longest row of tokens, by family."""

CONVERT = (
    "pickled weights can run code and are not loaded; if you trust them, convert them once by "
    "AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(NEW) of transformers, and copy "
    "the files of the tokeniser"
)


def learner_of(model: str) -> dict[str, Any]:
    """Return the learner of a folder or hub name: the project's own decoder where it knows it.

    Raises:
        DataError: no safetensors in a folder, no config, or a name that cannot be reached.
    """
    folder = folder_on_disk(model)
    if folder is not None and not any(folder.glob("*.safetensors")):
        pickled = sorted(f.name for end in ("*.bin", "*.pt", "*.pth") for f in folder.glob(end))
        weights = f"{pickled[0]}, but no safetensors" if pickled else "no safetensors"
        raise DataError(
            f"{model} holds {weights}; "
            f"{CONVERT if pickled else 'expected the folder of a saved causal language model'}"
        )
    fast: dict[str, Any] = {"kind": "transformer", "base": model}
    large = {"training": dict(FEW_BLOCKS)} if weight_bytes(model) >= LARGE else {}
    try:
        build("learner", fast).decoder()
    except SpecError:
        return {"kind": "hugging_face", "base": model, **large}
    return fast | large


WORK = 7 * 10**10
"""Bytes of weights times training blocks of a study of five generations in an hour or less.

SmolLM2-135M in bfloat16 took 12 minutes for 640 blocks, each a step's share, on two busy cores;
130 blocks in two epochs are 260, and float32 is half as fast.
"""

FEWEST_BLOCKS = 32

LARGE = 10**8
"""Bytes of weights from which on there are few blocks, and `FineTuning` would take one step."""

FEW_BLOCKS = {"epochs": 2, "batch": 16, "learning_rate": 1e-4}
"""The training of a large model on them."""


def weight_bytes(model: str) -> int:
    """Return the size of a model's weights, 0 for none and for a name on the hub, not looked at."""
    folder = folder_on_disk(model) if model else None
    files = () if folder is None else folder.glob("*.safetensors")
    return sum(file.stat().st_size for file in files)


def blocks_in_an_hour(size: int, most: int) -> int:
    """Return how many training blocks suit a model of so many bytes, `most` at most."""
    return max(FEWEST_BLOCKS, min(most, WORK // max(size, 1)))


def with_overrides(learner: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Return the learner of a base, of the kind that overrides ask for, still with that base.

    Raises:
        SpecError: overrides that leave the base out.
    """
    base = learner["base"]
    changed = overridden({"learner": learner}, overrides)["learner"]
    kind = changed.get("kind") if isinstance(changed, Mapping) else changed
    if isinstance(kind, str) and kind != learner["kind"]:
        cls: Any = find_class("learner", kind, "learner")
        based = "base" in {field.name for field in fields(cls)}
        learner = {"kind": kind, "base": base} if based else learner
        changed = overridden({"learner": learner}, overrides)["learner"]
    if not isinstance(changed, Mapping) or changed.get("base") != base:
        raise SpecError(
            f"the model {base} would be left out: the overrides make the learner {changed!r}; "
            "change its fields, such as learner.kind=hugging_face, or give no model"
        )
    return dict(learner)


def config_of(model: str) -> Mapping[str, Any]:
    """Return the config.json of a folder, or of the folder that its adapter is for.

    Nothing of a hub name, which says so when it is read.
    """
    config = _beside(model, "config.json")
    adapter = {} if config else _beside(model, "adapter_config.json")
    below = adapter.get("base_model_name_or_path")
    return _beside(below, "config.json") if isinstance(below, str) else config


def _beside(base: str, name: str) -> Mapping[str, Any]:
    folder = folder_on_disk(base)
    return {} if folder is None else _object(folder / name)


def _object(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is no JSON ({parsing_reason(error)}); copy the model again"
        ) from None
    return content if isinstance(content, Mapping) else {}


def longest(config: Mapping[str, Any]) -> int | None:
    """Return the longest row of tokens of a model, where its config sets a limit."""
    named = (config.get(key) for key in POSITIONS)
    # XLNet says -1.
    return next((n for n in named if isinstance(n, int) and n > 0), None)


def places(sampler: Sampler, block: int, before: int = 0) -> int:
    """Return the places that a prompt and what is written after it take, the last token without.

    before: tokens that the model's tokeniser puts before a block, 0 or 1; other prompts begin by an
    end token, in whose place it stands. 0 for a sampler that has no prompts.
    """
    if not isinstance(sampler, Decoding):
        return 0
    prompts = sampler.prompts
    tokens = {"blocks": prompts.tokens or block, "starts": prompts.tokens + 1, "none": 1}
    more = before if prompts.kind == "blocks" else 0
    return min(tokens[prompts.kind], block) + more + sampler.max_new - 1


def check_places(sampler: Sampler, block: int, before: int, positions: int | None) -> None:
    """Refuse texts that have no place in the model, which would only show after the first fit.

    Raises:
        SpecError: a prompt and what is written after it are longer than a row of the model.
    """
    need = places(sampler, block, before)
    if isinstance(positions, int) and need > positions:
        raise SpecError(
            f"a prompt and the tokens written after it need {need} positions and the model has "
            f"{positions}; lower sampler.max_new (and min_new) or reality.block"
        )
