"""A learner of the user's own, which a driver imports and nodes do not; it dies once."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import helped
import numpy as np

from genloss.models.gaussian import GaussianLearner, GaussianModel

GRAVES = os.environ.get("GENLOSS_TEST_GRAVES", "")
"""A folder that remembers who died; nobody dies where none is named."""


@dataclass(frozen=True)
class Mortal:
    """A Gaussian learner whose process is killed in its first fit of generation 5, for each n."""

    ddof: int = 1

    def fit(self, train: Any, rng: np.random.Generator, *, init=None, valid=None) -> GaussianModel:
        fitted = GaussianLearner(ddof=self.ddof).fit(train, rng, init=init)
        if GRAVES and helped.is_time(train):
            try:
                (Path(GRAVES) / f"{train.n_rows}").touch(exist_ok=False)
            except FileExistsError:
                return fitted
            os.kill(os.getpid(), signal.SIGKILL)
        return fitted

    def restore(self, state: Any) -> GaussianModel:
        return GaussianLearner(ddof=self.ddof).restore(state)
