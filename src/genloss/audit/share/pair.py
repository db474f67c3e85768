"""The share of machine-made texts, from human and reference machine texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from genloss.audit.share.contrast import Means, aimed, contrast, crossed_ratios
from genloss.audit.share.unified import endpoints
from genloss.core.arrays import Array, Floats
from genloss.errors import DataError

FEWEST = 50
"""Texts of a sort below which there is no interval: means of g are not normal yet."""


class Shares(NamedTuple):
    """A share with the ends of its interval, one per draw (D,)."""

    low: Floats
    estimate: Floats
    high: Floats


@dataclass(frozen=True)
class Share:
    """A share in [0, 1] with the ends of its interval."""

    low: float
    estimate: float
    high: float
    level: float


Units = tuple[Sequence[str], Sequence[str], Sequence[str]]
"""The source of every text: human, machine (generators in order), corpus."""


@dataclass(frozen=True)
class LeftOut:
    """What the estimate would be off by if this generator had not been known.

    factor: a corpus with the share a of this generator alone would read factor times a.
    bias: (factor - 1) times the share that was estimated.
    """

    generator: str
    texts: int
    factor: float
    bias: float


@dataclass(frozen=True)
class PairShare:
    """The machine share of a corpus, conditional on these generators, and each of them left out."""

    share: Share
    human: int
    machine: int
    texts: int
    left_out: tuple[LeftOut, ...]


class Sizes(NamedTuple):
    """Effective numbers of texts: human, machine, corpus."""

    human: float
    machine: float
    corpus: float


def shares(human: Floats, machine: Floats, corpus: Floats, level: float = 0.95) -> Shares:
    """Intervals for many independent draws at once.

    human (D, n0), machine (D, n1), corpus (D, n): scores. The mean of g over the corpus is held
    against its expectation (1 - a) m0 + a m1; the variance is v_a / n + (1 - a)^2 v0 / n0 +
    a^2 v1 / n1 with v_a the larger of the mixture's at a and the corpus' own, so that calibration
    error is inside. Time O(D (n0 + n1 + n)).
    """
    halves = (_alternating(human.shape[1]), _alternating(machine.shape[1]))
    _, means = aimed(crossed_ratios(human, machine, corpus, halves))
    return _interval(means, Sizes(human.shape[1], machine.shape[1], corpus.shape[1]), level)


def machine_share(
    human: Floats,
    machine: Mapping[str, Floats],
    corpus: Floats,
    level: float = 0.95,
    units: Units | None = None,
) -> PairShare:
    """Estimate the machine share of a corpus from scores (n,), machine scores by generator.

    Higher scores are more machine-like; nan is left out. units: the source of each text of
    human, machine (generators in order) and corpus; texts of one source count as often as they
    differ from one another (design effect). The interval is conditional on these generators.

    Raises:
        DataError: fewer than 50 texts of a sort, or human or machine texts of one unit.
    """
    names = [name for name, s in machine.items() for _ in range(len(s))]
    pooled = np.concatenate([np.asarray(s, float) for s in machine.values()] or [np.zeros(0)])
    sets, owners = _kept((human, pooled, corpus), units)
    named = np.array(names)[~np.isnan(pooled)]
    halves = (_halves(owners[0]), _halves(owners[1]))
    ratios = crossed_ratios(sets[0][None], sets[1][None], sets[2][None], halves)
    pilot, means = aimed(ratios)
    effect = [
        design_effect(contrast(r, pilot)[0], o)
        for r, o in zip(_whole(ratios, owners), owners, strict=True)
    ]
    sizes = Sizes(*(len(s) / e for s, e in zip(sets, effect, strict=True)))
    low, estimate, high = (float(x[0]) for x in _interval(means, sizes, level))
    left = _left_out(sets[0], sets[1], named, estimate) if len(machine) > 1 else ()
    n = [len(s) for s in sets]
    return PairShare(Share(low, estimate, high, level), n[0], n[1], n[2], left)


def design_effect(values: Floats, units: Array) -> float:
    """Variance of the mean of values (n,) with units (n,) as clusters, over that without; >= 1."""
    _, index = np.unique(units, return_inverse=True)
    off = values - values.mean()
    spread = float((off**2).sum())
    if index.max() + 1 == len(values) or spread == 0:
        return 1.0
    return max(1.0, float((np.bincount(index, off) ** 2).sum()) / spread)


def _interval(means: Means, sizes: Sizes, level: float) -> Shares:
    gap = means.machine - means.human
    gap = np.where(np.abs(gap) < 1e-9, 1e-9, gap)

    def statistic(a: Floats) -> tuple[Floats, Floats]:
        mixed = (1 - a) * means.human_variance + a * means.machine_variance
        mixed = np.maximum(mixed + a * (1 - a) * gap**2, means.corpus_variance)
        calibrated = (1 - a) ** 2 * means.human_variance / sizes.human
        calibrated = calibrated + a**2 * means.machine_variance / sizes.machine
        seen = means.corpus - (1 - a) * means.human - a * means.machine
        return seen / gap, np.sqrt(mixed / sizes.corpus + calibrated) / np.abs(gap)

    estimate = means.estimate
    low, high = endpoints(statistic, estimate, level)
    return Shares(low, estimate, high)


def _left_out(human: Floats, machine: Floats, named: Floats, share: float) -> tuple[LeftOut, ...]:
    found = []
    for name in dict.fromkeys(named.tolist()):
        mine, others = machine[named == name], machine[named != name]
        halves = (_alternating(len(human)), _alternating(len(others)))
        _, means = aimed(crossed_ratios(human[None], others[None], mine[None], halves))
        gap = float((means.machine - means.human)[0])
        factor = float((means.corpus - means.human)[0]) / gap if gap else float("nan")
        found.append(LeftOut(name, len(mine), factor, (factor - 1) * share))
    return tuple(found)


def _kept(
    sets: tuple[Floats, Floats, Floats],
    units: Units | None,
) -> tuple[list[Floats], list[Array]]:
    scores, owners = [], []
    for i, (values, name) in enumerate(zip(sets, ("human", "machine", "corpus"), strict=True)):
        values = np.asarray(values, float)
        known = ~np.isnan(values)
        if known.sum() < FEWEST:
            raise DataError(
                f"got {known.sum()} {name} texts with a score; expected {FEWEST} or more; "
                "add texts, or take a scorer that can judge shorter ones"
            )
        owner = (
            np.arange(len(values)) if units is None else np.unique(units[i], return_inverse=True)[1]
        )
        if i < 2 and len(set(owner[known].tolist())) == 1:
            raise DataError(
                f"all {name} texts with a score are of one unit; expected two or more, as one half "
                "is held against the other; name another one, such as --unit id"
            )
        scores.append(values[known])
        owners.append(owner[known])
    return scores, owners


def _halves(owners: Array) -> Array:
    """Whole units on one side, alternating."""
    return np.unique(owners, return_inverse=True)[1] % 2 == 1


def _alternating(n: int) -> Array:
    return np.arange(n) % 2 == 1


def _whole(ratios: list[tuple[Floats, Floats, Floats]], owners: list[Array]) -> list[Floats]:
    """Ratios of human, machine and corpus texts in their order, halves put together again."""
    whole = []
    for i in (0, 1):
        second = _halves(owners[i])
        joined = np.empty((1, len(second)))
        joined[:, ~second], joined[:, second] = ratios[0][i], ratios[1][i]
        whole.append(joined)
    return [*whole, ratios[0][2]]
