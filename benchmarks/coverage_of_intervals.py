"""How often intervals over chains, of shares and of clusterings hold what they say, on a grid.

No time, no peer. Chains come from laws whose truth is known; a cell is one law, one number of
chains and one level. Prints, per kind of interval, the average coverage over its cells and the
least, and ends with 1 where an average lies below the nominal level by more than three Monte Carlo
errors. Coverage that can be had exactly is computed, not drawn. So many standard errors claim no
level; what they hold is printed by number of chains, beside what they would hold of normal values.

    python benchmarks/coverage_of_intervals.py [seed=1] [cells=1]

cells=1 prints every cell too.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from genloss.core.over_chains import Statistic, statistic_from
from genloss.judge.estimates import (
    Interval,
    chain_range,
    fraction_interval,
    median_interval,
)
from genloss.judge.statistics import quantile_of, statistic
from genloss.judge.verdicts import CENTRAL, LEAST_CHAINS, STANDARD_ERRORS
from genloss.metrics.arrays.text_mauve import mauve

SETS = 4000
"""Sets of chains in a cell."""

LAWS = {
    "normal": stats.norm(),
    "uniform": stats.uniform(),
    "gamma(2)": stats.gamma(2),
    "exponential": stats.expon(),
    "Student t(5)": stats.t(5),
}
"""Laws of a value over chains: even, bounded, skewed, skewed to its end, heavy on both sides."""

CHAINS = (2, 3, 5, 10, 19, 20, 30, 50, 100, 300)
SHARES = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.63, 0.75, 0.9, 0.95, 0.99, 0.999)
STATISTICS: dict[str, Callable[[stats.rv_continuous], float]] = {
    "mean": lambda law: law.mean(),
    "median": lambda law: law.median(),
    "quantile:0.9": lambda law: law.ppf(0.9),
    "variance": lambda law: law.var(),
    "sd": lambda law: law.std(),
}


@dataclass(frozen=True)
class Cell:
    """Coverage of one interval at one place of the grid; error is that of the simulation."""

    kind: str
    nominal: float
    law: str
    chains: int
    coverage: float
    error: float

    def __str__(self) -> str:
        return f"{self.law}, {self.chains} chains"


def ranges(rng: np.random.Generator) -> Iterator[Cell]:
    """A new chain falls into the range of chains: exact given the range, averaged over sets."""
    for level in (0.5, 0.9):
        for name, law in LAWS.items():
            for n in CHAINS:
                got = chain_range(law.rvs((n, SETS), random_state=rng), level)
                if isinstance(got, Interval):
                    inside = law.cdf(got.high) - law.cdf(got.low)
                    error = inside.std() / np.sqrt(SETS)
                    yield Cell(f"range of chains {level}", level, name, n, inside.mean(), error)


def medians(rng: np.random.Generator) -> Iterator[Cell]:
    """The interval of the median holds the law's median."""
    for level in (0.9, 0.95):
        for name, law in LAWS.items():
            for n in CHAINS:
                got = median_interval(law.rvs((n, SETS), random_state=rng), level)
                if isinstance(got, Interval):
                    inside = (got.low <= law.median()) & (law.median() <= got.high)
                    yield _counted(f"median {level}", level, name, n, inside)


def shares() -> Iterator[Cell]:
    """Wilson's interval holds the share: exact, over all counts of successes."""
    for level in (0.9, 0.95):
        for n in (1, *CHAINS, 1000):
            hits = np.arange(n + 1)
            got = fraction_interval(np.arange(n)[:, None] < hits, level)
            for p in SHARES:
                inside = (got.low <= p) & (p <= got.high)
                coverage = float(stats.binom.pmf(hits, n, p)[inside].sum())
                yield Cell(f"share, Wilson {level}", level, f"p = {p}", n, coverage, 0.0)


