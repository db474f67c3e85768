"""The regime of a web: everything ever written stays on it, by people and by models."""

from dataclasses import dataclass

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import checked_count
from genloss.core.regimes import concat
from genloss.core.roles import Data, History, Sizes


@dataclass(frozen=True)
class Web:
    """D_t = S_0 + S_1 + ... + S_{t-1} + inflow real rows for each generation since the first.

    People go on writing: inflow new real rows appear between two generations and stay, so that the
    web holds n_real + (t - 1) (n + inflow) rows; inflow = 0 is accumulate. What a model trains on
    of it is up to the learner: `makers` scrape.

    Raises:
        DataError: a negative inflow.
    """

    about = About(
        "web",
        "Web",
        "Nothing is thrown away, and people go on writing.",
    )
    inflow: int = 0

    def __post_init__(self) -> None:
        checked_count(self.inflow, "web: inflow", 0)

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return f"everything so far, with {self.inflow:,} new real rows each time"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n_real + (t - 1) (n + inflow) rows, inflow of them new."""
        if t == 1:
            return Sizes(n_real, n)
        return Sizes(n_real + (t - 1) * (n + self.inflow), n, fresh=self.inflow, keeps=True)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the web: S_0 first, then what was written since."""
        return concat([history.real, *history.synthetic, *(() if fresh is None else (fresh,))])

    def remember(self, history: History) -> History:
        """Pool all rows."""
        return history.pooled()
