"""Self-BLEU against BLEU written out for every row, and its ends."""

from collections import Counter

import numpy as np
import pytest

from genloss.errors import DataError
from genloss.metrics.arrays.text_bleu import self_bleu


def plain_bleu(row, references, order=4):
    """BLEU as papers define it, sentence by sentence, 0.1 for orders without a match."""

    def grams(r, n):
        return Counter(tuple(r[i : i + n]) for i in range(len(r) - n + 1))

    logs = 0.0
    for n in range(1, order + 1):
        mine = grams(row, n)
        most = Counter()
        for reference in references:
            most |= grams(reference, n)
        matched = sum((mine & most).values())
        if n == 1 and not matched:
            return 0.0
        logs += np.log((matched or 0.1) / max(1, sum(mine.values())))
    r = min((abs(len(ref) - len(row)), len(ref)) for ref in references)[1]
    return min(1.0, np.exp(1 - r / len(row))) * np.exp(logs / order)


def plain(rows, order=4):
    rows = [[w for w in r if w >= 0] for r in rows.tolist()]
    return np.mean([plain_bleu(r, rows[:i] + rows[i + 1 :], order) for i, r in enumerate(rows)])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("order", [2, 4])
def test_it_is_the_mean_bleu_of_each_row_against_the_others(seed, order):
    stream = np.random.default_rng(seed)
    x = np.minimum(stream.geometric(0.25, size=(2, 9, 11)) - 1, 15)
    x[np.arange(11) >= stream.integers(1, 12, size=(2, 9, 1))] = -1
    right = [plain(rows, order) for rows in x]
    np.testing.assert_allclose(self_bleu(x, order), right, rtol=1e-12)


def test_equal_rows_have_one_and_rows_without_a_common_token_zero():
    np.testing.assert_allclose(self_bleu(np.broadcast_to(np.arange(6), (1, 3, 6))), 1.0)
    np.testing.assert_allclose(self_bleu(np.arange(18).reshape(1, 3, 6)), 0.0)


@pytest.mark.parametrize("rows", [[[0], [0], [0]], [[0], [1], [0]], [[], [1, 2], [1]], [[], []]])
def test_rows_that_end_at_once_are_compared_too(rows):
    """A model that writes nothing but the end token; there is no pair of tokens to match."""
    x = np.full((1, len(rows), 6), -1)
    for i, row in enumerate(rows):
        x[0, i, : len(row)] = row
    if not any(rows):
        with pytest.raises(DataError, match="NO_TOKEN"):
            self_bleu(x)
        return
    np.testing.assert_allclose(self_bleu(x), plain(x[0]))


def test_one_row_has_nothing_to_be_compared_with():
    with pytest.raises(DataError, match="at least two"):
        self_bleu(np.arange(6).reshape(1, 1, 6))


def test_orders_that_no_row_is_long_enough_for_count_as_without_a_match():
    """Two equal rows of two tokens: (1 1 .1 .1)^(1/4)."""
    np.testing.assert_allclose(self_bleu(np.array([[[3, 4], [3, 4]]])), 0.1**0.5, rtol=1e-14)
