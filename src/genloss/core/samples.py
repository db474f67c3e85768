"""Samples: what are the data, and who made each row?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from genloss.core.arrays import Array, Floats, Ints, checked_count, checked_rows, frozen
from genloss.errors import DataError

REAL = 0
"""Origin of rows drawn from reality p_0; generation t >= 1 made the rows of origin t."""

FOREIGN = -1
"""Origin of rows that neither reality nor this chain made (a contaminating law)."""

UNLABELLED = -1
"""Label of a row of unknown class."""

NO_TOKEN = -1
"""Fills a row of tokens after its end; never learned, scored or counted."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Rows of C independent chains with the generation that made each row.

    x: (C, n, ...) float64 or int64; origin: (C, n) integers, 0 = real, t = generation t,
    -1 = foreign; weight: (C, n) non-negative frequency weights, or None for all equal to 1; label:
    (C, n) classes 0, 1, ... or -1 where unknown, or None where no row has one.
    Validated at construction and read-only afterwards.

    Raises:
        DataError: shapes that do not match, values that are not finite, negative weights,
            labels below -1.
    """

    x: Array
    origin: Array
    weight: Floats | None = None
    label: Ints | None = None

    def __post_init__(self) -> None:
        x = checked_rows(self.x)
        origin = np.asarray(self.origin)
        if origin.shape != x.shape[:2] or origin.dtype.kind not in "iu":
            raise DataError(
                f"origin has shape {origin.shape} and dtype {origin.dtype}; "
                f"expected integers of shape {x.shape[:2]}, one per row"
            )
        object.__setattr__(self, "x", frozen(x))
        object.__setattr__(self, "origin", frozen(origin))
        if self.weight is not None:
            object.__setattr__(self, "weight", frozen(_checked_weight(self.weight, x)))
        if self.label is not None:
            object.__setattr__(self, "label", frozen(_checked_label(self.label, x)))

    @classmethod
    def of(cls, x: Array, origin: int | Ints, label: Ints | None = None) -> "Samples":
        """Mark the rows of x (C, n, ...) with one origin, or with origins (C, n).

        label: their classes (C, n), if known.
        """
        x = checked_rows(x)
        origins = np.asarray(origin, dtype=np.int32)
        return cls(
            x, np.broadcast_to(origins, x.shape[:2]) if origins.ndim == 0 else origins, label=label
        )

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.x.shape[0])

    @property
    def n_rows(self) -> int:
        """n, the rows of each chain."""
        return int(self.x.shape[1])

    def like(self, x: Array, origin: int) -> "Samples":
        """Return rows x as data of this form."""
        return Samples.of(x, origin)

    def take(self, index: Ints) -> "Samples":
        """Return rows index (C, m) of each chain, in that order.

        Raises:
            DataError: another shape or type (a mask, say), or an index outside [0, n).
        """
        index = np.asarray(index)
        if index.ndim != 2 or len(index) != self.n_chains or index.dtype.kind not in "iu":
            raise DataError(
                f"index has shape {index.shape} and dtype {index.dtype}; expected integers "
                f"({self.n_chains}, m); a mask is turned into one by numpy.nonzero"
            )
        if index.size and (index.min() < 0 or index.max() >= self.n_rows):
            raise DataError(
                f"index reaches from {index.min()} to {index.max()}; expected rows 0 to "
                f"{self.n_rows - 1}"
            )
        chain = np.arange(self.n_chains)[:, None]
        weight = None if self.weight is None else self.weight[chain, index]
        label = None if self.label is None else self.label[chain, index]
        return Samples(self.x[chain, index], self.origin[chain, index], weight, label)

    def head(self, n: int) -> "Samples":
        """Return the first n rows of each chain; raises DataError where there are fewer."""
        if checked_count(n, "head(n)") > self.n_rows:
            raise DataError(f"head({n}) of {self.n_rows} rows; ask for {self.n_rows} or fewer")
        weight = None if self.weight is None else self.weight[:, :n]
        label = None if self.label is None else self.label[:, :n]
        return Samples(self.x[:, :n], self.origin[:, :n], weight, label)

    def subsample(self, n: int, rng: np.random.Generator) -> "Samples":
        """Return n rows of each chain, drawn without replacement, chains independently."""
        if checked_count(n, "subsample(n)") > self.n_rows:
            raise DataError(f"subsample({n}) of {self.n_rows} rows without replacement")
        return self.take(without_replacement(self.n_chains, self.n_rows, n, rng))

    def real_rows(self, most: int) -> Array:
        """Return the first `most` real rows of each chain, as many as the chain with fewest has.

        Raises:
            DataError: a chain without any.
        """
        real = self.origin == REAL
        if real.all():
            return self.x[:, :most]
        n = min(most, int(real.sum(axis=1).min()))
        if not n:
            chain = int(real.sum(axis=1).argmin())
            raise DataError(
                f"chain {chain} has no real row among its {self.n_rows}; raise n_real, or give "
                "more real text"
            )
        index = np.argsort(~real, axis=1, kind="stable")[:, :n]
        return self.x[np.arange(self.n_chains)[:, None], index]

    def origin_counts(self) -> dict[int, Ints]:
        """Count the rows of each origin that have any weight: {origin: (C,)}."""
        if self.weight is not None:
            there = self.weight > 0
            return {
                int(k): ((self.origin == k) & there).sum(axis=1) for k in np.unique(self.origin)
            }
        origins = np.unique(self.origin) if self.origin.strides != (0, 0) else self.origin[0, :1]
        return {int(k): (self.origin == k).sum(axis=1) for k in origins}

    def arrays(self) -> dict[str, Array]:
        """Return what `from_arrays` needs to rebuild these samples."""
        out = {"x": self.x, "origin": np.ascontiguousarray(self.origin)}
        out |= {} if self.weight is None else {"weight": self.weight}
        return out | ({} if self.label is None else {"label": self.label})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Samples":
        """Rebuild samples from `arrays`."""
        return cls(arrays["x"], arrays["origin"], arrays.get("weight"), arrays.get("label"))

    @classmethod
    def concat(cls, parts: Sequence["Samples"]) -> "Samples":
        """Join rows along axis 1; missing weights count as 1, missing labels as unknown.

        Rows of tokens (C, n, T) of several lengths are filled up with NO_TOKEN.
        """
        parts = _equally_long(parts)
        shapes = {(p.n_chains, *p.x.shape[2:], p.x.dtype.kind) for p in parts}
        if len(shapes) != 1:
            raise DataError(f"cannot concatenate rows of shapes {[p.x.shape for p in parts]}")
        if len(parts) == 1:
            return parts[0]
        weight = _joined([p.weight for p in parts], parts, 1.0)
        label = _joined([p.label for p in parts], parts, UNLABELLED)
        x = np.concatenate([p.x for p in parts], axis=1)
        return cls(x, np.concatenate([p.origin for p in parts], axis=1), weight, label)


def without_replacement(n_chains: int, n_rows: int, n: int, rng: np.random.Generator) -> Ints:
    """Draw n of n_rows indices without replacement, independently per chain: (C, n)."""
    draws = [rng.choice(n_rows, n, replace=False, shuffle=False) for _ in range(n_chains)]
    return np.stack(draws).astype(np.int64)


def _equally_long(parts: Sequence[Samples]) -> Sequence[Samples]:
    """Return rows of tokens filled up to the longest; other rows as they are."""
    lengths = {p.x.shape[2] for p in parts if p.x.ndim == 3 and p.x.dtype.kind == "i"}
    if len(lengths) < 2 or any(p.x.ndim != 3 or p.x.dtype.kind != "i" for p in parts):
        return parts
    longest = max(lengths)
    return [
        replace(
            p,
            x=np.pad(p.x, ((0, 0), (0, 0), (0, longest - p.x.shape[2])), constant_values=NO_TOKEN),
        )
        for p in parts
    ]


def _joined(
    columns: Sequence[Array | None], parts: Sequence[Samples], missing: float
) -> Array | None:
    """Join one optional column of the parts; `missing` fills the parts that lack it."""
    present = [c for c in columns if c is not None]
    if not present:
        return None
    shapes = [p.x.shape[:2] for p in parts]
    full = [
        np.full(shape, missing, present[0].dtype) if c is None else c
        for c, shape in zip(columns, shapes, strict=True)
    ]
    return np.concatenate(full, axis=1)


def _checked_label(label: Array, x: Array) -> Ints:
    label = np.asarray(label)
    if label.shape != x.shape[:2] or label.dtype.kind not in "iu" or label.min() < UNLABELLED:
        raise DataError(
            f"label has shape {label.shape} and dtype {label.dtype}; expected integers of shape "
            f"{x.shape[:2]}, classes from 0 or {UNLABELLED} for unknown"
        )
    return label.astype(np.int64, copy=False)


def _checked_weight(weight: Array, x: Array) -> Floats:
    weight = np.asarray(weight, dtype=np.float64)
    if weight.shape != x.shape[:2]:
        raise DataError(f"weight has shape {weight.shape}; expected {x.shape[:2]}, one per row")
    # Not "< 0": a comparison with NaN is false.
    bad = ~((weight >= 0) & (weight < np.inf))
    if bad.any():
        chain, row = np.argwhere(bad)[0]
        raise DataError(
            f"weight is {weight[chain, row]} at chain {chain}, row {row}; expected finite numbers "
            "of 0 or more"
        )
    if not weight.any(axis=1).all():
        chain = int(np.argmin(weight.any(axis=1)))
        raise DataError(f"all weights of chain {chain} are 0; at least one row must count")
    return weight
