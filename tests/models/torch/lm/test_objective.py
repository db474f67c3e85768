"""The loss of language models against transformers' own, and what it counts."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from transformers import AutoConfig, AutoModelForCausalLM

from genloss.core.samples import NO_TOKEN
from genloss.models.torch.feeds import Batch
from genloss.models.torch.lm import objective
from genloss.models.torch.lm.checkpoint import from_config
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.objective import (
    FineTuning,
    counted,
    decoder_total,
    dropped,
    scored,
)
from genloss.models.torch.lm.tuning.portions import Portions

V, T = 64, 12
SIZES = {
    "opt": {"hidden_size": 32, "num_hidden_layers": 2, "ffn_dim": 64, "word_embed_proj_dim": 32},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2},
    "llama": {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64},
}


def plain(family: str):
    """A small model of transformers and our decoder of the same config, with its weights."""
    own = SIZES[family] | ({} if family == "gpt2" else {"num_attention_heads": 2})
    own |= {"vocab_size": V, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1}
    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **own, max_position_embeddings=32)
    module = AutoModelForCausalLM.from_config(config).eval()
    decoder = from_config(config.to_dict())
    weights = {k: p for k, p in module.named_parameters() if k in decoder.shapes}
    return module, decoder, weights


def rows(n: int = 7, key: int = 0) -> torch.Tensor:
    """Without token 1: where it pads, transformers' tables of tokens do not learn it."""
    return torch.from_numpy(np.random.default_rng(key).integers(2, V, (n, T)))


def mean_nll(total, weights, batch, noise=None):
    """The mean over the targets of a batch, as the loop of a learner asks for it."""
    names, values = list(weights), list(weights.values())
    return Portions("a test", names, total, 8).loss(values, batch, noise or torch.Generator())


