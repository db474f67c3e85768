"""Laws that every reality keeps; a new one costs one line in REALITIES."""

from hashlib import sha256

import numpy as np
import pytest
from pydantic import TypeAdapter

from genloss.core.abilities import CategoricalLaw, FiniteModel, MomentLaw
from genloss.core.roles import Model
from genloss.errors import SpecError
from genloss.metrics.laws import DensityModel
from genloss.realities.digits import Digits8x8
from genloss.realities.from_file import TableFile
from genloss.realities.gaussians import Gaussian
from genloss.realities.mixtures import Blobs, ModeGrid, SingleBlob, TwoBlobs
from genloss.realities.shapes import Circles, SwissRoll, TwoMoons
from genloss.realities.tokens import TokenLaw, UniformTokens, ZipfMandelbrot

TABLE = "rows.npy"

REALITIES = {
    "gaussian": Gaussian(),
    "gaussian_mean": Gaussian(d=2, mean=(3.0, -1.0), variance=(4.0, 0.25)),
    "gaussian_full": Gaussian(d=3, variance=((2.0, 0.5, 0.0), (0.5, 1.0, -0.3), (0.0, -0.3, 0.5))),
    "single_blob": SingleBlob(),
    "two_blobs": TwoBlobs(separation=3.0, std=0.5, weight=0.3),
    "blobs": Blobs(law=3),
    "blobs_per_chain": Blobs(law="per_chain"),
    "mode_grid": ModeGrid(std=0.3, minority_mode=7, minority_weight=0.01),
    "two_moons": TwoMoons(),
    "circles": Circles(factor=0.5),
    "swiss_roll": SwissRoll(),
    "spiral": SwissRoll(d=2),
    "uniform_tokens": UniformTokens(k=10),
    "zipf_mandelbrot": ZipfMandelbrot(k=30),
    "token_law": TokenLaw(p=(0.5, 0.5, 0.0)),
    "digits8x8": Digits8x8(),
    "table_file": TableFile(path=TABLE),
}


@pytest.fixture(params=REALITIES, autouse=True)
def reality(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save(TABLE, np.random.default_rng(5).normal(size=(40, 2)))
    return REALITIES[request.param]


def rng(key: int) -> np.random.Generator:
    return np.random.default_rng(key)


def digest(model: Model) -> str:
    state = model.state()
    parts = (name.encode() + np.ascontiguousarray(state[name]).tobytes() for name in sorted(state))
    return sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize("n_chains", [1, 3])
def test_samples_have_their_shape_and_are_finite(reality, n_chains):
    model = reality.realise(n_chains, rng(0))
    x = model.sample(7, rng(1))
    assert isinstance(model, Model)
    assert model.n_chains == n_chains
    assert x.shape[:2] == (n_chains, 7)
    if isinstance(model, CategoricalLaw):
        assert x.shape == (n_chains, 7)
        assert x.dtype == np.int64
    else:
        assert x.ndim == 3
        assert x.dtype == np.float64
        assert np.isfinite(x).all()


def test_draws_and_chains_differ_and_repeat_with_their_stream(reality):
    model = reality.realise(3, rng(0))
    stream = rng(1)
    first, second = model.sample(50, stream), model.sample(50, stream)
    assert (first != second).any()
    assert (first[0] != first[1]).any()
    assert (first[1] != first[2]).any()
    np.testing.assert_array_equal(model.sample(50, rng(1)), first)


def test_sampling_and_measuring_never_change_the_model(reality):
    model = reality.realise(2, rng(0))
    before = digest(model)
    x = model.sample(20, rng(1))
    if isinstance(model, DensityModel):
        model.log_prob(x)
    if isinstance(model, MomentLaw):
        model.moments()
    assert digest(model) == before
    assert digest(reality.realise(2, rng(0))) == before


def test_moments_match_samples(reality):
    """Along random directions u: u.x has mean u.m, variance u^T cov u, within 4 standard errors."""
    model = reality.realise(3, rng(0))
    if not isinstance(model, MomentLaw):
        assert isinstance(model, CategoricalLaw)
        return
    n = 20_000
    mean, cov = model.moments()
    d = mean.shape[1]
    assert mean.shape == (3, d)
    assert cov.shape == (3, d, d)
    x = model.sample(n, rng(1))
    u = rng(2).normal(size=(d, 5))
    centred = (x - mean[:, None]) @ u
    variance = np.einsum("ij,cik,kj->cj", u, cov, u)
    se_mean = np.sqrt(variance / n)
    assert (np.abs(centred.mean(axis=1)) < 4 * se_mean).all()
    # The squares are independent, so their mean has standard error sd / sqrt(n).
    squares = centred**2
    assert (np.abs(squares.mean(axis=1) - variance) < 4 * squares.std(axis=1) / n**0.5).all()


def test_density_is_normalised_and_is_that_of_the_samples(reality):
    """Quadrature over +-7 sd: the density integrates to 1, and E log p is the mean over samples."""
    model = reality.realise(2, rng(0))
    if not isinstance(model, DensityModel) or not isinstance(model, MomentLaw):
        return
    mean, cov = model.moments()
    if mean.shape[1] > 2:
        return
    deviations = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
    n = 4000
    log_p = model.log_prob(model.sample(n, rng(1)))
    assert log_p.shape == (2, n)
    for chain in range(2):
        lines = [
            np.linspace(m - 7 * s, m + 7 * s, 601)
            for m, s in zip(mean[chain], deviations[chain], strict=True)
        ]
        grid = np.stack([a.ravel() for a in np.meshgrid(*lines)], axis=1)
        on_grid = model.log_prob(np.stack([grid] * 2))[chain]
        mass = np.exp(on_grid) * np.prod([line[1] - line[0] for line in lines])
        np.testing.assert_allclose(mass.sum(), 1.0, rtol=1e-5)
        expected = (mass * on_grid).sum()
        assert abs(log_p[chain].mean() - expected) < 4 * log_p[chain].std() / n**0.5


def test_finite_realities_hand_out_rows_only_once(reality):
    model = reality.realise(2, rng(0))
    if not isinstance(model, FiniteModel):
        return
    parts = np.concatenate([model.rows(0, 15), model.rows(15, 5), model.rows(20, 20)], axis=1)
    np.testing.assert_array_equal(parts, model.rows(0, 40))
    assert all(len(np.unique(chain, axis=0)) == 40 for chain in parts)
    assert (parts[0] != parts[1]).any()


def test_a_spec_table_gives_the_same_recipe(reality):
    as_table = {k: list(v) if isinstance(v, tuple) else v for k, v in vars(reality).items()}
    adapter = TypeAdapter(type(reality))
    assert adapter.validate_python(as_table) == reality
    assert hash(reality) == hash(adapter.validate_python(as_table))


@pytest.mark.parametrize("n_chains", [0, -1, 1.5])
def test_impossible_numbers_of_chains_are_refused(reality, n_chains):
    with pytest.raises(ValueError, match="n_chains is"):
        reality.realise(n_chains, rng(0))


def test_unknown_fields_and_wrong_types_are_refused(reality):
    adapter = TypeAdapter(type(reality))
    for name in vars(reality):
        with pytest.raises((ValueError, SpecError)):
            adapter.validate_python({**vars(reality), name: {"no": "number"}})
