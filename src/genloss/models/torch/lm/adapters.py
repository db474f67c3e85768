"""Low-rank adapters (Hu et al. 2021) through peft: a frozen base, a few learned numbers."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genloss.core.arrays import Array
from genloss.core.extras import optional
from genloss.errors import DataError, SpecError
from genloss.models.torch.lm.hub import MERGE
from genloss.models.torch.lm.modules import seeded


def with_lora(module: Any, rank: int, alpha: int) -> Any:
    """Return the model with adapters at the layers that peft names for its kind.

    Each adapted W becomes W + (alpha / rank) B A with A (rank, in) and B (out, rank); the base no
    longer asks for gradients.

    Raises:
        MissingExtra: peft is not installed.
        SpecError: a kind of model that peft has no layers for.
    """
    peft = optional("peft", "adapters = 'lora'")
    # GPT-2 keeps its matrices as (in, out), and peft warns unless it is told.
    across = module.config.model_type == "gpt2"
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, fan_in_fan_out=across)
    try:
        # peft asks transformers in a way that transformers warns about, and draws what it need not.
        with warnings.catch_warnings(), seeded(torch.device("cpu"), 0):
            warnings.simplefilter("ignore", FutureWarning)
            return peft.get_peft_model(module, config)
    except ValueError as error:
        raise SpecError(
            f"adapters = 'lora': peft knows no layers of {module.config.model_type!r} to adapt "
            f"({error}); use adapters = 'none'"
        ) from error


def first_adapters(module: Any, rng: np.random.Generator) -> dict[str, Array]:
    """Draw A ~ U(-b, b), b = (inputs)^(-1/2), and B = 0, so that training begins at the base."""
    out: dict[str, Array] = {}
    for name, value in module.named_parameters():
        if value.requires_grad:
            bound = value.shape[-1] ** -0.5 if "lora_A" in name else 0.0
            out[name] = rng.uniform(-bound, bound, tuple(value.shape)).astype(np.float32)
    return out


def merge_adapter(module: Any, folder: Path) -> None:
    """Load the adapter of a folder as transformers does, and add it to the weights of the model.

    Raises:
        MissingExtra: peft is not installed.
        DataError: an adapter of another model, or of a kind that cannot be added.
    """
    tuners = optional("peft.tuners.tuners_utils", f"the adapter of {folder}")
    from peft.utils import ModulesToSaveWrapper

    try:
        with warnings.catch_warnings(), seeded(torch.device("cpu"), 0):
            warnings.simplefilter("ignore", FutureWarning)
            report = module.load_adapter(str(folder), adapter_kwargs={})
    except (ValueError, RuntimeError, TypeError, OSError, KeyError) as error:
        raise _unmerged(folder, str(error).strip().partition("\n")[0][:160]) from error
    lacking = sorted(getattr(report, "missing_keys", ()))
    if lacking:
        raise _unmerged(folder, f"it lacks {lacking[0]}")
    adapted: Any = tuners.BaseTunerLayer
    _unshare(module, adapted)
    layers: list[tuple[str, Any]] = list(module.named_modules())
    for _, layer in layers:
        if isinstance(layer, adapted):
            layer.merge(safe_merge=True)
    # From the inside out: an adapted layer may hold another.
    for name, layer in reversed(layers):
        if isinstance(layer, adapted):
            module.set_submodule(name, layer.base_layer)
        elif isinstance(layer, ModulesToSaveWrapper):
            module.set_submodule(name, layer.modules_to_save[layer.active_adapters[0]])
    module._hf_peft_config_loaded = False
    del module.peft_config


def _unmerged(folder: Path, why: str) -> DataError:
    return DataError(f"the adapter of {folder} cannot be added to its base ({why}); {MERGE}")


def _unshare(module: Any, adapted: Any) -> None:
    """Give adapted layers weights of their own: what they share with others stays as it is."""
    owners: dict[int, int] = {}
    for _, p in module.named_parameters(remove_duplicate=False):
        owners[id(p)] = owners.get(id(p), 0) + 1
    for layer in module.modules():
        if isinstance(layer, adapted):
            plain = layer.get_base_layer()
            weight = getattr(plain, "weight", None)
            if weight is not None and owners[id(weight)] > 1:
                plain.weight = torch.nn.Parameter(weight.detach().clone())
