"""One table of learners, a few laws over all of it; a new learner costs one line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import ks_1samp

from genloss.core.abilities import MomentLaw
from genloss.core.roles import Learner, Model
from genloss.core.samples import Samples
from genloss.core.source import Given, Source
from genloss.core.statistics import Counts, Moments
from genloss.errors import DataError
from genloss.metrics.laws import DensityModel
from genloss.models.categorical import CategoricalLearner, CategoricalModel
from genloss.models.gaussian import GaussianLearner, GaussianModel
from genloss.models.kde import KDELearner
from genloss.models.mixture.mixture import MixtureLearner, MixtureModel
from genloss.models.torch.denoising.diffusion import DiffusionLearner
from genloss.models.torch.denoising.flow import FlowLearner
from genloss.models.torch.training import Training
from genloss.models.torch.vae.vae_learner import VAELearner

C, N = 2, 60
KS_4_SIGMA = 2.28
"""P(sqrt(n) D > x) is about 2 exp(-2 x^2) (Kolmogorov): 6.3e-5, as 4 standard errors, at 2.28."""


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def two_clusters(d: int) -> np.ndarray:
    centre = 3.0 * np.where(rng(1).random((C, N, 1)) < 0.4, -1.0, 1.0)
    return centre + rng(2).normal(size=(C, N, d))


SYMBOLS = Samples.of(rng(3).choice(5, size=(C, N), p=[0.4, 0.3, 0.2, 0.1, 0.0]), 0)
ROWS = {d: Samples.of(two_clusters(d), 0) for d in (1, 3)}
P_0 = GaussianModel(np.zeros((C, 1)), np.ones((C, 1, 1)))
OTHER_FORMS = {
    "moments": Moments.of(ROWS[1]),
    "counts": Counts.of(SYMBOLS, 5),
    "source": Source.of(P_0, N, 0),
    "symbols": SYMBOLS,
    "rows": ROWS[1],
}


IMAGES = Samples.of(rng(4).random((C, N, 64)), 0, rng(5).integers(10, size=(C, N)))
IMAGE_FORMS = {
    "moments": Moments.of(IMAGES),
    "counts": Counts.of(SYMBOLS, 5),
    "source": Source.of(Given(IMAGES.x, IMAGES.label), N, 0),
    "rows": IMAGES,
}


@dataclass(frozen=True)
class Case:
    """A learner, the data it is tried on, the forms it refuses, and where a fit may start."""

    learner: Learner
    train: Samples = ROWS[1]
    refuses: tuple[str, ...] = ("moments", "counts", "source", "symbols")
    init: Callable[[Samples], Model] | None = None
    forms: Mapping[str, Any] = field(default_factory=lambda: OTHER_FORMS)


def near(train: Samples) -> MixtureModel:
    """Start components at -3 and 3, so that no random start decides."""
    d = train.x.shape[2]
    means = np.stack([np.full((C, d), -3.0), np.full((C, d), 3.0)], axis=1)
    return MixtureModel(np.full((C, 2), 0.5), means, np.tile(np.eye(d), (C, 2, 1, 1)))


SHORT = Training(epochs=2, batch=30, device="cpu")
PLANE = {"width": 8, "training": SHORT}
PIXELS = {"channels": 4, "training": SHORT}
NO_ROWS = ("moments", "counts")

DENSITIES = {
    "gaussian_0": Case(GaussianLearner(0), refuses=("counts", "symbols")),
    "gaussian_1": Case(GaussianLearner(1), ROWS[3], refuses=("counts", "symbols")),
    "categorical": Case(CategoricalLearner(5), SYMBOLS, refuses=("moments", "rows")),
    "categorical_smoothed": Case(CategoricalLearner(5, 0.5), SYMBOLS, refuses=("moments", "rows")),
    "kde": Case(KDELearner(0.4)),
    "kde_3d": Case(KDELearner(0.4), ROWS[3]),
    "mixture_full": Case(MixtureLearner(2), init=near),
    "mixture_full_3d": Case(MixtureLearner(2), ROWS[3], init=near),
    "mixture_diagonal": Case(MixtureLearner(2, "diagonal"), ROWS[3], init=near),
    "mixture_spherical": Case(MixtureLearner(2, "spherical"), ROWS[3], init=near),
}
NETWORKS = {
    "vae": Case(VAELearner(training=SHORT), IMAGES, NO_ROWS, forms=IMAGE_FORMS),
    "diffusion": Case(DiffusionLearner(4, **PLANE), ROWS[3], (*NO_ROWS, "symbols")),
    "diffusion_images": Case(DiffusionLearner(4, **PIXELS), IMAGES, NO_ROWS, forms=IMAGE_FORMS),
    "diffusion_labels": Case(
        DiffusionLearner(4, conditioning="labels", **PIXELS), IMAGES, NO_ROWS, forms=IMAGE_FORMS
    ),
    "flow": Case(FlowLearner(4, **PLANE), ROWS[3], (*NO_ROWS, "symbols")),
    "flow_images": Case(FlowLearner(4, **PIXELS), IMAGES, NO_ROWS, forms=IMAGE_FORMS),
}
TABLE = DENSITIES | NETWORKS


@pytest.fixture(params=TABLE)
def case(request) -> Case:
    return TABLE[request.param]


@pytest.fixture(params=DENSITIES)
def density(request) -> Case:
    return DENSITIES[request.param]


@pytest.fixture(autouse=True)
def one_thread():
    """Small networks gain nothing from threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fitted(case: Case, key: int = 0, train: Samples | None = None) -> Any:
    train = train or case.train
    return case.learner.fit(train, rng(key), init=case.init(train) if case.init else None)