def errors(rng: np.random.Generator) -> Iterator[Cell]:
    """So many standard errors on both sides of a statistic hold the truth, as Student's t says."""
    for name, law in LAWS.items():
        for n in CHAINS:
            draws = law.rvs((SETS // 4, n), random_state=rng)
            for what, truth in STATISTICS.items():
                try:
                    found = [statistic(statistic_from(what), row) for row in draws]
                except ValueError:
                    continue
                off = np.array([abs(e.value - truth(law)) for e in found])
                error = np.array([e.error for e in found])
                for k in (1.0, STANDARD_ERRORS):
                    nominal = float(1 - 2 * stats.t.sf(k, n - 1))
                    yield _counted(f"{what} +- {k:g} errors", nominal, name, n, off <= k * error)


def share_errors() -> Iterator[Cell]:
    """Standard errors of a share hold it: exact, over all counts of successes."""
    for n in CHAINS:
        share = Statistic("share_below", 0.5)
        found = [statistic(share, np.arange(n) >= h) for h in range(n + 1)]
        value, error = (np.array([getattr(e, f) for e in found]) for f in ("value", "error"))
        for k in (1.0, STANDARD_ERRORS):
            nominal = float(1 - 2 * stats.norm.sf(k))
            for p in SHARES:
                inside = abs(value - p) <= k * error
                coverage = float(stats.binom.pmf(np.arange(n + 1), n, p)[inside].sum())
                yield Cell(f"share +- {k:g} errors", nominal, f"p = {p}", n, coverage, 0.0)


def one_draws(rng: np.random.Generator) -> Iterator[Cell]:
    """One more chain lies in the central 99 % of ours, as a published single draw must."""
    for name, law in LAWS.items():
        for n in (LEAST_CHAINS, 500):
            draws = law.rvs((SETS, n + 1), random_state=rng)
            at = np.array([quantile_of(row[0], row[1:]) for row in draws])
            inside = (CENTRAL[0] <= at) & (at <= CENTRAL[1])
            yield _counted("one draw", CENTRAL[1] - CENTRAL[0], name, n, inside)


def clusterings(rng: np.random.Generator) -> Iterator[Cell]:
    """MAUVE's least and greatest of five clusterings hold the median over all, and the next one."""
    sets = 400
    for rows in (30, 100, 300):
        for shift in (0.0, 0.5, 2.0):
            x, real = rng.standard_normal((2, rows, 4)) + np.array([[[shift]], [[0.0]]])
            x, real = np.stack([x] * sets), np.stack([real] * sets)
            # Of two clusterings the least and the greatest are all there is.
            two, got = mauve(x, real, rng, clusterings=2), mauve(x, real, rng)
            law = f"{rows} rows shifted by {shift}"
            next_one = np.where(rng.random(sets) < 0.5, two.low, two.high)
            for what, at, level in (
                ("median", np.median([two.low, two.high]), 15 / 16),
                ("next", next_one, 2 / 3),
            ):
                inside = (got.low <= at) & (at <= got.high)
                yield _counted(f"MAUVE, {what} clustering", level, law, 5, inside)


def _counted(kind: str, nominal: float, law: str, n: int, inside: np.ndarray) -> Cell:
    # With none outside the error still is not zero.
    share = (inside.sum() + 1) / (inside.size + 2)
    error = float(np.sqrt(share * (1 - share) / inside.size))
    return Cell(kind, nominal, law, n, float(inside.mean()), error)


def main(arguments: list[str]) -> int:
    options = dict(a.split("=") for a in arguments)
    rng = np.random.default_rng(int(options.get("seed", "1")))
    grid = [*ranges(rng), *medians(rng), *one_draws(rng), *clusterings(rng), *shares()]
    bare = [*errors(rng), *share_errors()]
    if options.get("cells"):
        for c in grid + bare:
            print(f"{c.kind}, {c}: {c.coverage:.4f} of {c.nominal:.4f}")
    print("| interval | cells | nominal | average | Monte Carlo error | least | where |")
    print("|---|---|---|---|---|---|---|")
    short = [row(kind, of) for kind, of in grouped(grid, lambda c: c.kind).items()]
    print("\n| standard errors | chains | normal values | average | least | law |")
    print("|---|---|---|---|---|---|")
    for (kind, n), of in grouped(bare, lambda c: (c.kind, c.chains)).items():
        least = min(of, key=lambda c: c.coverage)
        print(
            f"| {kind} | {n} | {least.nominal:.4f} | {np.mean([c.coverage for c in of]):.4f} | "
            f"{least.coverage:.4f} | {least.law} |"
        )
    return int(any(short))


def grouped(grid: list[Cell], key: Callable[[Cell], object]) -> dict:
    out: dict = {}
    for cell in grid:
        out.setdefault(key(cell), []).append(cell)
    return out


def row(kind: str, of: list[Cell]) -> bool:
    """Print a line of the table; return whether its average is too low."""
    average, nominal, least = average_and_least(of)
    error = float(np.sqrt(sum(c.error**2 for c in of)) / len(of))
    short = average < nominal - 3 * error
    print(
        f"| {kind} | {len(of)} | {nominal:.4f} | {average:.4f} | {error:.4f} | "
        f"{least.coverage:.4f} | {least}{' SHORT' if short else ''} |",
        flush=True,
    )
    return short


def average_and_least(of: list[Cell]) -> tuple[float, float, Cell]:
    """Return the average coverage and level of cells, and the cell that is covered least."""
    average, nominal = (
        float(np.mean([getattr(c, f) for c in of])) for f in ("coverage", "nominal")
    )
    return average, nominal, min(of, key=lambda c: c.coverage - c.nominal)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
