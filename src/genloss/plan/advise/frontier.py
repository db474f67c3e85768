"""Risk against budget: what every mixture of real and synthetic rows costs, and which are best.

A price per row, once for each row that is had: a fresh real row at every generation anew, a kept or
redrawn one once, a synthetic row whenever a model writes it. A mixture is on the frontier where no
cheaper one is as good.
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
    """Rows a generation, what all generations cost, and the metric: exact mean or as runs show."""

    real: int
    synthetic: int
    cost: float
    risk: float
    on_frontier: bool = False


@dataclass(frozen=True)
class Frontier:
    """Mixtures by cost; how: 'closed form' (of the mean) or 'search'; folder: of its runs."""

    mixtures: tuple[Mixture, ...]
    supply: Supply
    how: str
    sign: int
    folder: str = ""

    @property
    def best(self) -> tuple[Mixture, ...]:
        """Return those on the frontier."""
        return tuple(m for m in self.mixtures if m.on_frontier)


def frontier(
    question: Question, supply: Supply, prices: Prices, effort: Effort, *, theory: bool = True
) -> Frontier:
    """Return what mixtures of real and synthetic rows reach, and at which cost.

    Raises:
        SpecError: a supply that the reality cannot give.
        FitError: a run failed.
    """
    study, target = question.study, question.target
    most = real_rows(study, "count", supply).most
    exact = {} if not theory else _exact(question, supply, _counts(study, most, DENSE))
    if exact:
        made = [_mixture(study, supply, prices, k, m, risk) for (k, m), risk in exact.items()]
        return Frontier(_marked(made, target.sign), supply, "closed form", target.sign)
    pairs = _counts(study, most, SPARSE)
    evidence = Evidence(
        question,
        lambda place: _study(study, supply, *pairs[round(place)]),
        f"advice-{supply}-frontier",
        effort.root,
        effort.chains_of(question),
        effort.workers,
        effort.progress,
    )
    evidence.add([float(i) for i in range(len(pairs))])
    made = [
        _mixture(study, supply, prices, *pairs[round(c.dial)], reached(question, c))
        for c in evidence.cells
    ]
    return Frontier(_marked(made, target.sign), supply, "search", target.sign, str(evidence.folder))


def _counts(study: Study, most: int, n: int) -> list[tuple[int, int]]:
    """Return pairs of real and synthetic rows: none to REACH times those of the study."""
    real = np.geomspace(max(study.n_real / REACH, 1), min(study.n_real * REACH, most), n)
    synthetic = np.geomspace(max(study.n_synthetic / REACH, 1), study.n_synthetic * REACH / 4, n)
    ks = [0, *np.unique(real.round()).astype(int).tolist()]
    ms = [0, *np.unique(synthetic.round()).astype(int).tolist()]
    return [(k, m) for k in ks for m in ms if k + m > 1]


def _exact(
    question: Question, supply: Supply, pairs: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], float]:
    out: dict[tuple[int, int], float] = {}
    for m in sorted({m for _, m in pairs if m}):
        sized = replace(question, study=replace(question.study, n_synthetic=m), estimand="mean")
        found = exact_mean(sized, real_rows(sized.study, "count", supply))
        if found is None:
            return {}
        out |= {(k, m): found[0](k) for k, other in pairs if other == m and k + m > 1}
    return out


def _study(study: Study, supply: Supply, k: int, m: int) -> Study:
    if m == 0:
        # Kept rows alone are learned from again and again; n_real says how many.
        regime = RealOnly((k,)) if supply == "fresh" else RealOnly()
        return replace(study, regime=regime, n_real=study.n_real if supply == "fresh" else k)
    return real_rows(replace(study, n_synthetic=m), "count", supply).study_of(k)


def _mixture(study: Study, supply: Supply, prices: Prices, k: int, m: int, risk: float) -> Mixture:
    later = study.generations - 1
    # Without synthetic rows, kept ones are all of S_0.
    kept = max(study.n_real, k) if m else k
    real = study.n_real + later * k if supply == "fresh" else kept
    return Mixture(k, m, prices.real * real + prices.synthetic * later * m, risk)


def _marked(mixtures: Sequence[Mixture], sign: int) -> tuple[Mixture, ...]:
    """Return mixtures by cost, those marked that are better than all cheaper ones."""
    out, best = [], np.inf
    for m in sorted(mixtures, key=lambda m: (m.cost, sign * m.risk)):
        better = sign * m.risk < best
        best = min(best, sign * m.risk)
        out.append(replace(m, on_frontier=better))
    return tuple(out)
