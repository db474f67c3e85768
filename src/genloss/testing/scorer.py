"""Laws of scorers of text: a number for every text, by that text alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.scorer import Scorer
from genloss.testing.laws import Law, Outcome, check, gap, near, require
from genloss.testing.objects import OBJECT_LAWS

TEXTS = (
    "The bridge over the river was closed for most of the winter, and people who lived on the far "
    "side had to walk an hour to the next town to buy bread, flour and lamp oil.",
    "She wrote to her brother that the garden had never looked so well; the roses climbed as far "
    "as the second window, and the bees, she said, were drunk by noon every day of that month.",
    "It is important to note that there are many factors to consider. Furthermore, a balanced plan "
    "can offer clear benefits to all, such as better health, more energy and a stronger sense of "
    "purpose.",
    "Two trains leave the station at nine and at ten; one is slow and the other is not, and by the "
    "time that they meet it has begun to rain, as it does in all such questions about trains.",
)
"""Texts that a scorer is tried on, about 35 words each."""


@dataclass(frozen=True, eq=False)
class ScorerCase:
    """A scorer, and texts that it can judge."""

    scorer: Scorer
    texts: Sequence[str]
    role: str = field(default="scorer", init=False)

    @property
    def subject(self) -> Scorer:
        """The object that is checked."""
        return self.scorer

    def of(self, texts: Sequence[str]) -> Floats:
        """Return the scores of texts."""
        return np.asarray(self.scorer.scores(list(texts)), dtype=np.float64)


def check_scorer(scorer: Scorer, texts: Sequence[str] = TEXTS) -> Outcome:
    """Hold a scorer to the laws of its role.

    texts: three or more that it can judge, such as essays; by default four of about 35 words.

    Raises:
        ContractError: with all laws that do not hold.
    """
    return check(type(scorer).__name__, SCORER_LAWS, ScorerCase(scorer, texts))


def every_text_has_a_number(case: ScorerCase) -> None:
    """(n,), finite, and not the same for all."""
    scores = case.of(case.texts)
    require(scores.shape == (len(case.texts),), f"{scores.shape}", f"({len(case.texts)},)")
    require(np.isfinite(scores).all(), f"{scores}", "finite numbers")
    require(float(np.ptp(scores)) > 0, "one score for all texts", "scores that differ")


def a_score_is_a_function_of_its_text(case: ScorerCase) -> None:
    """In another order, alone and a second time, a text has the score that it had."""
    scores = case.of(case.texts)
    turned = case.of(case.texts[::-1])[::-1]
    require(near(turned, scores, 1e-4, 1e-5), gap(turned, scores), "the same in another order")
    alone = case.of(case.texts[:1])
    require(near(alone, scores[:1], 1e-4, 1e-5), gap(alone, scores[:1]), "the same alone")
    again = case.of(case.texts)
    require(near(again, scores, 1e-6, 1e-7), gap(again, scores), "the same a second time")


def a_text_that_cannot_be_judged_has_no_score(case: ScorerCase) -> None:
    """Nothing, a word and half a surrogate pair have a number or nan, and trouble no other text."""
    odd = ["", " \n", "word", "\ud800 lone"]
    scores, right = case.of([*odd, case.texts[0]]), case.of(case.texts[:1])
    require(scores.shape == (len(odd) + 1,), f"{scores.shape}", f"({len(odd) + 1},)")
    require(not np.isinf(scores).any(), f"{scores}", "numbers or nan")
    require(bool(np.isnan(scores[0])), f"{scores[0]} for an empty text", "nan")
    require(near(scores[-1:], right, 1e-4, 1e-5), gap(scores[-1:], right), "the same beside them")
    require(case.of([]).shape == (0,), f"{case.of([]).shape} for no texts", "(0,)")


SCORER_LAWS: tuple[Law[ScorerCase], ...] = (
    *OBJECT_LAWS,
    every_text_has_a_number,
    a_score_is_a_function_of_its_text,
    a_text_that_cannot_be_judged_has_no_score,
)
