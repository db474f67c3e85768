"""A learner of your own: a histogram, its model, and thirty generations of it."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import genloss

LOW, HIGH = -5.0, 5.0


@dataclass(frozen=True, eq=False)
class HistogramModel:
    share: np.ndarray  # (C, bins)

    @property
    def n_chains(self):
        return len(self.share)

    def sample(self, n, rng):
        width = (HIGH - LOW) / self.share.shape[1]
        found = np.stack([rng.choice(p.size, n, p=p) for p in self.share])
        return (LOW + width * (found + rng.random(found.shape)))[:, :, None]

    def state(self):
        return {"share": self.share}


@dataclass(frozen=True)
class HistogramLearner:
    bins: int = 40

    def fit(self, train, rng, *, init=None, valid=None):
        edges = np.linspace(LOW, HIGH, self.bins + 1)
        counts = np.stack([np.histogram(x, edges)[0] for x in train.x[:, :, 0]])
        return HistogramModel(counts / counts.sum(axis=1, keepdims=True))

    def restore(self, state):
        return HistogramModel(state["share"])


if __name__ == "__main__":
    study = genloss.Study(
        name="histogram",
        reality=genloss.Gaussian(),
        learner=HistogramLearner(),
        n_real=200,
        generations=30,
        chains=50,
        metrics=(genloss.TraceRatio(),),
    )
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "runs")
    run = genloss.run_study(study, root, workers=1)
    ratio = run.series["trace_ratio"].values.mean(axis=1)
    print(f"{run.path}: variance left after 30 generations: {ratio[-1]:.3f}")
