"""Rarity: which share of reality is more typical than a row? 0 is most typical, 1 is rarest.

Real rows have rarities that are uniform on [0, 1], by construction. What is typical is decided by
p_0(x) where reality has a density or probabilities; of text by the mean surprise of a row's tokens
(their frequencies among the real rows of S_0, each counted once more); of other rows by their
Mahalanobis distance from the mean of those rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.core.abilities import CategoricalLaw, DensityModel
from genloss.core.arrays import Array, Floats, Ints
from genloss.core.curators.reference import Reference
from genloss.core.samples import NO_TOKEN

CALIBRATION = 4096
"""Rows of reality by which a density is turned into a rarity; its standard error is below .008."""

RIDGE = 1e-6
"""Of a covariance whose inverse is taken, as a share of its mean eigenvalue."""


@dataclass(frozen=True, eq=False)
class Rarity:
    """A surprise of rows, and surprises of real rows, sorted: (C, m)."""

    surprise: Callable[[Array], Floats]
    calibration: Floats

    def of(self, x: Array) -> tuple[Floats, Floats]:
        """Return the shares of reality that are more typical, and at least as typical: (C, n)."""
        surprise, m = self.surprise(x), self.calibration.shape[1]
        below = self._places(surprise, "left")
        # Ties are all that tells the two sides apart, and densities have none.
        next_one = np.take_along_axis(self.calibration, np.minimum(below, m - 1), axis=1)
        tied = (below < m) & (next_one == surprise)
        upto = self._places(surprise, "right") if tied.any() else below
        return below / m, upto / m

    def _places(self, surprise: Floats, side: Literal["left", "right"]) -> Ints:
        pairs = zip(self.calibration, surprise, strict=True)
        return np.stack([np.searchsorted(known, s, side=side) for known, s in pairs])


@dataclass(frozen=True, eq=False)
class SymbolRarity:
    """Shares of reality that are more probable than a symbol, and at least as probable: (C, k)."""

    more: Floats
    at_least: Floats

    def of(self, x: Array) -> tuple[Floats, Floats]:
        """Return both for symbols (C, n)."""
        return np.take_along_axis(self.more, x, axis=1), np.take_along_axis(
            self.at_least, x, axis=1
        )


def rarity(reference: Reference) -> Rarity | SymbolRarity:
    """Return the rarity of a reality, the same for all generations of a block."""
    return reference.once("rarity", lambda: _rarity(reference))


def _rarity(reference: Reference) -> Rarity | SymbolRarity:
    p_0 = reference.p_0
    if isinstance(p_0, CategoricalLaw):
        return _of_symbols(p_0.probabilities())
    if isinstance(p_0, DensityModel):
        rows = p_0.sample(CALIBRATION, reference.streams.rng(0, "rarity"))

        def unlikely(x: Array) -> Floats:
            return -p_0.log_prob(x)

        return Rarity(unlikely, np.sort(unlikely(rows), axis=1))
    x = reference.real.x
    surprise = _token_surprise(x) if x.dtype.kind in "iu" else distance_from(*moments_of(x))
    return Rarity(surprise, np.sort(surprise(x), axis=1))


def _of_symbols(p: Floats) -> SymbolRarity:
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    so_far = np.minimum(np.cumsum(ranked, axis=1), 1.0)
    # Symbols of equal probability share one interval.
    first = np.stack([np.searchsorted(-row, -row, side="left") for row in ranked])
    last = np.stack([np.searchsorted(-row, -row, side="right") - 1 for row in ranked])
    before = np.concatenate([np.zeros((len(p), 1)), so_far], axis=1)
    more, at_least = np.empty_like(p), np.empty_like(p)
    np.put_along_axis(more, order, np.take_along_axis(before, first, axis=1), axis=1)
    np.put_along_axis(at_least, order, np.take_along_axis(so_far, last, axis=1), axis=1)
    return SymbolRarity(more, at_least)


def _token_surprise(real: Ints) -> Callable[[Array], Floats]:
    """Return the mean of -ln(frequency in real rows) over the tokens of a row, as a function."""
    flat = real.reshape(len(real), -1)
    size = int(flat.max()) + 2
    counts = np.stack([np.bincount(row[row != NO_TOKEN], minlength=size) for row in flat]) + 1.0
    surprise = -np.log(counts / counts.sum(axis=1, keepdims=True))

    def of(x: Array) -> Floats:
        tokens = x.reshape(*x.shape[:2], -1)
        there = tokens != NO_TOKEN
        # A token beyond those of real rows is as rare as one that never occurred.
        place = np.where(there, np.minimum(tokens, size - 1), 0)
        each = surprise[np.arange(len(x))[:, None, None], place] * there
        return np.asarray(each.sum(axis=2) / np.maximum(there.sum(axis=2), 1))

    return of


def moments_of(x: Array) -> tuple[Floats, Floats]:
    """Return mean (C, d) and covariance (C, d, d) of rows (C, n, ...), divided by n."""
    flat = np.asarray(x, dtype=np.float64).reshape(*x.shape[:2], -1)
    mean = flat.mean(axis=1)
    centred = flat - mean[:, None]
    return mean, centred.transpose(0, 2, 1) @ centred / flat.shape[1]


def distance_from(mean: Floats, cov: Floats) -> Callable[[Array], Floats]:
    """Return the Mahalanobis distance of rows (C, n, ...) from a law's mean, as a function."""
    d = mean.shape[1]
    scale = np.trace(cov, axis1=1, axis2=2)[:, None, None] / d
    root = np.linalg.cholesky(cov + RIDGE * np.where(scale > 0, scale, 1.0) * np.eye(d))
    whiten = np.linalg.inv(root)

    def of(x: Array) -> Floats:
        flat = np.asarray(x, dtype=np.float64).reshape(*x.shape[:2], -1)
        white = (flat - mean[:, None]) @ whiten.transpose(0, 2, 1)
        return np.asarray(np.sqrt((white * white).sum(axis=2)))

    return of
