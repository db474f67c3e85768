"""The closed form's answer: exact expectations, no run."""

from collections.abc import Callable

import numpy as np

from genloss.errors import GenlossError
from genloss.judge.predictions import theory_lines
from genloss.plan.advise.question import Question
from genloss.plan.advise.supplies import Dial
from genloss.study.study import Study

Exact = Callable[[int], float]
"""From real rows to the expected metric."""

LOOKS = 17
"""Settings of the whole range that are looked at: more real rows do not help every metric."""


def exact_mean(question: Question, dial: Dial) -> tuple[Exact, int] | None:
    """Return the expected metric by setting, at the target's generation, and up to which one."""

    def value(k: int) -> float | None:
        return expected(question, dial.study_of(k))

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


def expected(question: Question, study: Study) -> float | None:
    """Return the mean over chains of the metric by its closed form; None where it has none."""
    line = theory_lines(study).get(question.target.metric)
    if line is None or not line.statistic.is_mean:
        return None
    return line.at(question.target.t)


def settings_looked_at(most: int) -> list[int]:
    """Return settings of the whole range 0 .. most, closer together at the start."""
    return sorted({0, *np.geomspace(1, max(most, 1), LOOKS).round().astype(int).tolist(), most})


def smallest(holds: Callable[[int], bool], most: int) -> int | None:
    """Return the smallest k in 0 .. most from which on a bound holds; None: not at most.

    By bisection above the last setting looked at that fails: what lies between two of these and
    fails alone is not seen.
    """
    at = settings_looked_at(most)
    failing = [i for i, k in enumerate(at) if not holds(k)]
    if not failing:
        return 0
    if failing[-1] == len(at) - 1:
        return None
    low, high = at[failing[-1]], at[failing[-1] + 1]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
