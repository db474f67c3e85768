"""Low-rank adapters (Hu et al. 2021) through peft: a frozen base, a few learned numbers."""

import warnings
from typing import Any

import numpy as np
import torch

from genloss.core.arrays import Array
from genloss.errors import MissingExtra, SpecError
from genloss.models.torch.lm.modules import seeded


def with_lora(module: Any, rank: int, alpha: int) -> Any:
    """Return the model with adapters at the layers that peft names for its kind.

    Each adapted W becomes W + (alpha / rank) B A with A (rank, in) and B (out, rank); the base no
    longer asks for gradients.

    Raises:
        MissingExtra: peft is not installed.
        SpecError: a kind of model that peft has no layers for.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise MissingExtra(
            "adapters = 'lora' needs peft, which is not installed; pip install 'genloss[lm]'"
        ) from error
    # GPT-2 keeps its matrices as (in, out), and peft warns unless it is told.
    across = module.config.model_type == "gpt2"
    asked = LoraConfig(task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, fan_in_fan_out=across)
    try:
        # peft asks transformers in a way that transformers warns about, and draws what it need not.
        with warnings.catch_warnings(), seeded(torch.device("cpu"), 0):
            warnings.simplefilter("ignore", FutureWarning)
            return get_peft_model(module, asked)
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
