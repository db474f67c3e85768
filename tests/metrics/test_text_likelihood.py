"""Perplexities against their definition, and the weights that the field got wrong."""

import numpy as np
import pytest

from genloss.errors import DataError, SpecError
from genloss.metrics.arrays import text_likelihood as tl


def rows(seed=0):
    stream = np.random.default_rng(seed)
    x = stream.integers(0, 9, size=(2, 6, 5))
    x[np.arange(5) >= stream.integers(2, 6, size=(2, 6, 1))] = -1
    return x, np.log(stream.uniform(0.01, 1.0, size=(2, 6, 4)))


def test_perplexity_is_the_mean_over_tokens_not_over_rows():
    x, lp = rows()
    scored = x[:, :, 1:] >= 0
    for chain in range(2):
        mine = [lp[chain, i, j] for i in range(6) for j in range(4) if x[chain, i, j + 1] >= 0]
        right = np.prod(np.exp(mine)) ** (-1 / len(mine))
        np.testing.assert_allclose(tl.perplexity(lp, scored)[chain], right)
    of_rows = tl.sequence_perplexities(lp, scored)
    assert np.abs(np.log(of_rows).mean(axis=1) - np.log(tl.perplexity(lp, scored))).min() > 1e-3


def test_a_row_of_n_tokens_counts_n_minus_1():
    """Uniform over V: the perplexity is V exactly, not V^((n - 1) / n)."""
    lp = np.full((1, 3, 4), -np.log(50.0))
    np.testing.assert_allclose(tl.perplexity(lp, np.ones((3, 4), bool)), 50.0)
    np.testing.assert_allclose(tl.sequence_perplexities(lp, np.ones((3, 4), bool)), 50.0)


def test_bits_per_byte_by_hand():
    """Six tokens of 1/4 are 12 bits; in 8 bytes 1.5 each, whatever the tokens."""
    lp = np.full((2, 2, 3), np.log(0.25))
    np.testing.assert_allclose(tl.bits_per_byte(lp, np.ones((2, 3), bool), 8), 1.5)
    half = np.array([[True, False, True], [True, False, False]])
    np.testing.assert_allclose(tl.bits_per_byte(lp, half, 8), 0.75)


def test_a_lost_token_is_infinite_only_where_it_counts():
    lp = np.log([[[0.5, 0.25]]])
    lp[0, 0, 1] = -np.inf
    np.testing.assert_array_equal(tl.perplexity(lp, np.array([[True, True]])), np.inf)
    np.testing.assert_allclose(tl.perplexity(lp, np.array([[True, False]])), 2.0)
    # Nor does what is finite and beyond all numbers warn.
    np.testing.assert_array_equal(tl.perplexity(np.full((1, 1, 2), -1e3), np.array(True)), np.inf)


def test_rows_of_one_token_have_no_perplexity():
    lp = np.zeros((1, 2, 3))
    found = tl.sequence_perplexities(lp, np.array([[True] * 3, [False] * 3]))
    np.testing.assert_array_equal(found, [[1.0, np.nan]])


def test_quantiles_are_values_with_infinity_and_without_nan():
    values = np.array([[3.0, np.nan, 1.0, np.inf, 2.0], [5.0, 4.0, 3.0, 2.0, 1.0]])
    np.testing.assert_array_equal(tl.quantiles(values, 0.5), [2.0, 3.0])
    np.testing.assert_array_equal(tl.quantiles(values, 1.0), [np.inf, 5.0])
    np.testing.assert_array_equal(tl.quantiles(values, 0.01), [1.0, 1.0])
    np.testing.assert_array_equal(tl.quantiles(np.full((1, 2), np.nan), 0.5), [np.nan])
    np.testing.assert_array_equal(tl.quantiles(values, 0.0), [1.0, 1.0])
    for bad in (-0.01, 1.01):
        with pytest.raises(SpecError, match=f"q: got {bad}, expected a number in"):
            tl.quantiles(values, bad)


