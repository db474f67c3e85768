"""The tensors of a saved model, under the names of its family, tied as transformers ties them."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from genloss.core.parsing import parsing_reason
from genloss.core.resources import MEMORY
from genloss.errors import DataError, ResourceError
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.families import FAMILIES
from genloss.models.torch.memory import lacks_memory

WEIGHTS = "model.safetensors"
INDEX = f"{WEIGHTS}.index.json"

HEAD = "lm_head.weight"
"""The last layer, where it is not the table of tokens."""

BUFFERS = (".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq")
"""Constants that old checkpoints carry along."""


def read_json(path: Path, why: str) -> dict[str, Any]:
    """Return the object in a file; raises DataError where there is none, and says why one is."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; {why}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is no JSON ({parsing_reason(error)}); copy the model again"
        ) from None
    return content


def tensors_of(folder: Path, names: Collection[str] | None = None) -> dict[str, Tensor]:
    """Return the tensors in the safetensors of a folder, one file or several; None: all of them.

    Raises:
        DataError: no safetensors, or a broken file.
    """
    out: dict[str, Tensor] = {}
    for path in _files(folder):
        with _opened(path) as file:
            wanted = [name for name in file.keys() if names is None or name in names]  # noqa: SIM118
            out |= {name: file.get_tensor(name) for name in wanted}
    return out


def names_of(folder: Path) -> set[str]:
    """Return the names of all tensors in the safetensors of a folder; reads none of them."""
    out: set[str] = set()
    for path in _files(folder):
        with _opened(path) as file:
            out |= set(file.keys())
    return out


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file of safetensors.

    Raises:
        DataError: it is broken.
        ResourceError: too little memory for it.
    """
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path} cannot be read ({error}); copy it again") from None
    except (RuntimeError, MemoryError) as error:
        short = isinstance(error, MemoryError) or lacks_memory(error)
        if not short and "cannot allocate memory" not in str(error).lower():
            raise
        raise ResourceError(
            f"{path}: too little memory is left to read its {path.stat().st_size / 1e6:,.0f} MB; "
            "end other programs, allow more (ulimit -v), or take a smaller model",
            MEMORY,
        ) from None


def named(decoder: Decoder, stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with the family's prefix, without constants."""
    prefix = FAMILIES[decoder.family].prefix
    return {
        name if name.startswith((prefix, "lm_head.")) else prefix + name: value
        for name, value in stored.items()
        if not name.endswith(BUFFERS)
    }


def headed(decoder: Decoder, stored: Mapping[str, Tensor]) -> tuple[Decoder, dict[str, Tensor]]:
    """Return a decoder tied as its tensors are, and the tensors without a head that is no other.

    A config that says tied is wrong where both the table of tokens and the head are there and
    differ, as merges of adapters leave them; where one of them is there, it is both.
    """
    out, table = dict(stored), next(iter(decoder.shapes))
    if not decoder.tied or HEAD not in out:
        return decoder, out
    if table in out and not torch.equal(out[table], out[HEAD]):
        return replace(decoder, tied=False), out
    out[table] = out.pop(HEAD)
    return decoder, out


def check_finite(model: str, name: str, value: Tensor) -> None:
    """Raise DataError for weights of which some are NaN or infinite."""
    # One reading without a mask; a sum may overflow although no entry did.
    if torch.isfinite(value.sum()):
        return
    bad = ~torch.isfinite(value)
    if bad.any():
        raise DataError(
            f"{model}: {name} holds NaN or infinity in {int(bad.sum())} of {bad.numel()} entries, "
            "before any training; take another copy or conversion of this model"
        )


def _files(folder: Path) -> list[Path]:
    if (folder / WEIGHTS).exists():
        return [folder / WEIGHTS]
    if not (folder / INDEX).exists():
        raise DataError(_without_safetensors(folder))
    return [folder / Path(name).name for name in _shards(folder)]


def _shards(folder: Path) -> list[str]:
    return sorted(set(read_json(folder / INDEX, "")["weight_map"].values()))


def _without_safetensors(folder: Path) -> str:
    pickled = sorted(path.name for path in folder.glob("*.bin"))
    if not pickled:
        return f"{folder} holds no {WEIGHTS}; expected the folder of a saved model"
    return (
        f"{folder} holds {pickled[0]} but no {WEIGHTS}; pickled weights can run code and are not "
        'loaded; if you trust them, convert once: python -c "from transformers import '
        "AutoModelForCausalLM as M; M.from_pretrained('FOLDER').save_pretrained('NEW')\""
    )
