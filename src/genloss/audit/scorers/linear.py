"""Logistic regression on cheap features, learned from labelled texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.special import expit

from genloss.audit.scorers.features import features
from genloss.audit.scorers.taught import lessons
from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.places import digest_of
from genloss.errors import DataError, SpecError

STEPS = 50


@dataclass(frozen=True)
class LinearFeatures:
    """ln odds of machine against human, b + w . z, of fifteen cheap features, standardised.

    texts: a file of records, human and machine, 20 of each at least; both weigh the same. ridge: of
    the weights. Texts of under 20 words have no score. It knows the generators it has seen, no
    others.

    Raises:
        SpecError: a negative ridge.
        DataError: no such file, too few texts.
    """

    about = About(
        "linear_features",
        "Linear on cheap features",
        "How word lengths, sentences, marks and variety of a text weigh for a machine.",
    )
    texts: str = field(metadata={"identity": False})
    ridge: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.ridge < np.inf:
            raise SpecError(f"linear_features: ridge is {self.ridge}; expected 0 or more")

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the file."""
        return {"texts": digest_of(Path(self.texts).expanduser())}

    def taught_on(self) -> frozenset[str]:
        """Return the ids of the texts that it has learned from."""
        return lessons(self.texts).ids

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the log odds (n,), nan of texts that are too short."""
        mean, spread, weight = _weights(self.texts, self.identity()["texts"], self.ridge)
        return (features(texts) - mean) / spread @ weight[1:] + weight[0]


@lru_cache(maxsize=4)
def _weights(file: str, digest: str, ridge: float) -> tuple[Floats, Floats, Floats]:
    own = lessons(file)
    human, machine = (features(texts) for texts in (own.human, own.machine))
    human, machine = (x[~np.isnan(x).any(axis=1)] for x in (human, machine))
    if min(len(human), len(machine)) < 20:
        raise DataError(
            f"{file}: {len(human)} human and {len(machine)} machine texts of 20 words or more; "
            "linear_features needs 20 of each at least, else use ngram_cross_entropy"
        )
    return fitted(human, machine, ridge)


def fitted(human: Floats, machine: Floats, ridge: float) -> tuple[Floats, Floats, Floats]:
    """Return mean, spread (15,) and weights (16,), the first one b, by Newton's method."""
    x = np.concatenate([human, machine])
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    y = np.repeat([0.0, 1.0], [len(human), len(machine)])
    often = len(x) / 2 / np.where(y > 0, len(machine), len(human))
    penalty = ridge * np.eye(z.shape[1])
    penalty[0, 0] = 0.0
    weight = np.zeros(z.shape[1])
    for _ in range(STEPS):
        p = expit(z @ weight)
        slope = z.T @ (often * (p - y)) + penalty @ weight
        curve = (z * (often * p * (1 - p) + 1e-9)[:, None]).T @ z + penalty
        step = np.linalg.solve(curve, slope)
        weight = weight - step
        if np.abs(step).max() < 1e-9:
            break
    return mean, spread, weight