def test_what_no_perplexity_has_is_refused_with_its_largest_value():
    lp, scored = np.array([[[-3.0, 0.5]]]), np.array(True)
    with pytest.raises(DataError, match=r"got shape \(1, 1, 2\), values up to 0\.5, expected"):
        tl.perplexity(lp, scored)
    np.testing.assert_allclose(tl.perplexity(lp * 1e-6, scored), np.exp(1.25e-6))
    for bad in (np.full((1, 1, 2), 2e-6), np.array([[[-1.0, np.nan]]]), np.zeros((1, 2))):
        with pytest.raises(DataError, match="a model whose loss is NaN has no perplexity"):
            tl.perplexity(bad, scored)
    with pytest.raises(DataError, match="got a chain without a token to score"):
        tl.perplexity(np.zeros((2, 1, 1)), np.array([[[True]], [[False]]]))
    with pytest.raises(DataError, match="n_bytes: got 0, expected a number above 0"):
        tl.bits_per_byte(np.zeros((1, 1, 1)), scored, 0)


def test_tails_are_counted_on_their_own_side():
    real = np.arange(1.0, 101)[None]
    x = np.array([[1.0, 2, 3, 50, 99, 100, 1000, np.nan]])
    # The fifth of them from below is 5, from above 96.
    np.testing.assert_allclose(tl.tail_share(x, real, 0.05, "low"), 3 / 7)
    np.testing.assert_allclose(tl.tail_share(x, real, 0.05, "high"), 3 / 7)
    np.testing.assert_allclose(tl.tail_share(x[:, :4], real, 0.05, "low"), 3 / 4)
    np.testing.assert_allclose(tl.tail_share(x[:, :4], real, 0.05, "high"), 0)


