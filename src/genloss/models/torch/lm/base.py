"""A base as transformers loads it, with the adapter that its folder holds, or refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from genloss.core.arrays import Array
from genloss.core.bases import folder_on_disk
from genloss.errors import DataError, MissingExtra, SpecError
from genloss.models.torch.lm.adapters import merge_adapter
from genloss.models.torch.lm.checkpoint import ADAPTER, CONFIG
from genloss.models.torch.lm.hub import (
    ADAPTER_WEIGHTS,
    MERGE,
    SAFETENSORS,
    below,
    folder_of,
    offline,
    weights_of,
)
from genloss.models.torch.lm.modules import seeded, transformers, without_bars
from genloss.models.torch.lm.tensors import check_finite

NO_ADAPTER = {"subfolder": "none"}
"""Where transformers is told to look for an adapter, so that it finds none."""


def config_of(base: str, revision: str, config: Mapping[str, Any], remote_code: bool) -> Any:
    """Return the configuration of a base model, or the one that is written out.

    Raises:
        SpecError: a config that transformers does not know.
        DataError: a base that cannot be read, or whose weights are quantised.
    """
    auto = transformers().AutoConfig
    if not base:
        try:
            return auto.for_model(**config)
        except (ValueError, TypeError) as error:
            raise SpecError(
                f"hugging_face: config {dict(config)} is refused ({_first(error)}); expected a "
                "model_type of transformers and its sizes"
            ) from error
    local = folder_on_disk(base)
    if local is not None and (of := below(local)):
        return config_of(str(_weights_below(local, *of)), "", {}, remote_code)
    where = {"revision": revision or "main", "trust_remote_code": remote_code}
    try:
        loaded = auto.from_pretrained(place(base), **where)
    except (OSError, ValueError) as error:
        unknown = local is None and "trust_remote_code" not in str(error)
        if unknown and below(folder := folder_of(base, revision)):
            return config_of(str(folder), "", {}, remote_code)
        raise _unread(base, error, remote_code) from error
    if getattr(loaded, "quantization_config", None) is not None:
        raise DataError(
            f"{base} holds quantised weights (quantization_config in {CONFIG}), which cannot be "
            "trained; give the model that they were made from"
        )
    return loaded


def module_of(base: str, revision: str, config: Any, remote_code: bool) -> Any:
    """Return the pretrained model of a base, float32, its adapter merged; safetensors only.

    Raises:
        DataError: a base that cannot be read, is gated or out of reach, has no safetensors, lacks
            parameters or holds some that are not finite; an adapter that cannot be merged.
        MissingExtra: an adapter without peft, a format of weights without its package.
    """
    folder = weights_of(base, revision)
    of = below(folder)
    name, version = of or (base, revision)
    plain = _weights_below(folder, name, version) if of else folder
    # By name, transformers would ask a service to convert what is pickled, and take that instead
    # of the revision. Code that comes along is found by name only, and nothing is converted then.
    module = _loaded(place(name) if remote_code else str(plain), name, version, config, remote_code)
    if (folder / ADAPTER).exists():
        trained = {k for k, p in _empty(config, remote_code).named_parameters() if p.requires_grad}
        _check_adapter(folder)
        merge_adapter(module, folder)
        for key, value in module.named_parameters():
            value.requires_grad_(key in trained)
    for key, value in module.named_parameters():
        check_finite(base, key, value)
    return module


def fresh_module(config: Any, seed: int, remote_code: bool) -> Any:
    """Return a model with random weights, float32, that are a function of the seed."""
    with seeded(torch.device("cpu"), seed):
        auto = transformers().AutoModelForCausalLM
        return auto.from_config(config, trust_remote_code=remote_code, dtype=torch.float32)


def n_parameters(config: Any, remote_code: bool) -> int:
    """Return how many parameters a model of this configuration has; allocates none of them."""
    return sum(p.numel() for p in _empty(config, remote_code).parameters())


def stored(module: Any) -> dict[str, Tensor]:
    """Return what tells a model from another of its config: parameters and persistent buffers.

    Beside a frozen base, the adapters alone.
    """
    named = dict(module.named_parameters())
    if getattr(module, "peft_config", None):
        return {name: p for name, p in named.items() if p.requires_grad}
    lasting = module.state_dict()
    return named | {name: b for name, b in module.named_buffers() if name in lasting}


def fit_to(module: Any, state: Mapping[str, Array]) -> None:
    """Make a new model of a config the one that a state (C, ...) is of.

    Parameters that the config ties, and the state does not, come apart; what is not trained, and
    all chains share, is taken over.
    """
    shared = dict(module.named_parameters(remove_duplicate=False))
    for name in sorted(shared.keys() & state.keys() - stored(module).keys()):
        holder, _, last = name.rpartition(".")
        own = nn.Parameter(shared[name].detach().clone(), shared[name].requires_grad)
        setattr(module.get_submodule(holder), last, own)
    with torch.no_grad():
        for name, value in stored(module).items():
            if name in state and not value.requires_grad and state[name].shape[1:] == value.shape:
                value.copy_(torch.from_numpy(state[name][0].copy()))


def place(base: str) -> str:
    """Return the path of a base on this machine, or a hub name as it is."""
    local = folder_on_disk(base)
    return base if local is None else str(local)


def _empty(config: Any, remote_code: bool) -> Any:
    auto = transformers().AutoModelForCausalLM
    with torch.device("meta"):
        return auto.from_config(config, trust_remote_code=remote_code)


def _loaded(where: str, base: str, revision: str, config: Any, remote_code: bool) -> Any:
    """Return the model without an adapter, which comes later: its report hides the base's."""
    auto = transformers().AutoModelForCausalLM
    try:
        with without_bars():
            module, report = auto.from_pretrained(
                where,
                config=config,
                revision=revision or "main",
                use_safetensors=True,
                trust_remote_code=remote_code,
                dtype=torch.float32,
                adapter_kwargs=NO_ADAPTER,
                output_loading_info=True,
            )
    except SafetensorError as error:
        raise DataError(f"{base} cannot be read ({_first(error)}); copy it again") from error
    except ImportError as error:
        raise MissingExtra(f"{base} needs a package that is not here ({_first(error)})") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise _unread(base, error, remote_code) from error
    missing = sorted({name for name, _ in module.named_parameters()} & set(report["missing_keys"]))
    if missing:
        raise DataError(
            f"{base}: the weights lack parameter {missing[0]}"
            f"{f' and {len(missing) - 1} more' if missing[1:] else ''}, which transformers would "
            f"draw at random; is {CONFIG} that of these weights?"
        )
    return module


