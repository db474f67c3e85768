"""Advice: the smallest setting that holds a target, for every way to count, with the evidence."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from genloss.errors import GenlossError
from genloss.plan.advise.as_asked import AsAsked, as_asked
from genloss.plan.advise.beside_control import Beside, beside_control
from genloss.plan.advise.curve import Fit
from genloss.plan.advise.evidence import Cell, Evidence, reached
from genloss.plan.advise.exact import exact_mean, settings_looked_at, smallest
from genloss.plan.advise.optimum import Optimum, optimum
from genloss.plan.advise.question import Question
from genloss.plan.advise.search import search
from genloss.plan.advise.supplies import Dial, RealRows, tokens_of
from genloss.run.events import Sink
from genloss.study.study import Study

CHAINS = 20
"""Chains of every run of a search, at least."""

CHAINS_OF_TEXT = 8
"""Likewise of texts, which take longer and differ less from chain to chain."""

SECONDS = 480.0
"""How long a search may go on adding runs."""

ROUNDING = 1e-9
"""A closed form that gets worse by a smaller share than this does not."""


@dataclass(frozen=True)
class Answer:
    """The smallest setting of a dial that holds the target: a number of real rows, or a field.

    setting: None where none does; value: what is set there. low, high: its interval at 95 %. total:
    rows of the last D_t. estimand: 'mean' or 'chain'. how: 'closed form' or 'search'. best: the
    metric where it is best, at best_at, for a new chain its quantile at the question's level.
    stopped: why a search ended. folder: of its runs. flat: the optimum, where one was asked for.
    """

    dial: Dial
    estimand: str
    how: str
    setting: int | None
    low: float
    high: float
    total: int
    best: float
    best_at: float
    cells: tuple[Cell, ...] = ()
    fit: Fit | None = None
    monotone: bool = True
    stopped: str = ""
    seconds: float = 0.0
    fitted_rows: float = 0.0
    folder: str = ""
    flat: Optimum | None = None

    @property
    def axis(self) -> str:
        """Return what is set."""
        return self.dial.axis

    @property
    def value(self) -> float | None:
        """Return what the answer sets; None where nothing holds."""
        return None if self.setting is None else self.dial.value(self.setting)

    @property
    def rows(self) -> int | None:
        """Return the real rows a generation, where they are what is set."""
        return self.setting if isinstance(self.dial, RealRows) else None


@dataclass(frozen=True)
class Advice:
    """All answers to a question.

    tokens: of a row of text, 0 for other rows. beside: the control that the target names.
    as_asked: what the study's own regime reaches, where the answers are on another. also: answers
    by a second rule, and why some or all of those were not sought.
    """

    question: Question
    answers: tuple[Answer, ...]
    tokens: int = 0
    beside: Beside | None = None
    as_asked: AsAsked | None = None
    also: tuple[Answer, ...] = ()
    also_left_out: str = ""


@dataclass(frozen=True)
class Effort:
    """How a search is made: where, chains of a run, seconds after which no run is added."""

    root: Path
    chains: int = 0
    seconds: float = SECONDS
    workers: int = 0
    progress: Sink | None = None

    def chains_of(self, question: Question) -> int:
        """Return the chains of every run."""
        least = CHAINS_OF_TEXT if tokens_of(question.study) else CHAINS
        return self.chains or max(question.study.chains, least)


def advise(
    question: Question,
    dials: Sequence[Dial],
    effort: Effort,
    *,
    theory: bool = True,
    also: Sequence[Dial] = (),
) -> Advice:
    """Return the smallest setting of each dial that holds a target.

    The mean over chains comes from its closed form, where the study has one and theory is on; all
    else from runs in a sweep's folder, which another call goes on with.

    also: dials of a second rule. They are searched in the time that the first left, if that is more
    than half of the effort's, so that both together take no longer than one might.

    Raises:
        SpecError: a study without the control that the target names.
        FitError: a run failed.
    """
    beside: Beside | None = None
    if question.target.of_control:
        chains = effort.chains_of(question)
        beside = beside_control(question, effort.root, chains, effort.workers, effort.progress)
        question = beside.question
    begun = time.perf_counter()
    answers = _answers(question, dials, effort, theory)
    more, why = _by_second_rule(question, also, effort, theory, time.perf_counter() - begun)
    own = _evidence_of(question, lambda _: question.study, "advice-as-asked", effort)
    asked = as_asked(question, dials, own, theory=theory)
    return Advice(
        question, tuple(answers), tokens_of(question.study), beside, asked, tuple(more), why
    )


def _answers(
    question: Question, dials: Sequence[Dial], effort: Effort, theory: bool, search: bool = True
) -> list[Answer]:
    answers: list[Answer] = []
    for dial in dials:
        known = _by_theory(question, dial) if theory else None
        if known is not None:
            answers.append(known)
        if search and (known is None or question.estimand == "chain"):
            part = replace(effort, seconds=effort.seconds / len(dials))
            answers.append(_by_search(question, dial, part))
    return answers


def _by_second_rule(
    question: Question, dials: Sequence[Dial], effort: Effort, theory: bool, took: float
) -> tuple[list[Answer], str]:
    """Return the answers of further dials, and why some were not sought or found."""
    if not dials:
        return [], ""
    in_time = took <= effort.seconds / 2
    left = replace(effort, seconds=effort.seconds - took)
    try:
        answers = _answers(question, dials, left, theory, in_time)
    except GenlossError as error:
        # A second rule is a gift: a learner that takes no weights has the first.
        return [], str(error)
    closed = question.estimand == "mean" and len(answers) == len(dials)
    if in_time or closed:
        return answers, ""
    took_up = f"pooled rows took {took:.0f} of {effort.seconds:.0f} seconds"
    return answers, f"{took_up}; --weighted asks for both rules"


def best_setting(question: Question, dial: Dial, effort: Effort) -> Advice:
    """Return the setting of a field at which the mean over chains is lowest, or highest.

    By search alone, with common random numbers; see `genloss.plan.advise.optimum`.

    Raises:
        FitError: a run failed.
    """
    evidence = _evidence(question, dial, effort)
    found = optimum(evidence, question.target.sign, dial.most, effort.seconds)
    at = round(found.setting)
    ends = sorted(dial.value(end) for end in (found.low, found.high))
    answer = Answer(
        dial,
        "mean",
        "search",
        at,
        ends[0],
        ends[1],
        dial.total(at),
        found.mean,
        dial.value(found.setting),
        found.cells,
        stopped=found.stopped,
        seconds=evidence.seconds,
        fitted_rows=evidence.rows,
        folder=str(evidence.folder),
        flat=found,
    )
    return Advice(question, (answer,), tokens_of(question.study))


def _by_theory(question: Question, dial: Dial) -> Answer | None:
    begun = time.perf_counter()
    exact = exact_mean(question, dial)
    if exact is None:
        return None
    mean, most = cache(exact[0]), exact[1]
    target, sign = question.target, question.target.sign
    found = smallest(lambda k: target.is_met(mean(k)), most)
    looked_at = settings_looked_at(most)
    at = min(looked_at, key=lambda k: sign * mean(k)) if found is None else found
    low = high = math.nan if found is None else dial.value(found)
    best, total = mean(at), dial.total(at)
    monotone = all(
        sign * (mean(b) - mean(a)) <= ROUNDING * abs(mean(a)) for a, b in pairwise(looked_at)
    )
    return Answer(
        dial,
        "mean",
        "closed form",
        found,
        low,
        high,
        total,
        best,
        dial.value(at),
        monotone=monotone,
        seconds=time.perf_counter() - begun,
    )


def _by_search(question: Question, dial: Dial, effort: Effort) -> Answer:
    evidence = _evidence(question, dial, effort)
    found = search(question, evidence, dial.most, effort.seconds)
    cells = tuple(evidence.cells)
    best, best_at = _best(question, cells)
    setting = None if found.dial is None else round(found.dial)
    ends = sorted(_value(dial, end) for end in (found.low, found.high))
    return Answer(
        dial,
        question.estimand,
        "search",
        setting,
        ends[0],
        ends[1],
        dial.total(best_at if setting is None else setting),
        best,
        dial.value(best_at),
        cells,
        found.fit,
        found.monotone,
        found.stopped,
        evidence.seconds,
        evidence.rows,
        str(evidence.folder),
    )


def _evidence(question: Question, dial: Dial, effort: Effort) -> Evidence:
    words: list[str] = []
    if isinstance(dial, RealRows):
        words = [dial.supply, "weighted"] if dial.weighted else [dial.supply]
    what = "-".join(["advice", *words, dial.axis])
    return _evidence_of(question, lambda setting: dial.study_of(round(setting)), what, effort)


def _evidence_of(
    question: Question, study_of: Callable[[float], Study], what: str, effort: Effort
) -> Evidence:
    return Evidence(
        question,
        study_of,
        what,
        effort.root,
        effort.chains_of(question),
        effort.workers,
        effort.progress,
    )


def _value(dial: Dial, setting: float) -> float:
    return dial.value(setting) if math.isfinite(setting) else setting


def _best(question: Question, cells: Sequence[Cell]) -> tuple[float, int]:
    sign = question.target.sign
    values = [(sign * reached(question, c), c) for c in cells]
    best, cell = min(values, key=lambda pair: pair[0])
    return sign * best, round(cell.dial)
