"""The closed form's answer: exact expectations, no run."""

from collections.abc import Callable

from genloss.errors import GenlossError
from genloss.judge.predictions import theory_lines
from genloss.plan.advise.question import Question
from genloss.plan.advise.supplies import Dial
from genloss.study.study import Study

Exact = Callable[[int], float]
"""From real rows to the expected metric."""


def exact_mean(question: Question, dial: Dial) -> tuple[Exact, int] | None:
    """Return the expected metric by setting, at the target's generation, and up to which one."""

    def value(k: int) -> float | None:
        return _mean(question, dial.study_of(k))

    try:
        if value(0) is None or value(dial.most // 2) is None:
            return None
        # Real rows alone are a regime of its own.
        most = dial.most if value(dial.most) is not None else dial.most - 1
        if value(most) is None:
            return None
    except GenlossError:
        return None

    def known(k: int) -> float:
        found = value(k)
        assert found is not None
        return found

    return known, most


def _mean(question: Question, study: Study) -> float | None:
    line = theory_lines(study).get(question.target.metric)
    if line is None or not line.statistic.is_mean:
        return None
    return line.at(question.target.t)


def smallest(holds: Callable[[int], bool], most: int) -> int | None:
    """Return the smallest k in 0 .. most from which a bound holds, by bisection; None: not at most.

    Sound where more rows never hurt.
    """
    if not holds(most):
        return None
    if holds(0):
        return 0
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
