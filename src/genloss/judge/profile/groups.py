"""Named groups: what share of what is written belongs to each, and whether it is lost."""

from __future__ import annotations

from dataclasses import dataclass

from genloss.core.about import Aspect
from genloss.judge.controls import ControlRun
from genloss.judge.profile.beside import Beside
from genloss.judge.profile.intervals import Quotient
from genloss.judge.profile.verdicts import FEWEST_CHAINS, HALF, Answer
from genloss.store.reader import Run


@dataclass(frozen=True)
class Group:
    """The share of one group, at the first and last generation and in the control.

    left: the last share over the control's. lost: whether it is under half of that.
    """

    name: str
    first: float
    last: float
    control: float
    left: Quotient
    lost: Answer


def groups_of(run: Run, control: ControlRun) -> list[Group]:
    """Return the groups whose shares a run measures, in the order of its metrics.

    They bear no verdict: of many groups some are lost by chance. One that was named beforehand, as
    a minority is, may be read like a verdict.
    """
    entries = run.about.get("metric", {})
    found = []
    for column in run.columns.values():
        entry = entries.get(column.metric)
        if entry is None or entry.aspect != Aspect.GROUP:
            continue
        one = Beside(column, Aspect.GROUP, control).evidence()
        if isinstance(one, str) or one.chains < FEWEST_CHAINS:
            continue
        left = one.left()
        lost = Answer.YES if left.high < HALF else Answer.NO if left.low > HALF else Answer.UNKNOWN
        first = float(column.values[column.t > 0][0].mean())
        means = first, float(one.run.mean()), float(one.control.mean())
        found.append(Group(column.name, *means, left, lost))
    return found
