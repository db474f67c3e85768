"""A bounded function of scores whose mean moves with the share, fitted and averaged on other texts.

With r(s) = density of machine scores over that of human ones, the efficient function at share a is
g(s) = (r - 1) / (1 - a + a r). r comes from a logistic line; whatever line, an estimate by means of
g stays consistent: a poor line costs width, not coverage. Calibration texts are halved, each half
judged by the line of the other, so that no text is judged by a line that it has shaped.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from genloss.core.arrays import Array, Floats

FITTED = 500
"""Texts per class that a line is fitted to at most: more would cost time and gain nothing."""

HANGING = 5
"""g is aimed no closer to a share of 0 or 1 than that of so many texts of the smallest set, or 5 %:
it would hang on a handful."""

Ratios = list[tuple[Floats, Floats, Floats]]
"""Per half: r of human, machine and corpus scores, (D, n) each."""


@dataclass(frozen=True)
class Line:
    """log r(s) = intercept + slope z, z the score winsorised at 4 deviations; all (D,)."""

    centre: Floats
    scale: Floats
    intercept: Floats
    slope: Floats

    def ratio(self, scores: Floats) -> Floats:
        """Return r of scores (D, n)."""
        z = _standardised(scores, self.centre, self.scale)
        return np.exp(np.clip(self.intercept[:, None] + self.slope[:, None] * z, -30, 30))


class Means(NamedTuple):
    """Means and variances of g, (D,): of human, machine and corpus scores."""

    human: Floats
    machine: Floats
    corpus: Floats
    human_variance: Floats
    machine_variance: Floats
    corpus_variance: Floats

    @property
    def estimate(self) -> Floats:
        """The share at which the mean of the corpus is that of the mixture, within [0, 1]."""
        gap = self.machine - self.human
        return np.clip((self.corpus - self.human) / np.where(gap == 0, 1e-12, gap), 0, 1)


def fitted_line(human: Floats, machine: Floats) -> Line:
    """Fit the logistic line of machine against human scores (D, n), classes weighing the same."""
    few = [s[:, :: max(1, s.shape[1] // FITTED)] for s in (human, machine)]
    centre = (few[0].mean(axis=1) + few[1].mean(axis=1)) / 2
    scale = np.maximum(np.sqrt((few[0].var(axis=1) + few[1].var(axis=1)) / 2), 1e-12)
    z = np.concatenate([_standardised(s, centre, scale) for s in few], axis=1)
    made = np.repeat([0.0, 1.0], [s.shape[1] for s in few])
    weight = np.repeat([0.5 / s.shape[1] for s in few], [s.shape[1] for s in few])
    ridge = 0.01 / len(made)
    intercept, slope = np.zeros(len(z)), np.ones(len(z))
    for _ in range(10):
        p = expit(intercept[:, None] + slope[:, None] * z)
        pull, curve = weight * (made - p), weight * p * (1 - p)
        g0, g1 = pull.sum(axis=1), (pull * z).sum(axis=1) - ridge * slope
        h00, h01 = curve.sum(axis=1) + 1e-9, (curve * z).sum(axis=1)
        h11 = (curve * z * z).sum(axis=1) + ridge
        determinant = h00 * h11 - h01 * h01
        intercept = intercept + np.clip((h11 * g0 - h01 * g1) / determinant, -3, 3)
        slope = slope + np.clip((h00 * g1 - h01 * g0) / determinant, -3, 3)
    return Line(centre, scale, intercept, slope)


def crossed_ratios(
    human: Floats, machine: Floats, corpus: Floats, halves: tuple[Array, Array]
) -> Ratios:
    """Return r of each half of the calibration scores by the line of the other, and of all corpus.

    halves: True for the second half, of human (n,) and of machine texts (n,).
    """
    ratios = []
    for half in (False, True):
        mine = [s[:, h == half] for s, h in zip((human, machine), halves, strict=True)]
        other = [s[:, h != half] for s, h in zip((human, machine), halves, strict=True)]
        line = fitted_line(*other)
        ratios.append((line.ratio(mine[0]), line.ratio(mine[1]), line.ratio(corpus)))
    return ratios


def aimed(ratios: Ratios) -> tuple[Floats, Means]:
    """Return the pilot share (D,) that g is aimed at, and the means of that g."""
    fewest = min(2 * ratios[0][0].shape[1], 2 * ratios[0][1].shape[1], ratios[0][2].shape[1])
    least = min(0.05, HANGING / fewest)
    share = np.full(len(ratios[0][0]), 0.5)
    for _ in range(2):
        share = np.clip(means_of(ratios, share).estimate, least, 1 - least)
    return share, means_of(ratios, share)


def means_of(ratios: Ratios, share: Floats) -> Means:
    """Average g aimed at a share (D,), over both halves."""
    total = np.zeros((6, len(share)))
    for half in ratios:
        values = [contrast(r, share) for r in half]
        total += np.array(
            [v.mean(axis=1) for v in values] + [v.var(axis=1, ddof=1) for v in values]
        )
    return Means(*total / len(ratios))


def contrast(ratio: Floats, share: Floats) -> Floats:
    """Return g = (r - 1) / (1 - a + a r) of ratios (D, n) at shares (D,)."""
    a = share[:, None]
    return (ratio - 1) / (1 - a + a * ratio)


def _standardised(scores: Floats, centre: Floats, scale: Floats) -> Floats:
    return np.clip((scores - centre[:, None]) / scale[:, None], -4, 4)
