"""One column of a run beside its control: the evidence of a verdict, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from genloss.core.about import Aspect
from genloss.core.arrays import Floats, Ints
from genloss.core.view import Direction
from genloss.judge.controls import ControlRun
from genloss.judge.excess import pairing, pays_below
from genloss.judge.profile.evidence import Evidence
from genloss.judge.profile.intervals import YES
from genloss.judge.profile.verdicts import Path, statistic
from genloss.store.series import Column

POINTS = 40
"""Generations at which a statistic is followed on its way."""


@dataclass(frozen=True, eq=False)
class Beside:
    """A column that measures an aspect, and the control that its run is held against.

    trivial: what a predictor scores that has learnt nothing, if known. log: see `Evidence`.
    """

    column: Column
    aspect: Aspect
    control: ControlRun
    trivial: float | None = None
    log: bool = False

    @cached_property
    def times(self) -> Ints:
        """Return the generations of models."""
        return self.column.t[self.column.t > 0]

    def values(self, t: int) -> Floats:
        """Return the values (C,) of the run at t."""
        return np.asarray(self.column.values[self.column.t == t][0])

    def control_at(self, t: int) -> Floats | None:
        """Return the values (B, K) of the control: its independent fits, or its generation t."""
        fits = self.control.fits(self.column.name)
        if fits is not None:
            return fits
        one = self.control.at(self.column.name, t)
        return None if one is None else one[:, None]

    def evidence(self, t: int | None = None) -> Evidence | str:
        """Return what is known at t, else at the last generation, or why nothing is."""
        if not self.times.size:
            return f"{self.column.name} has no value after generation 0"
        last = int(self.times[-1]) if t is None else t
        control = self.control_at(last)
        if control is None:
            return f"the control has no {self.column.name}"
        if not np.isfinite(control).all():
            return f"{self.column.name} of the control is not finite"
        return Evidence(
            self.column.name,
            self.aspect,
            self.values(last),
            control,
            self.trivial,
            better=1 if self.column.direction is Direction.HIGHER else -1,
            paired=self.paired,
            log=self.log,
            unit=self.column.unit,
            generation=last,
        )

    @cached_property
    def paired(self) -> bool:
        """Whether chains compared one by one vary so much less that their intervals are shorter.

        Decided once for all generations, so that no t is chosen by its own chance.
        """
        known = [(self.values(t), c) for t in self._some() if (c := self.control_at(t)) is not None]
        pairs = [(x, c.mean(axis=1)) for x, c in known if len(x) == len(c)]
        pairs = [(x, y) for x, y in pairs if np.isfinite(x).all() and np.isfinite(y).all()]
        if not pairs:
            return False
        one, other = (np.array(side).T for side in zip(*pairs, strict=True))
        return pairing(one, other)[1] < pays_below(len(one), 1 - 2 * YES)

    def path(self) -> Path | None:
        """Return the statistic of the verdict on its way; None where it is not known throughout."""
        if self.aspect is Aspect.RISK and self.trivial is None:
            return None
        times, found = self._some(), []
        for t in times:
            one = self.evidence(t)
            if isinstance(one, str) or one.chains < 2:
                return None
            found.append(statistic(one).estimate)
        path = np.array(found)
        return (np.array(times), path) if np.isfinite(path).all() and len(path) else None

    def excess(self) -> tuple[Ints, Floats] | None:
        """Return generations (T,) and each chain's excess (T, C) as a share of the gap."""
        if self.trivial is None:
            return None
        times, rows = self._some(), []
        for t in times:
            one = self.evidence(t)
            if isinstance(one, str):
                return None
            rows.append(one.shares())
        found = np.array(rows)
        return (np.array(times), found) if found.size and np.isfinite(found).all() else None

    def _some(self) -> list[int]:
        """Return at most `POINTS` generations, evenly spread, the last one among them."""
        at = np.unique(np.linspace(0, len(self.times) - 1, min(POINTS, len(self.times))).round())
        return [int(t) for t in self.times[at.astype(int)]] if self.times.size else []
