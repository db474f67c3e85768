"""Schedules and walks against closed forms: no network is trained here."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from genloss.errors import SpecError
from genloss.models.torch.denoising.processes import Diffusion, Flow
from genloss.models.torch.denoising.schedules import denoise, follow, guided, signal_left, visited

MEAN, STD = 0.7, 0.5
"""The Gaussian whose noise is known exactly."""


def noise_in(abar):
    """E[z | x_t = x] for data N(MEAN, STD^2): the noise's share of the variance of x_t."""

    def predict(x, t):
        a = abar[round(t * (len(abar) - 1))]
        return (1 - a) ** 0.5 * (x - a**0.5 * MEAN) / (a * STD**2 + 1 - a)

    return predict


def start(n, key=0):
    g = torch.Generator().manual_seed(key)
    x = torch.randn(1, n, 1, generator=g, dtype=torch.float64)
    return x, lambda: torch.randn(1, n, 1, generator=g, dtype=torch.float64)


def test_the_linear_schedule_is_that_of_ho_et_al():
    """beta from 1e-4 to 0.02 in 1,000 steps ends at 4.0e-5, their published value."""
    abar, product = signal_left("linear", 1000), 1.0
    assert abar.shape == (1001,)
    assert abar[0] == 1.0
    for t in range(1, 1001):
        product *= 1 - (1e-4 + (t - 1) * (0.02 - 1e-4) / 999)
        np.testing.assert_allclose(abar[t], product, rtol=1e-12)
    np.testing.assert_allclose(abar[1000], 4.04e-5, rtol=0.01)


def test_the_linear_schedule_ends_in_the_same_noise_for_any_number_of_steps():
    """log abar_T = sum log(1 - beta) = -10.05 - sum beta^2 / 2 ..., the first term fixed."""
    for steps in (100, 500, 2000):
        last = np.log(signal_left("linear", steps)[-1])
        beta = np.linspace(1e-4, 0.02, steps) * 1000 / steps
        np.testing.assert_allclose(last, -10.05 - (beta**2).sum() / 2, atol=(beta**3).sum())
    assert signal_left("linear", 5).min() > 0


def test_the_cosine_schedule_is_that_of_nichol_and_dhariwal():
    abar, f = signal_left("cosine", 200), lambda u: np.cos((u + 0.008) / 1.008 * np.pi / 2) ** 2
    for t in (0, 1, 50, 100, 199):
        np.testing.assert_allclose(abar[t], f(t / 200) / f(0), rtol=1e-9)
    # The last beta would be 1, and is cut to 0.999.
    np.testing.assert_allclose(abar[200], abar[199] * 1e-3)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_training_rows_have_the_law_of_x_t_given_x_0(schedule):
    """x_t ~ N(sqrt(abar_t) x_0, 1 - abar_t); 4 standard errors of mean and variance."""
    n, steps = 20_000, 10
    process = Diffusion(steps, schedule)
    blur = process.blur(torch.device("cpu"))
    for t in (1, 4, 10):
        g = torch.Generator().manual_seed(t)
        noise = torch.randn(1, n, 1, generator=g)
        uniform = torch.full((1, n), (t - 0.5) / steps)
        got = blur(torch.full((1, n, 1), 2.0), noise, uniform)
        a = process.abar[t]
        assert got.target is noise
        np.testing.assert_allclose(got.t.numpy(), t / steps, rtol=1e-6)
        assert abs(got.x.mean() - 2 * a**0.5) < 4 * (1 - a) ** 0.5 / n**0.5
        assert abs(got.x.var() / (1 - a) - 1) < 4 * (2 / n) ** 0.5
    ends = blur(torch.zeros(1, 3, 1), torch.ones(1, 3, 1), torch.tensor([[0.0, 0.55, 0.999999]]))
    np.testing.assert_allclose(ends.t.numpy(), [[0.1, 0.6, 1.0]], rtol=1e-6)


def walked_moments(abar, times, eta):
    """The exact mean and variance of the walk: every step is affine in x and z."""
    mean, var = 0.0, 1.0
    for t, s in pairwise(times):
        a, b = abar[t], abar[s]
        slope = (1 - a) ** 0.5 / (a * STD**2 + 1 - a)
        clean = (1 - (1 - a) ** 0.5 * slope) / a**0.5
        v = 0.0 if s == 0 else eta**2 * (1 - b) / (1 - a) * (1 - a / b)
        k = b**0.5 * clean + (1 - b - v) ** 0.5 * slope
        at_mean = a**0.5 * MEAN
        mean = b**0.5 * MEAN + k * (mean - at_mean)
        var = k**2 * var + v
    return mean, var


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize(("steps", "eta"), [(500, 1.0), (500, 0.0), (50, 0.0), (100, 0.5)])
def test_the_walk_with_exact_noise_draws_the_gaussian(schedule, steps, eta):
    """Mean and variance within 4 standard errors of the exact moments of the walk itself.

    These are near the law's, which finitely many steps narrow: by less than 16 / steps here.
    """
    n, abar = 10_000, signal_left(schedule, 500)
    times = visited(steps, 500)
    x, normal = start(n)
    drawn = denoise(noise_in(abar), x, abar, times, eta, torch.tensor(1e6), normal)
    mean, var = walked_moments(abar, times, eta)
    assert abs(drawn.mean() - mean) < 4 * (var / n) ** 0.5
    assert abs(drawn.var() / var - 1) < 4 * (2 / n) ** 0.5
    assert abs(mean - MEAN) < 0.02
    assert 1 - 16 / steps < var / STD**2 < 1
    if steps == 500:
        assert abs(drawn.mean() - MEAN) < 4 * STD / n**0.5
        assert abs(drawn.var() / STD**2 - 1) < 4 * (2 / n) ** 0.5


