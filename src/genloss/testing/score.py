"""Laws of scores: a number for every row, by that row and its chain's reference alone."""

from dataclasses import dataclass, field

import numpy as np

from genloss.core.arrays import Array, Floats
from genloss.core.curators.reference import Reference
from genloss.core.curators.scores import Score
from genloss.core.samples import Samples
from genloss.testing.beside import beside, without_memory
from genloss.testing.examples import Kind, example
from genloss.testing.laws import Law, Outcome, check, digest, gap, require
from genloss.testing.objects import OBJECT_LAWS


@dataclass(frozen=True, eq=False)
class ScoreCase:
    """A score, rows, and what stands beside them."""

    score: Score
    given: Samples
    beside: Reference
    role: str = field(default="score", init=False)

    @property
    def subject(self) -> Score:
        """The object that is checked."""
        return self.score

    def of(self, index: Array | None = None) -> Floats:
        """Return the scores of a copy of the rows, or of rows index (n,) of every chain."""
        rows = Samples.from_arrays({k: v.copy() for k, v in self.given.arrays().items()})
        if index is not None:
            rows = rows.take(np.stack([index] * rows.n_chains))
        return np.asarray(self.score.scores(rows, without_memory(self.beside)))


def check_score(
    score: Score, rows: Samples | Kind = "line", reference: Reference | None = None
) -> Outcome:
    """Hold a score to the laws of its role; rows and reference are those of `check_curator`.

    Raises:
        ContractError: with all laws that do not hold.
    """
    given = rows if isinstance(rows, Samples) else example(rows)
    return check(
        type(score).__name__, SCORE_LAWS, ScoreCase(score, given, reference or beside(given))
    )


def every_row_has_a_number(case: ScoreCase) -> None:
    """(C, n), comparable, and not the same for all rows."""
    scores = case.of()
    right = case.given.x.shape[:2]
    require(scores.shape == right, f"scores {scores.shape}", f"{right}")
    require(not np.isnan(scores).any(), "NaN", "numbers")
    require((np.ptp(scores, axis=1) > 0).all(), "one score for all rows", "scores that differ")


def a_score_is_a_function_of_its_row(case: ScoreCase) -> None:
    """In another order, and without the others, a row has the score that it had."""
    scores = case.of()
    order = np.arange(case.given.n_rows)[::-1]
    turned, few = case.of(order), case.of(np.arange(3))
    require(np.allclose(turned[:, order], scores), gap(turned[:, order], scores), "the same scores")
    require(np.allclose(few, scores[:, :3]), gap(few, scores[:, :3]), "the same scores alone")


def it_leaves_its_rows_alone(case: ScoreCase) -> None:
    """Scoring changes no rows, and a second time gives the same scores."""
    before = digest(case.given.arrays())
    beside = without_memory(case.beside)
    one, two = (np.asarray(case.score.scores(case.given, beside)) for _ in range(2))
    require(digest(case.given.arrays()) == before, "other rows afterwards", "the same")
    require(np.array_equal(one, two), f"{gap(one, two)} the second time", "the same scores")


SCORE_LAWS: tuple[Law[ScoreCase], ...] = (
    *OBJECT_LAWS,
    every_row_has_a_number,
    a_score_is_a_function_of_its_row,
    it_leaves_its_rows_alone,
)
