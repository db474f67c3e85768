"""Rate models: how a metric goes on, from its first generations alone.

A model says what the chains have in common, how they differ, and what measuring adds,

    y_c(t) = f(t) + e_c(t),   f = A + B g(t) or exp(A + B g(t)),   cov e_c = s^2 R,

where g is a power of t, its logarithm, 0.9^t or nothing (`SHAPES`), and R is noise of measuring
beside a walk whose steps keep their variance or lose it as 1/t or 1/t^2, or that is drawn back to f
(`noises`). What the chains have between them says what R and s are, their mean what A and B are:
generalised least squares, asked for N (universal kriging, Matheron 1969). Models are averaged with
weights prior x likelihood^TEMPER (Hoeting et al. 1999). Where theory knows f up to A, it takes the
place of all shapes: steps may grow as well then, and the likelihood counts in full. Priors, TEMPER
and OFF were chosen on the development runs of benchmarks/forecast_units.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats

SHAPES: dict[str, float] = {
    "flat": 0.06,
    "t^-2": 0.14,
    "t^-1": 0.15,
    "t^-0.5": 0.08,
    "log t": 0.05,
    "t^0.5": 0.07,
    "t": 0.07,
    "0.9^t": 0.06,
    "exp flat": 0.07,
    "exp t^-1": 0.07,
    "exp log t": 0.07,
    "exp t^0.5": 0.05,
    "exp t": 0.06,
}
"""Shapes and their prior weights: halfway between equal ones and those that the development runs
would have liked best, as these are few. "exp": of the logarithm of the mean."""

FALLING = ("exp t", "exp t^0.5")
"""Shapes that may only fall: nothing in a recursion grows exponentially for long."""

TEMPER = 0.3
"""The exponent of the likelihood: no shape is the true one, so its evidence counts for less."""

OFF = 0.1
"""A shape is taken to be off by this share of the change that it predicts."""

REVERSIONS = (0.5, 0.8, 0.95)
"""What is left after a generation of a deviation that is drawn back."""

QUADRATIC = 2.0
"""The power of t with which the variance of a walk grows whose steps grow as t.

Near its largest value a metric moves by the squares of small errors, as diversity does from equal
shares on: errors that walk, to a variance of t, move it by a variance of t^2.
"""

WHITE = (0.001, 0.3, 1.0, 5.0, 30.0)
"""Variances of noise of measuring, in units of the walk's first step."""

MOST_FITS = 30
"""The likeliest models are averaged."""


@dataclass(frozen=True, eq=False)
class Fits:
    """K fitted models, the likeliest ones, on their own scale: of y, or of log y where `log`.

    weight sums to 1; centre and error (K, N) are those of the mean of these chains at N, which is
    theirs by Student's law of `dof` (K,); path_centre and path_error (K, N) those of f; spread
    (K, N) is the standard deviation of one chain about f, relative to f where `log`.
    """

    name: tuple[str, ...]
    weight: Floats
    log: NDArray[np.bool_]
    dof: Floats
    centre: Floats
    error: Floats
    path_centre: Floats
    path_error: Floats
    spread: Floats


@dataclass(frozen=True, eq=False)
class Shape:
    """One f: its columns x (T, k) at the generations seen and x_n (N, k) at those asked for.

    offset (T,) and offset_n (N,): the part of f that is not fitted. ridge: the standard deviation
    of B before anything is seen, 0 for any B; x is scaled so that B is the change seen. off: see
    `OFF`.
    """

    name: str
    log: bool
    prior: float
    x: Floats
    x_n: Floats
    offset: Floats
    offset_n: Floats
    ridge: float = 0.0
    falls_only: bool = False
    off: float = 0.0


@dataclass(frozen=True, eq=False)
class _Fitted:
    """What one shape gives under J noises: (J,), or (J, N)."""

    shape: Shape
    likelihood: Floats
    columns: tuple[Floats, ...]


