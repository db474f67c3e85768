"""Bindings of text metrics on two unequal chains, with values by hand."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.view import NotApplicable, Partial, View
from genloss.errors import SpecError
from genloss.metrics import text as corpus
from genloss.metrics import text_judged as judged
from genloss.metrics import text_languages as languages
from genloss.metrics import text_models as models
from genloss.metrics import text_rows as rows
from genloss.testing import small_text

P_0, _ = small_text.SmallText(small_text.written(8, 1), small_text.written(4, 2)[0]).split(4)
END = P_0.tokeniser.end
A, B, D, E, NO = 11, 12, 13, 14, -1
X = np.array(
    [
        [[A, B, A, B], [A, B, A, B], [D, END, NO, NO], [END, NO, NO, NO], [E, E, E, E]],
        [[A, A, A, A], [A, A, A, A], [A, A, A, A], [B, END, NO, NO], [D, E, A, END]],
    ]
)
REAL = np.array([[[A, B, D, E], [A, B, 15, 15]], [[A, 16, 17, 18], [19, 20, 21, 22]]])
VIEW = View(2, P_0, P_0, None, Samples.of(X, 2), None, np.random.default_rng(0), real=REAL)
# Cut to the eight tokens of REAL these are A B A B, A B A B and A A A A, A A A A.

FEW = replace(
    VIEW,
    samples=Samples.of(np.array([[[A, B, D, E], [A, A, B, B]], [[A, A, A, E], [A, A, A, D]]]), 2),
    real=np.array([[[A, A, A, A], [B, B, D, E]], [[A, B, D, E], [D, D, D, D]]]),
)
# Counts A 3, B 3, D 1, E 1 and A 6, D 1, E 1; pairs AB 2 and four others, AA 4 and two others. Of
# the real tokens two of eight are the rarest: D and E, and A and B.

ONE = replace(VIEW, samples=Samples.of(X[:, 1:3, :1], 2), real=REAL[:, :, :1])

LETTERS = replace(
    VIEW,
    samples=Samples.of(
        np.array(
            [
                [[11, 12, 13, 14], [15, 16, 17, 18]],
                [[11, 12, 13, 14], [104, 105, 106, 107]],
            ]
        ),
        2,
    ),
)
"""Eight letters in two lines; in the second chain the last four are of two bytes."""

CLUSTERS = replace(
    VIEW,
    samples=Samples.of(np.array([[[A, B]] * 9, [[A, B]] * 9]), 2),
    held_out=np.array([[[D, E]] * 9 + [[A, A]], [[A, B]] * 9 + [[D, E]]]),
)
W = np.linspace(0, 1, 1003)
APART = np.trapezoid(W**5, -((1 - W) ** 5))
"""The area of two laws without a common cluster: the curve ((1 - w)^5, w^5)."""


@dataclass(frozen=True)
class Powers:
    """A model of two chains: token i has probability 1 / i, or 1 / i^2, whatever stands before."""

    n_chains: int = 2
    vocabulary = 400

    def sample(self, n, rng):
        raise AssertionError("nothing is drawn here")

    def state(self):
        return {}

    def token_log_probs(self, x):
        power = np.arange(1, self.n_chains + 1)[:, None, None]
        return -np.log(np.maximum(x[..., 1:], 1)) * power

    def token_entropies(self, x):
        return x[..., 1:] / 10


TEST = np.array([[1, 2, 8], [100, 4, NO]])
ASKED = replace(VIEW, p_0=small_text.SmallText(REAL, TEST), model=Powers())
# Scored are 2, 8 and 4: 64. Five tokens of six bytes, so that three have 3.6. Windows that slide by
# one score 100 as well.
HELD = np.array([[[1, 2, 3], [4, 5, NO], [9, 9, 9]], [[1, 4, NO], [2, 2, 6], [9, 9, 9]]])

JUDGED = replace(
    VIEW,
    base=Powers(1),
    samples=Samples.of(
        np.array(
            [
                [[1, 2, 8], [1, 9, 1], [1, 5, NO], [7, 4, 9]],
                [[1, 2, 2], [1, 16, 1], [3, 7, NO], [1, 9, 9]],
            ]
        ),
        2,
    ),
    held_out=np.array(
        [
            [[1, 9, 9], [1, 20, 1], [1, 3, NO], [1, 30, 1]],
            [[1, 1, 1], [1, 3, NO], [1, 6, 6], [1, 10, NO]],
        ]
    ),
)
# Perplexities, geometric means: 4, 3, 5, 6 and 2, 4, 7, 9. The second and third smallest of
# held-out rows: the roots of 20 and 30, and 3 and 6.

CASES = [
    (rows.DuplicateRows(), VIEW, [1 / 5, 2 / 5]),
    (rows.EmptyRows(), VIEW, [1 / 5, 0]),
    (rows.TruncatedRows(), VIEW, [3 / 5, 3 / 5]),
    (rows.TruncatedRows(), replace(VIEW, samples=Samples.of(X[:, 3:], 2)), [1 / 2, 0]),
    (rows.MeanLength(), VIEW, [3, 3.6]),
    (rows.Repetition(1), VIEW, [0.35, 0.45]),
    (rows.Repetition(2), VIEW, [1 / 3, 0.4]),
    (rows.TextDiversity(), VIEW, [2 / 3 * 5 / 6, 0.6 * 5 / 8]),
    # Two of four tokens, one of three pairs, 0.1 of two triples and one quadruple match; then
    # three of four, two of three, one of two.
    (rows.SelfBleu(2), FEW, [(1 / 2 / 3 / 20 / 10) ** 0.25, (3 / 4 * 2 / 3 / 2 / 10) ** 0.25]),
    (rows.Mauve(9), CLUSTERS, [APART, 1]),
    (corpus.DistinctN(2), VIEW, [2 / 6, 1 / 6]),
    (corpus.DistinctN(2, 4), VIEW, [2 / 3, 1 / 3]),
    (corpus.TypeTokenRatio(), VIEW, [2 / 8, 1 / 8]),
    # Rows of one token have no pairs, but types.
    (corpus.TypeTokenRatio(), ONE, [1, 1 / 2]),
    (corpus.SurvivingVocabulary(), ONE, [1, 1 / 2]),
    (corpus.SurvivingVocabulary(), VIEW, [2 / 5, 1 / 8]),
    (corpus.SurvivingNGrams(2), VIEW, [1 / 5, 0]),
    (corpus.SurvivingNGrams(1, "hapax"), VIEW, [0, 1 / 8]),
    (corpus.GoodTuringMissingMass(2), FEW, [4 / 6, 2 / 6]),
    (corpus.RareTokenShare(0.25), FEW, [2 / 8, 6 / 8]),
    # Nothing repeats: fixed codes of 8 bits below 144 and 9 above, 10 bits more, and 6 bytes.
    # 10 + 9 * 8 bits take 11 bytes; 10 + 5 * 8 + 8 * 9 take 16.
    (corpus.CompressionRatio(), LETTERS, [9 / (11 + 6), 13 / (16 + 6)]),
    # Types that m of 8 tokens miss: C(8 - n_i, m) / C(8, m), C(8, 2) = 28 and C(8, 3) = 56.
    (corpus.RarefiedTypes((2, 3)), FEW, [[50 / 28, 134 / 56], [41 / 28, 98 / 56]]),
    (models.Perplexity(), ASKED, [4, 16]),
    (models.Perplexity(blocks=1), ASKED, [4, 16]),
    (models.Perplexity(stride=1), ASKED, [6400**0.25, 80]),
    (models.BitsPerByte(), ASKED, [6 / 3.6, 12 / 3.6]),
    # Rows whose second token is odd are Welsh: 1 and 3 of five; of the test rows the second.
    (languages.LanguageShare(("en", "cy")), VIEW, [[4 / 5, 1 / 5], [2 / 5, 3 / 5]]),
    (
        languages.LanguagePerplexity(("en", "cy")),
        replace(ASKED, p_0=small_text.SmallText(REAL, np.array([[1, 2, 8], [100, 5, NO]]))),
        [[4, 5], [16, 25]],
    ),
    (models.PredictiveEntropy(2), replace(ASKED, held_out=HELD), [1 / 3, 0.4]),
    (judged.SequencePerplexity((0.25, 0.75), "base"), JUDGED, [[3, 5], [2, 7]]),
    (judged.PerplexityTail(0.5, "base"), JUDGED, [[1, 0.5], [0.5, 1]]),
    (judged.SequencePerplexity((0.5,)), replace(JUDGED, first=Powers()), [[4], [4**2]]),
]


@pytest.mark.parametrize(
    ("metric", "view", "right"), CASES, ids=lambda part: getattr(part, "name", "")
)
def test_values_by_hand(metric, view, right):
    value = metric(replace(view, memo={}, lasting={}))
    assert not isinstance(value, NotApplicable), value
    value = value.values if isinstance(value, Partial) else value
    np.testing.assert_allclose(value, right, rtol=1e-9)


def test_windows_slide_by_less_than_a_block():
    """Blocks of two tokens by one; of one token there is nothing to score, however they slide."""
    two = replace(VIEW, p_0=small_text.SmallText(REAL, np.array([[1, 2], [8, 4]])), model=Powers())
    np.testing.assert_allclose(models.Perplexity(stride=1)(two), [4, 16])
    with pytest.raises(SpecError, match="stride is 2; expected 1 to 1, or 0, for blocks of 2"):
        models.Perplexity(stride=2)(two)
    one = replace(two, p_0=small_text.SmallText(REAL, np.array([[1], [8]])))
    assert models.Perplexity(stride=2)(one).why.startswith("the test blocks have no token with")
