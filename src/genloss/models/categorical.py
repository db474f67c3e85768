"""Categorical models over k symbols: the paper's discrete case with exact approximation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Array, Floats, Ints, checked_count, frozen
from genloss.core.protocols import Data, Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.statistics import Counts
from genloss.errors import DataError, FitError


@dataclass(frozen=True, eq=False)
class CategoricalModel:
    """Symbol probabilities p (C, k); every row sums to 1."""

    p: Floats

    def __post_init__(self) -> None:
        if self.p.ndim != 2 or (self.p < 0).any() or not np.allclose(self.p.sum(axis=1), 1.0):
            raise DataError(f"p of shape {self.p.shape}: expected (C, k) probabilities, rows sum 1")
        object.__setattr__(self, "p", frozen(self.p))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.p.shape[0])

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Draw n symbols of every chain: (C, n) integers in [0, k), by inverse cumulative sums.

        A symbol of probability 0 is never drawn.
        """
        edges = np.cumsum(self.p, axis=1)
        u = rng.random((self.n_chains, n)) * edges[:, -1:]
        found = [np.searchsorted(e, row, side="right") for e, row in zip(edges, u, strict=True)]
        last = self.p.shape[1] - 1 - np.argmax(self.p[:, ::-1] > 0, axis=1)
        return np.minimum(np.stack(found), last[:, None]).astype(np.int64)

    def sample_counts(self, n: int, rng: np.random.Generator, origin: int) -> Counts:
        """Draw the counts of n symbols: one multinomial per chain, O(C k)."""
        return Counts(rng.multinomial(n, self.p), ((origin, n),))

    def log_prob(self, x: Array) -> Floats:
        """Return log p(x) in nats, -inf for lost symbols: (C, n) for integer x (C, n)."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.take_along_axis(np.log(self.p), np.asarray(x), axis=1))

    def probabilities(self) -> Floats:
        """Return p (C, k)."""
        return self.p

    def state(self) -> dict[str, Array]:
        """Return p."""
        return {"p": self.p}


@dataclass(frozen=True)
class CategoricalLearner:
    """Relative frequencies of k symbols, p = (counts + smoothing) / (n + k smoothing).

    smoothing = 0 is maximum likelihood: a symbol not seen is lost for ever. source_rows: rows drawn
    from an endless source.

    Raises:
        FitError: negative or infinite smoothing.
    """

    k: int
    smoothing: float = 0.0
    source_rows: int = 100_000

    def __post_init__(self) -> None:
        checked_count(self.k, "categorical: k")
        if not 0.0 <= self.smoothing < np.inf:
            raise FitError(f"categorical: smoothing is {self.smoothing}; expected 0 or more")

    def fit(
        self,
        train: Samples | Counts | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> CategoricalModel:
        """Fit every chain from symbols (C, n), counts or a source."""
        if isinstance(train, Source):
            train = train.take(self.source_rows, rng)
        weights = self._weights(train) + self.smoothing
        return CategoricalModel(weights / weights.sum(axis=1, keepdims=True))

    def restore(self, state: Mapping[str, Array]) -> CategoricalModel:
        """Rebuild a model from its state."""
        return CategoricalModel(state["p"])

    def _weights(self, train: Samples | Counts) -> Floats:
        if isinstance(train, Samples):
            if train.weight is None:
                return Counts.of(train, self.k).counts.astype(np.float64)
            counted = [
                np.bincount(x, w, minlength=self.k)
                for x, w in zip(train.x, train.weight, strict=True)
            ]
            return self._sized(np.stack(counted))
        if isinstance(train, Counts):
            return self._sized(train.counts.astype(np.float64))
        raise DataError(
            f"CategoricalLearner learns from rows or counts; got {type(train).__name__}; "
            "use form = 'rows' or 'counts'"
        )

    def _sized(self, weights: Floats) -> Floats:
        if weights.shape[1] != self.k:
            raise DataError(
                f"data hold symbols up to {weights.shape[1] - 1}; the learner has k = {self.k}; "
                f"set learner.k = {weights.shape[1]}"
            )
        return weights