def fits(
    t: Floats, values: Floats, at: Floats, theory: tuple[Floats, Floats] | None = None
) -> Fits:
    """Return the models of values (T, C) at generations t (T,), asked for generations at (N,).

    t ascends from 1 or later, T >= 3; values move. theory: the mean at t (T,) and at N (N,), where
    it is known. O(T^3 + N T^2) for each of 30 noises, and for each of 13 shapes under each.
    """
    mean = values.mean(axis=1)
    # A logarithm, and what is relative to the mean, needs means above 0.
    positive = bool((mean > 0).all())
    shapes = list(_shapes(t, at) if theory is None else _theory_shapes(*theory))
    noise = noises(t, at, growing=theory is not None)
    fitted = [
        one for s in shapes if positive or not s.log for one in _fitted(s, noise, values, mean)
    ]
    likelihood = np.array([one.likelihood for one in fitted])
    prior = np.array([[one.shape.prior] for one in fitted])
    # Where the shape is the true one, only noises compete, and evidence counts in full.
    temper = TEMPER if theory is None else 1.0
    weight = (prior * np.exp(temper * (likelihood - likelihood.max()))).ravel()
    order = np.argsort(-weight)[:MOST_FITS]
    weight = weight[order] / weight[order].sum()
    n = len(noise.determinant)
    which = [fitted[i // n].shape for i in order]
    dof = [_dof(shape, values) for shape in which]
    columns = [np.concatenate(c)[order] for c in zip(*(f.columns for f in fitted), strict=True)]
    log = np.array([shape.log for shape in which])
    return Fits(tuple(s.name for s in which), weight, log, np.array(dof, dtype=float), *columns)


def _dof(shape: Shape, values: Floats) -> int:
    # That a shape is wrong shows in the T means alone, however many chains there are.
    dof = values.size - shape.x.shape[1]
    return min(dof, len(values) + 1) if shape.off else dof


def _shapes(t: Floats, at: Floats) -> Iterator[Shape]:
    for name, prior in SHAPES.items():
        kind = name.removeprefix("exp ")
        x, x_n = np.ones((len(t), 1)), np.ones((len(at), 1))
        if kind != "flat":
            g, g_n = _g(kind, t), _g(kind, at)
            x = np.column_stack([x, (g - g[-1]) / (g[-1] - g[0])])
            x_n = np.column_stack([x_n, (g_n - g[-1]) / (g[-1] - g[0])])
        log = name != kind
        ridge = float(np.log(t[-1] / t[0])) if log and kind != "flat" else 0.0
        zero, zero_n = np.zeros(len(t)), np.zeros(len(at))
        yield Shape(name, log, prior, x, x_n, zero, zero_n, ridge, name in FALLING, OFF)


def _g(kind: str, t: Floats) -> Floats:
    if kind == "log t":
        return np.log(t)
    if kind.endswith("^t"):
        return np.asarray(float(kind[:-2]) ** t)
    return np.asarray(t ** float(kind.partition("^")[2] or 1))


def _theory_shapes(seen: Floats, there: Floats) -> Iterator[Shape]:
    x, x_n = np.ones((len(seen), 1)), np.ones((len(there), 1))
    yield Shape("theory", False, 1.0, x, x_n, seen, there)
    if (seen > 0).all() and (there > 0).all():
        yield Shape("exp theory", True, 1.0, x, x_n, np.log(seen), np.log(there))


@dataclass(frozen=True, eq=False)
class Noise:
    """J covariances R of one chain, in units of its walk's first step.

    inverse_root (J, T, T): of the Cholesky root at the generations seen; determinant (J,): its
    logarithm; across (J, T, N): against N, whitened; there (J, N): at N, with noise of measuring.
    """

    inverse_root: Floats
    determinant: Floats
    across: Floats
    there: Floats


def noises(t: Floats, at: Floats, growing: bool = False) -> Noise:
    """Return the covariances that a chain's deviations may have.

    growing: also a walk whose steps have a variance that grows as t.
    """
    u = np.concatenate([t, at])
    low, apart = np.minimum(u[:, None], u), np.abs(u[:, None] - u)
    walks = [low, 1 + np.log(low), 2 - 1 / low, *(r**apart for r in REVERSIONS)]
    walks += [low**QUADRATIC] if growing else []
    n = len(t)
    r = np.repeat(np.array(walks), len(WHITE), axis=0)
    white = np.tile(WHITE, len(walks))
    root = np.linalg.cholesky(r[:, :n, :n] + white[:, None, None] * np.eye(n))
    inverse = np.linalg.inv(root)
    determinant = 2 * np.log(np.einsum("jtt->jt", root)).sum(axis=1)
    there = np.einsum("jnn->jn", r[:, n:, n:]) + white[:, None]
    return Noise(inverse, determinant, inverse @ r[:, :n, n:], there)


def _least_squares(squares: Floats, x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Return B (J, k) and what it leaves of z (J, T)."""
    beta = np.linalg.solve(squares, np.einsum("jtk,jt->jk", x, z)[..., None])[..., 0]
    return beta, z - np.einsum("jtk,jk->jt", x, beta)


def _fitted(shape: Shape, noise: Noise, values: Floats, mean: Floats) -> Iterator[_Fitted]:
    n, chains = values.shape
    k = shape.x.shape[1]
    dof = chains * n - k
    if dof < 1:
        return
    e = values - mean[:, None]
    y, jacobian = mean, 0.0
    if shape.log:
        e, y, jacobian = e / mean[:, None], np.log(mean), -chains * np.log(mean).sum()
    between = ((noise.inverse_root @ e) ** 2).sum(axis=(1, 2))
    z, x = noise.inverse_root @ (y - shape.offset), noise.inverse_root @ shape.x
    squares = np.swapaxes(x, 1, 2) @ x
    beta, left = _least_squares(squares, x, z)
    s2 = np.maximum(between + chains * (left**2).sum(axis=1), 1e-300) / dof
    if shape.ridge:
        squares[:, 1, 1] += s2 / (chains * shape.ridge**2)
        beta, left = _least_squares(squares, x, z)
        s2 = np.maximum(between + chains * (left**2).sum(axis=1), 1e-300) / dof
    inverse = np.linalg.inv(squares)
    likelihood = jacobian - 0.5 * chains * (noise.determinant + n * np.log(s2))
    likelihood -= 0.5 * k * np.log(chains * n)
    if shape.falls_only:
        likelihood = np.where(beta[:, 1] > 0, -np.inf, likelihood)
    path = beta @ shape.x_n.T + shape.offset_n
    d = shape.x_n - np.einsum("jtn,jtk->jnk", noise.across, x)
    conditional = noise.there - (noise.across**2).sum(axis=1)
    conditional += np.einsum("jnk,jkl,jnl->jn", d, inverse, d)
    of_path = np.einsum("nk,jkl,nl->jn", shape.x_n, inverse, shape.x_n)
    s2, off = s2[:, None], (shape.off * (path - y[-1])) ** 2
    columns = (
        path + np.einsum("jtn,jt->jn", noise.across, left),
        np.sqrt(s2 / chains * conditional + off),
        path,
        np.sqrt(s2 / chains * of_path + off),
        np.sqrt(s2 * noise.there),
    )
    yield _Fitted(shape, likelihood, columns)