@pytest.mark.parametrize("family", SIZES)
def test_loss_and_gradient_are_those_of_transformers(family):
    """Rows without filling: all T - 1 targets count in both; float32, so 1e-5 is rounding."""
    module, decoder, weights = plain(family)
    assert weights.keys() == decoder.shapes.keys()
    x = rows()
    expected = module(input_ids=x, labels=x).loss
    slopes = torch.autograd.grad(expected, list(weights.values()))
    found = mean_nll(decoder_total(decoder), weights, Batch(x))
    ours = torch.autograd.grad(found, list(weights.values()))
    np.testing.assert_allclose(found.item(), expected.item(), rtol=1e-6)
    for name, a, b in zip(weights, ours, slopes, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize(("per_pass", "per_product"), [(1, 1), (5, 20), (5, 1000), (77, 1000)])
def test_values_and_gradients_do_not_depend_on_how_many_logits_there_are(
    per_pass, per_product, monkeypatch
):
    """Against one softmax over all: 77 tokens, weights that differ, upstream gradient 3."""
    rng = np.random.default_rng(1)
    hidden = torch.tensor(rng.normal(size=(77, 8)), dtype=torch.float32, requires_grad=True)
    matrix = torch.tensor(rng.normal(size=(V, 8)), dtype=torch.float32, requires_grad=True)
    target, scale = torch.from_numpy(rng.integers(0, V, 77)), torch.from_numpy(rng.random(77))
    scale = scale.float()
    whole = scale @ F.cross_entropy(hidden @ matrix.t(), target, reduction="none")
    slopes = torch.autograd.grad(3 * whole, [hidden, matrix])
    for name, most in (("CELLS", per_pass), ("PRODUCT", per_product)):
        monkeypatch.setattr(objective, name, {"cpu": most * V})
    found = scored(hidden, matrix, target, scale)
    np.testing.assert_allclose(found.item(), whole.item(), rtol=1e-5)
    ours = torch.autograd.grad(3 * found, [hidden, matrix])
    for a, b in zip(ours, slopes, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    with torch.no_grad():
        np.testing.assert_allclose(scored(hidden, matrix, target, scale), found, rtol=1e-5)


def test_it_survives_logits_that_overflow_an_exponential():
    hidden = torch.full((2, 1), 1000.0, requires_grad=True)
    matrix = torch.tensor([[1.0], [0.0], [-1.0]], requires_grad=True)
    found = scored(hidden, matrix, torch.tensor([0, 2]), torch.ones(2))
    np.testing.assert_allclose(found.item(), 2000.0)
    assert all(g.isfinite().all() for g in torch.autograd.grad(found, [hidden, matrix]))


def test_it_counts_every_token_with_a_context_and_nothing_else():
    """Token by token by hand: ends count, fillings do not, whatever they hide."""
    _, decoder, weights = plain("opt")
    x = rows(4)
    x[0, 5] = decoder.end
    x[1, 6:] = NO_TOKEN
    x[2, 3] = decoder.end
    x[2, 4:] = NO_TOKEN
    x[3, 1:] = NO_TOKEN
    assert counted(x).sum(1).tolist() == [T - 1, 5, 3, 0]
    total, expected = 0.0, 0
    with torch.no_grad():
        for row in x:
            known = row[row != NO_TOKEN][None]
            logits = decoder.logits(weights, decoder.hidden(weights, known))[0]
            for i in range(1, known.shape[1]):
                total -= logits[i - 1].log_softmax(0)[known[0, i]].item()
                expected += 1
        found = mean_nll(decoder_total(decoder), weights, Batch(x)).item()
    assert expected == T - 1 + 5 + 3
    np.testing.assert_allclose(found, total / expected, rtol=1e-5)


def test_a_weighted_row_stands_for_so_many_rows():
    _, decoder, weights = plain("gpt2")
    total, x = decoder_total(decoder), rows(3)
    x[1, 4:] = NO_TOKEN
    weighted = mean_nll(total, weights, Batch(x, torch.tensor([2.0, 3.0, 0.0])))
    repeated = mean_nll(total, weights, Batch(x[[0, 0, 1, 1, 1]]))
    np.testing.assert_allclose(weighted.item(), repeated.item(), rtol=1e-6)


def test_a_batch_without_targets_is_worth_nothing():
    _, decoder, weights = plain("opt")
    x = torch.full((3, T), NO_TOKEN)
    x[:, 0] = 4
    found = mean_nll(decoder_total(decoder), weights, Batch(x))
    assert found.item() == 0.0
    slopes = torch.autograd.grad(found, list(weights.values()))
    assert not any(g.any() for g in slopes)


def test_dropout_is_drawn_from_the_noise_it_is_given():
    """Share 0.25 of 40,000 numbers: 4 standard errors of the share are 0.0087."""
    noise = torch.Generator().manual_seed(3)
    x = dropped(torch.ones(200, 200), 0.25, noise)
    assert set(x.unique().tolist()) == {0.0, np.float32(1 / 0.75)}
    assert abs((x == 0).float().mean().item() - 0.25) < 0.0087
    _, decoder, weights = plain("opt")
    total, batch = decoder_total(decoder, 0.5), Batch(rows())
    losses = [
        mean_nll(total, weights, batch, torch.Generator().manual_seed(k)).item() for k in (0, 0, 1)
    ]
    assert losses[0] == losses[1] != losses[2]
    asked = weights, batch.x, counted(batch.x), None
    assert total(*asked).item() == decoder_total(decoder)(*asked).item()


def test_the_defaults_are_those_of_the_released_code():
    recipe = FineTuning()
    assert (recipe.optimiser, recipe.learning_rate) == ("adamw", 2e-5)
    assert (recipe.batch, recipe.epochs) == (128, 5)
    assert isinstance(Decoder("opt", 8, 4, 1, 1, 4, 4, 0), Decoder)


@pytest.mark.parametrize("most", [0.02, 0.3, 1.0])
def test_terms_of_sure_tokens_are_left_out_of_loss_and_gradient(most):
    """Against an autograd of the same sum, written down plainly; each threshold leaves some out."""
    rng = np.random.default_rng(2)
    hidden = torch.tensor(rng.normal(size=(40, 8)), dtype=torch.float32, requires_grad=True)
    matrix = torch.tensor(2 * rng.normal(size=(V, 8)), dtype=torch.float32, requires_grad=True)
    target, scale = torch.from_numpy(rng.integers(0, V, 40)), torch.rand(40)
    loss = F.cross_entropy(F.linear(hidden, matrix), target, reduction="none")
    there = (torch.exp(-loss.detach()) <= most).float()
    assert (0 < there.sum() < 40) == (most < 1)
    expected = (scale * there * loss).sum()
    slopes = torch.autograd.grad(expected, [hidden, matrix])
    found = scored(hidden, matrix, target, scale, most)
    np.testing.assert_allclose(found.item(), expected.item(), rtol=1e-5)
    for a, b in zip(torch.autograd.grad(found, [hidden, matrix]), slopes, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    with torch.no_grad():
        plain_loss = scored(hidden, matrix, target, scale, most)
    np.testing.assert_allclose(plain_loss.item(), (scale * loss).sum().item(), rtol=1e-5)
