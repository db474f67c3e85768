"""Checkpoints in the format of Hugging Face: config.json and safetensors alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save_file
from safetensors.torch import load_file
from torch import Tensor

from genloss.core.arrays import Array
from genloss.errors import DataError, SpecError
from genloss.models.torch.lm.decoder import ACTIVATIONS, USUAL, Decoder
from genloss.models.torch.lm.families import FAMILIES

CONFIG, WEIGHTS = "config.json", "model.safetensors"
TOKENISER, TOKENISER_CONFIG = "tokenizer.json", "tokenizer_config.json"
INDEX = f"{WEIGHTS}.index.json"

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

BUFFERS = (".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq")
"""Constants that old checkpoints carry along."""


@runtime_checkable
class Written(Protocol):
    """A tokeniser that can be written down."""

    def to_json(self) -> str:
        """Return the text of a tokenizer.json."""
        ...


def from_config(config: Mapping[str, Any]) -> Decoder:
    """Return the decoder that a config.json describes.

    Raises:
        SpecError: another architecture, or a variant that this decoder does not know.
    """
    family = config.get("model_type")
    if family not in [*FAMILIES]:
        raise SpecError(
            f"config: model_type is {family!r}; expected one of {[*FAMILIES]}; other models go "
            "through transformers"
        )
    for key, value in ONLY[family].items():
        if config.get(key, value) != value:
            raise SpecError(f"config: {key} is {config[key]!r}; only {value!r} is supported here")
    found = {name: config.get(key) for name, key in FIELDS[family].items()}
    known = {name: value for name, value in found.items() if value is not None}
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
    return Decoder(family, tied=tied, end=_end(config), **known)


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


def _end(config: Mapping[str, Any]) -> int:
    end = config.get("eos_token_id")
    if isinstance(end, list) and len(end) == 1:
        end = end[0]
    if not isinstance(end, int):
        raise SpecError(f"config: eos_token_id is {end!r}; expected one token")
    return end


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


def load_checkpoint(folder: Path) -> tuple[Decoder, dict[str, Array]]:
    """Return the decoder of a folder and its parameters by name, float32.

    Raises:
        DataError: no config.json or safetensors, a broken file, or parameters of another shape.
        SpecError: an architecture that this decoder does not know.
    """
    folder = Path(folder)
    decoder = from_config(_json(folder / CONFIG, "a model has one beside its weights"))
    stored = _renamed(decoder, _tensors(folder))
    out = {}
    for name, shape in decoder.shapes.items():
        if name not in stored or tuple(stored[name].shape) != shape:
            found = tuple(stored[name].shape) if name in stored else "nothing"
            raise DataError(
                f"{folder}: parameter {name} has {found}; expected shape {shape}: the weights do "
                f"not belong to {CONFIG}"
            )
        out[name] = stored[name].float().numpy()
    return decoder, out


def save_checkpoint(folder: Path, decoder: Decoder, parameters: Mapping[str, Array]) -> None:
    """Write config.json and model.safetensors, which transformers' AutoModelForCausalLM loads."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    named = {name: np.ascontiguousarray(parameters[name]) for name in decoder.shapes}
    save_file(named, folder / WEIGHTS, metadata={"format": "pt"})
    _write(folder / CONFIG, config_of(decoder))


def save_tokeniser(folder: Path, text: str, end: int) -> None:
    """Write a tokeniser beside its model, as transformers' AutoTokenizer loads it.

    text: a tokenizer.json; end: the token that begins and ends a document.

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
    ends = dict.fromkeys(("bos_token", "eos_token"), names[end])
    _write(folder / TOKENISER_CONFIG, {"tokenizer_class": "PreTrainedTokenizerFast", **ends})


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _json(path: Path, why: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; {why}") from None
    except ValueError as error:
        raise DataError(f"{path} is no JSON ({error}); copy the model again") from None
    return found


def _tensors(folder: Path) -> dict[str, Tensor]:
    """Return every tensor in the safetensors of a folder, one file or several."""
    files = [WEIGHTS]
    if not (folder / WEIGHTS).exists():
        if not (folder / INDEX).exists():
            raise DataError(_without_safetensors(folder))
        files = sorted(set(_json(folder / INDEX, "")["weight_map"].values()))
    out: dict[str, Tensor] = {}
    for name in files:
        try:
            out |= load_file(folder / Path(name).name)
        except (OSError, SafetensorError) as error:
            raise DataError(f"{folder / name} cannot be read ({error}); copy it again") from None
    return out


def _without_safetensors(folder: Path) -> str:
    pickled = sorted(path.name for path in folder.glob("*.bin"))
    if not pickled:
        return f"{folder} holds no {WEIGHTS}; expected the folder of a saved model"
    return (
        f"{folder} holds {pickled[0]} but no {WEIGHTS}; pickled weights can run code and are not "
        'loaded; if you trust them, convert once: python -c "from transformers import '
        "AutoModelForCausalLM as M; M.from_pretrained('FOLDER').save_pretrained('NEW')\""
    )


def _renamed(decoder: Decoder, stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return parameters with the family's prefix, without constants and a tied head."""
    prefix, out = FAMILIES[decoder.family].prefix, {}
    for name, value in stored.items():
        if name.endswith(BUFFERS) or (decoder.tied and name == "lm_head.weight"):
            continue
        bare = name.startswith((prefix, "lm_head."))
        out[name if bare else prefix + name] = value
    strange = sorted(set(out) - set(decoder.shapes))
    if strange:
        raise DataError(
            f"the weights hold {strange[0]} and {len(strange) - 1} more that no "
            f"{decoder.family} decoder of this config has; is {CONFIG} that of these weights?"
        )
    return out
