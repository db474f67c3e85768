"""Argument checks shared by the metrics: shapes, finiteness, probabilities.

Each function returns its argument as an array of the right type and axes, or raises `DataError`
saying what was got, what was expected and what to try. Options: `core.numbers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats, Ints
from genloss.errors import DataError


def finite(value: NDArray[Any], name: str, layout: str) -> Floats:
    """Return `value` as float64 after checking its number of axes and that it is finite.

    Args:
        value: any numeric array.
        name: how the message calls it.
        layout: the axes expected, for example "(C, n, d)"; its commas count the axes.

    Returns:
        The same numbers as float64.

    Raises:
        DataError: wrong number of axes, an empty axis, a complex or non-numeric type, NaN or inf.
    """
    array = _real(value, name, layout)
    if not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise DataError(
            f"{name}: got {bad} NaN or infinite values of {array.size}, expected finite numbers; "
            "find the generation that produced them before measuring"
        )
    return array


def _real(value: NDArray[Any], name: str, layout: str) -> Floats:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name}: got dtype {array.dtype}, expected real numbers; convert it first")
    axes = layout.count(",") + 1 - layout.endswith(",)")
    if array.ndim != axes or array.size == 0:
        raise DataError(
            f"{name}: got shape {array.shape}, expected {layout} with no empty axis; "
            "axis 0 is the chain, use x[None] for a single chain"
        )
    return array.astype(np.float64, copy=False)


def reference(value: NDArray[Any], like: Floats, name: str, layout: str, fixed: int = 1) -> Floats:
    """Return the reference with a chain axis of length 1 or C, checked against `like`.

    Args:
        value: the reference, with the axes of `like` or without the chain axis.
        like: what it is compared with, axis 0 the chain.
        name: how the message calls it.
        layout: the full layout, chain axis included.
        fixed: first axis that must agree in length (2 lets rows differ in number).

    Returns:
        Array with `like.ndim` axes.

    Raises:
        DataError: shapes that do not fit together.
    """
    array = np.asarray(value)
    array = finite(array[None] if array.ndim == like.ndim - 1 else array, name, layout)
    if array.shape[fixed:] != like.shape[fixed:] or array.shape[0] not in (1, like.shape[0]):
        raise DataError(
            f"{name}: got shape {array.shape}, expected {layout} to fit {like.shape}, or the same "
            "without the chain axis; compare arrays of one dimension and one number of chains"
        )
    return array


def log_values(value: NDArray[Any], name: str) -> Floats:
    """Return log densities (C, n); -inf is allowed, NaN and +inf are not.

    Raises:
        DataError: wrong shape, NaN or +inf.
    """
    array = _real(value, name, "(C, n)")
    if np.isnan(array).any() or np.isposinf(array).any():
        raise DataError(
            f"{name}: got NaN or +inf, expected log densities in [-inf, inf); "
            "a model that puts an atom on a held-out row has no density there"
        )
    return array


def probabilities(value: NDArray[Any], name: str) -> Floats:
    """Return probability vectors (C, K): non-negative, each row summing to 1 within 1e-6.

    Raises:
        DataError: wrong shape, negative entries, or a sum other than 1.
    """
    array = finite(value, name, "(C, K)")
    total = array.sum(axis=1)
    if array.min() < 0 or np.abs(total - 1).max() > 1e-6:
        raise DataError(
            f"{name}: got minimum {array.min():.3g} and sums in [{total.min():.6g}, "
            f"{total.max():.6g}], expected probabilities summing to 1; "
            "divide counts by their sum"
        )
    return array


def law_pair(p: Floats, q: Floats) -> tuple[Floats, Floats]:
    """Return p (C, K) and a reference q (K,), (1, K) or (C, K), both checked as probabilities.

    Raises:
        DataError: not probabilities or shapes that do not fit.
    """
    p, q = probabilities(p, "p"), probabilities(np.atleast_2d(q), "p_0")
    if p.shape[1] != q.shape[1] or (len(p) != len(q) and 1 not in (len(p), len(q))):
        raise DataError(
            f"p, p_0: got shapes {p.shape} and {q.shape}, expected one alphabet and as many "
            "chains, or 1 chain for the reference"
        )
    return p, q


def positive_counts(counts: Floats | Ints) -> Floats:
    """Return counts or probabilities (C, K) as float64, checked for a positive sum per chain.

    Raises:
        DataError: wrong shape, negative entries, or a chain without any.
    """
    value = finite(counts, "counts", "(C, K)")
    if value.min() < 0 or value.sum(axis=1).min() <= 0:
        raise DataError(
            f"counts: got minimum {value.min():.3g} and smallest sum "
            f"{value.sum(axis=1).min():.3g}, expected non-negative with a positive sum"
        )
    return value


def weights(value: NDArray[Any] | None, shape: tuple[int, int]) -> Floats:
    """Return row weights (C, n) that sum to 1 in each chain; None means equal weights.

    Raises:
        DataError: wrong shape, negative weights, or a chain whose weights are all 0.
    """
    if value is None:
        return np.full((1, shape[1]), 1.0 / shape[1])
    array = finite(value, "weight", "(C, n)")
    if array.shape != shape:
        raise DataError(f"weight: got shape {array.shape}, expected {shape}; one weight for a row")
    total = array.sum(axis=1, keepdims=True)
    if array.min() < 0 or total.min() <= 0:
        raise DataError(
            f"weight: got minimum {array.min():.3g}, smallest sum {total.min():.3g}, expected "
            "non-negative weights with a positive sum; drop rows instead of weighing all by 0"
        )
    share: Floats = array / total
    return share
