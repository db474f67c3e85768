"""Brute force for closed forms: rows drawn, fitted and pooled one by one, no shortcut shared."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Array = NDArray[np.float64]


def brute_force_chain(
    compose: Callable[[list[Array], int], Array],
    *,
    chains: int,
    n: int,
    generations: int,
    rng: np.random.Generator,
    ddof: int,
    lam: float = 1.0,
    bandwidth2: float = 0.0,
) -> tuple[Array, Array]:
    """Means and variances (C, T) of 1-D chains; `compose` sees (S_0, ..., S_{t-1}) and t."""
    history = [rng.standard_normal((chains, n))]
    means, variances = [], []
    for t in range(1, generations + 1):
        train = compose(history, t)
        mu, var = train.mean(axis=1), train.var(axis=1, ddof=ddof)
        means.append(mu)
        variances.append(var)
        noise = rng.standard_normal((chains, n))
        history.append(mu[:, None] + np.sqrt(lam * var + bandwidth2)[:, None] * noise)
    return np.stack(means, axis=1), np.stack(variances, axis=1)


def brute_force_gaussian(
    chains: int,
    *,
    n: int,
    d: int,
    generations: int,
    ddof: int,
    lam: float,
    rng: np.random.Generator,
    pool: bool = False,
) -> tuple[Array, Array]:
    """Means (T, C, d) and covariances (T, C, d, d); the pool of all rows, or the last batch."""
    batches = [rng.standard_normal((chains, n, d))]
    means, sigmas = [], []
    for _ in range(generations):
        x = np.concatenate(batches, axis=1) if pool else batches[-1]
        mu = x.mean(axis=1, keepdims=True)
        sigma = np.einsum("cni,cnj->cij", x - mu, x - mu) / (x.shape[1] - ddof)
        means.append(mu[:, 0])
        sigmas.append(sigma)
        noise = rng.standard_normal((chains, n, d))
        batches.append(mu + np.einsum("cij,cnj->cni", np.linalg.cholesky(lam * sigma), noise))
    return np.stack(means), np.stack(sigmas)


def expect_mean(values: Array, expected: Array) -> None:
    """Mean over chains (axis 0) within 4 standard errors of `expected`.

    The standard error is the chains' own standard deviation over sqrt(C).
    """
    values = np.asarray(values, dtype=float)
    band = 4 * values.std(axis=0, ddof=1) / np.sqrt(len(values))
    off = np.abs(values.mean(axis=0) - expected)
    assert np.all(off <= band + 1e-12), (values.mean(axis=0), expected, band)


@pytest.fixture
def brute_force() -> Callable[..., tuple[Array, Array]]:
    return brute_force_chain


@pytest.fixture
def within_band() -> Callable[..., None]:
    return expect_mean


@pytest.fixture
def gaussian_rows() -> Callable[..., tuple[Array, Array]]:
    return brute_force_gaussian
