"""Controls in a chart over generations: what the learner reaches on real rows, grey and named."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.chain_quantiles import spread
from genloss.judge.controls import ControlRun

WORDS = {"constant": "control: real rows only", "matched": "control: as many real rows"}
"""What a chart calls each of the two."""

MOST = 8
"""Controls of one chart, at most: those of further runs are in the table of numbers."""


@dataclass(frozen=True, eq=False)
class Beside:
    """A control beside the generations drawn: t (T,), low, middle and high over its fits (3, T).

    place: its folder's name, by which runs that share it are known.
    """

    place: str
    kind: Literal["constant", "matched"]
    t: Ints
    spread: Floats

    def middle_at(self, t: Ints) -> Floats:
        """Return the middle at generations (T,), NaN where there is none."""
        known = dict(zip(self.t.tolist(), self.spread[1].tolist(), strict=True))
        return np.array([known.get(one, np.nan) for one in t.tolist()])


def beside(controls: Sequence[ControlRun], metric: str, times: Ints) -> tuple[Beside, ...]:
    """Return the controls of a run that have a metric, at the generations drawn after the first."""
    return tuple(found for c in controls if (found := _beside(c, metric, times)) is not None)


def _beside(control: ControlRun, metric: str, times: Ints) -> Beside | None:
    known: dict[int, tuple[float, float, float]] = {}
    # Independent fits on as many rows are the same beside every generation.
    pooled = control.fits(metric) if control.kind == "constant" else None
    same = None if pooled is None or not np.isfinite(pooled).all() else spread(pooled.ravel())
    for t in times[times > 0].tolist():
        values = control.spread(metric, t) if pooled is None else None
        if same is not None:
            known[t] = same
        elif values is not None and np.isfinite(values).all():
            known[t] = spread(values)
    if not known:
        return None
    ends = np.array([*known.values()]).T
    return Beside(control.run.path.name, control.kind, np.array([*known]), ends)


def once(curves: Sequence[Sequence[Beside]]) -> list[Beside]:
    """Return the controls of the curves of a chart, each once: the one that goes farthest."""
    longest: dict[tuple[str, str], Beside] = {}
    for one in (b for of_run in curves for b in of_run):
        key = one.place, one.kind
        if key not in longest or one.t[-1] > longest[key].t[-1]:
            longest[key] = one
    return list(longest.values())[:MOST]
