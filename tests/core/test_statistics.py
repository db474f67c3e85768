"""Counts: how many may be drawn, and what is refused; variances where a coordinate is constant."""

import numpy as np
import pytest

from genloss.core.forms import AsCounts
from genloss.core.samples import Samples
from genloss.core.statistics import Counts, Moments, variances
from genloss.errors import DataError

ROWS = Counts(np.array([[3, 0, 1], [1, 1, 2]]), ((0, 4),))


@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_subsample_takes_rows_that_are_there(n):
    drawn = ROWS.subsample(n, np.random.default_rng(0))
    assert drawn.n_rows == n
    assert (drawn.counts <= ROWS.counts).all()
    np.testing.assert_array_equal(drawn.counts.sum(axis=1), [n, n])
    assert drawn.origins == ((0, n),)


def test_a_subsample_of_one_is_drawn_by_the_shares():
    """400 draws of 3 in 4: 300, standard deviation 8.7."""
    stream = np.random.default_rng(1)
    firsts = sum(int(ROWS.subsample(1, stream).counts[0, 0]) for _ in range(400))
    assert abs(firsts - 300) < 4 * 8.7


@pytest.mark.parametrize("n", [0, 5])
def test_no_more_rows_than_there_are_and_no_fewer_than_one(n):
    with pytest.raises(DataError, match=rf"subsample\({n}\) of 4 rows without replacement"):
        ROWS.subsample(n, np.random.default_rng(0))


def test_a_part_of_rows_of_two_origins_is_refused_and_all_of_them_are_not():
    mixed = Counts(ROWS.counts, ((0, 3), (2, 1)))
    assert mixed.subsample(4, np.random.default_rng(0)) is mixed
    with pytest.raises(DataError, match=r"origins \[0, 2\] would lose who made which row"):
        mixed.subsample(3, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        (np.array([[3, 0, 1], [1, 1, 1]]), "counts of a chain must sum to its 4 rows"),
        (np.array([[5, -1, 0], [1, 1, 2]]), "expected non-negative integers"),
        (np.array([3, 0, 1]), r"counts have shape \(3,\) and dtype int64"),
        (np.array([[3.0, 0, 1]]), r"counts have shape \(1, 3\) and dtype float64"),
    ],
)
def test_what_are_no_counts(counts, says):
    with pytest.raises(DataError, match=says):
        Counts(counts, ((0, 4),))


def test_a_constant_coordinate_takes_the_mean_variance_of_the_others():
    """Of 0, 4: 4; of 0, 2: 1; weighed 3 to 1: 3 and 3 / 4."""
    x = np.array([[[0.0, 5, 0], [4, 5, 2]], [[5, 5, 0], [5, 5, 2]], [[5, 5, 5], [5, 5, 5]]])
    right = [[4, 2.5, 1], [1, 1, 1], [0, 0, 0]]
    np.testing.assert_allclose(variances(Samples.of(x, 0)), right)
    weight = np.array([[3.0, 1], [1, 1], [1, 1]])
    weighed = Samples(x, np.zeros((3, 2), int), weight)
    np.testing.assert_allclose(variances(weighed), [[3, 1.875, 0.75], *right[1:]])


@pytest.mark.parametrize(
    "whole", [ROWS, Moments.of(Samples.of(np.arange(8.0).reshape(2, 4, 1), 0))], ids=["c", "m"]
)
def test_what_holds_no_rows_is_whole_or_refused(whole):
    assert whole.head(4) is whole
    assert whole.subsample(4, np.random.default_rng(0)) is whole
    for n in (3, 5):
        with pytest.raises(DataError, match=f"{n} of 4 rows asked from .*, which hold no rows"):
            whole.head(n)


def test_counts_of_rows_end_with_the_largest_symbol_seen():
    counted = AsCounts().of(np.array([[0, 2, 2], [1, 0, 0]]), 3)
    np.testing.assert_array_equal(counted.counts, [[1, 0, 2], [2, 1, 0]])
    assert counted.origins == ((3, 3),)


@pytest.mark.parametrize("name", ["total", "mean", "scatter"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_moments_of_one_chain_that_overflowed_are_refused(name, bad):
    good = {"total": np.ones(2), "mean": np.ones((2, 1)), "scatter": np.ones((2, 1, 1))}
    good[name].flat[1] = bad
    with pytest.raises(DataError, match=rf"Moments\.{name} is not finite"):
        Moments(**good, origins=((0, 4),))


def test_statistics_of_other_shapes_do_not_join():
    flat, plane = (Moments.of(Samples.of(np.ones((2, 4, d)), 0)) for d in (1, 2))
    with pytest.raises(DataError, match=r"cannot concatenate moments of shapes .*expected equal"):
        Moments.concat([flat, plane])
    few = Counts(np.array([[3, 1], [2, 2]]), ((0, 4),))
    with pytest.raises(DataError, match=r"cannot concatenate counts of shapes .*expected equal"):
        Counts.concat([ROWS, few])


def test_rows_like_counts_are_of_as_many_symbols():
    like = ROWS.like(np.array([[0, 1, 1], [1, 0, 0]]), 5)
    assert like.counts.tolist() == [[1, 2, 0], [2, 1, 0]]
    assert like.origins == ((5, 3),)