def digest(model: Model) -> str:
    parts = (k.encode() + np.ascontiguousarray(v).tobytes() for k, v in model.state().items())
    return sha256(b"".join(parts)).hexdigest()


def test_fit_is_a_function_of_data_and_stream_and_leaves_the_data_alone(case):
    before = case.train.x.tobytes()
    one, two = case.learner.fit(case.train, rng(5)), case.learner.fit(case.train, rng(5))
    assert digest(one) == digest(two)
    assert case.train.x.tobytes() == before
    assert one.n_chains == C


@pytest.mark.parametrize("name", TABLE)
def test_who_knows_its_density(name):
    """The laws of densities and moments below hold for all models that have them."""
    model = fitted(TABLE[name])
    assert isinstance(model, DensityModel) == (name in DENSITIES)
    known = name in DENSITIES and not name.startswith("categorical")
    assert isinstance(model, MomentLaw) == known


def test_sampling_never_changes_the_model(case):
    """The field's own code trained a saved model again while generating from it."""
    model = fitted(case)
    before = digest(model)
    model.sample(50, rng())
    if isinstance(model, DensityModel):
        model.log_prob(case.train.x)
    assert digest(model) == before
    for value in model.state().values():
        with pytest.raises(ValueError, match="read-only"):
            value[...] = 0


def test_successive_draws_differ_chains_differ_and_a_stream_repeats(case):
    model, stream = fitted(case), rng(7)
    one, two = model.sample(200, stream), model.sample(200, stream)
    assert one.shape == (C, 200, *case.train.x.shape[2:])
    np.testing.assert_array_equal(one, model.sample(200, rng(7)))
    assert not np.array_equal(one, two)
    # Chains fitted to the same rows still draw different ones.
    x = np.ascontiguousarray(np.broadcast_to(case.train.x[:1], case.train.x.shape))
    same = fitted(case, train=Samples.of(x, 0, case.train.label)).sample(200, rng(7))
    assert not np.array_equal(same[0], same[1])


def test_state_restores_the_same_model(case):
    model = fitted(case)
    again = case.learner.restore({k: v.copy() for k, v in model.state().items()})
    assert digest(again) == digest(model)
    np.testing.assert_array_equal(again.sample(30, rng(2)), model.sample(30, rng(2)))
    if isinstance(model, DensityModel):
        np.testing.assert_array_equal(again.log_prob(case.train.x), model.log_prob(case.train.x))


@pytest.mark.parametrize("name", [n for n in DENSITIES if not n.startswith("categorical")])
def test_samples_have_their_own_mean_and_covariance(name):
    """Means and covariance entries within 4 standard errors, estimated from the rows themselves."""
    model = fitted(TABLE[name])
    n = 4000
    x = model.sample(n, rng(11))
    mean, cov = model.moments()
    for c in range(C):
        error = x[c].std(axis=0) / np.sqrt(n)
        assert (np.abs(x[c].mean(axis=0) - mean[c]) < 4 * error).all()
        products = (x[c] - mean[c])[:, :, None] * (x[c] - mean[c])[:, None, :]
        error = products.std(axis=0) / np.sqrt(n)
        assert (np.abs(products.mean(axis=0) - cov[c]) < 4 * error).all()


def test_samples_match_their_own_density(density):
    model, n = fitted(density), 4000
    x = model.sample(n, rng(13))
    for c in range(C):
        if isinstance(model, CategoricalModel):
            assert_frequencies(x[c], np.exp(model.log_prob(np.tile(np.arange(5), (C, 1))))[c])
        elif x.shape[2] == 1:
            assert_kolmogorov_smirnov(x[c, :, 0], model, c)
        else:
            assert_importance_weights_average_one(x[c], density.train.x[c], model, c)


def assert_frequencies(x, p):
    """Each symbol occurs Binomial(n, p_i) times; a lost symbol never."""
    share = np.bincount(x, minlength=5) / x.size
    assert (np.abs(share - p) <= 4 * np.sqrt(p * (1 - p) / x.size)).all()
    np.testing.assert_allclose(p.sum(), 1.0)


