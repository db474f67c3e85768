"""Studies of k real rows a generation: where the rows come from, and how they are counted."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

import numpy as np

from genloss.core.abilities import FiniteModel
from genloss.core.forms import Rows
from genloss.core.real_only import RealOnly
from genloss.core.regimes import Accumulate, Augment, Fresh, Mix, Replace
from genloss.core.roles import Regime
from genloss.core.shares import WeightedFresh
from genloss.core.text import TextModel
from genloss.errors import SpecError
from genloss.models.gaussian import GaussianLearner
from genloss.study.study import Study
from genloss.theory.weighting import optimal_real_weight

Supply = Literal["fresh", "redrawn", "kept"]
SUPPLIES: tuple[Supply, ...] = get_args(Supply)

Axis = Literal["share", "count"]

MEANING = {
    "fresh": "new real rows at every generation",
    "redrawn": "a new random part of S_0 at every generation",
    "kept": "the same real rows of S_0 for ever",
}

MOST_TIMES = 10
"""A count is sought up to so many times the rows of the study, where there are so many."""


class Dial(Protocol):
    """What is searched: whole settings 0 .. most of a study, by which it gets better."""

    @property
    def axis(self) -> str:
        """What is set: 'share' or 'count' of real rows, or a field of the spec."""
        ...

    @property
    def most(self) -> int:
        """The last setting."""
        ...

    @property
    def limit(self) -> str:
        """What sets it, in words."""
        ...

    def value(self, k: float) -> float:
        """Return what is set at a setting."""
        ...

    def study_of(self, k: int) -> Study:
        """Return the study of a setting."""
        ...

    def total(self, k: int) -> int:
        """Return the rows of the last D_t."""
        ...


@dataclass(frozen=True)
class RealRows:
    """k real rows in every generation from the second on; generation 1 learns from all of S_0.

    axis: 'share', of N = n_synthetic rows in all, or 'count', beside n_synthetic synthetic rows.
    most: the largest k; limit: what sets it, in words. weighted: whether fresh real rows have the
    weight that is best for a mean in the long run (`theory.weighting.optimal_real_weight`), rather
    than that of their number.
    """

    study: Study
    axis: Axis
    supply: Supply
    most: int
    limit: str
    weighted: bool = False

    def value(self, k: float) -> float:
        """Return the real rows: the setting itself."""
        return k

    def total(self, k: int) -> int:
        """Return the rows of D_t for t > 1."""
        n = self.study.n_synthetic
        return n if self.axis == "share" else n + k

    def study_of(self, k: int) -> Study:
        """Return the study of k real rows."""
        total = self.total(k)
        if k == 0:
            return replace(self.study, regime=Replace(), n_synthetic=total)
        if k == total:
            only: Regime = RealOnly((total,)) if self.supply == "fresh" else self._mix(1.0)
            return replace(self.study, regime=only)
        if self.supply == "fresh":
            regime: Regime = Fresh(k)
            if self.weighted:
                regime = WeightedFresh(k, self.weight_of(k))
            return replace(self.study, regime=regime, n_synthetic=total - k)
        n_real = max(self.study.n_real, k)
        return replace(self.study, regime=self._mix(k / total), n_synthetic=total, n_real=n_real)

    def weight_is_borrowed(self, metric: str) -> bool:
        """Whether the weight is best for another metric or learner than those of the study."""
        own = metric == "squared_mean_error" and type(self.study.learner) is GaussianLearner
        return self.weighted and not own

    def weight_of(self, k: int) -> float:
        """Return the best share of the weight of k > 0 real rows; its inverse is the memory."""
        return float(optimal_real_weight(k, self.total(k) - k))

    def _mix(self, share: float) -> Regime:
        return Mix(share, "same" if self.supply == "kept" else "redrawn")


def supply_of(study: Study, text: bool = False) -> tuple[Supply, str]:
    """Return the supply that a study's own regime has, and why in words.

    text: a text of one's own, whose rows are all there is.
    """
    regime: Regime = study.regime
    if isinstance(regime, Fresh):
        return "fresh", "as the regime of the study has it"
    if isinstance(regime, Mix):
        return ("kept" if regime.real_rows == "same" else "redrawn"), "as the regime has it"
    if isinstance(regime, Augment | Accumulate):
        return "kept", "the regime of the study keeps S_0"
    if text or isinstance(_reality(study), FiniteModel):
        return "kept", "the data are finite"
    return "fresh", "the reality gives new rows for ever"


def real_rows(study: Study, axis: Axis, supply: Supply, *, weighted: bool = False) -> RealRows:
    """Return the studies that differ in the number of real rows alone.

    Raises:
        SpecError: a supply that is none, or that the reality cannot give; weights of rows that are
            not fresh, for which no best one is known.
    """
    if weighted and supply != "fresh":
        raise SpecError(
            f"the best weight is known of fresh real rows alone; got {supply}; leave --weighted out"
        )
    if supply != "fresh":
        # Statistics hold no rows from which some could be chosen.
        study = replace(study, form=Rows())
    if supply not in SUPPLIES:
        raise SpecError(f"supply is {supply!r}; expected {', '.join(SUPPLIES)}")
    n, most = study.n_synthetic, MOST_TIMES * max(study.n_real, study.n_synthetic)
    limit = f"{MOST_TIMES} times the rows of the study"
    if axis == "share":
        most, limit = n, "all rows"
    p_0 = _reality(study)
    if isinstance(p_0, FiniteModel):
        # A text holds out rows that none could train on.
        have = (p_0.split(study.held_out)[0] if study.held_out else p_0).n_rows
        if supply == "fresh":
            each = (have - study.n_real) // max(study.generations - 1, 1)
            if each < 1:
                raise SpecError(
                    f"fresh rows: the reality has {have:,} rows to train on, {study.n_real:,} of "
                    f"them in S_0, which leaves none for each of {study.generations - 1:,} "
                    "generations; ask for --supply kept or redrawn, lower n_real, or ask about an "
                    "earlier generation"
                )
            have = each
        if have < most:
            most, limit = have, f"the reality has no more {supply} rows"
    if supply != "fresh" and axis == "share" and study.n_real < most:
        most, limit = study.n_real, "S_0 has no more rows"
    return RealRows(study, axis, supply, most, limit, weighted)


def tokens_of(study: Study) -> int:
    """Return the tokens of a row of text, 0 for other rows."""
    p_0 = _reality(study)
    return int(p_0.test.shape[1]) if isinstance(p_0, TextModel) else 0


def _reality(study: Study) -> object:
    return study.reality.realise(1, np.random.default_rng(0))