def test_all_steps_with_eta_1_are_the_ancestral_sampler():
    """Path by path: mean (x - beta / sqrt(1 - abar_t) e) / sqrt(alpha), variance beta~."""
    abar, n = signal_left("linear", 100), 50
    predict = noise_in(abar)
    x, normal = start(n, 3)
    ours = denoise(predict, x, abar, visited(100, 100), 1.0, torch.tensor(1e6), normal)
    x, normal = start(n, 3)
    for t in range(100, 0, -1):
        alpha = abar[t] / abar[t - 1]
        beta = 1 - alpha
        x = (x - beta / (1 - abar[t]) ** 0.5 * predict(x, t / 100)) / alpha**0.5
        if t > 1:
            x = x + (beta * (1 - abar[t - 1]) / (1 - abar[t])) ** 0.5 * normal()
    torch.testing.assert_close(ours, x, rtol=1e-6, atol=1e-8)


def test_a_walk_stays_within_reach_and_ddim_needs_no_noise():
    abar = signal_left("cosine", 20)

    def none():
        raise AssertionError

    x, _ = start(100)
    wild = denoise(lambda x, t: 5 * x, x, abar, visited(20, 20), 0.0, torch.tensor(1.5), none)
    assert wild.abs().max() <= 1.5


@pytest.mark.parametrize(("eta", "reach"), [(0.0, 9.0), (0.3, 9.0), (0.3, 0.5), (1.0, 0.5)])
def test_one_step_by_hand(eta, reach):
    """From t = 3 to 2 of 4, then straight to the data, with z = 1: formulas 12 and 16 of Song et
    al.; data cut off at the reach leave the rest of x to the noise."""
    abar = signal_left("linear", 4)
    a, b = abar[3], abar[2]
    x, e = torch.tensor([[[1.7]]]), torch.tensor([[[0.2]]])
    seen = []

    def predict(x, t):
        seen.append((float(x), t))
        return e

    drawn = denoise(predict, x, abar, np.array([3, 2, 0]), eta, torch.tensor(reach), lambda: 1.0)
    clean = np.clip((1.7 - np.sqrt(1 - a) * 0.2) / np.sqrt(a), -reach, reach)
    left = (1.7 - np.sqrt(a) * clean) / np.sqrt(1 - a)
    sigma = eta * np.sqrt((1 - b) / (1 - a)) * np.sqrt(1 - a / b)
    then = np.sqrt(b) * clean + np.sqrt(1 - b - sigma**2) * left + sigma
    np.testing.assert_allclose(seen, [(1.7, 0.75), (then, 0.5)], rtol=1e-6)
    last = np.clip((then - np.sqrt(1 - b) * 0.2) / np.sqrt(b), -reach, reach)
    np.testing.assert_allclose(float(drawn), last, rtol=1e-6)


def test_visited_times():
    np.testing.assert_array_equal(visited(4, 4), [4, 3, 2, 1, 0])
    np.testing.assert_array_equal(visited(1, 500), [500, 0])
    times = visited(50, 500)
    assert (np.diff(times) == -10).all()
    assert len(np.unique(visited(499, 500))) == 500
    with pytest.raises(SpecError, match="steps = 500 or fewer"):
        visited(501, 500)


def test_guidance_by_hand():
    conditional, unconditional = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 1.0])
    torch.testing.assert_close(guided(conditional, unconditional, 0.0), conditional)
    expected = torch.tensor([4 * 1.0 - 3 * 0.5, 4 * -2.0 - 3 * 1.0])
    torch.testing.assert_close(guided(conditional, unconditional, 3.0), expected)


def velocity(x, t):
    """E[x_1 - z | x_t = x] for data N(MEAN, STD^2)."""
    slope = (t * STD**2 - (1 - t)) / (t**2 * STD**2 + (1 - t) ** 2)
    return MEAN + slope * (x - t * MEAN)


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("heun", 2)])
def test_following_the_exact_velocity_maps_noise_to_the_gaussian(solver, order):
    """The flow takes z to MEAN + STD z; the error falls like steps^-order."""
    z, _ = start(200)
    exact = MEAN + STD * z
    errors = [float((follow(velocity, z, m, solver) - exact).abs().max()) for m in (40, 80, 160)]
    assert errors[-1] < 0.05
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), order, atol=0.35)


def test_flow_rows_lie_on_the_line():
    x, noise = torch.full((1, 4, 2), 3.0), torch.full((1, 4, 2), -1.0)
    got = Flow(10, "euler").blur(torch.device("cpu"))(x, noise, torch.tensor([[0.0, 0.25, 0.5, 1]]))
    np.testing.assert_allclose(got.x[0, :, 0].numpy(), [-1, 0, 1, 3])
    np.testing.assert_allclose(got.target.numpy(), 4.0)
