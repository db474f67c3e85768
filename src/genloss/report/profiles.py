"""The collapse profiles of runs: in a sentence, as a small matrix, and in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Literal

from genloss.core.about import Aspect
from genloss.judge.profile.alarm import Alarm
from genloss.judge.profile.groups import Group
from genloss.judge.profile.of_run import RunProfile, profile_of, profiles_of
from genloss.judge.profile.verdicts import RULES, Answer, Verdict
from genloss.judge.profile.words import HAPPENED, in_short
from genloss.report.formatting import number, percent
from genloss.report.labels import SEPARATOR, named, plain
from genloss.report.measured import Measured
from genloss.report.run_rows import generations_done
from genloss.store.reader import Run

MOST_RUNS = 24
"""Of more runs in a section no profile is worked out: their figures over what varies say it."""

ENOUGH = 3
"""Of the six verdicts on a model, how many say no where no collapse is said of it."""

SHORT = {
    1: "most of it lost",
    2: "any worse",
    3: "without end",
    4: "scaling law",
    5: "variety gone",
    6: "groups gone",
    7: "rare gone",
    8: "made up",
}
"""Headings of a matrix; what each verdict asks in full is its rule's question."""


@dataclass(frozen=True)
class NumberRow:
    """One verdict in numbers."""

    number: int
    question: str
    name: str
    answer: Answer
    value: str
    threshold: str
    rests_on: str
    why: str


@dataclass(frozen=True)
class ProfiledRun:
    """One run of a section: its sentence, its answers in order, and the numbers behind them."""

    label: str
    sentence: str
    answers: tuple[Answer, ...]
    early: Answer
    late: Answer
    first: str
    rows: tuple[NumberRow, ...]
    alarms: tuple[str, ...]
    groups: tuple[str, ...]
    judged: bool

    @property
    def outcome(self) -> Literal["collapse", "worse", "none", "little", "open"]:
        """What became of the run, in one word; "little": nothing, of too little that was judged."""
        collapse = [self.answers[i - 1] for i in HAPPENED]
        if Answer.YES in collapse:
            return "collapse"
        if self.answers[1] is Answer.YES:
            return "worse"
        judged = [*collapse, self.answers[1]].count(Answer.NO)
        return "none" if judged >= ENOUGH else "little" if judged else "open"


def profiles(runs: Sequence[Measured]) -> list[ProfiledRun]:
    """Return the profile of every run of a section that has models; none of too many.

    Runs of one name are told apart as figures tell them.
    """
    some = with_models(runs)
    if len(some) > MOST_RUNS:
        return []
    names = [plain(run.run.header.name) for run in some]
    found_of = profiles_of([run.run for run in some])
    labels = [one.full for one in named(some)] if len(set(names)) < len(names) else [""] * len(some)
    return [
        in_words(run.run, found, SEPARATOR.join(filter(None, (name, label))))
        for run, found, name, label in zip(some, found_of, names, labels, strict=True)
    ]


def with_models(runs: Sequence[Measured]) -> list[Measured]:
    """Return the runs that have models to judge."""
    return [run for run in runs if generations_done(run.run)]


def too_many(runs: Sequence[Measured]) -> str:
    """Return why a section has no profile although its runs have models, or ''."""
    n = len(with_models(runs))
    if n <= MOST_RUNS:
        return ""
    return (
        f"Collapse profiles are left out here: of {n:,} runs ({MOST_RUNS} at most); "
        "genloss show RUN gives that of one, genloss report those of a few."
    )


def profiled(run: Run) -> ProfiledRun:
    """Return the profile of a single run in words."""
    return in_words(run, profile_of(run))


def in_words(run: Run, found: RunProfile, label: str = "") -> ProfiledRun:
    """Return a profile in words; label: what its run is called, if not by its name."""
    p = found.profile
    last = max((v.generation for v in p.verdicts), default=0) or generations_done(run)
    return ProfiledRun(
        label or plain(run.header.name),
        in_short(p, last, found.why),
        tuple(v.answer for v in p.verdicts),
        p.early,
        p.late,
        first_alarm(found),
        tuple(number_row(v) for v in p.verdicts),
        alarm_lines(found),
        tuple(group_line(g) for g in found.groups),
        not found.why and any(v.found for v in p.verdicts),
    )


def number_row(v: Verdict) -> NumberRow:
    """Return a verdict with its value, interval and threshold, and what they rest on."""
    rule, f = v.rule, v.found
    counted = rule.aspect is Aspect.MODES
    show = number if counted else _percent
    value = (
        f"{show(f.estimate)}{'' if counted else ' %'} [{show(f.low)}, {show(f.high)}]" if f else ""
    )
    side = "above" if rule.above else "below"
    at = (
        ""
        if rule.threshold is None
        else number(rule.threshold)
        if counted
        else percent(rule.threshold)
    )
    threshold = f"{side} {at}" if at else ""
    rests = f"{v.metric}, t = {v.generation:,}, {v.chains:,} chains, {v.fits:,} control fits"
    why = f"{v.why}: {v.enough}" if v.why and v.enough else v.why or v.enough
    return NumberRow(
        rule.number,
        rule.question,
        rule.name,
        v.answer,
        value,
        threshold,
        rests if f else v.metric,
        why,
    )


def _percent(x: float) -> str:
    return f"{100 * x + 0.0:.1f}".replace("-", "−")


def first_alarm(found: RunProfile) -> str:
    """Return which metric moved first, and when."""
    if not found.alarms:
        return ""
    first = [a for a in found.alarms if a.t is not None]
    if not first:
        return "none"
    names = [a.metric for a in first if a.t == first[0].t]
    return f"{', '.join(names)} at t = {first[0].t:,}"


def alarm_lines(found: RunProfile) -> tuple[str, ...]:
    """Return a line on each metric: when it moved, with half of the chains, and how far.

    Beside runs of other sizes also which moved first at each.
    """
    half = {a.metric: a.t for a in found.alarms_of_half}
    lines = []
    for a in found.alarms:
        when = "never" if a.t is None else f"t = {a.t:,}"
        fewer = ""
        if a.metric in half:
            t = half[a.metric]
            fewer = f"; with half of the chains {'never' if t is None else f't = {t:,}'}"
        ends = f"ends {number(abs(a.signal_to_noise))} deviations of a fit away"
        lines.append(f"{a.metric}: {when}{fewer}; {ends}")
    if found.alarms_by_size:
        lines.append(f"first by rows: {'; '.join(starmap(_first_with, found.alarms_by_size))}")
    return tuple(lines)


def _first_with(rows: int, alarm: Alarm | None) -> str:
    what = "none" if alarm is None else f"{alarm.metric} at t = {alarm.t:,}"
    return f"{what} with {rows:,}"


def group_line(g: Group) -> str:
    """Return a line on one group: its share on the way and beside the control."""
    beside = f"{percent(g.control)} in the control"
    ends = f"{percent(g.first)} at first, {percent(g.last)} at last, {beside}"
    left = f"{_percent(g.left.estimate)} % [{_percent(g.left.low)}, {_percent(g.left.high)}]"
    verdict = {Answer.YES: "lost", Answer.NO: "not lost", Answer.UNKNOWN: "cannot tell"}[g.lost]
    return f"{g.name}: {ends}; {left} of it is left: {verdict}"


def questions() -> list[tuple[int, str, str, str]]:
    """Return number, short heading, question and name of every verdict."""
    return [(r.number, SHORT[r.number], r.question, r.name) for r in RULES]
