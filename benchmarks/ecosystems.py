"""What it costs to enter late, and into how many makers human rows are best split.

    python benchmarks/ecosystems.py [chains=2000] [seed=0]

Gaussian makers (d = 1, W_2^2 to reality as risk) on one growing web. late: two makers, one from
generation 1 on, one from generation E on; the geometric mean over ecosystems of its risk over that
of the first one, at equal age (the first generation of each) and at the same time (the last), with
95 % intervals. E = 1 is the null. split: M makers, of which each scrapes and writes 1 / M of the
rows, on a web with the same human rows in all; the mean risk of their models by generation.
"""

import sys
from collections.abc import Iterator

import numpy as np

from genloss.judge.estimates import mean_interval
from genloss.metrics.laws import W2Squared
from genloss.models.gaussian import GaussianLearner
from genloss.realities.gaussians import Gaussian
from genloss.run.ecosystem import Ecosystem, Maker, run_ecosystem
from genloss.store.series import Series

GENERATIONS, HUMAN, ROWS = 24, 200, 100


def risks(makers: list[Maker], inflow: int, chains: int, seed: int) -> list[Series]:
    """Run an ecosystem; return the risk of each maker."""
    ecosystem = Ecosystem(
        Gaussian(), tuple(makers), GENERATIONS, HUMAN, inflow, chains, seed, (W2Squared(),)
    )
    return [measured["w2_squared"] for measured in run_ecosystem(ecosystem)]


def ratio(late: np.ndarray, first: np.ndarray) -> str:
    """Return the geometric mean of a ratio over ecosystems, with its interval."""
    got = mean_interval(np.log(late / first))
    return " ".join(f"{np.exp(float(x)):5.2f}" for x in (got.estimate, got.low, got.high))


def late(chains: int, seed: int) -> Iterator[str]:
    """Yield a line for each entry and inflow."""
    yield "enters  inflow   at equal age       at the same time"
    for enters in (1, 2, 4, 8, 24):
        for inflow in (0, 20, 200):
            makers = [Maker(GaussianLearner(ddof=1), e, ROWS, ROWS) for e in (1, enters)]
            first, other = risks(makers, inflow, chains, seed)
            ages = ratio(other.values[0], first.values[0])
            yield f"{enters:6}  {inflow:6}   {ages}  {ratio(other.values[-1], first.values[-1])}"


def split(chains: int, seed: int) -> Iterator[str]:
    """Yield a line for each number of makers."""
    times = (1, 2, 4, 8, 16, 24)
    yield "makers   " + "  ".join(f"t = {t:2}" for t in times)
    for m in (1, 2, 4, 8):
        makers = [Maker(GaussianLearner(ddof=1), 1, ROWS // m, ROWS // m) for _ in range(m)]
        mean = np.mean([of.values for of in risks(makers, 0, chains, seed)], axis=0).mean(axis=1)
        yield f"{m:6}   " + "  ".join(f"{mean[t - 1]:6.4f}" for t in times)


def main(chains: str = "2000", seed: str = "0") -> None:
    for part in (late, split):
        for line in part(int(chains), int(seed)):
            print(line, flush=True)


if __name__ == "__main__":
    main(**dict(argument.split("=", 1) for argument in sys.argv[1:]))
