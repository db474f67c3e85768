"""A band of perplexities: rows neither too likely nor too unlikely."""

from dataclasses import dataclass

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.curators.reference import Reference
from genloss.core.curators.scores import Judge, Likelihood
from genloss.core.curators.selection import Covers, Selection, check_passage
from genloss.core.curators.share import check_rate
from genloss.core.samples import Samples
from genloss.errors import SpecError


@dataclass(frozen=True)
class PerplexityBand:
    """Accepts rows whose perplexity under a judge lies between two quantiles of real rows'.

    Perplexity is exp(-ln p), of text per token. low, high: quantiles, from held-out rows where
    there are any, else from S_0, which a p_1 that learned from it finds too likely. under: see
    `Likelihood`.

    Raises:
        SpecError, DataError: quantiles outside [0, 1] or not in order, rounds below 1.
    """

    about = About(
        "perplexity_band",
        "Perplexity band",
        "Rows enter that are neither too likely nor too unlikely, as real rows are.",
    )
    low: float = 0.05
    high: float = 0.95
    under: Judge = "first"
    rounds: int = 10
    covers: Covers = "generated"

    def __post_init__(self) -> None:
        check_rate(self.low, "perplexity_band: low")
        check_rate(self.high, "perplexity_band: high")
        if self.low >= self.high:
            raise SpecError(
                f"perplexity_band: low is {self.low} and high {self.high}; expected low < high"
            )
        check_passage("perplexity_band", self.rounds, self.covers)
        Likelihood(self.under)

    @property
    def uses_first(self) -> bool:
        """Whether it looks through p_1."""
        return self.under == "first"

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Compare every row's perplexity with the band's ends."""
        score = Likelihood(self.under)
        if self.under == "writer":
            least, most = self._ends(reference)
        else:
            least, most = reference.once(("band", self), lambda: self._ends(reference))
        surprise = -score.scores(rows, reference)
        low, high = surprise < least[:, None], surprise > most[:, None]
        reasons = ("perplexity too low", "perplexity too high")
        return Selection(~(low | high), high.astype(np.int64), reasons)

    def _ends(self, reference: Reference) -> tuple[Floats, Floats]:
        held_out = reference.held_out
        real = reference.real if held_out is None else Samples.of(held_out, 0)
        surprise = -Likelihood(self.under).scores(real, reference)
        low, high = np.quantile(surprise, [self.low, self.high], axis=1)
        return low, high
