"""The law of learners that keep a notebook: broken anywhere, a fit ends with the same bytes."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import numpy as np

from genloss.core.abilities import ResumableLearner
from genloss.core.arrays import Array
from genloss.core.roles import Learner
from genloss.core.samples import Samples
from genloss.testing.laws import Skipped, digest, require, rng


class HasTraining(Protocol):
    """A case with a learner and rows to learn from."""

    @property
    def learner(self) -> Learner:
        """The learner."""
        ...

    def train(self) -> Samples:
        """Return a copy of the rows."""
        ...


class _Died(Exception):
    """The process would be gone here."""


class _Memory:
    """A notebook that fails after so many writes."""

    def __init__(self, left: int, note: Mapping[str, Array] | None = None) -> None:
        self.left, self.note, self.writes = left, note, 0

    def read(self) -> dict[str, Array] | None:
        return None if self.note is None else {k: v.copy() for k, v in self.note.items()}

    def write(self, arrays: Mapping[str, Array]) -> None:
        self.note = {k: np.array(v) for k, v in arrays.items()}
        self.writes += 1
        if self.writes == self.left:
            raise _Died


def a_broken_fit_goes_on_to_the_same_model(case: HasTraining) -> None:
    """From whatever its notebook held when it broke, to the same bytes."""
    learner = case.learner
    if not isinstance(learner, ResumableLearner):
        raise Skipped("the learner keeps no notebook")
    unbroken = digest(learner.fit(case.train(), rng(2)).state())
    whole = _Memory(-1)
    noted = learner.with_notebook(whole).fit(case.train(), rng(2))
    require(digest(noted.state()) == unbroken, "another model with a notebook", "the same")
    if not whole.writes:
        raise Skipped("this fit is too short to write a note")
    for left in sorted({1, (whole.writes + 1) // 2, whole.writes}):
        broken = _Memory(left)
        with suppress(_Died):
            learner.with_notebook(broken).fit(case.train(), rng(2))
        resumed = learner.with_notebook(_Memory(-1, broken.note)).fit(case.train(), rng(2))
        same = digest(resumed.state()) == unbroken
        require(same, f"another model after breaking at note {left}", "the same bytes")
