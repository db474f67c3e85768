"""Checkpoints in the format of Hugging Face: config.json and safetensors alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from safetensors.numpy import save_file

from genloss.core.arrays import Array
from genloss.core.samples import NO_TOKEN
from genloss.errors import DataError, SpecError
from genloss.models.torch.lm.decoder import ACTIVATIONS, USUAL, Decoder
from genloss.models.torch.lm.families import FAMILIES
from genloss.models.torch.lm.tensors import (
    HEAD,
    WEIGHTS,
    check_finite,
    headed,
    named,
    names_of,
    read_json,
    tensors_of,
)

CONFIG, ADAPTER = "config.json", "adapter_config.json"
TOKENISER, TOKENISER_CONFIG = "tokenizer.json", "tokenizer_config.json"

FIELDS: dict[str, dict[str, str]] = {
    "opt": {
        "vocabulary": "vocab_size",
        "width": "hidden_size",
        "layers": "num_hidden_layers",
        "heads": "num_attention_heads",
        "feed_forward": "ffn_dim",
        "positions": "max_position_embeddings",
        "activation": "activation_function",
        "dropout": "dropout",
    },
    "gpt2": {
        "vocabulary": "vocab_size",
        "width": "n_embd",
        "layers": "n_layer",
        "heads": "n_head",
        "feed_forward": "n_inner",
        "positions": "n_positions",
        "activation": "activation_function",
        "eps": "layer_norm_epsilon",
        "dropout": "resid_pdrop",
    },
    "llama": {
        "vocabulary": "vocab_size",
        "width": "hidden_size",
        "layers": "num_hidden_layers",
        "heads": "num_attention_heads",
        "kv_heads": "num_key_value_heads",
        "head_width": "head_dim",
        "feed_forward": "intermediate_size",
        "positions": "max_position_embeddings",
        "activation": "hidden_act",
        "eps": "rms_norm_eps",
    },
}
"""Field of a Decoder -> key of a config."""

SIZES = ("vocabulary", "width", "layers", "heads", "positions", "feed_forward")
"""What every config must say; only GPT-2's may leave the last one out."""

ONLY: dict[str, dict[str, Any]] = {
    "opt": {
        "do_layer_norm_before": True,
        "_remove_final_layer_norm": False,
        "enable_bias": True,
        "layer_norm_elementwise_affine": True,
    },
    "gpt2": {
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "reorder_and_upcast_attn": False,
        "add_cross_attention": False,
    },
    "llama": {"attention_bias": False, "mlp_bias": False},
}
"""Keys that change the network, with the one value that this decoder knows."""

SYNONYMS = {"gelu_pytorch_tanh": "gelu_new", "gelu_fast": "gelu_new", "swish": "silu"}

FOREIGN = ("quantization_config", "transformers_weights")
"""Keys by which the weights are others than those of the file, which transformers alone reads."""


@runtime_checkable
class Written(Protocol):
    """A tokeniser that can be written down."""

    def to_json(self) -> str:
        """Return the text of a tokenizer.json."""
        ...


def from_config(config: Mapping[str, Any], end: int | None = None) -> Decoder:
    """Return the decoder that a config.json describes.

    end: the token that ends a document; None takes the config's, the first of several.

    Raises:
        SpecError: another architecture, or a variant that this decoder does not know.
    """
    family = config.get("model_type")
    if family not in [*FAMILIES]:
        raise SpecError(
            f"config: model_type is {family!r}; expected one of {[*FAMILIES]}; other models go "
            "through transformers"
        )
    for key in FOREIGN:
        if config.get(key) is not None:
            raise SpecError(f"config: {key} is set, which is not supported here")
    for key, value in ONLY[family].items():
        if config.get(key, value) != value:
            raise SpecError(f"config: {key} is {config[key]!r}; only {value!r} is supported here")
    fields = {name: config.get(key) for name, key in FIELDS[family].items()}
    known = {name: value for name, value in fields.items() if value is not None}
    if "activation" in known:
        name = str(known["activation"])
        known["activation"] = SYNONYMS.get(name, name)
        if known["activation"] not in ACTIVATIONS:
            raise SpecError(
                f"config: {FIELDS[family]['activation']} is {known['activation']!r}; expected one "
                f"of {[*ACTIVATIONS]}"
            )
    needed = SIZES[:-1] if family == "gpt2" else SIZES
    missing = [FIELDS[family][n] for n in needed if n not in known]
    if missing:
        raise SpecError(f"config: {', '.join(missing)} missing; is this a config.json of {family}?")
    known |= _special(family, config, known)
    tied = config.get("tie_word_embeddings", family != "llama")
    if end is None and not ends_in(config):
        raise SpecError(
            f"config: eos_token_id is {config.get('eos_token_id')!r}; expected a token, or several"
        )
    end = ends_in(config)[0] if end is None else end
    return Decoder(family, tied=tied, end=end, **known)


