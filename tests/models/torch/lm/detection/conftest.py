"""A small random model with a tokeniser that knows all bytes, saved as users save theirs."""

import pytest
import torch

from genloss.testing.scorer import TEXTS


@pytest.fixture(scope="session")
def bases(tmp_path_factory):
    """Return folders of two models with one tokeniser, and of one with another."""
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    made = []
    for seed, size in ((0, 300), (1, 300), (2, 280)):
        folder = tmp_path_factory.mktemp(f"base{seed}")
        tokeniser = byte_pairs(size)
        torch.manual_seed(seed)
        config = LlamaConfig(
            vocab_size=tokeniser.get_vocab_size(),
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=256,
            bos_token_id=0,
            eos_token_id=0,
            initializer_range=0.3,
        )
        LlamaForCausalLM(config).save_pretrained(folder)
        PreTrainedTokenizerFast(
            tokenizer_object=tokeniser, eos_token="<|endoftext|>"
        ).save_pretrained(folder)
        made.append(str(folder))
    return made


def byte_pairs(size):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokeniser = Tokenizer(models.BPE())
    tokeniser.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokeniser.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokeniser.train_from_iterator(TEXTS, trainer)
    return tokeniser
