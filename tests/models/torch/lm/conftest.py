"""Tiny random models of every family, made by transformers, as oracles."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genloss.models.torch.lm.checkpoint import load_checkpoint
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.writing.writer import Writer

VOCABULARY = 97  # no multiple of anything that the engine cuts the vocabulary into


@dataclass(frozen=True)
class Pair:
    """A model of transformers, and the decoder that loaded its checkpoint."""

    folder: Path
    theirs: Any
    decoder: Decoder
    weights: dict[str, Tensor]

    def writer(self, how, batch=0, dtype=torch.float32, decoder=None) -> Writer:
        """Return a writer on the CPU whose chains all have these weights."""
        weights = {name: w.to(dtype) for name, w in self.weights.items()}
        decoder = decoder or self.decoder
        return Writer(decoder, lambda c: weights, how, dtype, torch.device("cpu"), batch)


def config(family: str):
    from transformers import GPT2Config, LlamaConfig, OPTConfig

    common = {"vocab_size": VOCABULARY, "bos_token_id": 2, "eos_token_id": 2, "pad_token_id": None}
    if family == "opt":
        sizes = {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "ffn_dim": 48,
            "word_embed_proj_dim": 32,
        }
        return OPTConfig(**common, **sizes, max_position_embeddings=60, num_attention_heads=4)
    if family == "gpt2":
        return GPT2Config(**common, n_embd=32, n_layer=2, n_head=4, n_positions=60)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 56}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    return LlamaConfig(**common, **sizes, **heads, max_position_embeddings=60)


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    """Return a function that makes, once, the pair of a family, far from its initial weights."""
    from transformers import AutoModelForCausalLM

    made = {}

    def build(family: str) -> Pair:
        if family not in made:
            model = AutoModelForCausalLM.from_config(config(family)).eval()
            noise = torch.Generator().manual_seed(0)
            with torch.no_grad():
                for name, weight in model.named_parameters():
                    norm = float(weight.ndim == 1 and name.endswith("weight"))
                    weight.copy_(norm + 0.3 * torch.randn(weight.shape, generator=noise))
            folder = tmp_path_factory.mktemp(family)
            model.save_pretrained(folder)
            decoder, parameters = load_checkpoint(folder)
            weights = {name: torch.from_numpy(w) for name, w in parameters.items()}
            made[family] = Pair(folder, model, decoder, weights)
        return made[family]

    return build


@pytest.fixture(scope="session")
def prompts() -> np.ndarray:
    """Sixteen prompts of seven tokens."""
    return np.random.default_rng(3).integers(3, VOCABULARY, (16, 7))
