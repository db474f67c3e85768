"""The fast passes compute what the plain layers compute, gradients included."""

import numpy as np
import pytest
import torch

from genloss.models.torch.feeds import Batch
from genloss.models.torch.vae.net import ConvVAE, Weights, cut, paste
from genloss.models.torch.vae.vae_model import vae_loss

PAPER, SMALL = ConvVAE(28, 64, 128, 20), ConvVAE(8, 16, 32, 20)
NETS = [PAPER, SMALL, ConvVAE(12, 3, 5, 2)]


def pair(net, plain_vae):
    """Return the plain module and the packed weights, with the same random parameters."""
    named = {k: torch.from_numpy(v) for k, v in net.initial(np.random.default_rng(3)).items()}
    plain = plain_vae(net.side, net.c1, net.c2, net.latent)
    plain.load_state_dict(named)
    return plain, net.pack(named)


def test_the_paper_network_has_its_published_number_of_parameters(plain_vae):
    assert PAPER.n_parameters == 647_081
    assert sum(p.numel() for p in plain_vae(28, 64, 128, 20).parameters()) == 647_081
    assert SMALL.n_parameters == 24_809


@pytest.mark.parametrize("net", NETS, ids=str)
def test_passes_equal_the_plain_layers(net, plain_vae):
    plain, w = pair(net, plain_vae)
    g = torch.Generator().manual_seed(0)
    x, z = torch.rand(7, net.pixels, generator=g), torch.randn(7, net.latent, generator=g)
    with torch.no_grad():
        images = x.view(-1, 1, net.side, net.side)
        for ours, theirs in zip(net.encode(w, x), plain.encode(images), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
        means = net.decode(w, z).sigmoid()
        torch.testing.assert_close(means, plain.decode(z).flatten(1), rtol=0, atol=1e-5)


@pytest.mark.parametrize("net", NETS, ids=str)
def test_gradients_equal_the_plain_layers(net, plain_vae):
    plain, w = pair(net, plain_vae)
    x = torch.rand(5, net.pixels, generator=torch.Generator().manual_seed(1))
    noise = torch.randn(5, net.latent, generator=torch.Generator().manual_seed(2))
    loss = plain.loss(x.view(-1, 1, net.side, net.side), noise)
    loss.backward()
    for t in w:
        t.requires_grad_()
    ours = vae_loss(net, 1.0)(w, Batch(x), torch.Generator().manual_seed(2))
    torch.testing.assert_close(ours, loss, rtol=1e-5, atol=0)
    found = net.unpack(Weights(*torch.autograd.grad(ours, w)))
    for name, p in plain.named_parameters():
        scale = float(p.grad.abs().max())
        torch.testing.assert_close(found[name], p.grad, rtol=0, atol=2e-5 * scale, msg=name)


def test_packing_and_unpacking_are_inverse():
    net = ConvVAE(12, 3, 5, 2)
    named = {k: torch.from_numpy(v) for k, v in net.initial(np.random.default_rng(0)).items()}
    again = net.unpack(net.pack(named))
    assert list(again) == list(named)
    for name in named:
        assert torch.equal(again[name], named[name])


def test_paste_is_the_adjoint_of_cut():
    """<cut(x), y> = <x, paste(y)> for all x and y."""
    g = torch.Generator().manual_seed(0)
    x = torch.randn(3, 8, 8, generator=g, dtype=torch.float64)
    y = torch.randn(4, 4, 3, 4, 4, generator=g, dtype=torch.float64)
    torch.testing.assert_close((cut(x).permute(3, 4, 0, 1, 2) * y).sum(), (x * paste(y)).sum())


def test_the_start_has_the_spread_of_torch_s_own_layers(plain_vae):
    """Uniform weights: the largest of many comes within 2 % of the bound, none exceeds it."""
    drawn = PAPER.initial(np.random.default_rng(0))
    torch.manual_seed(0)
    for name, p in plain_vae(28, 64, 128, 20).named_parameters():
        if p.numel() > 1000:
            assert np.abs(drawn[name]).max() == pytest.approx(
                float(p.detach().abs().max()), rel=0.02
            )


def test_weights_of_rows_multiply_their_loss_and_gradient():
    net = ConvVAE(8, 4, 6, 3)
    named = {k: torch.from_numpy(v) for k, v in net.initial(np.random.default_rng(0)).items()}
    w = Weights(*(t.requires_grad_() for t in net.pack(named)))
    loss, x = vae_loss(net, 0.7), torch.rand(4, 64)

    def at(weight):
        value = loss(w, Batch(x, weight), torch.Generator().manual_seed(5))
        return value, torch.cat([g.flatten() for g in torch.autograd.grad(value, w)])

    parts = [at(row) for row in torch.eye(4)]
    total, gradient = at(torch.tensor([1.0, 3.0, 0.0, 0.5]))
    factors = (1.0, 3.0, 0.0, 0.5)
    expected = sum(f * v for f, (v, _) in zip(factors, parts, strict=True))
    torch.testing.assert_close(total, expected)
    expected = sum(f * g for f, (_, g) in zip(factors, parts, strict=True))
    torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(at(None)[0], at(torch.ones(4))[0])
