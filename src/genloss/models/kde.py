"""Gaussian kernel density estimates with scikit-learn's meaning of the bandwidth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array, Floats, Ints, frozen
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.core.statistics import variances
from genloss.errors import DataError, FitError, SpecError
from genloss.models.gaussian import LOG_2PI, as_samples

BLOCK_FLOATS = 1 << 16
"""Floats of one block in log_prob: linear memory, and the block stays in the cache."""

WIDE = 10.0
"""A rule's bandwidth above so many standard deviations of S_0 is meant for other units."""

NARROW = 100.0
"""A rule's bandwidth that goes so often into a standard deviation of S_0 is, too."""

NEGLIGIBLE = -60.0
"""Log of a kernel relative to the nearest one below which it adds nothing to float64."""


@dataclass(frozen=True, eq=False)
class KDEModel:
    """sum_i w_i N(x_i, h^2 I) / sum_i w_i: centres x (C, n, d), bandwidth h (C,), weights (C, n).

    weight None means equal weights. h is in units of x, the same in every direction.
    """

    x: Floats
    bandwidth: Floats
    weight: Floats | None = None

    def __post_init__(self) -> None:
        c, n, _ = self.x.shape
        weights = (c, n) if self.weight is None else self.weight.shape
        if self.bandwidth.shape != (c,) or weights != (c, n):
            raise DataError(
                f"KDE of centres {self.x.shape}, bandwidth {self.bandwidth.shape}, weights "
                f"{weights}; expected (C, n, d), (C,) and (C, n) or None"
            )
        object.__setattr__(self, "x", frozen(self.x))
        object.__setattr__(self, "bandwidth", frozen(self.bandwidth))
        if self.weight is not None:
            object.__setattr__(self, "weight", frozen(self.weight))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.x.shape[0])

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows of every chain (C, n, d): a centre by its weight, plus h N(0, I)."""
        c, _, d = self.x.shape
        centre = self._centres(n, rng)
        rows = np.take_along_axis(self.x, centre[:, :, None], axis=1)
        return rows + self.bandwidth[:, None, None] * rng.standard_normal((c, n, d))

    def log_prob(self, x: Array) -> Floats:
        """Return the log density in nats: (C, m) for x (C, m, d).

        Exact in the tails, where it is about -distance^2 / (2 h^2) to the nearest centre. O(m n d)
        time, memory linear in n.

        Raises:
            FitError: bandwidth 0 (shrunk with lam = 0), which has no density.
        """
        if not (self.bandwidth > 0).all():
            raise FitError(
                f"chain {int(np.argmin(self.bandwidth))} has bandwidth 0: a resampling of its "
                "centres, without a density; use lam > 0, or measure distances between samples"
            )
        x = np.asarray(x, dtype=np.float64)
        x = np.broadcast_to(x, (self.n_chains, *x.shape[1:]))
        log_share = self._log_shares()
        return np.stack(
            [
                log_density(rows, centres, h, log_w)
                for rows, centres, h, log_w in zip(
                    x, self.x, self.bandwidth, log_share, strict=True
                )
            ]
        )

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, d) and covariance (C, d, d): that of the centres plus h^2 I."""
        share = self._shares()
        mean = np.einsum("cn,cnd->cd", share, self.x)
        centred = self.x - mean[:, None]
        cov = (centred * share[:, :, None]).transpose(0, 2, 1) @ centred
        return mean, cov + (self.bandwidth**2)[:, None, None] * np.eye(mean.shape[1])

    def shrunk(self, lam: float) -> "KDEModel":
        """Return the estimate with kernel covariance lam h^2 I; lam = 0 resamples the centres."""
        return replace(self, bandwidth=np.sqrt(lam) * self.bandwidth)

    def state(self) -> dict[str, Array]:
        """Return x, bandwidth and, if there are any, the weights."""
        named = {"x": self.x, "bandwidth": self.bandwidth}
        return named if self.weight is None else {**named, "weight": self.weight}

    def _shares(self) -> Floats:
        if self.weight is None:
            return np.broadcast_to(1.0 / self.x.shape[1], self.x.shape[:2])
        return self.weight / self.weight.sum(axis=1, keepdims=True)

    def _centres(self, n: int, rng: np.random.Generator) -> Ints:
        if self.weight is None:
            return rng.integers(self.x.shape[1], size=(self.n_chains, n))
        share = self._shares()
        edges = np.cumsum(share, axis=1)
        u = rng.random((self.n_chains, n)) * edges[:, -1:]
        centres = [np.searchsorted(e, row, side="right") for e, row in zip(edges, u, strict=True)]
        # u may round up to the last edge.
        last = share.shape[1] - 1 - np.argmax(share[:, ::-1] > 0, axis=1)
        return np.minimum(np.stack(centres), last[:, None]).astype(np.int64)

    def _log_shares(self) -> Floats:
        with np.errstate(divide="ignore"):
            return np.log(self._shares())


