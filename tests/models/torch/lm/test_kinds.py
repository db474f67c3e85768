"""Kinds of models that set no limit to the length of a row, or say it in a word of their own."""

from types import SimpleNamespace

import numpy as np
import pytest

from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.samples import NO_TOKEN, Samples
from genloss.errors import SpecError
from genloss.models.torch.lm.causal import ROW
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.modules import ENDLESS, end_of, positions_of
from genloss.models.torch.lm.objective import FineTuning

V = 64
CONFIGS = {
    "bloom": {"hidden_size": 16, "n_layer": 1, "n_head": 2},
    "mamba": {"hidden_size": 16, "num_hidden_layers": 1, "state_size": 4},
}
TRAINING = FineTuning(2, 8, 1e-3, device="cpu")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("config", "positions"),
    [
        ({"max_position_embeddings": 40}, 40),
        ({"n_positions": 30}, 30),
        ({"max_seq_len": 20}, 20),
        ({"max_position_embeddings": -1}, ENDLESS),  # XLNet
        ({"max_position_embeddings": None}, ENDLESS),
        ({}, ENDLESS),
    ],
)
def test_the_longest_row_in_the_word_of_each_family(config, positions):
    assert positions_of(SimpleNamespace(**config)) == positions


def test_a_config_names_one_end_or_is_asked_to():
    assert end_of(SimpleNamespace(eos_token_id=3)) == end_of(SimpleNamespace(eos_token_id=[3])) == 3
    for config in (SimpleNamespace(), SimpleNamespace(eos_token_id=[3, 4])):
        with pytest.raises(SpecError, match="name one token as end"):
            end_of(config)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONFIGS)
def test_models_without_a_limit_are_trained_and_write(kind, tmp_path):
    config = {"model_type": kind, "vocab_size": V, "eos_token_id": 0, "bos_token_id": 0}
    config |= {"pad_token_id": None} | CONFIGS[kind]
    x = rng(5).integers(1, V, (2, 24, 12))
    x[:, ::3, 8:] = NO_TOKEN
    scratch = HuggingFaceLearner(start="scratch", config=config, training=TRAINING)
    model = scratch.fit(Samples.of(x, 0), rng(1))
    assert model.positions == ENDLESS
    assert (model.train_loss[:, 1] < model.train_loss[:, 0]).all()
    for how in (Sampling(max_new=5), BeamSearch(2, 5, 5)):
        found = model.decoding(how).continue_(x[:, :4, :6], rng())
        assert found.shape == (2, 4, 5)
        assert found.max() < V
    model.module.save_pretrained(tmp_path)
    base = HuggingFaceLearner(str(tmp_path), training=TRAINING)
    assert base.base_model().read().block == ROW
    assert np.isfinite(base.fit(Samples.of(x, 0), rng(2)).token_log_probs(x)).all()
