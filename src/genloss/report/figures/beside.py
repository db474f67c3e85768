"""Controls in a chart over generations: what the learner reaches on real rows, grey and named."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.chain_quantiles import spread
from genloss.judge.controls import ControlRun
from genloss.report.formatting import number
from genloss.report.measured import Measured

WORDS = {"constant": "control: real rows only", "matched": "control: as many real rows"}
"""What a chart calls each of the two."""

MOST = 8
"""Controls of one chart, at most: those of further runs are in the table of numbers."""

SAID = 8
"""Components of one control that a sentence names, at most."""


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


def told(
    runs: Sequence[tuple[str, Measured]],
    called: Mapping[str, str],
    how: Callable[[float], str] = number,
) -> tuple[str, ...]:
    """Return a line on every control, for figures in which it is not drawn, or not to be read off.

    Its middle beside the last generation of the metrics in `called`, under what they are called.
    Runs that share a control share the line; of more than `MOST` the others are counted.
    """
    lines: dict[tuple[str, str], list[str]] = {}
    for label, run in runs:
        for line in _told(run, called, how):
            lines.setdefault(line, []).append(label)
    several = len(lines) > 1 and len(runs) > 1
    out = [
        f"{what} (of {', '.join(whose)}), {values}" if several else f"{what}, {values}"
        for (what, values), whose in lines.items()
    ]
    more = len(out) - MOST
    return (*out[:MOST], *([f"{more} more controls: genloss show RUN"] if more > 0 else []))


def _told(
    run: Measured, called: Mapping[str, str], how: Callable[[float], str]
) -> Iterator[tuple[str, str]]:
    for control in run.controls:
        found = {
            word: ends
            for metric, word in called.items()
            if metric in run.series and (ends := last(control, metric, run.series[metric].t))
        }
        if not found:
            continue
        t = max(t for t, _ in found.values())
        values = [f"{word} {how(middle)}".strip() for word, (_, middle) in found.items()]
        if len(values) > SAID:
            values = [*values[:SAID], f"{len(values) - SAID} more"]
        yield WORDS[control.kind], f"at t = {t:,}: {', '.join(values)}"


def last(control: ControlRun, metric: str, times: Ints) -> tuple[int, float] | None:
    """Return the last of the generations drawn that a control stands beside, and its middle."""
    one = _beside(control, metric, times)
    return None if one is None else (int(one.t[-1]), float(one.spread[1, -1]))


def constant(run: Measured) -> ControlRun | None:
    """Return the control of as many real rows as S_0 has; None for a run without one."""
    return next((c for c in run.controls if c.kind == "constant"), None)
