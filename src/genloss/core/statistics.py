"""Moments and Counts: sufficient statistics, for chains whose rows need not exist.

A Gaussian learner sees its rows only through their number, mean and scatter; a categorical learner
only through the counts. Drawing those statistics directly gives chains equal in law at a cost that
does not depend on n. Both concatenate like rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Array, Floats, Ints, checked_rows, frozen
from genloss.core.samples import Samples
from genloss.errors import DataError

Origins = tuple[tuple[int, int], ...]


def _merged(parts: Sequence[Origins]) -> Origins:
    total: dict[int, int] = {}
    for origins in parts:
        for origin, rows in origins:
            total[origin] = total.get(origin, 0) + rows
    return tuple(sorted(total.items()))


def _same_size(n: int, n_rows: int, what: str) -> None:
    if n != n_rows:
        raise DataError(
            f"{n} of {n_rows} rows asked from {what}, which hold no rows to choose from; "
            "use form = 'rows' with this regime"
        )


def _same_shape(parts: Sequence[Array], what: str) -> None:
    shapes = [part.shape for part in parts]
    if len(set(shapes)) != 1:
        raise DataError(f"cannot concatenate {what} of shapes {shapes}; expected equal shapes")


def reduced(samples: Samples) -> tuple[Floats, Floats, Floats]:
    """Return total weight (C,), mean (C, d) and scatter (C, d, d) of rows (C, n, d).

    Raises:
        DataError: rows that are not real vectors.
    """
    x, w = samples.x, samples.weight
    if x.ndim != 3 or x.dtype.kind != "f":
        raise DataError(f"moments need real rows (C, n, d); got {x.shape} of {x.dtype}")
    if w is None:
        mean = x.mean(axis=1)
        centred = x - mean[:, None]
        total = np.full(samples.n_chains, float(samples.n_rows))
        return total, mean, centred.transpose(0, 2, 1) @ centred
    total = w.sum(axis=1)
    mean = np.einsum("cn,cnd->cd", w, x) / total[:, None]
    centred = x - mean[:, None]
    return total, mean, (centred * w[:, :, None]).transpose(0, 2, 1) @ centred


def variances(rows: Samples) -> Floats:
    """Variance of every coordinate (C, d), in units of x squared, with ddof = 0.

    A constant coordinate, which says nothing of its scale, takes the mean of the others.

    Raises:
        DataError: rows so far apart that their squares overflow.
    """
    x = rows.x
    w = np.ones(x.shape[:2]) if rows.weight is None else rows.weight
    share = (w / w.sum(axis=1, keepdims=True))[:, :, None]
    with np.errstate(over="ignore", invalid="ignore"):
        centred = x - (share * x).sum(axis=1, keepdims=True)
        variance: Floats = (share * centred**2).sum(axis=1)
    if not np.isfinite(variance).all():
        raise DataError("the squares of the rows overflow; scale x to about unit variance")
    flat = (x == x[:, :1]).all(axis=1)
    others = np.where(flat, 0.0, variance).sum(axis=1) / np.maximum((~flat).sum(axis=1), 1)
    return np.where(flat, others[:, None], variance)


@dataclass(frozen=True, eq=False)
class Moments:
    """Total weight W (C,), mean (C, d) and scatter sum_i w_i (x_i - m)(x_i - m)^T (C, d, d).

    origins: pairs (origin, rows); the number of rows is the same in every chain.
    """

    total: Floats
    mean: Floats
    scatter: Floats
    origins: Origins

    def __post_init__(self) -> None:
        c, d = self.mean.shape
        if self.total.shape != (c,) or self.scatter.shape != (c, d, d):
            raise DataError(
                f"Moments got total {self.total.shape}, mean {self.mean.shape}, scatter "
                f"{self.scatter.shape}; expected (C,), (C, d), (C, d, d)"
            )
        for name in ("total", "mean", "scatter"):
            value = getattr(self, name)
            if not np.isfinite(value).all():
                raise DataError(f"Moments.{name} is not finite; the chain overflowed or got NaN")
            object.__setattr__(self, name, frozen(value))

    @classmethod
    def of(cls, samples: Samples) -> "Moments":
        """Reduce rows (C, n, d) to their moments; weights count as frequencies."""
        counts = samples.origin_counts()
        if any((rows != rows[0]).any() for rows in counts.values()):
            raise DataError("Moments need the same number of rows of an origin in every chain")
        total, mean, scatter = reduced(samples)
        return cls(total, mean, scatter, tuple((k, int(v[0])) for k, v in sorted(counts.items())))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.mean.shape[0])

    @property
    def n_rows(self) -> int:
        """n, the rows that these moments stand for."""
        return sum(rows for _, rows in self.origins)

    def like(self, x: Array, origin: int) -> "Moments":
        """Return rows x as data of this form."""
        return Moments.of(Samples.of(x, origin))

    def head(self, n: int) -> "Moments":
        """Return all of it; raises DataError for fewer rows than there are."""
        _same_size(n, self.n_rows, "moments")
        return self

    def subsample(self, n: int, rng: np.random.Generator) -> "Moments":
        """Return all of it; raises DataError for fewer rows than there are."""
        _same_size(n, self.n_rows, "moments")
        return self

    def origin_counts(self) -> dict[int, Ints]:
        """Count the rows of each origin: {origin: (C,)}."""
        return {k: np.full(self.n_chains, rows) for k, rows in self.origins}

    def arrays(self) -> dict[str, Array]:
        """Return what `from_arrays` needs."""
        origins = np.array(self.origins, dtype=np.int64)
        return {
            "total": self.total,
            "mean": self.mean,
            "scatter": self.scatter,
            "origins": origins,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Moments":
        """Rebuild moments from `arrays`."""
        origins = tuple((int(k), int(v)) for k, v in arrays["origins"])
        return cls(arrays["total"], arrays["mean"], arrays["scatter"], origins)

    @classmethod
    def concat(cls, parts: Sequence["Moments"]) -> "Moments":
        """Pool as if the rows had been joined (Chan, Golub and LeVeque 1983, pairwise update)."""
        _same_shape([part.mean for part in parts], "moments")
        pooled = parts[0]
        for part in parts[1:]:
            total = pooled.total + part.total
            delta = part.mean - pooled.mean
            share = part.total / total
            between = (pooled.total * share)[:, None, None] * delta[:, :, None] * delta[:, None, :]
            pooled = cls(
                total,
                pooled.mean + share[:, None] * delta,
                pooled.scatter + part.scatter + between,
                _merged([pooled.origins, part.origins]),
            )
        return pooled


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each of k symbols occurs: counts (C, k) int64, with pairs (origin, rows)."""

    counts: Ints
    origins: Origins

    def __post_init__(self) -> None:
        counts = np.asarray(self.counts)
        if counts.ndim != 2 or counts.dtype.kind not in "iu" or (counts < 0).any():
            raise DataError(
                f"counts have shape {counts.shape} and dtype {counts.dtype}; "
                "expected non-negative integers (C, k)"
            )
        if (counts.sum(axis=1) != self.n_rows).any():
            raise DataError(f"counts of a chain must sum to its {self.n_rows} rows")
        object.__setattr__(self, "counts", frozen(counts.astype(np.int64, copy=False)))

    @classmethod
    def of(cls, samples: Samples, n_symbols: int) -> "Counts":
        """Count symbols 0..k-1 in rows (C, n)."""
        x = samples.x
        if x.ndim != 2 or x.dtype.kind != "i" or x.min() < 0 or x.max() >= n_symbols:
            raise DataError(
                f"Counts need integer rows (C, n) in [0, {n_symbols}); got shape {x.shape}, "
                f"dtype {x.dtype}, values {x.min()} to {x.max()}; set k to the number of symbols"
            )
        if samples.weight is not None:
            raise DataError("Counts take no weights; use form = 'rows' for weighted symbols")
        flat = x + n_symbols * np.arange(samples.n_chains)[:, None]
        counts = np.bincount(flat.ravel(), minlength=n_symbols * samples.n_chains)
        origin = samples.origin_counts()
        rows = tuple((k, int(v[0])) for k, v in sorted(origin.items()))
        return cls(counts.reshape(samples.n_chains, n_symbols).astype(np.int64), rows)

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.counts.shape[0])

    @property
    def n_rows(self) -> int:
        """n, the rows that these counts stand for."""
        return sum(rows for _, rows in self.origins)

    def like(self, x: Array, origin: int) -> "Counts":
        """Return rows x as data of this form."""
        return Counts.of(Samples.of(checked_rows(x), origin), int(self.counts.shape[1]))

    def head(self, n: int) -> "Counts":
        """Return all of it; raises DataError for fewer rows than there are."""
        _same_size(n, self.n_rows, "counts")
        return self

    def subsample(self, n: int, rng: np.random.Generator) -> "Counts":
        """Return the counts of n rows drawn without replacement (multivariate hypergeometric).

        Only one origin may be left inside: which origin a drawn row had is not known from counts.
        """
        if n == self.n_rows:
            return self
        if len(self.origins) > 1:
            raise DataError(
                f"a subsample of counts with origins {[k for k, _ in self.origins]} would lose who "
                "made which row; use form = 'rows'"
            )
        if n > self.n_rows or n < 1:
            raise DataError(f"subsample({n}) of {self.n_rows} rows without replacement")
        rows = [rng.multivariate_hypergeometric(row, n, method="marginals") for row in self.counts]
        return Counts(np.stack(rows), ((self.origins[0][0], n),))

    def origin_counts(self) -> dict[int, Ints]:
        """Count the rows of each origin: {origin: (C,)}."""
        return {k: np.full(self.n_chains, rows) for k, rows in self.origins}

    def arrays(self) -> dict[str, Array]:
        """Return what `from_arrays` needs."""
        return {"counts": self.counts, "origins": np.array(self.origins, dtype=np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Counts":
        """Rebuild counts from `arrays`."""
        return cls(arrays["counts"], tuple((int(k), int(v)) for k, v in arrays["origins"]))

    @classmethod
    def concat(cls, parts: Sequence["Counts"]) -> "Counts":
        """Add the counts."""
        _same_shape([part.counts for part in parts], "counts")
        origins = _merged([part.origins for part in parts])
        return cls(np.sum([part.counts for part in parts], axis=0), origins)
