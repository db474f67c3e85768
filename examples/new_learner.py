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
        bins = np.stack([rng.choice(p.size, n, p=p) for p in self.share])
        place = (bins + rng.random(bins.shape)) / self.share.shape[1]
        return (LOW + (HIGH - LOW) * place)[:, :, None]

    def state(self):
        return {"share": self.share.copy()}


@dataclass(frozen=True)
class HistogramLearner:
    bins: int = 40

    def fit(self, train, rng, *, init=None, valid=None):
        if not isinstance(train, genloss.Samples) or train.x.shape[2:] != (1,):
            raise genloss.DataError("HistogramLearner needs rows (C, n, 1); use form = 'rows'")
        weight = np.ones(train.x.shape[:2]) if train.weight is None else train.weight
        rows, ends = zip(train.x[:, :, 0], weight, strict=True), (LOW, HIGH)
        share = np.stack([np.histogram(x, self.bins, ends, weights=w)[0] for x, w in rows])
        return HistogramModel(share / share.sum(axis=1, keepdims=True))

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
