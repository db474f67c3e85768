"""A GGUF file becomes a folder of safetensors, once: transformers reads it, we write it."""

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from genloss.core.bases import GGUF, ORIGIN, Origin
from genloss.core.extras import optional
from genloss.core.places import digest_of, regular_file
from genloss.core.resources import check_room
from genloss.errors import DataError, GenlossError, SpecError
from genloss.models.torch.lm.checkpoint import (
    TOKENISER_CONFIG,
    from_config,
    save_checkpoint,
    save_tokeniser,
)
from genloss.models.torch.lm.modules import transformers
from genloss.models.torch.lm.tensors import WEIGHTS, check_finite, read_json
from genloss.store.files import new_folder

T = TypeVar("T")

MAGIC = b"GGUF"

QUANTISED = "quantization_config"
"""What a config says of the file; the weights are float32 by then."""

ROOM = 12
"""Bytes per parameter that a conversion takes: the model, what it is read from, what is written."""


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of itself."""

    title: str
    licence: str
    architecture: str
    quantisation: str
    parameters: int


def converted(file: Path, to: Path, end: str = "", weights: str = "") -> None:
    """Write the model and the tokeniser of a GGUF file into a new folder, float32, whole or not.

    end: the token that ends a document; empty: the file's own. weights: SHA-256 that the
    safetensors must have, where it is known. An origin.json says where they came from.

    Raises:
        DataError: no GGUF file, a broken one, an architecture or quantisation that transformers
            does not read, no such end token, weights that are not finite or others than
            those that are known.
        MissingExtra: gguf is not installed.
        ResourceError: too little memory.
    """
    header = header_of(file)
    check_room(
        ROOM * header.parameters,
        f"{header.parameters / 1e6:,.0f} million parameters of {file.name}",
        "close what else runs here, or take a smaller model",
    )
    where = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    tokeniser = _read(file, header, lambda: transformers().AutoTokenizer.from_pretrained(**where))
    auto = transformers().AutoModelForCausalLM
    module = _read(file, header, lambda: auto.from_pretrained(**where))
    names = tokeniser.get_vocab()
    end = end or str(tokeniser.eos_token)
    if end not in names:
        raise DataError(f"{file}: none of its {len(names)} tokens is {end!r}, to end a document")
    for name, value in module.named_parameters():
        check_finite(file.name, name, value)
    to.parent.mkdir(parents=True, exist_ok=True)
    with new_folder(to) as folder:
        _save(folder, module, names[end])
        save_tokeniser(folder, tokeniser.backend_tokenizer.to_str(), names[end])
        if tokeniser.chat_template:
            settings = read_json(folder / TOKENISER_CONFIG, "")
            settings["chat_template"] = tokeniser.chat_template
            text = json.dumps(settings, indent=2, sort_keys=True) + "\n"
            (folder / TOKENISER_CONFIG).write_text(text, encoding="utf-8")
        origin = Origin(
            folder,
            file.name,
            digest_of(file),
            **asdict(header),
            end=end,
            chat=bool(tokeniser.chat_template),
            made_by={name: version(name) for name in MAKERS},
            files={path.name: digest_of(path) for path in sorted(folder.iterdir())},
            sizes={path.name: path.stat().st_size for path in sorted(folder.iterdir())},
        )
        _check_weights(origin, weights)
        (folder / ORIGIN).write_text(origin.to_json(), encoding="utf-8")


def header_of(file: Path) -> Header:
    """Return what a GGUF file says of itself; reads none of its weights.

    Raises:
        DataError: no GGUF file, or a broken one.
        MissingExtra: gguf is not installed.
    """
    with open(regular_file(file), "rb") as content:
        first = content.read(len(MAGIC))
    if first != MAGIC:
        raise DataError(f"{file} is no GGUF file: it begins with {first!r}; check the path")
    gguf = optional("gguf", f"a {GGUF} file")
    # It raises whatever it stumbles over where a file is cut off or of a type it does not know.
    try:
        reader = gguf.GGUFReader(file)
        said = {key: reader.fields[key].contents() for key in KEYS if key in reader.fields}
        kinds = {tensor.tensor_type.name for tensor in reader.tensors}
        n = sum(int(tensor.n_elements) for tensor in reader.tensors)
    except Exception as error:
        raise DataError(
            f"{file} cannot be read as GGUF ({type(error).__name__}: {_first(error)}); it is cut "
            "off, or of a newer kind; get it again, or another conversion of the model"
        ) from error
    title, licence, architecture = (str(said.get(key, "unknown")) for key in KEYS)
    return Header(title, licence, architecture, ", ".join(sorted(kinds)), n)


MAKERS = ("transformers", "gguf", "tokenizers")
"""Packages that decide what a file becomes."""

KEYS = ("general.name", "general.license", "general.architecture")


def _read(file: Path, header: Header, load: Callable[[], T]) -> T:
    """Return what transformers makes of a file, without its bars."""
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return load()
    except GenlossError:
        raise
    # Unknown architectures, unknown quantisations and missing tensors all look different.
    except Exception as error:
        raise DataError(
            f"{file}: transformers {version('transformers')} does not read this model, of "
            f"architecture {header.architecture!r} with tensors of {header.quantisation} "
            f"({_first(error)}); give another conversion of it, or its safetensors"
        ) from error


def _save(folder: Path, module: Any, end: int) -> None:
    """Write config and weights: in our own words where our decoder knows the family."""
    config = module.config.to_dict()
    del config[QUANTISED]
    try:
        decoder = from_config(config, end)
        weights = {name: p.detach().numpy() for name, p in module.named_parameters()}
        save_checkpoint(folder, decoder, weights)
    except SpecError:
        del module.config.quantization_config
        module.config.eos_token_id = end
        module.save_pretrained(folder)


def _check_weights(origin: Origin, expected: str) -> None:
    actual = origin.files.get(WEIGHTS, "")
    if expected and actual != expected:
        raise DataError(
            f"{origin.source}: the weights that {dict(origin.made_by)} read have SHA-256 {actual}, "
            f"expected {expected}; one of these packages reads the file wrongly: take the versions "
            "in genloss's constraints.txt"
        )


def _first(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160]