@pytest.mark.parametrize("m", [19, 20, 30, 100, 200])
def test_both_tails_of_equal_laws_hold_the_mass_of_their_order_statistic(m):
    """k / (m + 1), k = q m rounded up, on either side; the band is 4 standard errors.

    The quantile 0.95 would leave 2 / 21 above it at m = 20, not 1 / 21.
    """
    q, chains = 0.05, 3000
    stream = np.random.default_rng(m)
    real, x = stream.random((chains, m)), stream.random((chains, 100))
    for tail in ("low", "high"):
        found = tl.tail_share(x, real, q, tail)
        right = -(-m // 20) / (m + 1)
        assert abs(found.mean() - right) < 4 * found.std() / np.sqrt(chains)


def test_the_edges_of_one_tail_mirror_those_of_the_other():
    real = np.array([[3.0, 1.0, np.nan, 2.0, np.inf], [5.0, 4.0, 3.0, 2.0, 1.0]])
    for q in (0.05, 0.3, 0.5):
        low, high = tl.tail_edge(-real, q, "low"), tl.tail_edge(real, q, "high")
        np.testing.assert_array_equal(-low, high)
    np.testing.assert_array_equal(tl.tail_edge(real, 0.25, "high"), [np.inf, 4.0])


def test_ranks_are_whole_where_their_product_is_not_quite():
    """0.07 * 100 is 7.000000000000001 in floating point, and yet the rank is 7."""
    np.testing.assert_array_equal(tl.quantiles(np.arange(1.0, 101)[None], 0.07), 7.0)


class Prefix:
    """ln p of a token is a hash of all that the window shows before it."""

    def token_log_probs(self, x):
        seen = np.zeros(x.shape[:2])
        out = np.empty((*x.shape[:2], x.shape[2] - 1))
        for i in range(1, x.shape[2]):
            seen = np.sin(seen * 7.3 + x[:, :, i - 1] + 1)
            out[:, :, i - 1] = -2.0 - np.sin(seen * 3 + x[:, :, i])
        return out


@pytest.mark.parametrize(("stride", "windows"), [(1, 9), (3, 5), (4, 6), (6, 3)])
def test_sliding_perplexity_is_that_of_the_loop_in_the_manual_of_transformers(stride, windows):
    """One window after another, the tokens that overlap the last one masked out."""
    width = 8
    text = np.random.default_rng(stride).integers(0, 50, width + stride * (windows - 1))
    total, scored, before = 0.0, 0, 0
    for begin in range(0, len(text) - width + 1, stride):
        end = begin + width
        log_probs = Prefix().token_log_probs(text[None, None, begin:end])[0, 0]
        new = min(end - before, width - 1)
        total, scored, before = total - log_probs[-new:].sum(), scored + new, end
    blocks = np.full((-(-len(text) // width), width), -1)
    blocks.ravel()[: len(text)] = text
    rows, counted = tl.sliding_windows(blocks, stride)
    assert len(rows) == windows
    found = tl.perplexity(Prefix().token_log_probs(rows[None]), counted)
    np.testing.assert_allclose(found, np.exp(total / scored), rtol=1e-12)
    alone = tl.perplexity(Prefix().token_log_probs(rows[None]), np.array(True))
    assert abs(found - alone) > 1e-3


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("length", [5, 6, 13, 20])
def test_sliding_windows_score_every_token_but_the_first_once(stride, length):
    text = np.arange(length)
    blocks = np.full((-(-length // 5), 5), -1)
    blocks.ravel()[:length] = text
    windows, scored = tl.sliding_windows(blocks, stride)
    assert (np.diff(windows, axis=1) == 1).all()
    np.testing.assert_array_equal(np.sort(windows[:, 1:][scored]), np.arange(1, length))
    # All but the first window give at least T - stride tokens of context.
    context = np.argmax(scored, axis=1) + 1
    assert (context[1:] >= 5 - stride).all()


def test_windows_must_fit():
    with pytest.raises(SpecError, match="stride: got 5"):
        tl.sliding_windows(np.zeros((3, 5), int), 5)
    with pytest.raises(SpecError, match="text of 2 tokens"):
        tl.sliding_windows(np.array([[1, 2, -1]]), 1)


@pytest.mark.parametrize("lp", [np.full((1, 1, 2), np.nan), np.full((1, 1, 2), 0.5), np.zeros(3)])
def test_what_are_no_log_probabilities_is_refused(lp):
    with pytest.raises(DataError, match=r"log_probs: .*expected"):
        tl.perplexity(lp, np.array(True))


def test_nothing_to_score_is_refused():
    with pytest.raises(DataError, match="without a token"):
        tl.perplexity(np.zeros((1, 1, 2)), np.zeros((1, 2), bool))
    with pytest.raises(DataError, match="without a token"):
        tl.perplexity(np.zeros((2, 1, 2)), np.array([[[True, True]], [[False, False]]]))
    with pytest.raises(DataError, match="n_bytes"):
        tl.bits_per_byte(np.zeros((1, 1, 2)), np.ones((1, 2), bool), 0)


def test_histograms_count_every_row_once():
    made = np.array([[1.0, 1.0, 2.5, np.nan, 9e5], [1.13, 40.0, 2e7, np.inf, 3.0]])
    real = np.array([[2.0, 3.0, 4.0], [2.0, 3.0, 4.0]])
    found = tl.histograms(made, real, 0.05)
    edges = found["edges"]
    np.testing.assert_allclose(edges[[0, -1]], [1.0, 1e6])
    np.testing.assert_allclose(np.diff(np.log(edges)), np.log(edges[1]))
    assert found["made"].sum(axis=1).tolist() == [4, 5]
    for chain, values in enumerate(made):
        for value in values[np.isfinite(values) & (values < 1e6)]:
            inside = np.flatnonzero((edges[:-1] <= value) & (value < edges[1:]))
            assert found["made"][chain, inside[0]] >= 1
    # Both of what lies above a million are in the last bin.
    assert found["made"][1, -1] == 2
    assert found["made"][0, 0] == 2
    np.testing.assert_array_equal(found["quantiles"], [[2.0, 4.0], [2.0, 4.0]])
    np.testing.assert_allclose(found["beyond"], [[2 / 4, 1 / 4], [1 / 5, 3 / 5]])


def test_a_chain_without_values_has_no_tail_and_no_quantile():
    values = np.array([[np.nan, np.nan], [1.0, 9.0]])
    real = np.array([[1.0, 2.0], [2.0, 3.0]])
    for tail, share in (("low", 0.5), ("high", 0.5)):
        np.testing.assert_array_equal(tl.tail_share(values, real, 0.5, tail), [np.nan, share])
    np.testing.assert_array_equal(tl.tail_edge(values, 0.5, "low"), [np.nan, 1.0])
    np.testing.assert_array_equal(tl.tail_edge(values, 0.5, "high"), [np.nan, 9.0])