def assert_kolmogorov_smirnov(x, model, c):
    grid = np.linspace(-25, 25, 10_001)
    p = np.exp(model.log_prob(np.tile(grid[None, :, None], (C, 1, 1))))[c]
    cdf = np.concatenate([[0.0], np.cumsum((p[1:] + p[:-1]) / 2 * np.diff(grid))])
    np.testing.assert_allclose(cdf[-1], 1.0, atol=1e-4)
    found = ks_1samp(x, lambda v: np.interp(v, grid, cdf))
    assert found.statistic * np.sqrt(x.size) < KS_4_SIGMA


def assert_importance_weights_average_one(x, centres, model, c):
    """E_p[q / p] = 1 for a density q that is narrow around the training rows.

    Wrong if log_prob is off by a constant or if the rows come from another shape.
    """
    h, (n, d) = 0.35, centres.shape
    squares = ((x[:, None] - centres) ** 2).sum(axis=2)
    log_q = (
        logsumexp(-0.5 * squares / h**2, axis=1) - np.log(n) - d * np.log(h * np.sqrt(2 * np.pi))
    )
    weight = np.exp(log_q - model.log_prob(np.stack([x] * C))[c])
    assert abs(weight.mean() - 1) < 4 * weight.std() / np.sqrt(weight.size)
    assert weight.std() / np.sqrt(weight.size) < 0.1


def test_weighted_rows_count_like_repeated_rows(density):
    weight = rng(17).integers(1, 4, size=N)
    x = density.train.x
    weighted = Samples(x, density.train.origin, np.tile(weight.astype(float), (C, 1)))
    repeated = Samples.of(np.repeat(x, weight, axis=1), 0)
    one, two = fitted(density, train=weighted), fitted(density, train=repeated)
    np.testing.assert_allclose(one.log_prob(x), two.log_prob(x), rtol=1e-6, atol=1e-9)
    plain = fitted(density)
    assert np.abs(one.log_prob(x) - plain.log_prob(x)).max() > 1e-3


def test_rows_of_weight_0_leave_no_trace_and_others_do(case):
    """A network meets its rows in random batches, so that repeated rows are other batches; but what
    rows of weight 0 show must not matter, and what the weights are must."""
    train, weight = case.train, np.ones((C, N))
    weight[:, ::3] = 0
    shown = np.where((weight > 0).reshape(C, N, *[1] * (train.x.ndim - 2)), train.x, train.x[:, :1])
    fits = [
        fitted(case, train=Samples(x, train.origin, w, train.label)).sample(40, rng(2))
        for x, w in ((train.x, weight), (shown, weight), (train.x, None))
    ]
    np.testing.assert_allclose(fits[0], fits[1], atol=1e-5)
    assert not np.allclose(fits[0], fits[2], atol=1e-5)


def test_wrong_forms_of_data_are_refused_with_what_to_try(case):
    for form in case.refuses:
        with pytest.raises(DataError, match=r"use |need"):
            case.learner.fit(case.forms[form], rng())


def test_forms_that_are_not_refused_are_learned_from(case):
    for form in set(case.forms) - set(case.refuses):
        if isinstance(case.learner, CategoricalLearner) and form == "source":
            continue
        model = case.learner.fit(case.forms[form], rng())
        assert model.n_chains == C


def test_a_warm_start_is_accepted(case):
    model = fitted(case)
    again = case.learner.fit(case.train, rng(1), init=model, valid=case.train)
    assert again.sample(3, rng()).shape == model.sample(3, rng()).shape
    if isinstance(model, DensityModel):
        found, known = again.log_prob(case.train.x), model.log_prob(case.train.x)
        np.testing.assert_allclose(found, known, atol=0.1)


def test_chains_do_not_know_their_place(density):
    """A chain's fit does not depend on its neighbours (to the last bits of the linear algebra)."""
    both = fitted(density).log_prob(density.train.x)
    swapped = Samples.of(np.ascontiguousarray(density.train.x[::-1]), 0)
    found = fitted(density, train=swapped).log_prob(swapped.x)
    np.testing.assert_allclose(found[::-1], both, rtol=1e-9)


def test_chains_are_fitted_apart(case):
    """Other rows in the last chain leave the first as it was, and change the last."""
    x = case.train.x.copy()
    x[-1] = x[-1, rng(3).integers(N, size=N)]
    states = (fitted(case).state(), fitted(case, train=Samples.of(x, 0, case.train.label)).state())
    for name, value in states[0].items():
        np.testing.assert_allclose(value[0], states[1][name][0], rtol=1e-9, err_msg=name)
    assert any(not np.array_equal(v[-1], states[1][k][-1]) for k, v in states[0].items())
