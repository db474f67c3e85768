"""The shapes have the law of scikit-learn's generators, and their closed-form moments."""

import numpy as np
import pytest
from scipy.stats import ks_2samp
from sklearn.datasets import make_circles, make_moons, make_swiss_roll

from genloss.errors import SpecError
from genloss.realities.shapes import Circles, SwissRoll, TwoMoons

N = 20_000

THEIRS = {
    TwoMoons(noise=0.1): lambda: make_moons(N, noise=0.1, random_state=0)[0],
    Circles(noise=0.05, factor=0.6): lambda: make_circles(
        N, noise=0.05, factor=0.6, random_state=0
    )[0],
    SwissRoll(noise=0.5): lambda: make_swiss_roll(N, noise=0.5, random_state=0)[0],
    SwissRoll(noise=0.5, d=2): lambda: make_swiss_roll(N, noise=0.5, random_state=0)[0][:, [0, 2]],
}


def distances(x, y):
    """Kolmogorov-Smirnov distances along the axes and along random directions."""
    d = x.shape[1]
    u = np.concatenate([np.eye(d), np.random.default_rng(7).normal(size=(d, 6))], axis=1)
    return np.array([ks_2samp(a, b).statistic for a, b in zip((x @ u).T, (y @ u).T, strict=True)])


def critical(n):
    """Bound exceeded with probability 6e-5 (4 sd): sqrt(-ln(alpha / 2) / 2) sqrt(2 / n)."""
    return np.sqrt(-np.log(6e-5 / 2) / n)


@pytest.mark.parametrize("recipe", THEIRS, ids=repr)
def test_same_law_as_scikit_learn(recipe):
    ours = recipe.realise(1, np.random.default_rng(0)).sample(N, np.random.default_rng(1))[0]
    theirs = THEIRS[recipe]()
    assert ours.shape == theirs.shape
    assert (distances(ours, theirs) < critical(N)).all()


@pytest.mark.slow
def test_the_comparison_can_fail():
    theirs = make_moons(N, noise=0.1, random_state=0)[0]
    law = TwoMoons(noise=0.2).realise(1, np.random.default_rng(0))
    noisy = law.sample(N, np.random.default_rng(1))[0]
    assert (distances(noisy, theirs) > critical(N)).any()
    mirrored = theirs * [1.0, -1.0]
    assert (distances(mirrored, theirs) > critical(N)).any()


@pytest.mark.parametrize("recipe", THEIRS, ids=repr)
def test_moments_against_scikit_learn(recipe):
    """Their draws, too, have our closed-form moments within 4 standard errors."""
    mean, cov = (m[0] for m in recipe.realise(1, np.random.default_rng(0)).moments())
    centred = THEIRS[recipe]() - mean
    assert (np.abs(centred.mean(axis=0)) < 4 * np.sqrt(np.diag(cov) / N)).all()
    products = centred[:, :, None] * centred[:, None, :]
    assert (np.abs(products.mean(axis=0) - cov) < 4 * products.std(axis=0) / N**0.5).all()


def test_without_noise_rows_lie_on_the_curves():
    rng = np.random.default_rng(0)
    radii = np.linalg.norm(Circles(noise=0, factor=0.3).realise(2, rng).sample(50, rng), axis=2)
    np.testing.assert_allclose(np.minimum(np.abs(radii - 1), np.abs(radii - 0.3)), 0, atol=1e-12)
    moons = TwoMoons(noise=0).realise(2, rng).sample(50, rng)
    upper = np.abs(np.linalg.norm(moons, axis=2) - 1)
    lower = np.abs(np.linalg.norm(moons - [1, 0.5], axis=2) - 1)
    np.testing.assert_allclose(np.minimum(upper, lower), 0, atol=1e-12)
    roll = SwissRoll(noise=0).realise(1, rng).sample(50, rng)[0]
    t = np.hypot(roll[:, 0], roll[:, 2])
    np.testing.assert_allclose(roll[:, 0], t * np.cos(t), atol=1e-12)
    assert (roll[:, 1] >= 0).all()
    assert (roll[:, 1] <= 21).all()


@pytest.mark.parametrize(
    "build",
    [
        lambda: TwoMoons(noise=-0.1),
        lambda: Circles(factor=1.0),
        lambda: SwissRoll(d=4),
        lambda: SwissRoll(noise=float("nan")),
    ],
)
def test_bad_fields(build):
    with pytest.raises(SpecError, match=r"expected|must lie"):
        build()
