"""Human, edited and machine at once, or "edited not identified".

Scores fall into bins of equal calibration mass. The shares (1 - e - m, e, m) of a corpus are those
whose mixture of the three calibrated laws is not rejected. Where the edited law is itself a mixture
of the other two, as it often is along one score, any edited share can be traded for the others, and
the answer says so.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from genloss.audit.share.pair import FEWEST, Share
from genloss.audit.share.shift import mixture_p, multinomial_covariance
from genloss.core.arrays import Floats
from genloss.errors import DataError

BINS = 8
GRID = 100
"""Steps of the simplex of shares per side."""

IDENTIFIED = 0.001
"""The edited law is told from mixtures of the others if that is rejected at this level."""


@dataclass(frozen=True)
class Ternary:
    """Shares that hold together at `level`; edited_identified False: read them as bounds only.

    fits: whether any mixture of the three laws is accepted at all.
    """

    human: Share
    edited: Share
    machine: Share
    edited_identified: bool
    edited_p: float
    fits: bool


def ternary_share(
    human: Floats, edited: Floats, machine: Floats, corpus: Floats, level: float = 0.95
) -> Ternary:
    """Estimate three shares from scores (n,) of texts of known origin and of a corpus.

    With d(s) = bins of the corpus - those of the mixture s, the region is d' V^-1 d minus its
    smallest value <= the chi-squared quantile with 2 degrees of freedom, V with calibration error;
    each interval is the region's extent. Cost: 5,151 shares on a grid of steps of 1 %.

    Raises:
        DataError: fewer than 50 texts of a sort.
    """
    sets = []
    named = {"human": human, "edited": edited, "machine": machine, "corpus": corpus}
    for name, scores in named.items():
        known = np.asarray(scores, float)
        known = known[~np.isnan(known)]
        if len(known) < FEWEST:
            raise DataError(f"got {len(known)} {name} texts; expected {FEWEST} or more; add texts")
        sets.append(known)
    told = float(mixture_p(sets[0][None], sets[2][None], sets[1][None])[0])
    shares = _simplex()
    distance = _distances(sets, shares)
    inside = shares[distance <= distance.min() + chi2.ppf(level, 2)]
    best = shares[int(distance.argmin())]
    parts = [
        Share(float(inside[:, i].min()), float(best[i]), float(inside[:, i].max()), level)
        for i in range(3)
    ]
    fits = bool(distance.min() <= chi2.ppf(level, BINS - 3))
    return Ternary(parts[0], parts[1], parts[2], told < IDENTIFIED, told, fits)


def _simplex() -> Floats:
    """All shares (k, 3) in steps of 1 / GRID."""
    e, m = np.meshgrid(np.arange(GRID + 1), np.arange(GRID + 1), indexing="ij")
    inside = e + m <= GRID
    return np.stack([GRID - (e + m)[inside], e[inside], m[inside]], axis=1) / GRID


def _distances(sets: list[Floats], shares: Floats) -> Floats:
    """Return d' V^-1 d of every share (k, 3) -> (k,)."""
    n = min(len(s) for s in sets[:3])
    even = np.concatenate([np.sort(s)[np.linspace(0, len(s) - 1, n).astype(int)] for s in sets[:3]])
    edges = np.quantile(even, np.arange(1, BINS) / BINS)
    counts = [np.bincount(np.searchsorted(edges, s), minlength=BINS)[:-1] for s in sets]
    laws = np.stack([(c + 1) / (len(s) + BINS) for c, s in zip(counts, sets, strict=True)])
    seen = np.stack([c / len(s) for c, s in zip(counts, sets, strict=True)])
    off = seen[3] - shares @ seen[:3]
    mixed = shares @ laws[:3]
    covariance = multinomial_covariance(mixed) / len(sets[3])
    for i in range(3):
        covariance = covariance + shares[:, i, None, None] ** 2 * multinomial_covariance(
            laws[i]
        ) / len(sets[i])
    solved = np.linalg.solve(covariance, off[:, :, None])[:, :, 0]
    return (off * solved).sum(axis=1)
