"""The decoder against transformers, and its own promises."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from genloss.core.samples import NO_TOKEN
from genloss.errors import DataError, SpecError
from genloss.models.torch.lm.checkpoint import config_of
from genloss.models.torch.lm.decoder import ACTIVATIONS, Decoder

FAMILIES = ["opt", "gpt2", "llama"]
SMALL = {"vocabulary": 50, "width": 16, "layers": 2, "heads": 4, "feed_forward": 24}


def check_gradients(decoder, parameters, theirs, tokens):
    """Gradients of a random combination of all logits, in float64, by both ways.

    In float32 a gradient that is 0 by symmetry (a key's bias moves all scores of a query alike) is
    rounding alone, another on every processor. Transformers norms and turns Llama in float32.
    """
    weights = {name: w.double().requires_grad_() for name, w in parameters.items()}
    theirs = theirs.double()
    theirs.zero_grad()
    ours = decoder.logits(weights, decoder.hidden(weights, tokens))
    at = torch.randn(ours.shape, generator=torch.Generator().manual_seed(0))
    (ours * at).sum().backward()
    (theirs(tokens).logits * at).sum().backward()
    close = 1e-4 if decoder.family == "llama" else 1e-9
    for name, value in theirs.named_parameters():
        scale = float(value.grad.abs().max())
        np.testing.assert_allclose(weights[name].grad, value.grad, atol=close * scale + 1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_transformers(pair, prompts, family):
    p, tokens = pair(family), torch.from_numpy(prompts)
    with torch.no_grad():
        ours = p.decoder.logits(p.weights, p.decoder.hidden(p.weights, tokens))
        theirs = p.theirs(tokens).logits
    assert theirs.std() > 1.0  # far from the uniform law, where anything would agree
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_counts_parameters(pair, family):
    p = pair(family)
    assert p.decoder.n_parameters == p.theirs.num_parameters()


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_those_of_transformers(pair, prompts, family):
    p = pair(family)
    check_gradients(p.decoder, p.weights, deepcopy(p.theirs), torch.from_numpy(prompts))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_learns_in_every_family(family, activation):
    from transformers import AutoConfig, AutoModelForCausalLM

    decoder = Decoder(family, **SMALL, positions=8, end=1, activation=activation)
    drawn = decoder.initial(np.random.default_rng(0))
    weights = {k: torch.from_numpy(10 * v) for k, v in drawn.items()}
    theirs = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config_of(decoder))).eval()
    theirs.load_state_dict(weights, strict=False)
    check_gradients(decoder, weights, theirs, torch.arange(12).view(2, 6))


@pytest.mark.parametrize("family", FAMILIES)
def test_what_follows_changes_nothing_before(pair, prompts, family):
    p, tokens = pair(family), torch.from_numpy(prompts)
    filled = tokens.clone()
    filled[:, 4:] = NO_TOKEN
    with torch.no_grad():
        whole = p.decoder.hidden(p.weights, tokens)[:, :4]
        cut = p.decoder.hidden(p.weights, filled)[:, :4]
    np.testing.assert_allclose(cut.numpy(), whole.numpy(), atol=1e-6)


def test_drop_is_applied_to_every_branch():
    decoder = Decoder("gpt2", **SMALL, positions=8, end=1)
    weights = {k: torch.from_numpy(v) for k, v in decoder.initial(np.random.default_rng(0)).items()}
    seen = []

    def drop(x):
        seen.append(x.shape)
        return x * 0.0

    out = decoder.hidden(weights, torch.zeros(2, 3, dtype=torch.int64), drop)
    assert seen == [(2, 3, 16)] * (1 + 2 * decoder.layers)
    assert out.abs().max() == 0.0


@pytest.mark.parametrize(
    ("family", "small"), [("opt", ()), ("gpt2", ("c_proj.weight",)), ("llama", ())]
)
def test_initial_weights_have_the_deviation_of_their_family(family, small):
    decoder = replace(Decoder(family, **SMALL, positions=8, end=1), width=64, feed_forward=256)
    for name, w in decoder.initial(np.random.default_rng(0)).items():
        assert w.dtype == np.float32
        if w.ndim == 1:
            assert (w == (0.0 if name.endswith("bias") else 1.0)).all()
            continue
        expected = 0.02 / (2 if small and name.endswith(small) else 1)  # sqrt(2 x 2 layers)
        # The deviation of n normal numbers has a relative standard error of (2 n)^(-1/2).
        assert abs(w.std() / expected - 1) < 4 * (2 * w.size) ** -0.5 + 1e-3, name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "bert"}, "family"),
        ({"heads": 3}, "heads"),
        ({"end": 50}, "end"),
        ({"kv_heads": 2}, "llama"),
        ({"family": "llama", "kv_heads": 3}, "divisor"),
        ({"activation": "step"}, "activation"),
        ({"layers": 0}, "layers"),
    ],
)
def test_refuses_sizes_that_do_not_fit(change, message):
    fields = {"family": "opt", **SMALL, "positions": 8, "end": 1}
    with pytest.raises((SpecError, DataError), match=message):
        Decoder(**(fields | change))
