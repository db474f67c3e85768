"""How far a run is from its control and from generation 0, with intervals; the noise of a metric.

Two estimands. The rise over generation 0 is what the definitions of Schaeffer et al. 2025 say: it
holds all that a learner makes of few rows. The excess over control is what feeding on itself adds.
Common random numbers make run and control alike; where pairs give the shorter interval they are
used, and where they do not pay they are not.
"""

from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.chain_quantiles import spread
from genloss.core.numbers import open_fraction
from genloss.errors import DataError
from genloss.judge.controls import ControlRun
from genloss.store.reader import Run

ROUNDOFF = 1e-9
"""Values of chains that differ by a smaller share than this are one value."""


@dataclass(frozen=True, eq=False)
class Difference:
    """A metric's difference over generations t (T,): mean over chains and the ends of its interval.

    paired: whether chains were compared one by one. correlation: of the two sides over chains, mean
    over t; NaN where one of them does not vary. variance_ratio: variance of paired over that of
    unpaired differences; below 1 where common random numbers pay. since: the generation that a rise
    is measured from.
    """

    t: Ints
    estimate: Floats
    low: Floats
    high: Floats
    confidence: float
    paired: bool
    correlation: float
    variance_ratio: float
    since: int | None = None


def excess(
    run: Run, control: ControlRun, column: str, confidence: float = 0.95
) -> Difference | None:
    """Return run minus control of a column over t >= 1; None where either lacks it.

    What feeding on itself adds to what the learner makes of real rows. Generations with infinite
    values are left out.

    Raises:
        DataError: another number of chains than the control has.
    """
    there = run.columns.get(column)
    if there is None:
        return None
    pairs = [
        (int(t), v, control.at(column, int(t))) for t, v in zip(there.t, there.values, strict=True)
    ]
    known = [(t, v, beside) for t, v, beside in pairs if t > 0 and beside is not None]
    return _differences(known, confidence, None)


def rise(run: Run, column: str, confidence: float = 0.95) -> Difference | None:
    """Return a column over t minus itself at generation 0, chain by chain; None without either.

    Where reality has no value, as a text has no perplexity of its own, it is the rise over the
    first generation that has one.
    """
    there = run.columns.get(column)
    if there is None or len(there.t) < 2:
        return None
    since = int(there.t[0])
    pairs = [
        (int(t), v, there.values[0]) for t, v in zip(there.t[1:], there.values[1:], strict=True)
    ]
    return _differences(pairs, confidence, since)


@dataclass(frozen=True)
class Floor:
    """What a metric says of real rows themselves: median over chains, and where most of them lie.

    An excess within it cannot be told from the draw of one real set instead of another.
    """

    low: float
    median: float
    high: float
    chains: int


def noise_floor(run: Run, column: str) -> Floor | None:
    """Return what a metric says at generation 0: one real set of every chain, beside other rows.

    S_0 and the rows that metrics look at besides, held-out ones or the law, are independent real
    sets; S_0 is as large as what is measured later if n_real is what a generation writes. None
    where it is not, where generation 0 was not measured, and where every chain has the same value:
    what is computed from laws, or looks at S_0 itself, has no noise there.
    """
    there, spec = run.columns.get(column), run.spec
    if there is None or not len(there.t) or there.t[0] or spec["n_real"] != spec["n_synthetic"]:
        return None
    values = there.values[0]
    if not np.isfinite(values).all() or np.ptp(values) <= ROUNDOFF * np.abs(values).max():
        return None
    return Floor(*spread(values), chains=len(values))


def _differences(
    pairs: list[tuple[int, Floats, Floats]], confidence: float, since: int | None
) -> Difference | None:
    open_fraction(confidence, "confidence")
    pairs = [p for p in pairs if np.isfinite(p[1]).all() and np.isfinite(p[2]).all()]
    if not pairs:
        return None
    t = np.array([p[0] for p in pairs], dtype=np.int64)
    one, other = np.array([p[1] for p in pairs]).T, np.array([p[2] for p in pairs]).T
    if one.shape != other.shape:
        raise DataError(f"{len(one)} chains beside {len(other)} of the control; run it again")
    correlation, ratio = pairing(one, other)
    # Chains of a rise are the same ones.
    paired = since is not None or ratio < pays_below(len(one), confidence)
    half = _half(one, other, paired, confidence)
    mean = (one - other).mean(axis=0)
    return Difference(
        t, mean, mean - half, mean + half, confidence, paired, correlation, ratio, since
    )


def pairing(one: Floats, other: Floats) -> tuple[float, float]:
    """Correlation of two sides (C, T) over chains; variance of paired over unpaired differences.

    Both pooled over T: one answer for a whole run, so that no t is chosen by its own chance. NaN
    and 1 where neither side varies, or of one chain.
    """
    if len(one) < 2:
        return float("nan"), 1.0
    a, b = one - one.mean(axis=0), other - other.mean(axis=0)
    both = float((a**2).sum() + (b**2).sum())
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    correlation = float((a * b).sum()) / size if size else float("nan")
    return correlation, float(((a - b) ** 2).sum()) / both if both else 1.0


def pays_below(n_chains: int, confidence: float = 0.95) -> float:
    """Variance ratio below which pairs give the shorter interval, at half the degrees of freedom.

    (t_(2C-2) / t_(C-1))^2 of Student's quantiles; 0 for one chain.
    """
    from scipy.special import stdtrit

    if n_chains < 2:
        return 0.0
    ends = [stdtrit(df, (1 + confidence) / 2) for df in (2 * n_chains - 2, n_chains - 1)]
    return float((ends[0] / ends[1]) ** 2)


def _half(one: Floats, other: Floats, paired: bool, confidence: float) -> Floats:
    """Return half the interval's length: Student's of pairs, else Welch's; infinite for C = 1."""
    from scipy.special import stdtrit

    n = len(one)
    if n < 2:
        return np.full(one.shape[1], np.inf)
    level = (1 + confidence) / 2
    if paired:
        error: Floats = (one - other).std(axis=0, ddof=1) / np.sqrt(n)
        return np.asarray(stdtrit(n - 1, level) * error)
    a, b = one.var(axis=0, ddof=1) / n, other.var(axis=0, ddof=1) / n
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.where(a + b > 0, (a + b) ** 2 / ((a**2 + b**2) / (n - 1)), n - 1.0)
    return np.asarray(stdtrit(freedom, level) * np.sqrt(a + b))
