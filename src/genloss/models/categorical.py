"""Categorical models over k symbols: the paper's discrete case with exact approximation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array, Floats, Ints, checked_count, frozen
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.statistics import Counts
from genloss.errors import DataError, SpecError


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
        symbols = [np.searchsorted(e, row, side="right") for e, row in zip(edges, u, strict=True)]
        last = self.p.shape[1] - 1 - np.argmax(self.p[:, ::-1] > 0, axis=1)
        return np.minimum(np.stack(symbols), last[:, None]).astype(np.int64)

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
        SpecError: negative or infinite smoothing.
        DataError: data that are not symbols 0 .. k - 1.
    """

    about = About(
        "categorical",
        "Relative frequencies",
        "The share of every symbol among the training rows.",
        ("shumailov-2024",),
    )
    k: int
    smoothing: float = 0.0
    source_rows: int = 100_000

    def __post_init__(self) -> None:
        checked_count(self.k, "categorical: k")
        checked_count(self.source_rows, "categorical: source_rows")
        if not 0.0 <= self.smoothing < np.inf:
            raise SpecError(f"categorical: smoothing is {self.smoothing}; expected 0 or more")

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
            # Unweighted counts first: they check that the rows are symbols below k.
            counts = Counts.of(Samples(train.x, train.origin), self.k).counts.astype(np.float64)
            if train.weight is None:
                return counts
            pairs = zip(train.x, train.weight, strict=True)
            return np.stack([np.bincount(x, w, minlength=self.k) for x, w in pairs])
        if not isinstance(train, Counts):
            raise DataError(
                f"CategoricalLearner learns from rows or counts; got {type(train).__name__}; "
                "use form = 'rows' or 'counts'"
            )
        k = train.counts.shape[1]
        if k != self.k:
            raise DataError(
                f"counts of {k} symbols; the learner has k = {self.k}; set learner.k = {k}"
            )
        return train.counts.astype(np.float64)
