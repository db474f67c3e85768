"""Compiled expectation-maximisation, and the whole mixture recursion, against scikit-learn.

Both sides run in the same process, turn by turn, from the same start; medians over the turns.
Processor time (of all threads together) stands beside the time that passed: it tells a slow
program from a busy machine.
`--recursion` compares the published recursion instead: ours runs whole, scikit-learn is timed on
generations spread evenly over ours, which the table states, and scaled to all of them.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from genloss.core.samples import Samples
from genloss.models.mixture.em import EMResult, MixtureParameters, fit_em, start_from_labels
from genloss.models.mixture.kmeans_start import kmeans_labels
from genloss.models.mixture.mixture import MixtureLearner, MixtureModel

TURNS, LEAST = 5, 0.3
PAPER = {"tol": 1e-5, "max_iter": 2000}
"""The published notebook's settings."""


class Case(NamedTuple):
    """Rows (C, n, d), their start, and the options of both sides."""

    name: str
    x: np.ndarray
    start: MixtureParameters
    options: dict[str, float]


class Theirs(NamedTuple):
    """What scikit-learn found, chain by chain."""

    n_iter: np.ndarray
    lower_bound: np.ndarray


def case(name: str, x: np.ndarray, k: int, rng: np.random.Generator, **options: float) -> Case:
    start = start_from_labels(x, kmeans_labels(x, k, rng), k, covariance="full")
    return Case(name, x, start, {**PAPER, **options})


def cases() -> list[Case]:
    """The paper's setting; 25 modes on a grid; ten dimensions, two components and five."""
    rng = np.random.default_rng(0)
    blob = rng.standard_normal((8, 10_000, 2))
    grid = 4.0 * rng.integers(0, 5, (4, 10_000, 2)) + rng.standard_normal((4, 10_000, 2))
    ten = rng.standard_normal((4, 10_000, 10))
    return [
        case("k=2 d=2 N=10,000 C=8, to convergence", blob, 2, rng),
        case("k=25 d=2 N=10,000 C=4, 20 iterations", grid, 25, rng, tol=0.0, max_iter=20),
        case("k=2 d=10 N=10,000 C=4, 50 iterations", ten, 2, rng, tol=0.0, max_iter=50),
        case("k=5 d=10 N=10,000 C=4, 20 iterations", ten, 5, rng, tol=0.0, max_iter=20),
    ]


def theirs(job: Case) -> Theirs:
    """Fit each chain by scikit-learn, from the same start."""
    found = []
    for c, rows in enumerate(job.x):
        model = GaussianMixture(
            job.start.means.shape[1],
            weights_init=job.start.weights[c],
            means_init=job.start.means[c],
            precisions_init=np.linalg.inv(job.start.covs[c]),
            # The default would run k-means only to overwrite it.
            init_params="random_from_data",
            **job.options,
        ).fit(rows)
        found.append((model.n_iter_, model.lower_bound_))
    return Theirs(*(np.array(column) for column in zip(*found, strict=True)))


def ours(job: Case, threads: int) -> EMResult:
    return fit_em(job.x, job.start, covariance="full", threads=threads, **job.options)


class Timing(NamedTuple):
    """Microseconds of a chain-iteration: that passed, and of all processors together."""

    passed: float
    busy: float


def timed(run: Callable[[], EMResult | Theirs]) -> tuple[Timing, EMResult | Theirs]:
    """Repeat whole fits for LEAST seconds, so that a turn is longer than a scheduler's slice."""
    iterations, passed, busy = 0, time.perf_counter(), time.process_time()
    while iterations == 0 or time.perf_counter() - passed < LEAST:
        found = run()
        iterations += int(found.n_iter.sum())
    passed, busy = time.perf_counter() - passed, time.process_time() - busy
    return Timing(passed / iterations * 1e6, busy / iterations * 1e6), found


def compare(job: Case, single_only: bool) -> None:
    """Print one block of the table: time of a chain-iteration on both sides, and agreement."""

    def single() -> Theirs:
        with threadpool_limits(1):
            return theirs(job)

    sides: dict[str, Callable[[], EMResult | Theirs]] = {
        "scikit-learn, 1 thread": single,
        "scikit-learn, default": lambda: theirs(job),
        "genloss, 1 thread": lambda: ours(job, 1),
        "genloss, 2 threads": lambda: ours(job, 2),
    }
    if single_only:
        sides = {name: run for name, run in sides.items() if name.endswith("1 thread")}
    turns: dict[str, list[Timing]] = {name: [] for name in sides}
    found = {}
    for _ in range(TURNS):
        for name, run in sides.items():
            timing, found[name] = timed(run)
            turns[name].append(timing)
    print(f"\n{job.name}")
    table(turns)
    agreement(found["scikit-learn, 1 thread"], list(found.values())[-1])


