"""Risk against budget: what every mixture of real and synthetic rows costs, and which are best.

A price per row, once for each row that is had: a fresh real row at every generation anew, a kept or
redrawn one once, a synthetic row whenever a model writes it. A mixture is on the frontier where no
cheaper one is as good. Real rows weigh as synthetic ones do (pooled), or have the best weight too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genloss.core.real_only import RealOnly
from genloss.errors import SpecError
from genloss.plan.advise.advice import Effort
from genloss.plan.advise.evidence import Evidence, reached
from genloss.plan.advise.exact import exact_mean
from genloss.plan.advise.question import Question
from genloss.plan.advise.supplies import Supply, real_rows
from genloss.study.study import Study

DENSE, SPARSE = 16, 4
"""Numbers of real and of synthetic rows that are looked at, by closed form and by runs."""

REACH = 16
"""From 1/REACH to REACH times the study's own rows."""


@dataclass(frozen=True)
class Prices:
    """Of a real and of a synthetic row, in one currency.

    Raises:
        SpecError: a price below 0, or both 0.
    """

    real: float
    synthetic: float

    def __post_init__(self) -> None:
        prices = (self.real, self.synthetic)
        if not all(0 <= p < np.inf for p in prices) or max(prices) == 0:
            raise SpecError(
                f"prices are {self.real} and {self.synthetic}; expected two numbers of 0 or more, "
                "one of them above 0"
            )


@dataclass(frozen=True)
class Mixture:
    """Rows a generation, what all generations cost, and the metric: exact mean or as runs show.

    weighted: whether its real rows have the best weight, rather than that of their number.
    """

    real: int
    synthetic: int
    cost: float
    risk: float
    weighted: bool = False
    on_frontier: bool = False


@dataclass(frozen=True)
class Frontier:
    """Mixtures by cost; how: 'closed form' (of the mean) or 'search'; folder: of its runs.

    left_out: whether the best weight was asked for where time permits, and a search left it out.
    """

    mixtures: tuple[Mixture, ...]
    supply: Supply
    how: str
    sign: int
    folder: str = ""
    left_out: bool = False

    @property
    def best(self) -> tuple[Mixture, ...]:
        """Return those on the frontier."""
        return tuple(m for m in self.mixtures if m.on_frontier)


Sized = tuple[int, int, bool]
"""Real rows, synthetic rows, and whether the real ones have the best weight."""


def frontier(
    question: Question,
    supply: Supply,
    prices: Prices,
    effort: Effort,
    *,
    theory: bool = True,
    weighted: bool | None = False,
) -> Frontier:
    """Return what mixtures of real and synthetic rows reach, and at which cost.

    weighted: by the best weight too (True), or only where closed forms know it, since runs take as
    long again (None); False: rows are pooled.

    Raises:
        SpecError: a supply that the reality cannot give, weights of rows that are not fresh.
        FitError: a run failed.
    """
    study, sign = question.study, question.target.sign
    most = real_rows(study, "count", supply).most
    rules = (False,) if weighted is False else (False, True)
    exact = _exact(question, supply, _sized(study, most, DENSE, rules)) if theory else {}
    if not exact and theory and weighted is None:
        exact = _exact(question, supply, _sized(study, most, DENSE, (False,)))
    by = "closed form"
    known, folder = exact, ""
    if not exact:
        by = "search"
        rules = (False, True) if weighted else (False,)
        known, folder = _searched(question, supply, effort, _sized(study, most, SPARSE, rules))
    made = [_mixture(study, supply, prices, sized, risk) for sized, risk in known.items()]
    left_out = weighted is None and not any(m.weighted for m in made)
    return Frontier(_marked(made, sign), supply, by, sign, folder, left_out)


def _searched(
    question: Question, supply: Supply, effort: Effort, sized: Sequence[Sized]
) -> tuple[dict[Sized, float], str]:
    """Return what runs reach, and where they lie."""
    evidence = Evidence(
        question,
        lambda place: _study(question.study, supply, sized[round(place)]),
        f"advice-{supply}-frontier",
        effort.root,
        effort.chains_of(question),
        effort.workers,
        effort.progress,
    )
    evidence.add([float(i) for i in range(len(sized))])
    found = {sized[round(c.dial)]: reached(question, c) for c in evidence.cells}
    return found, str(evidence.folder)


def _sized(study: Study, most: int, n: int, rules: Sequence[bool]) -> list[Sized]:
    """Return numbers of real and synthetic rows: none to REACH times those of the study.

    Where one of both is 0 there is nothing to weigh.
    """
    real = np.geomspace(max(study.n_real / REACH, 1), min(study.n_real * REACH, most), n)
    synthetic = np.geomspace(max(study.n_synthetic / REACH, 1), study.n_synthetic * REACH / 4, n)
    ks = [0, *np.unique(real.round()).astype(int).tolist()]
    ms = [0, *np.unique(synthetic.round()).astype(int).tolist()]
    return [
        (k, m, weighted)
        for weighted in rules
        for k in ks
        for m in ms
        if k + m > 1 and (not weighted or k * m)
    ]


def _exact(question: Question, supply: Supply, sized: Sequence[Sized]) -> dict[Sized, float]:
    """Return exact means; nothing where one of the rules has no closed form."""
    out: dict[Sized, float] = {}
    for m, weighted in sorted({(m, weighted) for _, m, weighted in sized if m}):
        study = replace(question.study, n_synthetic=m)
        dial = real_rows(study, "count", supply, weighted=weighted)
        found = exact_mean(replace(question, study=study, estimand="mean"), dial)
        if found is None:
            return {}
        out |= {s: found[0](s[0]) for s in sized if s[1:] == (m, weighted)}
    return out


def _study(study: Study, supply: Supply, sized: Sized) -> Study:
    k, m, weighted = sized
    if m == 0:
        # Kept rows alone are learned from again and again; n_real says how many.
        regime = RealOnly((k,)) if supply == "fresh" else RealOnly()
        return replace(study, regime=regime, n_real=study.n_real if supply == "fresh" else k)
    dial = real_rows(replace(study, n_synthetic=m), "count", supply, weighted=weighted)
    return dial.study_of(k)


def _mixture(study: Study, supply: Supply, prices: Prices, sized: Sized, risk: float) -> Mixture:
    k, m, weighted = sized
    later = study.generations - 1
    # Without synthetic rows, kept ones are all of S_0.
    kept = max(study.n_real, k) if m else k
    real = study.n_real + later * k if supply == "fresh" else kept
    cost = prices.real * real + prices.synthetic * later * m
    return Mixture(k, m, cost, risk, weighted)


def _marked(mixtures: Sequence[Mixture], sign: int) -> tuple[Mixture, ...]:
    """Return mixtures by cost, those marked that are better than all cheaper ones."""
    out, best = [], np.inf
    for m in sorted(mixtures, key=lambda m: (m.cost, sign * m.risk)):
        better = sign * m.risk < best
        best = min(best, sign * m.risk)
        out.append(replace(m, on_frontier=better))
    return tuple(out)
