"""What each law is, number by number, and the fields it refuses."""

import numpy as np
import pytest
from scipy import stats

from genloss.core.abilities import ModalLaw, MomentLaw
from genloss.errors import SpecError
from genloss.metrics.laws import DensityModel, MixtureLaw
from genloss.realities.gaussians import Gaussian
from genloss.realities.mixtures import Blobs, ModeGrid, SingleBlob, TwoBlobs, mode_radius
from genloss.realities.tokens import TokenLaw, UniformTokens, ZipfMandelbrot


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


@pytest.mark.parametrize(
    ("recipe", "mean", "cov"),
    [
        (Gaussian(), [0], [[1]]),
        (Gaussian(d=2, mean=3, variance=4), [3, 3], [[4, 0], [0, 4]]),
        (Gaussian(d=2, mean=(1, -1), variance=(4, 9)), [1, -1], [[4, 0], [0, 9]]),
        (Gaussian(d=2, variance=((2, 1), (1, 3))), [0, 0], [[2, 1], [1, 3]]),
    ],
)
def test_gaussian_fields(recipe, mean, cov):
    model = recipe.realise(2, rng())
    np.testing.assert_array_equal(model.mean, [mean] * 2)
    np.testing.assert_array_equal(model.cov, [cov] * 2)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Gaussian(d=0), "d is 0"),
        (lambda: Gaussian(d=1.5), "whole number"),
        (lambda: Gaussian(mean=(0.0, 1.0)), "set d = 2"),
        (lambda: Gaussian(mean=float("nan")), "finite"),
        (lambda: Gaussian(mean="abc"), "expected numbers"),
        (lambda: Gaussian(variance=0.0), "eigenvalue 0"),
        (lambda: Gaussian(d=2, variance=((1.0, 2.0), (2.0, 1.0))), "eigenvalue -1"),
        (lambda: Gaussian(d=2, variance=((1.0, 0.5), (0.0, 1.0))), "symmetric"),
        (lambda: Gaussian(d=2, variance=((1.0, 0.0), (0.0,))), "rows of one length"),
        (lambda: Gaussian(d=2, variance=(1.0, 1.0, 1.0)), "2 rows of 2"),
        (lambda: SingleBlob(std=0.0), "above 0"),
        (lambda: TwoBlobs(separation=0.0), "above 0"),
        (lambda: TwoBlobs(weight=1.0), "strictly between"),
        (lambda: TwoBlobs(weight=50), "percentage"),
        (lambda: Blobs(k=0), "k is 0"),
        (lambda: Blobs(law=-1), "per_chain"),
        (lambda: Blobs(law="mine"), "per_chain"),
        (lambda: ModeGrid(side=1), "at least 2"),
        (lambda: ModeGrid(minority_mode=3), "both or neither"),
        (lambda: ModeGrid(minority_weight=0.1), "both or neither"),
        (lambda: ModeGrid(minority_mode=25, minority_weight=0.1), "0 to 24"),
        (lambda: ModeGrid(minority_mode=3, minority_weight=0.0), "strictly between"),
        (lambda: UniformTokens(k=0), "k is 0"),
        (lambda: ZipfMandelbrot(k=10, b=-1.0), "above -1"),
        (lambda: ZipfMandelbrot(k=10, a=-0.1), "0 or more"),
        (lambda: ZipfMandelbrot(k=10, a=float("inf")), "finite"),
        (lambda: TokenLaw(p=(0.5, 0.4)), "sum to 0.9"),
        (lambda: TokenLaw(p=(1.5, -0.5)), "0 or more"),
        (lambda: TokenLaw(p=()), "sum to 0"),
    ],
)
def test_bad_fields_say_what_was_expected(build, says):
    with pytest.raises(SpecError, match=says):
        build()


@pytest.mark.parametrize("recipe", [TwoBlobs(), ModeGrid(), Blobs()])
def test_modal_mixtures_have_every_capability(recipe):
    model = recipe.realise(2, rng())
    for role in (DensityModel, MomentLaw, MixtureLaw, ModalLaw):
        assert isinstance(model, role)


def test_two_blobs_put_the_weight_on_the_left():
    model = TwoBlobs(separation=6.0, std=0.5, weight=0.2, d=3).realise(1, rng())
    weights, means, covs = model.mixture()
    np.testing.assert_allclose(weights, [[0.2, 0.8]])
    np.testing.assert_array_equal(means, [[[-3, 0, 0], [3, 0, 0]]])
    np.testing.assert_array_equal(covs, np.broadcast_to(0.25 * np.eye(3), (1, 2, 3, 3)))
    left = (model.sample(10_000, rng(1))[0, :, 0] < 0).mean()
    # Overlap is nil at 6 sd, so the share is binomial with sd sqrt(0.2 * 0.8 / 10_000) = 0.004.
    assert abs(left - 0.2) < 4 * 0.004