def table(turns: dict[str, list[Timing]]) -> None:
    """One line a side: medians, and medians and range of its ratios within a turn."""
    print(
        f"  {'':<24} {'passed':>10} {'busy':>10}   {'ratio':>7}  (turns)   {'of busy':>7}  (turns)"
    )
    base = turns["scikit-learn, 1 thread"]
    for name, side in turns.items():
        ratios = [a.passed / b.passed for a, b in zip(base, side, strict=True)]
        of_busy = [a.busy / b.busy for a, b in zip(base, side, strict=True)]
        passed = statistics.median(t.passed for t in side)
        busy = statistics.median(t.busy for t in side)
        print(
            f"  {name:<24} {passed:7.1f} us {busy:7.1f} us   {statistics.median(ratios):6.1f}x  "
            f"({min(ratios):.1f} to {max(ratios):.1f})   {statistics.median(of_busy):6.1f}x  "
            f"({min(of_busy):.1f} to {max(of_busy):.1f})"
        )


def agreement(a: EMResult | Theirs, b: EMResult | Theirs) -> None:
    same = np.array_equal(a.n_iter, b.n_iter)
    apart = np.abs(a.lower_bound - b.lower_bound).max()
    print(f"  iterations {b.n_iter.tolist()} equal: {'yes' if same else a.n_iter.tolist()}")
    print(f"  log-likelihoods apart by at most {apart:.1e} nats per row")


def recursion(chains: int, n: int, generations: int, sampled: int) -> None:
    """Print seconds of processors per chain of the published recursion on both sides."""
    rng = np.random.default_rng(1)
    learner = MixtureLearner(k=2, reg_covar=1e-6, **PAPER)
    x = rng.standard_normal((chains, n, 2))
    learner.fit(Samples(x[:1], np.zeros((1, n), np.int64)), rng).sample(n, rng)
    times = np.unique(np.linspace(0, generations - 1, sampled).astype(int))
    kept: list[np.ndarray] = []
    begun, busy, paused = time.perf_counter(), time.process_time(), 0.0
    for t in range(generations):
        if t in times:
            stopped = time.process_time()
            kept.append(x[t % chains].copy())
            paused += time.process_time() - stopped
        model: MixtureModel = learner.fit(Samples(x, np.full((chains, n), t)), rng)
        x = model.sample(n, rng)
    passed = time.perf_counter() - begun
    fast = (time.process_time() - busy - paused) / chains
    with threadpool_limits(1):
        slow = np.array([one_generation(rows, seed) for seed, rows in enumerate(kept)])
    total, error = slow.mean() * generations, slow.std() / np.sqrt(slow.size) * generations
    print(f"recursion: {chains} chains x {generations} generations, N = {n:,}, k = 2, d = 2, full")
    print(f"  genloss       {fast:8.3f} s a chain   ({passed:.1f} s passed for all of them)")
    print(
        f"  scikit-learn  {total:8.3f} s a chain   (1 thread; {slow.size} generations timed, "
        f"evenly spread, scaled to {generations}; standard error {error:.2f} s)"
    )
    print(f"  ratio         {total / fast:8.1f}x")


def one_generation(rows: np.ndarray, seed: int) -> float:
    """Seconds of a processor of a generation of the notebook's loop: fit, sample as many rows."""
    begun = time.process_time()
    GaussianMixture(2, covariance_type="full", random_state=seed, **PAPER).fit(rows).sample(
        len(rows)
    )
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recursion", action="store_true", help="the whole recursion instead")
    parser.add_argument("--single", action="store_true", help="one thread on both sides alone")
    parser.add_argument("--generations", type=int, default=2050)
    parser.add_argument("--chains", type=int, default=20)
    parser.add_argument("--sampled", type=int, default=200, help="generations scikit-learn runs")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    if options.recursion:
        recursion(options.chains, 1000, options.generations, options.sampled)
        return
    begun = time.perf_counter()
    jobs = cases()
    ours(jobs[0], 1)
    print(f"loaded or compiled in {time.perf_counter() - begun:.1f} s")
    print(f"whole fits from the same start over their iterations; medians of {TURNS} turns")
    for job in jobs:
        compare(job, options.single)


if __name__ == "__main__":
    main()
