"""A metric of each of several makers, where many write one S_t."""

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats, checked_count
from genloss.core.roles import Model
from genloss.core.samples import Samples
from genloss.core.view import (
    Direction,
    Labelled,
    Metric,
    NotApplicable,
    Partial,
    View,
    bracketed,
    changed,
)
from genloss.errors import SpecError


@runtime_checkable
class Makers(Model, Protocol):
    """A model of several, of which some may not have entered yet."""

    @property
    def members(self) -> tuple[Model | None, ...]:
        """The model of every maker, or None."""
        ...


@dataclass(frozen=True)
class ByMaker:
    """A metric of the model of each maker alone, beside as many rows of its own as S_t holds.

    A maker has no value before it enters; at t = 0 all have reality's. What the metric says of D_t
    is said of the whole web.

    Raises:
        SpecError, DataError: a metric of several numbers, no maker, or another number of makers
            than the run has.
    """

    about = About(
        "by_maker", "By maker", "A metric of the model of each maker alone.", ("hodel-2025",)
    )
    metric: Metric
    makers: int = 2

    def __post_init__(self) -> None:
        checked_count(self.makers, "by_maker: makers")
        if isinstance(self.metric, Labelled):
            raise SpecError(
                f"by_maker: {self.metric.name} has several numbers of its own; name a metric of one"
            )

    @property
    def name(self) -> str:
        """by_maker, with the name of the metric and the number of makers where it is not 2."""
        return bracketed("by_maker", [self.metric.name, *changed(self, "metric")])

    @property
    def labels(self) -> tuple[str, ...]:
        """The makers, counted from 1."""
        return tuple(str(i) for i in range(1, self.makers + 1))

    @property
    def unit(self) -> str:
        """That of the metric."""
        return self.metric.unit

    @property
    def direction(self) -> Direction:
        """That of the metric."""
        return self.metric.direction

    def __call__(self, view: View) -> Floats | Partial | NotApplicable:
        """Return the value of each maker (C, M)."""
        model = view.model
        if view.t == 0:
            value = self.metric(view)
            if isinstance(value, (NotApplicable, Partial)):
                return value
            return np.repeat(np.asarray(value, dtype=np.float64)[:, None], self.makers, axis=1)
        if not isinstance(model, Makers):
            return NotApplicable("one maker alone; use learner = 'makers' for several")
        if len(model.members) != self.makers:
            raise SpecError(
                f"by_maker: makers is {self.makers}, and the run has {len(model.members)}"
            )
        values = np.full((view.p_0.n_chains, self.makers), np.nan)
        absent = {}
        for i, member in enumerate(model.members):
            value = self.metric(_seen(view, member, i)) if member is not None else NOT_THERE
            if isinstance(value, NotApplicable):
                absent[str(i + 1)] = value.why
            else:
                values[:, i] = value.values if isinstance(value, Partial) else value
        return Partial(values, absent) if absent else values


NOT_THERE = NotApplicable("this maker has not entered yet")


def _seen(view: View, member: Model, i: int) -> View:
    """Return the view of one maker's model and rows, the same for all metrics."""

    def make() -> View:
        n = view.samples.n_rows
        rows = member.sample(n, view.shared_rng(f"maker {i}"))
        return replace(view, model=member, samples=Samples.of(rows, view.t), memo={})

    return replace(view.once(("maker", i), make), rng=view.rng)
