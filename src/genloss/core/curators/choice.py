"""Curators that choose: the best rows, or any, or the better the likelier.

A choice sees the rows of all rounds together, as many as give n by the share that it keeps: it
always fills its budget, and pays for it with rows that are written and refused.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from genloss.core.abilities import uses_first
from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.curators.reference import Reference
from genloss.core.curators.scores import Score
from genloss.core.curators.selection import (
    Bools,
    Covers,
    Selection,
    check_passage,
    refusing,
)
from genloss.core.curators.share import check_share
from genloss.core.samples import Samples
from genloss.errors import DataError, SpecError


class FillsBudget:
    """What choices that keep a share of their candidates have in common: how many they ask for."""

    keep: float

    @property
    def rounds(self) -> int:
        """As many as give n rows."""
        return ceil(1 / self.keep)

    def candidates(self, n: int) -> int:
        """Return n / keep."""
        return round(n / self.keep)


@dataclass(frozen=True)
class TopK(FillsBudget):
    """Keeps the share `keep` of rows with the highest scores; of equal ones the first.

    Raises:
        SpecError: keep outside (0, 1].
    """

    about = About(
        "top_k",
        "Top k",
        "The rows of highest score enter, no others.",
        ("feng-2024", "qiao-2026"),
    )
    keep: float
    score: Score
    covers: Covers = "generated"

    def __post_init__(self) -> None:
        check_share(self.keep, "top_k: keep")
        check_passage("top_k", self.rounds, self.covers)

    @property
    def uses_first(self) -> bool:
        """Whether its score looks through p_1."""
        return uses_first(self.score)

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Order rows by score and take the first."""
        scores = scores_of(self.score, rows, reference)
        return refusing(~first_share(-scores, rows, self.keep), "lower score")


@dataclass(frozen=True)
class RandomK(FillsBudget):
    """Keeps the share `keep` of rows, any of them: the control for a choice of the best.

    Raises:
        SpecError: keep outside (0, 1].
    """

    about = About("random_k", "Random k", "As many rows enter as would be chosen, at random.")
    keep: float
    covers: Covers = "generated"

    def __post_init__(self) -> None:
        check_share(self.keep, "random_k: keep")
        check_passage("random_k", self.rounds, self.covers)

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Put rows into a random order and take the first."""
        return refusing(~first_share(rng.random(rows.x.shape[:2]), rows, self.keep), "chance")


@dataclass(frozen=True)
class WeightedChoice(FillsBudget):
    """Keeps the share `keep` of rows, drawn without replacement by weights exp(sharpness score).

    By likelihood that is p(x)^sharpness, by a distance d exp(-sharpness d); sharpness 0 is random
    k, without bound top k. Drawn by Gumbel's trick: the largest of scores with Gumbel noise.

    Raises:
        SpecError: keep outside (0, 1], a negative or infinite sharpness.
    """

    about = About(
        "weighted_choice",
        "Weighted choice",
        "The higher a row's score, the likelier it enters.",
    )
    keep: float
    score: Score
    sharpness: float = 1.0
    covers: Covers = "generated"

    def __post_init__(self) -> None:
        check_share(self.keep, "weighted_choice: keep")
        check_passage("weighted_choice", self.rounds, self.covers)
        if not 0 <= self.sharpness < np.inf:
            raise SpecError(
                f"weighted_choice: sharpness is {self.sharpness}; expected 0 or more; top_k is "
                "the limit"
            )

    @property
    def uses_first(self) -> bool:
        """Whether its score looks through p_1."""
        return uses_first(self.score)

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Add noise to scores, order rows by them and take the first."""
        noise = rng.gumbel(size=rows.x.shape[:2])
        scores = scores_of(self.score, rows, reference) if self.sharpness else 0.0
        key = -(self.sharpness * scores + noise)
        return refusing(~first_share(key, rows, self.keep), "not drawn")


def scores_of(score: Score, rows: Samples, reference: Reference) -> Floats:
    """Return the scores of rows (C, m).

    Raises:
        DataError: another shape, or numbers that are not comparable.
    """
    scores = np.asarray(score.scores(rows, reference), dtype=np.float64)
    if scores.shape != rows.x.shape[:2] or np.isnan(scores).any():
        raise DataError(
            f"{type(score).__name__} scored rows {rows.x.shape[:2]} by {scores.shape}"
            f"{' with NaN among them' if np.isnan(scores).any() else ''}; expected a number each"
        )
    return scores


def first_share(key: Floats, rows: Samples, keep: float) -> Bools:
    """Return the rows (C, m) that come first in the order of key and make up a share of the weight.

    A row of weight w counts as w rows; it is in as soon as one of them is.
    """
    weight = np.ones(key.shape) if rows.weight is None else rows.weight
    order = np.argsort(key, axis=1, kind="stable")
    ranked = np.take_along_axis(weight, order, axis=1)
    so_far = np.cumsum(ranked, axis=1)
    k = np.maximum(np.rint(keep * so_far[:, -1:]), 1)
    chosen = np.zeros(key.shape, dtype=bool)
    np.put_along_axis(chosen, order, (so_far - ranked < k) & (ranked > 0), axis=1)
    return chosen
