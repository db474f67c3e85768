import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import moments, scatter

C, N, T = 20_000, 6, 5
STEPS = np.arange(1, T + 1)
SAMPLING = [(0, 1.0, 0.0), (1, 1.0, 0.0), (0, 0.7, 0.0), (1, 0.7, 0.0), (0, 1.0, 0.3)]


def replace_rows(history, t):
    return history[-1]


def accumulate_rows(history, t):
    return np.concatenate(history, axis=1)


def subsample_rows(rng):
    def compose(history, t):
        return rng.permuted(np.concatenate(history, axis=1), axis=1)[:, :N]

    return compose


@pytest.mark.parametrize(("ddof", "lam", "bandwidth2"), SAMPLING)
@pytest.mark.parametrize("regime", ["replace", "accumulate", "accumulate_subsample"])
def test_recursion_against_rows(regime, ddof, lam, bandwidth2, brute_force, within_band):
    rng = np.random.default_rng(1)
    compose = {
        "replace": replace_rows,
        "accumulate": accumulate_rows,
        "accumulate_subsample": subsample_rows(rng),
    }[regime]
    means, variances = brute_force(
        compose,
        chains=C,
        n=N,
        generations=T,
        rng=rng,
        ddof=ddof,
        lam=lam,
        bandwidth2=bandwidth2,
    )
    path = getattr(moments, regime)(STEPS, N, ddof=ddof, lam=lam, bandwidth2=bandwidth2)
    within_band(means**2, path.mean_error)
    within_band(variances, path.spread)


@pytest.mark.parametrize("ddof", [0, 1])
def test_replace_powers(ddof):
    keep = 1.0 if ddof == 1 else 1 - 1 / 50
    t = np.array([[0, 1], [7, 40]])
    path = moments.replace(t, 50, ddof=ddof, lam=0.9)
    expected = np.where(t == 0, 1.0, keep**t * 0.9 ** np.maximum(t - 1, 0))
    np.testing.assert_allclose(path.spread, expected, rtol=1e-12)
    assert path.mean_error.shape == t.shape
    assert path.mean_error[0, 0] == 0


def test_replace_schedule_adds_inverse_sizes():
    path = moments.replace([0, 1, 2, 3], [10, 20, 40], ddof=1)
    np.testing.assert_allclose(path.mean_error, [0, 0.1, 0.15, 0.175], rtol=1e-12)
    np.testing.assert_allclose(path.spread, 1.0, rtol=1e-12)


def test_replace_in_many_dimensions(within_band):
    # The claim is that traces need no dimension: anisotropic Sigma_0, d = 3, rows drawn.
    rng = np.random.default_rng(2)
    root = np.array([[2.0, 0, 0], [0.5, 1.0, 0], [-0.3, 0.2, 0.4]])
    trace = np.trace(root @ root.T)
    x = rng.standard_normal((8000, 7, 3)) @ root.T
    for t in (1, 2, 3):
        mu = x.mean(axis=1)
        sigma = np.einsum("cni,cnj->cij", x - mu[:, None], x - mu[:, None]) / 7
        path = moments.replace(t, 7, ddof=0, lam=0.8)
        within_band((mu**2).sum(axis=1) / trace, path.mean_error)
        within_band(np.trace(sigma, axis1=1, axis2=2) / trace, path.spread)
        factor = np.linalg.cholesky(0.8 * sigma)
        x = mu[:, None] + np.einsum("cij,cnj->cni", factor, rng.standard_normal(x.shape))


@pytest.mark.parametrize("regime", ["replace", "accumulate"])
def test_kernel_density_chain_against_rows(regime, within_band):
    # A real kernel estimate: a random row of the training set plus noise, not a Gaussian fit.
    rng = np.random.default_rng(22)
    start = rng.uniform(-np.sqrt(3), np.sqrt(3), (C, N))
    batches = [start]
    for t in range(1, T + 1):
        train = batches[-1] if regime == "replace" else np.concatenate(batches, axis=1)
        path = getattr(moments, regime)(t, N, ddof=0, bandwidth2=0.25)
        within_band(train.mean(axis=1) ** 2, path.mean_error)
        within_band(train.var(axis=1), path.spread)
        rows = rng.integers(train.shape[1], size=(C, N))
        centre = np.take_along_axis(train, rows, axis=1)
        batches.append(centre + 0.5 * rng.standard_normal((C, N)))


def test_categorical_subsample_chain_against_rows(within_band):
    # One-hot rows are a plug-in chain: diversity lost and distance travelled follow `moments`.
    rng = np.random.default_rng(23)
    law = np.array([0.5, 0.3, 0.2])
    pool = rng.multinomial(N, law, size=4000)
    for t in range(1, T + 1):
        chosen = np.array([rng.multivariate_hypergeometric(row, N) for row in pool])
        p = chosen / N
        path = moments.accumulate_subsample(t, N, ddof=0)
        start = 1 - np.sum(law**2)
        within_band((1 - (p**2).sum(axis=1)) / start, path.spread)
        within_band(((p - law) ** 2).sum(axis=1) / start, path.mean_error)
        pool = pool + rng.multinomial(N, p)


