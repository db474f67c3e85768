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

TAKES = os.environ.get("GENLOSS_TEST_TAKES", "")
"""What dies: the worker; on a node that says `node`, its raylet and so all of it; on one that says
`memory`, whoever Ray's memory monitor chooses, as this worker takes so much."""

GIGABYTES = 8
"""Of memory at most, until the monitor has looked."""


def hoard() -> None:
    """Take memory and hold it until this process is killed for it."""
    held = [np.ones(1 << 24) for _ in range(8 * GIGABYTES)]
    while held:
        held[0] += 1.0


@dataclass(frozen=True)
class Mortal:
    """A Gaussian learner whose process is killed in its first fit of generation 5, for each n."""

    ddof: int = 1

    def fit(self, train: Any, rng: np.random.Generator, *, init=None, valid=None) -> GaussianModel:
        fitted = GaussianLearner(ddof=self.ddof).fit(train, rng, init=init)
        if GRAVES:
            (Path(GRAVES) / f"on node {os.environ['GENLOSS_TEST_NODE']}").touch()
        if GRAVES and helped.is_time(train):
            try:
                (Path(GRAVES) / f"{train.n_rows}").touch(exist_ok=False)
            except FileExistsError:
                return fitted
            if TAKES == "memory":
                hoard()
            # A worker is a child of the raylet of its node.
            os.kill(os.getppid() if TAKES == "node" else os.getpid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        return fitted

    def restore(self, state: Any) -> GaussianModel:
        return GaussianLearner(ddof=self.ddof).restore(state)
