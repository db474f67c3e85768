"""What the study reaches with its own regime, where the advice is on another one.

Real rows are counted in the regimes of a supply (fresh, mix, real rows alone). A study with another
regime, such as accumulate, is answered on one of these, although its own may hold the target as it
is: then no rows need be bought.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from genloss.core.real_only import RealOnly
from genloss.core.regimes import Fresh, Mix, Replace
from genloss.core.roles import Regime
from genloss.errors import FitError, GenlossError
from genloss.plan.advise.evidence import Evidence, reached
from genloss.plan.advise.exact import expected
from genloss.plan.advise.question import Question
from genloss.plan.advise.supplies import Dial, RealRows, Supply


@dataclass(frozen=True)
class AsAsked:
    """The estimand of the study as it was asked about.

    value: in units of the metric, NaN where it was not measured. how: 'closed form', 'one run of N
    chains' or 'not measured'; why: it was not. holds: whether the value meets the target.
    """

    regime: Regime
    supply: Supply
    value: float
    how: str
    holds: bool
    why: str = ""


def as_asked(
    question: Question, dials: Sequence[Dial], evidence: Evidence, *, theory: bool = True
) -> AsAsked | None:
    """Return what the study's own regime reaches; None where the dials go through that regime.

    By closed form for the mean, where there is one and theory is on; else from one run.
    """
    supplies = [dial.supply for dial in dials if isinstance(dial, RealRows)]
    regime = question.study.regime
    if not supplies or not _is_exchanged(regime, supplies[0]):
        return None
    try:
        known = expected(question, question.study) if theory else None
    except GenlossError:
        known = None
    if known is not None and question.estimand == "mean":
        holds = question.target.is_met(known)
        return AsAsked(regime, supplies[0], known, "closed form", holds)
    try:
        evidence.add([0.0])
    except FitError as error:
        return AsAsked(regime, supplies[0], math.nan, "not measured", False, str(error))
    [cell] = evidence.cells
    value = reached(question, cell)
    how = f"one run of {len(cell.values):,} chains"
    return AsAsked(regime, supplies[0], value, how, question.target.is_met(value))


def _is_exchanged(regime: Regime, supply: Supply) -> bool:
    """Whether no setting of a dial has the regime itself."""
    if isinstance(regime, Mix):
        return supply != ("kept" if regime.real_rows == "same" else "redrawn")
    if isinstance(regime, Fresh):
        return supply != "fresh"
    return not isinstance(regime, Replace | RealOnly)
