import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import moments
from genloss.theory.anchored import anchored, anchored_limit, effective_sample_size

C, FIRST, REAL, SYNTHETIC, T = 20_000, 6, 3, 5, 5
STEPS = np.arange(1, T + 1)


def rows_of(real_rows, rng):
    def compose(history, t):
        if t == 1:
            return history[0]
        if real_rows == "fresh":
            real = rng.standard_normal((C, REAL))
        elif real_rows == "fixed":
            real = history[0][:, :REAL]
        else:
            real = rng.permuted(history[0], axis=1)[:, :REAL]
        return np.concatenate([real, history[-1][:, :SYNTHETIC]], axis=1)

    return compose


@pytest.mark.parametrize("real_rows", ["fresh", "redrawn", "fixed"])
@pytest.mark.parametrize(("ddof", "lam", "bandwidth2"), [(0, 1, 0), (1, 0.6, 0), (0, 1, 0.4)])
def test_recursion_against_rows(real_rows, ddof, lam, bandwidth2, brute_force, within_band):
    rng = np.random.default_rng(3)
    means, variances = brute_force(
        rows_of(real_rows, rng),
        chains=C,
        n=FIRST,
        generations=T,
        rng=rng,
        ddof=ddof,
        lam=lam,
        bandwidth2=bandwidth2,
    )
    path = anchored(
        STEPS,
        FIRST,
        REAL,
        SYNTHETIC,
        real_rows=real_rows,
        ddof=ddof,
        lam=lam,
        bandwidth2=bandwidth2,
    )
    within_band(means**2, path.mean_error)
    within_band(variances, path.spread)


@pytest.mark.parametrize("real_rows", ["fresh", "redrawn", "fixed"])
def test_no_real_rows_is_replacement(real_rows):
    t = np.arange(12)
    path = anchored(t, 9, 0, 9, real_rows=real_rows, ddof=1, lam=0.8)
    np.testing.assert_allclose(path, moments.replace(t, 9, ddof=1, lam=0.8), rtol=1e-12)


@pytest.mark.parametrize("real_rows", ["fresh", "redrawn", "fixed"])
def test_limit_is_where_the_recursion_ends(real_rows):
    args = {"real_rows": real_rows, "ddof": 1, "lam": 0.7, "bandwidth2": 0.1}
    far = anchored(2000, 50, 10, 40, **args)
    np.testing.assert_allclose(far, anchored_limit(50, 10, 40, **args), rtol=1e-10)


def test_fresh_limit_forgets_the_first_sample():
    # Alemohammad et al. 2023: the same limit from n_ini = 100 and 1000; n_r = 100, n_s = 900.
    few, many = (
        anchored([1, 200], n_ini, 100, 900, real_rows="fresh", ddof=1) for n_ini in (100, 1000)
    )
    assert few.mean_error[0] == 10 * many.mean_error[0]
    np.testing.assert_allclose(few.mean_error[1], many.mean_error[1], rtol=1e-9)
    np.testing.assert_allclose(few.spread[1], many.spread[1], rtol=1e-9)


def test_fixed_rows_do_not_forget():
    # n_s -> infinity on top of ever the same n_r rows. Balancing the terms of order 1/N by hand:
    # r = 1 + m - 2/n_r, m = 1/n_r + r/(2 n_r): their own error 1/n_r, and half a spread more.
    limit = anchored_limit(10, 10, 10**7, real_rows="fixed", ddof=1)
    spread = (1 - 1 / 10) / (1 - 1 / 20)
    np.testing.assert_allclose(limit.spread, spread, rtol=1e-5)
    np.testing.assert_allclose(limit.mean_error, 1 / 10 + spread / 20, rtol=1e-5)


@pytest.mark.parametrize("real_rows", ["fresh", "redrawn", "fixed"])
def test_maximum_likelihood_keeps_the_total_variance(real_rows):
    path = anchored(np.arange(50), 20, 2, 18, real_rows=real_rows, ddof=0)
    np.testing.assert_allclose(path.mean_error + path.spread, 1.0, rtol=1e-12)


def test_effective_sample_size_of_unweighted_pooling():
    # n_s -> infinity, terms of order 1/N: 2 n_r m = r and r = 1 + m, so n_e = 1/m = 2 n_r - 1.
    assert effective_sample_size(100, 0, ddof=1) == pytest.approx(100)
    np.testing.assert_allclose(effective_sample_size(100, 10**7, ddof=1), 199, rtol=1e-4)
    grown = [effective_sample_size(100, m, ddof=1) for m in (1, 10, 100, 1000)]
    assert np.all(np.diff(grown) > 0)


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: anchored(1, 5, 6, 1, real_rows="fixed", ddof=0), "no more than all"),
        (lambda: anchored(1, 5, 6, 1, real_rows="new", ddof=0), "real_rows"),
        (lambda: anchored(1, 5, 0, 1, real_rows="fresh", ddof=1), "n_real"),
        (lambda: anchored_limit(5, 0, 5, real_rows="fresh", ddof=0), "n_real"),
        (lambda: anchored_limit(5, 1, 99, real_rows="fresh", ddof=0, lam=3.0), "without bound"),
    ],
)
def test_bad_arguments(call, hint):
    with pytest.raises(SpecError, match=hint):
        call()


@pytest.mark.parametrize("lam", [1.2, 3.0])
def test_a_spread_that_grows_has_no_limit(lam):
    """One real row beside a hundred: the spread is multiplied by about lam 100 / 101."""
    path = anchored([50, 100], 10, 1, 100, real_rows="fresh", ddof=1, lam=lam)
    assert path.spread[1] > 10 * path.spread[0]
    with pytest.raises(SpecError, match=f"lam={lam} makes the spread grow without bound"):
        anchored_limit(10, 1, 100, real_rows="fresh", ddof=1, lam=lam)