def _special(family: str, config: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a family's config says in a way of its own."""
    width = known["width"]
    if family == "opt" and config.get("word_embed_proj_dim", width) != width:
        raise SpecError(
            f"config: word_embed_proj_dim is {config['word_embed_proj_dim']}; only hidden_size = "
            f"{width} is supported here"
        )
    if family == "gpt2":
        return {"feed_forward": known.get("feed_forward", 4 * width)}
    if family == "opt":
        return {}
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise SpecError(f"config: rope_type is {kind!r}; only 'default' is supported here")
    usual = known.get("head_width") == width // known["heads"]
    return {
        "eps": known.get("eps", 1e-6),
        "theta": float(rope.get("rope_theta", config.get("rope_theta", 10_000.0))),
        "head_width": 0 if usual else known.get("head_width", 0),
        "kv_heads": 0 if known.get("kv_heads") == known["heads"] else known.get("kv_heads", 0),
    }


def ends_in(config: Mapping[str, Any]) -> list[int]:
    """Return the tokens that a config.json calls ends: none, one or several."""
    end = config.get("eos_token_id")
    return [t for t in (end if isinstance(end, list) else [end]) if isinstance(t, int)]


def config_of(decoder: Decoder) -> dict[str, Any]:
    """Return the config.json of a decoder, as transformers reads it."""
    family, end = decoder.family, decoder.end
    named = {key: getattr(decoder, name) for name, key in FIELDS[family].items()}
    out = named | {
        "model_type": family,
        "architectures": [{"opt": "OPT", "gpt2": "GPT2", "llama": "Llama"}[family]],
        "tie_word_embeddings": decoder.tied,
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": None,
        "dtype": "float32",
        **ONLY[family],
    }
    out["architectures"] = [
        out["architectures"][0] + ("LMHeadModel" if family == "gpt2" else "ForCausalLM")
    ]
    out[FIELDS[family]["activation"]] = decoder.activation or USUAL[family]
    if family == "opt":
        out["word_embed_proj_dim"] = decoder.width
    if family == "gpt2":
        out |= {"embd_pdrop": decoder.dropout, "attn_pdrop": decoder.dropout}
    if family == "llama":
        rope = {"rope_type": "default", "rope_theta": decoder.theta}
        own = {"num_key_value_heads": decoder.few_heads, "head_dim": decoder.size}
        out |= {"rope_parameters": rope, "rope_theta": decoder.theta, **own}
    return out


def read_config(folder: Path) -> dict[str, Any]:
    """Return the config.json of a folder.

    Raises:
        DataError: none, or no JSON.
        SpecError: an adapter, beside the model or alone.
    """
    if (folder / ADAPTER).exists():
        raise SpecError(
            f"{folder} holds an adapter ({ADAPTER}), which this decoder does not apply; "
            "kind = 'hugging_face' does"
        )
    return read_json(folder / CONFIG, "a model has one beside its weights")


def load_decoder(folder: Path, end: int | None = None) -> Decoder:
    """Return the decoder of a folder; the weights say whether its head is one of its own.

    end: the token that ends a document; None takes the config's, the first of several.

    Raises:
        DataError, SpecError: as `load_checkpoint`, as far as config and names of parameters tell.
    """
    folder = Path(folder)
    decoder = from_config(read_config(folder), end)
    table = next(iter(decoder.shapes))
    names = names_of(folder)
    both = {HEAD, table, table.removeprefix(FAMILIES[decoder.family].prefix)}
    read = tensors_of(folder, both) if HEAD in names else {}
    return headed(decoder, named(decoder, read))[0]


def load_checkpoint(folder: Path, end: int | None = None) -> tuple[Decoder, dict[str, Array]]:
    """Return the decoder of a folder and its parameters by name, float32.

    end: the token that ends a document; None takes the config's, the first of several.

    Raises:
        DataError: no config.json or safetensors, a broken file, parameters of another shape, or
            some that are not finite.
        SpecError: an architecture that this decoder does not know, or an adapter.
    """
    folder = Path(folder)
    decoder = from_config(read_config(folder), end)
    decoder, stored = headed(decoder, named(decoder, tensors_of(folder)))
    strange = sorted(set(stored) - set(decoder.shapes))
    if strange:
        raise DataError(
            f"{folder}: the weights hold {strange[0]} and {len(strange) - 1} more that no "
            f"{decoder.family} decoder of this config has; is {CONFIG} that of these weights?"
        )
    out = {}
    for name, shape in decoder.shapes.items():
        if name not in stored or tuple(stored[name].shape) != shape:
            actual = tuple(stored[name].shape) if name in stored else "nothing"
            raise DataError(
                f"{folder}: parameter {name} has {actual}; expected shape {shape}: the weights do "
                f"not belong to {CONFIG}"
            )
        if not stored[name].is_floating_point():
            raise DataError(
                f"{folder}: parameter {name} is of type {stored[name].dtype}; expected floating "
                "point; give the model that these quantised weights were made from"
            )
        check_finite(str(folder), name, stored[name])
        out[name] = stored[name].float().numpy()
    return decoder, out


def save_checkpoint(folder: Path, decoder: Decoder, parameters: Mapping[str, Array]) -> None:
    """Write config.json and model.safetensors, which transformers' AutoModelForCausalLM loads."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    named = {name: np.ascontiguousarray(parameters[name]) for name in decoder.shapes}
    save_file(named, folder / WEIGHTS, metadata={"format": "pt"})
    _write(folder / CONFIG, config_of(decoder))


def save_tokeniser(folder: Path, text: str, end: int, begin: int = NO_TOKEN) -> None:
    """Write a tokeniser beside its model, as transformers' AutoTokenizer loads it.

    text: a tokenizer.json; end: the token that ends a document; begin: the one that the tokeniser
    puts before a text, NO_TOKEN where it puts none.

    Raises:
        DataError: a text that does not name that token.
    """
    held = json.loads(text)
    names = {token: name for name, token in dict(held["model"]["vocab"]).items()}
    names |= {added["id"]: added["content"] for added in held["added_tokens"]}
    if end not in names:
        raise DataError(f"the tokeniser has {len(names)} entries, and the end token {end} is none")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TOKENISER).write_text(text, encoding="utf-8")
    ends = {"bos_token": names.get(begin, names[end]), "eos_token": names[end]}
    _write(folder / TOKENISER_CONFIG, {"tokenizer_class": "PreTrainedTokenizerFast", **ends})


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
