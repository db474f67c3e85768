"""What is asked: METRIC <= VALUE at GENERATION, of the mean over chains or of a new chain."""

import math
import re
from dataclasses import dataclass, replace
from typing import Literal

from genloss.core.view import column_names
from genloss.errors import SpecError
from genloss.spec.wording import nearest
from genloss.study.study import Schedule, Study

Estimand = Literal["chain", "mean"]

LAYOUT = (
    'expected "METRIC <= VALUE at GENERATION" (or >=), "METRIC within X of control at GENERATION" '
    'or, of a field, "METRIC lowest at GENERATION" (or highest)'
)

BOUND = re.compile(r"(?P<metric>.+?)\s*(?P<sign><=|>=|≤|≥)\s*(?P<value>\S+)\s+at\s+(?P<t>\S+)")
CONTROL = re.compile(
    r"(?P<metric>.+?)\s+within\s+(?P<value>[^\s%]+)\s*(?P<percent>%?)\s+of\s+control\s+at\s+(?P<t>\S+)"
)

BEST = re.compile(r"(?P<metric>.+?)\s+(?P<end>lowest|highest)\s+at\s+(?P<t>\S+)")


@dataclass(frozen=True)
class Target:
    """A bound on a metric at generation t: at most (sign -1: at least) value.

    of_control: value is a distance from the real-only control instead, and sign is open (0) until
    that is known; relative: a share of the control's value. best: no bound, but the lowest (sign 1)
    or highest mean over chains; value is NaN.
    """

    metric: str
    sign: Literal[-1, 0, 1]
    value: float
    t: int
    of_control: bool = False
    relative: bool = False
    best: bool = False

    def __str__(self) -> str:
        if self.best:
            return f"{self.metric} {'lowest' if self.sign > 0 else 'highest'} at {self.t}"
        if self.of_control:
            size = f"{100 * self.value:g} %" if self.relative else f"{self.value:g}"
            return f"{self.metric} within {size} of control at {self.t}"
        return f"{self.metric} {'<=' if self.sign > 0 else '>='} {self.value:g} at {self.t}"

    def is_met(self, value: float) -> bool:
        """Return whether a value keeps the bound."""
        return self.sign * value <= self.sign * self.value


def target_of(text: str) -> Target:
    """Read a target; `str` writes it.

    Raises:
        SpecError: text that is laid out otherwise, a value that is no number, a generation below 1.
    """
    if found := CONTROL.fullmatch(text.strip()):
        percent = bool(found["percent"])
        value = _number(found["value"], text) / (100 if percent else 1)
        if value <= 0:
            raise SpecError(f"target {text!r}: {value:g} is no distance; expected more than 0")
        return Target(found["metric"], 0, value, _generation(found["t"], text), True, percent)
    sign: Literal[-1, 1]
    if found := BEST.fullmatch(text.strip()):
        sign = 1 if found["end"] == "lowest" else -1
        t = _generation(found["t"], text)
        return Target(found["metric"], sign, math.nan, t, best=True)
    if found := BOUND.fullmatch(text.strip()):
        sign = 1 if found["sign"] in ("<=", "≤") else -1
        value = _number(found["value"], text)
        return Target(found["metric"], sign, value, _generation(found["t"], text))
    raise SpecError(f"target {text!r}; {LAYOUT}")


def _number(word: str, text: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SpecError(f"target {text!r}: {word!r} is no finite number; {LAYOUT}")
    return value


def _generation(word: str, text: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise SpecError(f"target {text!r}: {word!r} is no generation; expected 1 or more")
    return int(word)


@dataclass(frozen=True)
class Question:
    """A target for a study, by the mean over chains or by a new chain in `level` of all cases."""

    study: Study
    target: Target
    estimand: Estimand = "chain"
    level: float = 0.95

    @property
    def estimand_words(self) -> str:
        """Return of what the advice is, in words."""
        if self.estimand == "mean":
            return "the mean over chains"
        return f"a new chain, in {100 * self.level:g} % of cases"


def question_of(
    study: Study, target: Target, estimand: Estimand = "chain", level: float = 0.95
) -> Question:
    """Return the question for a study that ends at the target's generation and measures it alone.

    Raises:
        SpecError: a metric that the study does not have, or a level outside (0.5, 1).
    """
    names = [name for metric in study.metrics for name in column_names(metric)]
    if target.metric not in names:
        measured = f"it measures {', '.join(names)}" if names else "it measures nothing"
        raise SpecError(
            f"the study has no metric {target.metric!r}{nearest(target.metric, names)}; {measured};"
            f" to add one: metrics+=['{target.metric.partition('(')[0]}']"
        )
    if not 0.5 <= level < 1:
        raise SpecError(f"level is {level}; expected a share of new chains from 0.5 to below 1")
    metrics = tuple(m for m in study.metrics if target.metric in column_names(m))
    asked = replace(
        study,
        metrics=metrics,
        generations=target.t,
        measure=Schedule(at=(target.t,)),
        keep=replace(study.keep, at=(), every=0),
    )
    return Question(asked, target, estimand, level)
