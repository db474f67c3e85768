"""Alarms that a share cannot be believed: the corpus is no mixture of what was calibrated.

Prevalence alone moves the corpus along the line between the two calibrated laws. What leaves that
line is something else: edited texts, another domain, an unknown generator.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from genloss.core.arrays import Floats

BINS = 8
"""Bins of equal pooled calibration mass: few, so that counts are normal."""

LEVEL = 0.05
"""Of all alarms together."""

BLIND_SPOTS = (
    "edited texts or other generators whose scores are a mixture of the calibrated ones",
    "another domain that moves neither scores, nor lengths, nor how often common words occur",
    "texts half by people and half by machines whose scores do not tell them from whole ones: "
    "their words are a mixture's",
    "a shift of human and machine scores that is small against the size of the corpus",
)
"""What no alarm here can see."""


@dataclass(frozen=True)
class Alarm:
    """One test: p is its p-value, raised whether it is below its part of the level."""

    about: str
    p: float
    raised: bool


def mixture_p(human: Floats, machine: Floats, corpus: Floats) -> Floats:
    """p-values (D,) of 'the corpus is a mixture of the two laws', from values (D, n) each.

    With h, m, c the shares of 8 bins, d(a) = c - (1 - a) h - a m has mean 0 at the true a; the
    smallest d' V(a)^-1 d over a is chi-squared with 6 degrees of freedom. Where the two laws
    are the same (a feature blind to origin) there are 7, which are taken: the level is kept.
    """
    edges = _edges(human, machine)
    h, m, c = (_binned(s, edges) for s in (human, machine, corpus))
    sizes = (human.shape[1], machine.shape[1], corpus.shape[1])
    a = np.full(len(h), 0.5)
    for _ in range(4):
        inverse = np.linalg.inv(_covariance(h, m, a, sizes))
        line, gap = m - h, c - h
        along = np.einsum("di,dij,dj->d", line, inverse, line)
        across = np.einsum("di,dij,dj->d", line, inverse, gap)
        a = np.clip(across / np.maximum(along, 1e-12), 0, 1)
    off = c - (1 - a)[:, None] * h - a[:, None] * m
    distance = np.einsum("di,dij,dj->d", off, np.linalg.inv(_covariance(h, m, a, sizes)), off)
    return chi2.sf(distance, BINS - 1)


def alarms(
    human: Floats,
    machine: Floats,
    corpus: Floats,
    features: Mapping[str, tuple[Floats, Floats, Floats]] | None = None,
    others: Mapping[str, float] | None = None,
    level: float = LEVEL,
) -> tuple[Alarm, ...]:
    """Test scores (n,) and features, such as lengths, of human, machine and corpus texts.

    All together raise one alarm or more with probability `level` at most if only prevalence
    changed (Bonferroni). A feature need not be blind to origin: its corpus values, too, must be a
    mixture. nan is left out. others: p-values of tests that were made elsewhere.
    """
    asked = {"scores": (human, machine, corpus), **(features or {})}
    found = {}
    for name, sets in asked.items():
        known = [np.asarray(s, float) for s in sets]
        found[name] = float(mixture_p(*(s[~np.isnan(s)][None] for s in known))[0])
    found |= others or {}
    return tuple(Alarm(name, p, p < level / len(found)) for name, p in found.items())


def _edges(human: Floats, machine: Floats) -> Floats:
    n = min(human.shape[1], machine.shape[1])
    pooled = np.concatenate(
        [s[:, np.linspace(0, s.shape[1] - 1, n).astype(int)] for s in (human, machine)], axis=1
    )
    return np.quantile(pooled, np.arange(1, BINS) / BINS, axis=1).T


def _binned(values: Floats, edges: Floats) -> Floats:
    """Shares of all bins but the last, (D, BINS - 1)."""
    below = np.stack(
        [(values <= edges[:, i : i + 1]).mean(axis=1) for i in range(BINS - 1)], axis=1
    )
    return np.diff(below, axis=1, prepend=0.0)


def _covariance(h: Floats, m: Floats, a: Floats, sizes: tuple[int, int, int]) -> Floats:
    weight = a[:, None]
    # One text more in every bin: an empty bin is no proof that it cannot be filled.
    h, m = ((p + 1 / n) / (1 + BINS / n) for p, n in zip((h, m), sizes, strict=False))
    mixed = (1 - weight) * h + weight * m
    return (
        multinomial_covariance(mixed) / sizes[2]
        + multinomial_covariance(h) * ((1 - a) ** 2)[:, None, None] / sizes[0]
        + multinomial_covariance(m) * (a**2)[:, None, None] / sizes[1]
    )


def multinomial_covariance(p: Floats) -> Floats:
    """Covariance diag(p) - p p' of one draw from the laws p (..., K): (..., K, K)."""
    return p[..., :, None] * (np.eye(p.shape[-1]) - p[..., None, :])
