"""Rows, statistics and endless sources: the same data in another form, the same law."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import ks_2samp

from genloss.core.forms import AsCounts, AsMoments, Endless, Rows
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.statistics import Counts, Moments
from genloss.errors import DataError
from genloss.models.categorical import CategoricalModel
from genloss.models.gaussian import GaussianLearner, GaussianModel

KS_4_SIGMA = 2.28
"""P(sqrt(n m / (n + m)) D > x) is about 2 exp(-2 x^2): 6.3e-5, as 4 standard errors, at 2.28."""


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


REAL_ROWS = arrays.arrays(
    np.float64,
    st.tuples(st.just(2), st.integers(1, 6), st.just(2)),
    elements=st.integers(-8, 8).map(lambda k: k / 4),
)
SYMBOLS = arrays.arrays(
    np.int64, st.tuples(st.just(2), st.integers(1, 8)), elements=st.integers(0, 4)
)


def joined(parts):
    return Samples.concat([Samples.of(x, k) for k, x in enumerate(parts)])


@given(st.lists(REAL_ROWS, min_size=1, max_size=4))
def test_moments_of_joined_rows_are_the_joined_moments(parts):
    one = Moments.concat([Moments.of(Samples.of(x, k)) for k, x in enumerate(parts)])
    two = Moments.of(joined(parts))
    assert one.origins == two.origins
    for name in ("total", "mean", "scatter"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-9, atol=1e-9)


@given(st.lists(SYMBOLS, min_size=1, max_size=4))
def test_counts_of_joined_rows_are_the_joined_counts(parts):
    one = Counts.concat([Counts.of(Samples.of(x, k), 5) for k, x in enumerate(parts)])
    two = Counts.of(joined(parts), 5)
    assert one.origins == two.origins
    np.testing.assert_array_equal(one.counts, two.counts)


def test_moments_far_from_zero_lose_no_digits():
    """sum x^2 - n mean^2 would leave nothing of a variance of 1 around a mean of 1e9."""
    x = rng(1).normal(size=(1, 40, 1))
    parts = np.split(x + 1e9, 4, axis=1)
    pooled = Moments.concat([Moments.of(Samples.of(p, 0)) for p in parts])
    np.testing.assert_allclose(pooled.scatter[0, 0, 0] / 40, x.var(), rtol=1e-6)


def test_weights_are_frequencies():
    x, weight = rng(2).normal(size=(1, 5, 2)), np.array([[1.0, 3.0, 0.0, 2.0, 1.0]])
    one = Moments.of(Samples(x, np.zeros((1, 5), dtype=int), weight))
    two = Moments.of(Samples.of(np.repeat(x, weight[0].astype(int), axis=1), 0))
    for name in ("total", "mean", "scatter"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-12)


COV = np.array([[2.0, 0.8, 0.0], [0.8, 1.0, -0.3], [0.0, -0.3, 0.5]])
MEAN = np.array([1.0, -2.0, 0.5])


@pytest.mark.parametrize(
    ("d", "n", "chains"), [(1, 5, 8000), (1, 2, 8000), (3, 10, 8000), (3, 4, 8000), (3, 3, 8000)]
)
def test_moments_drawn_directly_have_the_law_of_moments_of_rows(d, n, chains):
    """n = 3, d = 3 has n - 1 < d: no Bartlett factor. Every marginal by Kolmogorov-Smirnov.

    Beside it E scatter = (n - 1) Sigma with Var scatter_ij = (n - 1)(s_ii s_jj + s_ij^2).
    """
    model = GaussianModel(np.tile(MEAN[:d], (chains, 1)), np.tile(COV[:d, :d], (chains, 1, 1)))
    direct = model.sample_moments(n, rng(3), 7)
    rows = Moments.of(Samples.of(model.sample(n, rng(4)), 7))
    assert direct.origins == rows.origins == ((7, n),)
    np.testing.assert_array_equal(direct.total, n)
    i, j = np.tril_indices(d)
    pairs = [(direct.mean[:, k], rows.mean[:, k]) for k in range(d)]
    pairs += [(direct.scatter[:, a, b], rows.scatter[:, a, b]) for a, b in zip(i, j, strict=True)]
    pairs += [(joint(direct), joint(rows))]
    for one, two in pairs:
        assert ks_2samp(one, two).statistic * np.sqrt(chains / 2) < KS_4_SIGMA
    sigma = COV[:d, :d]
    error = np.sqrt((n - 1) * (np.outer(np.diag(sigma), np.diag(sigma)) + sigma**2) / chains)
    assert (np.abs(direct.scatter.mean(axis=0) - (n - 1) * sigma) < 4 * error).all()
    mean_error = np.sqrt(np.diag(sigma) / n / chains)
    assert (np.abs(direct.mean.mean(axis=0) - MEAN[:d]) < 4 * mean_error).all()


def joint(m: Moments) -> np.ndarray:
    """Return a number that would show a dependence of mean and scatter, or of its entries."""
    spread = np.trace(m.scatter, axis1=1, axis2=2)
    return (m.mean[:, 0] - MEAN[0]) * spread + m.scatter.max(axis=(1, 2))


def test_scatter_of_too_few_rows_has_their_rank():
    model = GaussianModel(np.zeros((4, 3)), np.tile(COV, (4, 1, 1)))
    for n in (1, 2, 3):
        rank = np.linalg.matrix_rank(model.sample_moments(n, rng(), 0).scatter, tol=1e-9)
        np.testing.assert_array_equal(rank, n - 1)


P = np.array([0.5, 0.3, 0.15, 0.05, 0.0])


def test_counts_drawn_directly_have_the_law_of_counts_of_rows():
    """Each count is Binomial(n, p_i), pairs have covariance -n p_i p_j; a lost symbol stays lost.

    The error of a covariance is that of the mean of the products of deviations.
    """
    n, chains = 20, 8000
    model = CategoricalModel(np.tile(P, (chains, 1)))
    direct = model.sample_counts(n, rng(5), 2).counts
    rows = AsCounts().draw(Shy(model), n, rng(6), 2).counts
    assert rows[:, 4].sum() == direct[:, 4].sum() == 0
    right = n * (np.diag(P) - np.outer(P, P))
    for found in (direct, rows):
        error = np.sqrt(n * P * (1 - P) / chains)
        assert (np.abs(found.mean(axis=0) - n * P) <= 4 * error).all()
        off = found - n * P
        products = off[:, :, None] * off[:, None, :]
        error = products.std(axis=0) / np.sqrt(chains)
        assert (np.abs(products.mean(axis=0) - right) <= 4 * error).all()
    for k in range(4):
        assert ks_2samp(direct[:, k], rows[:, k]).statistic * np.sqrt(chains / 2) < KS_4_SIGMA


@dataclass(frozen=True)
class Shy:
    """A categorical law that cannot draw counts, so that rows are drawn and counted."""

    model: CategoricalModel

    @property
    def n_chains(self):
        return self.model.n_chains

    def sample(self, n, rng):
        return self.model.sample(n, rng)

    def probabilities(self):
        return self.model.p

    def state(self):
        return {}


def test_subsampled_counts_are_hypergeometric():
    """Of 30 symbols, 10 are kept: count i has mean K_i / 3, Var 10 (K/30)(1-K/30)(20/29)."""
    chains, k = 5000, np.array([15, 10, 5])
    counts = Counts(np.tile(k, (chains, 1)), ((0, 30),))
    found = counts.subsample(10, rng(7))
    assert found.origins == ((0, 10),)
    share = k / 30
    error = np.sqrt(10 * share * (1 - share) * 20 / 29 / chains)
    assert (np.abs(found.counts.mean(axis=0) - 10 * share) < 4 * error).all()


GAUSSIAN = GaussianModel(np.tile(MEAN, (2, 1)), np.tile(COV, (2, 1, 1)))
CATEGORICAL = CategoricalModel(np.tile(P, (2, 1)))


@dataclass(frozen=True)
class Case:
    """A form, a model it is drawn from, and the class of its data."""

    form: Any
    model: Any
    data: type
    compare: Callable[[Any], np.ndarray]


FORMS = {
    "rows": Case(Rows(), GAUSSIAN, Samples, lambda s: s.x),
    "symbols": Case(Rows(), CATEGORICAL, Samples, lambda s: s.x),
    "moments": Case(AsMoments(), GAUSSIAN, Moments, lambda m: m.scatter),
    "counts": Case(AsCounts(), CATEGORICAL, Counts, lambda c: c.counts),
    "endless": Case(Endless(), GAUSSIAN, Source, lambda s: s.take(9, rng(3)).x),
}


@pytest.fixture(params=FORMS)
def case(request):
    return FORMS[request.param]


def test_what_a_form_draws_is_restored_from_its_arrays(case):
    parts = [case.form.draw(case.model, 6, rng(k), k) for k in (1, 2)]
    data = case.data.concat(parts)
    again = case.form.restore(data.arrays(), lambda _, state: GaussianLearner(1).restore(state))
    assert isinstance(again, case.data)
    assert (again.n_chains, again.n_rows) == (2, 12)
    assert [k for k, _ in sorted(again.origin_counts().items())] == [1, 2]
    np.testing.assert_array_equal(case.compare(again), case.compare(data))
    for name, value in data.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], value)


def test_data_of_different_shapes_do_not_join(case):
    if case.data is Source:
        return
    narrow = type(case.model)(*(v[:1] for v in case.model.state().values()))
    parts = [case.form.draw(m, 6, rng(), 1) for m in (case.model, narrow)]
    with pytest.raises(DataError, match="cannot concatenate"):
        case.data.concat(parts)


def test_given_rows_take_the_form_and_keep_their_origin():
    x = rng().normal(size=(2, 5, 3))
    assert Rows().of(x, 3).origin_counts()[3].tolist() == [5, 5]
    assert AsMoments().of(x, 3).origins == ((3, 5),)
    assert AsCounts().of(np.array([[0, 2], [1, 1]]), 3).counts.tolist() == [[1, 0, 1], [0, 2, 0]]
    endless = Endless().of(x, 3)
    assert endless.origin_counts()[3].tolist() == [5, 5]
    drawn = endless.take(40, rng(1)).x
    for c in range(2):
        np.testing.assert_array_equal(np.unique(drawn[c], axis=0), np.unique(x[c], axis=0))


def test_counts_of_something_that_is_no_categorical_law_are_refused():
    with pytest.raises(DataError, match="got GaussianModel; use form = 'rows'"):
        AsCounts().draw(GAUSSIAN, 5, rng(), 1)
    with pytest.raises(DataError, match=r"in \[0, 3\); got shape \(1, 2\).* values 0 to 3"):
        Counts.of(Samples.of(np.array([[0, 3]]), 0), 3)
    with pytest.raises(DataError, match="Counts take no weights"):
        Counts.of(Samples(np.array([[0, 1]]), np.array([[0, 0]]), np.ones((1, 2))), 2)


def test_moments_know_origins_only_if_chains_agree():
    uneven = Samples(np.zeros((2, 3, 1)), np.array([[0, 0, 1], [0, 1, 1]]))
    with pytest.raises(DataError, match="the same number of rows of an origin in every chain"):
        Moments.of(uneven)


@pytest.mark.parametrize("n", [0, 6])
def test_an_impossible_subsample_of_counts_is_refused(n):
    with pytest.raises(DataError, match="of 5 rows without replacement"):
        Counts(np.array([[3, 2]]), ((0, 5),)).subsample(n, rng())


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (lambda: Counts(np.array([[1, -1]]), ((0, 0),)), "non-negative integers"),
        (lambda: Counts(np.array([[1.0, 1.0]]), ((0, 2),)), "non-negative integers"),
        (lambda: Counts(np.array([[1, 1]]), ((0, 3),)), "must sum to its 3 rows"),
        (lambda: Moments(np.ones(1), np.zeros((1, 2)), np.zeros((1, 2)), ()), "expected"),
        (lambda: Moments(np.ones(1), np.full((1, 1), np.nan), np.ones((1, 1, 1)), ()), "mean is"),
    ],
)
def test_statistics_that_contradict_themselves_are_refused(broken, why):
    with pytest.raises(DataError, match=why):
        broken()
