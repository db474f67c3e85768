"""Regimes that fix how much real and generated rows count: by chance, by weight, by depth."""

from dataclasses import dataclass, replace

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Floats, checked_count, checked_fraction
from genloss.core.roles import Data, History, Sizes
from genloss.core.samples import Samples
from genloss.core.statistics import Moments
from genloss.errors import DataError


@dataclass(frozen=True)
class FreshShare:
    """D_t = n rows, each a new real one with probability real_share, else the next row of S_{t-1}.

    The number of real rows is binomial, chain by chain. n new real rows are drawn for every
    generation, and those that chance leaves out are gone: a finite reality loses n rows each time.

    Raises:
        SpecError: real_share outside [0, 1].
    """

    about = About(
        "fresh_share",
        "Fresh share",
        "Every row is a new real one with a fixed probability, else the last model's.",
        ("bakshi-2026",),
    )
    real_share: float

    def __post_init__(self) -> None:
        checked_fraction(self.real_share, "fresh_share: real_share")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return (
            f"new real rows with a probability of {100 * self.real_share:.3g} %, "
            "else rows of the last model"
        )

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n rows, and n new real ones to choose from; S_0 alone at t = 1."""
        return Sizes(n_real, n) if t == 1 else Sizes(n, n, fresh=n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the rows that chance decided for; raises DataError for data without rows."""
        last = history.synthetic[-1]
        if not (isinstance(fresh, Samples) and isinstance(last, Samples)):
            raise DataError(
                "fresh_share chooses row by row, which these data do not have; use form = 'rows', "
                "or regime 'fresh' for a fixed number"
            )
        shape = (last.n_chains, last.n_rows)
        real = rng.random(shape) < self.real_share
        place = np.broadcast_to(np.arange(last.n_rows), shape)
        return Samples.concat([fresh, last]).take(np.where(real, place, place + fresh.n_rows))

    def remember(self, history: History) -> History:
        """Keep S_{t-1} only."""
        return history.keeping_last(1)


@dataclass(frozen=True)
class RisingContamination:
    """D_t = round(n (1 - rate)^(t-1)) new real rows, the rest of n by the last model, t > 1.

    The share that machines wrote of what is new is 1 - (1 - rate)^(t-1): none at first, all in the
    end. S_t has n rows, of which D_{t+1} takes the first.

    Raises:
        SpecError: rate outside [0, 1].
    """

    about = About(
        "rising",
        "Rising contamination",
        "New rows at every generation, of which ever more are the last model's.",
    )
    rate: float

    def __post_init__(self) -> None:
        checked_fraction(self.rate, "rising: rate")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return f"new rows, of which real ones lose {100 * self.rate:.3g} % with each generation"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n rows, of which the real ones are new; S_0 alone at t = 1."""
        if t == 1:
            return Sizes(n_real, n)
        return Sizes(n, n, fresh=round(n * (1 - self.rate) ** (t - 1)))

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the new real rows and the first rows of S_{t-1}."""
        last = history.synthetic[-1]
        left = last.n_rows - (0 if fresh is None else fresh.n_rows)
        if fresh is None or not left:
            return last if fresh is None else fresh
        return type(last).concat([fresh, last.head(left)])

    def remember(self, history: History) -> History:
        """Keep S_{t-1} only."""
        return history.keeping_last(1)


@dataclass(frozen=True)
class WeightedFresh:
    """D_t = n_real new real rows of total weight real_weight, S_{t-1} with the rest of the weight.

    Rows of a kind weigh alike, and all together as much as there are rows. real_weight =
    n_real / (n_real + n) is `fresh`; the best one is `theory.weighting.optimal_real_weight`.

    Raises:
        SpecError: real_weight outside (0, 1).
    """

    about = About(
        "weighted_fresh",
        "Weighted fresh data",
        "New real rows at every generation, which weigh more or less than generated ones.",
        ("he-2025",),
    )
    n_real: int
    real_weight: float

    def __post_init__(self) -> None:
        checked_count(self.n_real, "weighted_fresh: n_real")
        numbers.open_fraction(self.real_weight, "weighted_fresh: real_weight")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return (
            f"{self.n_real:,} new real rows with {100 * self.real_weight:.3g} % of the weight, "
            "and what the last model wrote"
        )

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n_real + n rows, n_real of them new; S_0 alone at t = 1."""
        return Sizes(n_real, n) if t == 1 else Sizes(self.n_real + n, n, fresh=self.n_real)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return both parts with their weights; raises DataError for data that take none."""
        if fresh is None:
            raise DataError(
                f"weighted_fresh: D_{history.t} needs {self.n_real} new real rows; got none"
            )
        last = history.synthetic[-1]
        total = fresh.n_rows + last.n_rows
        w = self.real_weight
        parts = [
            weighted(fresh, w * total / fresh.n_rows),
            weighted(last, (1 - w) * total / last.n_rows),
        ]
        return type(parts[0]).concat(parts)

    def remember(self, history: History) -> History:
        """Keep S_{t-1} only."""
        return history.keeping_last(1)


@dataclass(frozen=True)
class Discounted:
    """D_t = S_0 + S_1 + ... + S_{t-1}, in which rows of generation s have weight decay^s.

    cap: the most of the whole weight that generated rows may have together; where they would have
    more, all of them weigh less alike. decay = 1 and cap = 1 is `accumulate`.

    Raises:
        SpecError: decay or cap outside (0, 1].
        DataError: data without rows.
    """

    about = About(
        "discounted",
        "Accumulate, discounted by depth",
        "Everything so far, in which rows weigh less the more models stand behind them.",
    )
    decay: float
    cap: float = 1.0

    def __post_init__(self) -> None:
        for name in ("decay", "cap"):
            if checked_fraction(getattr(self, name), f"discounted: {name}") == 0:
                numbers.positive(getattr(self, name), f"discounted: {name}")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return f"everything so far, weighted by {self.decay:.3g} for each model behind a row"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n_real + (t - 1) n rows."""
        return Sizes(n_real + (t - 1) * n, n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the pool with its weights."""
        pool = type(history.real).concat([history.real, *history.synthetic])
        if not isinstance(pool, Samples):
            raise DataError(
                f"discounted weighs rows by their origin; got {type(pool).__name__}; "
                "use form = 'rows'"
            )
        depth = np.maximum(pool.origin, 0)
        own = np.ones(depth.shape) if pool.weight is None else pool.weight
        weight = own * self.decay**depth
        return replace(pool, weight=self._capped(weight, depth > 0))

    def remember(self, history: History) -> History:
        """Pool all samples, with the weights that they came with."""
        return history.pooled()

    def _capped(self, weight: Floats, generated: np.ndarray) -> Floats:
        if self.cap == 1:
            return weight
        theirs = np.where(generated, weight, 0.0).sum(axis=1)
        real = weight.sum(axis=1) - theirs
        most = self.cap / (1 - self.cap) * real
        factor = np.divide(most, theirs, out=np.ones_like(most), where=theirs > most)
        return np.asarray(np.where(generated, weight * factor[:, None], weight))


def weighted(data: Data, factor: float) -> Data:
    """Return rows or moments whose weights are multiplied by a factor above 0.

    Raises:
        DataError: counts or an endless source, which take no weights.
    """
    if isinstance(data, Samples):
        own = np.ones((data.n_chains, data.n_rows)) if data.weight is None else data.weight
        return replace(data, weight=own * factor)
    if isinstance(data, Moments):
        return replace(data, total=data.total * factor, scatter=data.scatter * factor)
    raise DataError(f"{type(data).__name__} take no weights; use form = 'rows' or 'moments'")