def _weights_below(folder: Path, name: str, revision: str) -> Path:
    """Return the folder of the base that an adapter alone is for."""
    try:
        plain = weights_of(name, revision)
    except DataError as error:
        raise DataError(
            f"{folder} holds an adapter alone, and its base cannot be read: {error}; correct "
            f"base_model_name_or_path in its {ADAPTER}, or {MERGE}"
        ) from error
    if (plain / ADAPTER).exists():
        raise DataError(
            f"{folder} holds an adapter of {name}, which holds an adapter too, and transformers "
            f"applies one of them alone; {MERGE}"
        )
    return plain


def _check_adapter(folder: Path) -> None:
    if not (folder / ADAPTER_WEIGHTS).exists():
        raise DataError(f"{folder} holds {ADAPTER} but no {ADAPTER_WEIGHTS}; {MERGE}")


def _unread(base: str, error: Exception, remote_code: bool) -> DataError:
    reason = str(error)
    if "trust_remote_code" in reason and not remote_code:
        why = "it brings code of its own; set remote_code = true if you trust it"
    elif "safetensors" in reason:
        why = SAFETENSORS
    elif "gated" in reason:
        why = "it is gated; accept its terms on its page, then log in with 'hf auth login'"
    elif isinstance(error, RuntimeError):
        why = f"is {CONFIG} that of these weights?"
    else:
        why = f"check the name; {offline()}"
    return DataError(f"{base} cannot be loaded ({_first(error)}); {why}")


def _first(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160]