def test_grid_modes_stand_on_the_grid_with_the_minority_in_its_place():
    model = ModeGrid(minority_mode=7, minority_weight=0.004).realise(2, rng())
    centres, radius = model.modes()
    assert centres.shape == (25, 2)
    np.testing.assert_allclose(radius, 0.15)
    np.testing.assert_allclose(centres[0], [-4, -4])
    np.testing.assert_allclose(centres[7], [0, -2])
    np.testing.assert_allclose(centres[24], [4, 4])
    assert len({tuple(c) for c in centres}) == 25
    weights = model.mixture()[0]
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights[:, 7], 0.004)
    np.testing.assert_allclose(np.delete(weights, 7, axis=1), 0.996 / 24)


def test_mode_radius_holds_the_rows_of_its_mode_and_never_overlaps():
    model = ModeGrid().realise(1, rng())
    centres, radius = model.modes()
    n = 20_000
    x = model.sample(n, rng(1))[0]
    distance = np.linalg.norm(x[:, None] - centres[None], axis=2).min(axis=1)
    inside = 1 - np.exp(-4.5)
    se = np.sqrt(inside * (1 - inside) / n)
    assert abs((distance < radius).mean() - inside) < 4 * se
    wide = ModeGrid(spacing=1.0, std=1.0).realise(1, rng())
    np.testing.assert_allclose(wide.modes()[1], 0.5)


def test_blobs_share_their_centres_between_every_realisation():
    """Train and test rows come from one law (in published code they came from two)."""
    first = Blobs(law=0).realise(1, rng(1)).modes()[0]
    second = Blobs(law=0).realise(3, rng(2)).modes()[0]
    np.testing.assert_array_equal(first, second)
    assert first.shape == (3, 2)
    assert (np.abs(first) <= 10).all()
    assert (first != Blobs(law=1).realise(1, rng(1)).modes()[0]).all()


def test_blobs_per_chain_draw_other_centres_for_each_chain():
    model = Blobs(law="per_chain", k=4, d=3).realise(500, rng(0))
    means = model.mixture()[1]
    assert means.shape == (500, 4, 3)
    assert not isinstance(model, ModalLaw)
    assert len(np.unique(means[:, 0, 0])) == 500
    # Uniform in [-10, 10]: mean 0, variance 100 / 3, over 6000 independent coordinates.
    assert abs(means.mean()) < 4 * np.sqrt(100 / 3 / 6000)


def test_zipf_mandelbrot_against_the_sum():
    p = ZipfMandelbrot(k=5, a=2.0, b=5.0).realise(2, rng()).probabilities()
    weights = [1 / 36, 1 / 49, 1 / 64, 1 / 81, 1 / 100]
    np.testing.assert_allclose(p, [np.array(weights) / sum(weights)] * 2)
    english = ZipfMandelbrot(k=1000).realise(1, rng()).probabilities()[0]
    np.testing.assert_allclose(english[0] / english[9], 12.7 / 3.7)
    np.testing.assert_allclose(english.sum(), 1.0)


def test_token_laws():
    np.testing.assert_allclose(UniformTokens(k=4).realise(2, rng()).probabilities(), 0.25)
    model = TokenLaw(p=(0.2, 0.0, 0.8)).realise(1, rng())
    counts = np.bincount(model.sample(10_000, rng(1))[0], minlength=3)
    assert counts[1] == 0
    # Binomial with sd sqrt(10_000 * 0.2 * 0.8) = 40.
    assert abs(counts[0] - 2000) < 160


@pytest.mark.parametrize("d", [1, 2, 3, 4, 7, 20, 100])
def test_a_mode_radius_holds_its_share_of_rows_in_any_dimension(d):
    """Squared distances over variances are chi-squared with d degrees of freedom."""
    std, share = 0.5, 1 - np.exp(-4.5)
    for centres in (np.zeros((1, d)), np.stack([np.zeros(d), np.full(d, 50.0)])):
        radius = mode_radius(centres, std)
        held = stats.chi2.cdf((radius / std) ** 2, d)
        assert held >= share - 1e-12
        if d == 2:
            np.testing.assert_allclose(held, share, rtol=1e-12)
        np.testing.assert_allclose(radius, 1.5 * max(1, d / 2) ** 0.5)
    # Neighbours at a distance of 1 in one coordinate of d: balls must not overlap.
    near = np.zeros((2, d))
    near[1, 0] = 1.0
    assert mode_radius(near, std) == 0.5
