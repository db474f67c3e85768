"""Finite realities: rows that exist once each, handed out without repetition."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from genloss.core.arrays import Array, Floats, Ints, checked_count, frozen
from genloss.errors import DataError, RealityExhausted

BLOCK_FLOATS = 1 << 22
"""Floats of one block in moments, so that memory does not double."""


@dataclass(frozen=True, eq=False)
class FiniteRows:
    """N real rows shared by all chains, each chain with an order of its own.

    x: (N, d) numbers as stored; a row that is handed out is scale times a stored row, in float64
    (images stay one byte per pixel here). order: (C, M) indices into x without repetition; M < N
    after `split`. labels: (N,) integers or None. spare: (N', d) rows that `split` hands out instead
    of the last ones, such as the test set that a data set comes with, or None.

    Raises:
        DataError: rows that are not finite numbers (N, d), or labels that do not match.
    """

    x: Array
    order: Ints
    labels: Ints | None = None
    scale: float = 1.0
    spare: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", frozen(_checked(self.x)))
        if self.order.ndim != 2 or self.order.dtype.kind not in "iu" or 0 in self.order.shape:
            raise DataError(f"order has shape {self.order.shape}; expected integers (C, M)")
        object.__setattr__(self, "order", frozen(self.order))
        if self.labels is not None:
            if self.labels.shape != self.x.shape[:1]:
                raise DataError(
                    f"labels have shape {self.labels.shape}; expected ({self.x.shape[0]},), "
                    "one per row"
                )
            object.__setattr__(self, "labels", frozen(self.labels))

    @classmethod
    def of(
        cls,
        x: Array,
        n_chains: int,
        rng: np.random.Generator,
        labels: Ints | None = None,
        scale: float = 1.0,
    ) -> "FiniteRows":
        """Put rows x (N, d) into a random order per chain."""
        c = checked_count(n_chains, "n_chains")
        order = np.stack([rng.permutation(len(_checked(x))) for _ in range(c)])
        return cls(x, order, labels, scale)

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.order.shape[0])

    @property
    def n_rows(self) -> int:
        """M, the rows that each chain can be handed."""
        return int(self.order.shape[1])

    def rows(self, start: int, n: int) -> Floats:
        """Return rows start .. start + n - 1 of each chain's own order: (C, n, d).

        Raises:
            RealityExhausted: fewer than start + n rows in all.
        """
        return self._scaled(self._handed(start, n))

    def labels_of(self, start: int, n: int) -> Ints | None:
        """Return the labels (C, n) of `rows(start, n)`, or None where there are none."""
        handed = self._handed(start, n)
        return None if self.labels is None else np.asarray(self.labels[handed])

    def split(self, m: int) -> tuple["FiniteRows", Floats]:
        """Reserve the last m rows of each chain's order: the reality without them, and (C, m, d).

        With spare rows, the first m of those, and the reality as it is.

        Raises:
            RealityExhausted: m leaves no row to train on, or there are fewer spare rows.
        """
        if self.spare is not None:
            if checked_count(m, "m", 0) > len(self.spare):
                raise RealityExhausted(
                    f"{m} held-out rows asked of {len(self.spare)} spare ones; hold out fewer"
                )
            held = np.multiply(self.spare[:m], self.scale, dtype=np.float64)
            return self, np.broadcast_to(held, (self.n_chains, *held.shape))
        if checked_count(m, "m", 0) >= self.n_rows:
            raise RealityExhausted(
                f"{m} held-out rows asked of a reality with {self.n_rows} rows; at least one must "
                "be left to train on; hold out fewer"
            )
        n_kept = self.n_rows - m
        rest = replace(self, order=self.order[:, :n_kept])
        return rest, self._scaled(self.order[:, n_kept:])

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows of every chain with replacement: (C, n, d)."""
        place = rng.integers(self.n_rows, size=(self.n_chains, checked_count(n, "n")))
        return self._scaled(np.take_along_axis(self.order, place, axis=1))

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, d) and covariance (C, d, d) of the rows; O(M d^2) once.

        The law that `sample` draws from: divided by M, not by M - 1.
        """
        return self._moments

    def state(self) -> dict[str, Array]:
        """Return the stored rows, the orders and the scale."""
        named = {"x": self.x, "order": self.order, "scale": np.array(self.scale)}
        return named if self.labels is None else {**named, "labels": self.labels}

    @cached_property
    def _moments(self) -> tuple[Floats, Floats]:
        if self.n_rows == len(self.x):
            mean, cov = self._moments_of(np.arange(len(self.x)))
            c, d = self.n_chains, mean.size
            return np.broadcast_to(mean, (c, d)), np.broadcast_to(cov, (c, d, d))
        pairs = [self._moments_of(row) for row in self.order]
        return np.stack([mean for mean, _ in pairs]), np.stack([cov for _, cov in pairs])

    def _moments_of(self, index: Ints) -> tuple[Floats, Floats]:
        step = max(1, BLOCK_FLOATS // self.x.shape[1])
        blocks = [index[i : i + step] for i in range(0, index.size, step)]
        mean = sum(self._scaled(b).sum(axis=0) for b in blocks) / index.size
        scatter = np.zeros((mean.size, mean.size))
        for block in blocks:
            centred = self._scaled(block) - mean
            scatter += centred.T @ centred
        return mean, scatter / index.size

    def _handed(self, start: int, n: int) -> Ints:
        checked_count(start, "start", 0)
        if start + checked_count(n, "n", 0) > self.n_rows:
            raise RealityExhausted(
                f"{n} fresh rows asked of a reality with {self.n_rows} rows, of which {start} are "
                f"used and {self.n_rows - start} are left; lower n_real, the fresh rows per "
                "generation or the number of generations, or take a larger data set"
            )
        return self.order[:, start : start + n]

    def _scaled(self, index: Ints) -> Floats:
        return np.multiply(self.x[index], self.scale, dtype=np.float64)


def _checked(x: Array) -> Array:
    if x.ndim != 2 or 0 in x.shape or x.dtype.kind not in "iuf":
        raise DataError(
            f"rows have shape {x.shape} and dtype {x.dtype}; expected numbers (N, d); "
            "flatten images with x.reshape(len(x), -1)"
        )
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        row = int(np.argwhere(~np.isfinite(x))[0, 0])
        raise DataError(f"row {row} is not finite; drop or impute such rows first")
    return x