def log_density(x: Floats, centres: Floats, h: float, log_share: Floats) -> Floats:
    """Return log sum_i share_i N(x; centre_i, h^2 I) in nats for one chain: (m,) for x (m, d).

    centres: (n, d); log_share: (n,), -inf for a centre without weight.
    """
    from scipy.spatial.distance import cdist

    n, d = centres.shape
    step = max(1, BLOCK_FLOATS // n)
    parts = []
    for i in range(0, len(x), step):
        log_kernel = cdist(x[i : i + step], centres, "sqeuclidean")
        log_kernel *= -0.5 / h**2
        log_kernel += log_share
        top = log_kernel.max(axis=1)
        log_kernel -= top[:, None]
        np.exp(np.maximum(log_kernel, NEGLIGIBLE, out=log_kernel), out=log_kernel)
        parts.append(top + np.log(log_kernel.sum(axis=1)))
    return np.concatenate(parts) - d * (0.5 * LOG_2PI + np.log(h))


@dataclass(frozen=True)
class KDELearner:
    """A Gaussian kernel on every training row, with bandwidth h as in scikit-learn.

    bandwidth: h itself in units of x, or 'scott', h = n^(-1/(d+4)), or 'silverman',
    h = (n (d + 2) / 4)^(-1/(d+4)). These rules do not look at the spread of the data, unlike
    scipy's: h stays the same while the data shrink or spread. With weights, n is the effective
    number of rows, (sum w)^2 / sum w^2. They are made for data of about unit variance: a chain
    whose S_0 is WIDE times narrower than h, or NARROW times wider, is refused.

    Fitted to its own samples in every generation, the estimate spreads: E variance_t = (1 - 1/n)
    E variance_{t-1} + h^2.

    Raises:
        SpecError: a bandwidth that is neither a rule nor a number above 0, or a rule for data on
            another scale.
        DataError: data that are not rows of real numbers.
    """

    about = About(
        "kde",
        "Kernel density",
        "A Gaussian kernel on every training row.",
        ("kazdan-2024",),
    )
    bandwidth: float | Literal["scott", "silverman"]

    def __post_init__(self) -> None:
        if self.bandwidth in ("scott", "silverman"):
            return
        if isinstance(self.bandwidth, str) or not 0.0 < self.bandwidth < np.inf:
            raise SpecError(
                f"kde: bandwidth is {self.bandwidth!r}; expected a number above 0, "
                "'scott' or 'silverman'"
            )

    def scaled_to(self, real: Data) -> "KDELearner":
        """Return the learner itself, once S_0 is seen to suit the rule."""
        if not isinstance(self.bandwidth, str):
            return self
        rows = real_rows(real, self)
        h, std = self._bandwidths(rows), np.sqrt(variances(rows).mean(axis=1))
        off = h / np.maximum(std, np.finfo(float).tiny)
        if ((off > WIDE) | (off < 1.0 / NARROW)).any():
            c = int(np.argmax(np.where(off > WIDE, off, 1.0 / (off * NARROW))))
            effect = "hide the data" if off[c] > WIDE else "be a point beside them"
            raise SpecError(
                f"kde: bandwidth {self.bandwidth!r} is {h[c]:.3g}, but the rows of S_0 have a "
                f"standard deviation of {std[c]:.3g} (chain {c}): the rule is made for unit "
                f"variance, and the kernel would {effect}; give bandwidth a number, such as "
                f"{h[c] * std[c]:.3g}, the rule times the standard deviation"
            )
        return self

    def fit(
        self,
        train: Samples,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> KDEModel:
        """Put a kernel on every row (C, n, d); rng, init and valid are not used."""
        rows = real_rows(train, self)
        return KDEModel(rows.x, self._bandwidths(rows), rows.weight)

    def restore(self, state: Mapping[str, Array]) -> KDEModel:
        """Rebuild a model from its state."""
        return KDEModel(state["x"], state["bandwidth"], state.get("weight"))

    def _bandwidths(self, rows: Samples) -> Floats:
        c, n, d = rows.x.shape
        if not isinstance(self.bandwidth, str):
            return np.full(c, float(self.bandwidth))
        w = rows.weight
        effective = np.full(c, float(n)) if w is None else w.sum(axis=1) ** 2 / (w * w).sum(axis=1)
        if self.bandwidth == "silverman":
            effective = effective * (d + 2) / 4
        return np.asarray(effective ** (-1.0 / (d + 4)))


def real_rows(train: Data, learner: KDELearner) -> Samples:
    """Return training data if they are rows of real numbers (C, n, d); else raise DataError."""
    rows = as_samples(train, learner)
    if rows.x.ndim != 3 or rows.x.dtype.kind != "f":
        raise DataError(
            f"KDELearner needs real rows (C, n, d); got {rows.x.shape} of {rows.x.dtype}; "
            "use a categorical learner for symbols"
        )
    return rows
