"""Advice: how many real rows hold a target, as a share and as a count, with the evidence."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from genloss.plan.advise.curve import Fit
from genloss.plan.advise.evidence import Cell, Evidence
from genloss.plan.advise.exact import exact_mean, smallest
from genloss.plan.advise.question import Question
from genloss.plan.advise.search import search
from genloss.plan.advise.supplies import Axis, RealRows, Supply, real_rows, tokens_of
from genloss.run.events import Sink

CHAINS = 20
"""Chains of every run of a search, at least."""

SECONDS = 480.0
"""How long a search may go on adding runs."""


@dataclass(frozen=True)
class Answer:
    """The smallest number of real rows that holds the target, as one axis counts it.

    rows: None where no setting does. low, high: its interval at 95 %. total: rows of D_t with it.
    estimand: 'mean' or 'chain'. how: 'closed form' or 'search'. best: the metric where it is best,
    at best_at rows, for a new chain its quantile at the question's level. stopped: why a search
    ended. folder: of its runs.
    """

    axis: Axis
    estimand: str
    how: str
    rows: int | None
    low: float
    high: float
    total: int
    most: int
    limit: str
    best: float
    best_at: int
    cells: tuple[Cell, ...] = ()
    fit: Fit | None = None
    monotone: bool = True
    stopped: str = ""
    seconds: float = 0.0
    fitted_rows: float = 0.0
    folder: str = ""


@dataclass(frozen=True)
class Advice:
    """All answers to a question under one supply of real rows.

    tokens: of a row of text, 0 for other rows.
    """

    question: Question
    supply: Supply
    answers: tuple[Answer, ...]
    tokens: int = 0


def advise(
    question: Question,
    supply: Supply,
    root: Path,
    *,
    axes: Sequence[Axis] = ("share", "count"),
    theory: bool = True,
    chains: int = 0,
    seconds: float = SECONDS,
    workers: int = 0,
    progress: Sink | None = None,
) -> Advice:
    """Return how many real rows hold a target.

    The mean over chains comes from its closed form, where the study has one and theory is on; all
    else from runs in a sweep's folder below root, which another call goes on with.

    Raises:
        SpecError: a supply that the reality cannot give.
        FitError: a run failed.
    """
    answers: list[Answer] = []
    for axis in axes:
        rows = real_rows(question.study, axis, supply)
        known = _by_theory(question, rows) if theory else None
        if known is not None:
            answers.append(known)
        if known is None or question.estimand == "chain":
            each = chains or max(question.study.chains, CHAINS)
            limit = seconds / len(axes)
            answers.append(_by_search(question, rows, root, each, limit, workers, progress))
    return Advice(question, supply, tuple(answers), tokens_of(question.study))


def _by_theory(question: Question, rows: RealRows) -> Answer | None:
    begun = time.perf_counter()
    mean = exact_mean(replace(question, estimand="mean"), rows)
    if mean is None:
        return None
    target = question.target
    found = smallest(lambda k: target.is_met(mean(k)), rows.most)
    at = rows.most if found is None else found
    low = high = math.nan if found is None else float(found)
    return Answer(
        rows.axis, "mean", "closed form", found, low, high, rows.total(at), rows.most, rows.limit,
        mean(at), at, seconds=time.perf_counter() - begun,
    )  # fmt: skip


def _by_search(
    question: Question,
    rows: RealRows,
    root: Path,
    chains: int,
    seconds: float,
    workers: int,
    progress: Sink | None,
) -> Answer:
    evidence = Evidence(
        question,
        lambda dial: rows.study_of(round(dial)),
        f"advice-{rows.supply}-{rows.axis}",
        root,
        chains,
        workers,
        progress,
    )
    found = search(question, evidence, rows.most, seconds)
    cells = tuple(evidence.cells)
    best, best_at = _best(question, cells)
    at = best_at if found.dial is None else round(found.dial)
    return Answer(
        rows.axis,
        question.estimand,
        "search",
        None if found.dial is None else round(found.dial),
        found.low,
        found.high,
        rows.total(at),
        rows.most,
        rows.limit,
        best,
        best_at,
        cells,
        found.fit,
        found.monotone,
        found.stopped,
        evidence.seconds,
        evidence.rows,
        str(evidence.folder),
    )


def _best(question: Question, cells: Sequence[Cell]) -> tuple[float, int]:
    sign = question.target.sign
    values = [(sign * reached(question, c), c) for c in cells]
    best, cell = min(values, key=lambda pair: pair[0])
    return sign * best, round(cell.dial)


def reached(question: Question, cell: Cell) -> float:
    """Return the estimand of one cell as it was seen: a mean, or Weibull's quantile over chains."""
    import numpy as np

    if question.estimand == "mean":
        return float(cell.values.mean())
    level = question.level if question.target.sign > 0 else 1 - question.level
    return float(np.quantile(cell.values, level, method="weibull"))
