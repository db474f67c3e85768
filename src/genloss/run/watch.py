"""Watch: who tells where a block is, without the recursion knowing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genloss.core.abilities import scaled
from genloss.core.arrays import Array
from genloss.core.progress import Reached
from genloss.core.roles import Data, Learner, Model, Sampler
from genloss.run.events import Phase, Step, Tell


class Watch:
    """Tells every phase that a block enters, and how far it is inside."""

    def __init__(self, tell: Tell) -> None:
        self.tell, self.now = tell, Step(Phase.READING, 0)

    def enter(self, phase: Phase, t: int | None = None) -> None:
        """Say that a phase of generation t begins, or of the same generation as before."""
        self.now = Step(phase, self.now.t if t is None else t)
        self.tell(self.now)

    def reached(self, far: Reached) -> None:
        """Say how far the phase is."""
        now = self.now
        self.tell(Step(now.phase, now.t, far.share, far.step, far.steps, far.epochs))


@dataclass(eq=False)
class WatchedLearner:
    """A learner whose every fit is the next generation's; it says so."""

    learner: Learner
    watch: Watch
    t: int

    def scaled_to(self, real: Data) -> "WatchedLearner":
        """Return the learner scaled to S_0, where it is one that scales."""
        return replace(self, learner=scaled(self.learner, real))

    def fit(
        self,
        train: Any,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> Model:
        """Fit as the learner does."""
        self.t += 1
        self.watch.enter(Phase.FITTING, self.t)
        return self.learner.fit(train, rng, init=init, valid=valid)

    def restore(self, state: Mapping[str, Array]) -> Model:
        """Rebuild a model as the learner does."""
        return self.learner.restore(state)


@dataclass(frozen=True)
class WatchedSampler:
    """A sampler that is asked when a generation is drawn; it says so."""

    sampler: Sampler
    watch: Watch

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Ask as the sampler does."""
        self.watch.enter(Phase.DRAWING)
        return self.sampler.ask(model, prompts)