@pytest.mark.parametrize("regime", [moments.replace, moments.accumulate])
def test_maximum_likelihood_keeps_the_total_variance(regime):
    path = regime(np.arange(200), 12, ddof=0)
    np.testing.assert_allclose(path.mean_error + path.spread, 1.0, rtol=1e-12)


def test_accumulate_is_the_product():
    t = np.array([1, 2, 30])
    factors = 1 - 1 / (10 * np.arange(1, 31) ** 2)
    np.testing.assert_allclose(
        moments.accumulate(t, 10, ddof=0).spread, np.cumprod(factors)[t - 1], rtol=1e-12
    )


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("n", [2, 10, 100])
def test_accumulate_limit(n, ddof):
    # The tail of the product beyond t is 1 - O(1/(n t)).
    t = 20_000
    far = moments.accumulate(t, n, ddof=ddof).spread
    limit = moments.accumulate_spread_limit(n, ddof=ddof)
    np.testing.assert_allclose(far, limit, rtol=2 / (n * t))


def test_accumulate_mean_error_stays_below_its_bound():
    t = np.arange(500)
    bound = moments.accumulate_mean_error_bound(t, 20)
    error = moments.accumulate(t, 20, ddof=1).mean_error
    assert np.all(error <= bound)
    assert bound[-1] < np.pi**2 / 6 / 20
    np.testing.assert_allclose(bound[[0, 1, 2]], [0, 1 / 20, 1.25 / 20])
    np.testing.assert_allclose(error[:2], bound[:2])


# Kazdan et al. 2024, one-dimensional sweep, maximum likelihood, iteration 1/10/50/100, the mean of
# 100 runs, computed from the run histories they published.
KAZDAN = {
    ("replace", 10): [0.964, 0.301, 0.003, 0.000],
    ("replace", 32): [0.976, 0.724, 0.148, 0.073],
    ("replace", 100): [0.992, 0.891, 0.579, 0.309],
    ("accumulate", 10): [0.967, 0.874, 0.877, 0.873],
    ("accumulate", 32): [0.979, 0.956, 0.955, 0.955],
    ("accumulate", 100): [0.997, 0.994, 0.997, 0.997],
}


@pytest.mark.parametrize(("regime", "n"), sorted(KAZDAN))
def test_published_trace_ratios_scatter_round_the_exact_law(regime, n):
    t = np.array([1, 10, 50, 100])
    expected = getattr(moments, regime)(t, n, ddof=0).spread
    variance = getattr(scatter, regime)(t, n, ddof=0).spread
    # Rounding to three digits adds 5e-4.
    band = 4 * np.sqrt(variance / 100) + 5e-4
    assert np.all(np.abs(np.array(KAZDAN[regime, n]) - expected) <= band)


def test_published_mean_errors_scatter_round_the_exact_law():
    # The same runs at iteration 100, n = 10, 32, 100: squared error of the mean.
    seen = {"replace": [0.926, 0.728, 0.584], "accumulate": [0.158, 0.053, 0.016]}
    for regime, values in seen.items():
        for n, value in zip((10, 32, 100), values, strict=True):
            expected = getattr(moments, regime)(100, n, ddof=0).mean_error
            variance = getattr(scatter, regime)(100, n, ddof=0).mean_error
            assert abs(value - expected) <= 4 * np.sqrt(variance / 100) + 5e-4, (regime, n)


def test_published_figure_in_ten_dimensions():
    # Kazdan et al. 2024, d = 10, iteration 100, read off a figure: to about 0.03.
    sizes = [10, 32, 100, 316, 1000]
    seen = {
        "replace": [0.00, 0.04, 0.44, 0.71, 0.91],
        "accumulate_subsample": [0.74, 0.92, 0.97, 0.99, 1.0],
        "accumulate": [0.84, 0.96, 0.99, 1.0, 1.0],
    }
    for regime, values in seen.items():
        exact = [float(getattr(moments, regime)(100, n, ddof=0).spread) for n in sizes]
        # 100 runs in ten dimensions have a standard error of their own under replacement.
        noise = [
            4 * float(np.sqrt(scatter.replace(100, n, d=10, ddof=0).spread / 100))
            if regime == "replace"
            else 0.0
            for n in sizes
        ]
        assert np.all(np.abs(np.subtract(values, exact)) <= 0.03 + np.array(noise)), regime


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: moments.replace(-1, 10, ddof=0), "generations"),
        (lambda: moments.replace(1.5, 10, ddof=0), "generations"),
        (lambda: moments.replace(1, 0, ddof=0), "at least 1"),
        (lambda: moments.replace(1, 1, ddof=1), "at least 2"),
        (lambda: moments.replace(3, [10, 10], ddof=0), "expected 3"),
        (lambda: moments.replace(1, 10, ddof=2), "ddof"),
        (lambda: moments.replace(1, 10, ddof=0, lam=-0.1), "lam"),
        (lambda: moments.accumulate(1, np.nan, ddof=0), "n is"),
        (lambda: moments.accumulate(1, 10, ddof=0, bandwidth2=np.inf), "bandwidth2"),
        (lambda: moments.accumulate_subsample(1, 1, ddof=0), "n is"),
    ],
)
def test_bad_arguments(call, hint):
    with pytest.raises(SpecError, match=hint):
        call()
