"""Bindings of text metrics on two unequal chains, with values by hand."""

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.view import NotApplicable, View
from genloss.metrics import text as corpus
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

CASES = [
    (rows.DuplicateRows(), [1 / 5, 2 / 5]),
    (rows.EmptyRows(), [1 / 5, 0]),
    (rows.TruncatedRows(), [3 / 5, 3 / 5]),
    (rows.MeanLength(), [3, 3.6]),
    (rows.Repetition(1), [0.35, 0.45]),
    (rows.Repetition(2), [1 / 3, 0.4]),
    (corpus.DistinctN(2), [2 / 6, 1 / 6]),
    (corpus.DistinctN(2, 4), [2 / 3, 1 / 3]),
    (corpus.TypeTokenRatio(), [2 / 8, 1 / 8]),
    (corpus.SurvivingVocabulary(), [2 / 5, 1 / 8]),
    (corpus.SurvivingNGrams(2), [1 / 5, 0]),
    (corpus.SurvivingNGrams(1, "hapax"), [0, 1 / 8]),
]


@pytest.mark.parametrize(("metric", "right"), CASES, ids=[m.name for m, _ in CASES])
def test_values_by_hand(metric, right):
    found = metric(VIEW)
    assert not isinstance(found, NotApplicable), found
    np.testing.assert_allclose(found, right, rtol=1e-12)
