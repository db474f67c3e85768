"""Samples: validated once, read-only, origin and weight travel with every row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genloss.core.samples import (
    FOREIGN,
    NO_TOKEN,
    REAL,
    UNLABELLED,
    Samples,
    without_replacement,
)
from genloss.errors import DataError

X = np.arange(24.0).reshape(2, 4, 3)
ORIGIN = np.array([[0, 0, 1, 2], [0, 1, 1, -1]])
WEIGHT = np.array([[1.0, 0.0, 2.0, 1.0], [1.0, 1.0, 1.0, 3.0]])


def with_value(value):
    x = X.copy()
    x[1, 2, 0] = value
    return x


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_with_their_place(value):
    with pytest.raises(DataError, match=rf"holds \[\s*{value}.* at chain 1, row 2"):
        Samples.of(with_value(value), REAL)


def test_infinities_of_both_signs_do_not_hide_each_other():
    x = with_value(np.inf)
    x[1, 2, 1] = -np.inf
    with pytest.raises(DataError, match="chain 1, row 2"):
        Samples.of(x, REAL)


def test_finite_values_whose_sum_overflows_are_data():
    assert Samples.of(np.full((1, 4, 1), 1e308), REAL).n_rows == 4


@pytest.mark.parametrize(
    ("x", "why"),
    [
        (np.zeros(3), "expected"),
        (np.zeros((0, 3)), "expected"),
        (np.zeros((2, 0, 1)), "expected"),
        (np.zeros((2, 3, 0)), "expected"),
        (np.zeros((2, 3), dtype=complex), "dtype complex128; expected real numbers or integers"),
        (np.zeros((2, 3), dtype=bool), "dtype bool"),
        (np.array([["a", "b"]]), "dtype <U1"),
        (np.array([[None, 1.0]]), "dtype object"),
    ],
)
def test_wrong_shapes_and_types_are_refused(x, why):
    with pytest.raises(DataError, match=why):
        Samples.of(x, REAL)


@pytest.mark.parametrize(
    ("given", "kept"), [(np.float32, np.float64), (np.uint8, np.int64), (np.int32, np.int64)]
)
def test_numbers_are_widened_to_double_or_long(given, kept):
    assert Samples.of(np.ones((1, 2), dtype=given), REAL).x.dtype == kept


@pytest.mark.parametrize("origin", [ORIGIN[:, :3], ORIGIN[0], ORIGIN.astype(float)])
def test_every_row_needs_its_origin(origin):
    with pytest.raises(DataError, match=r"expected integers of shape \(2, 4\), one per row"):
        Samples(X, origin)


@pytest.mark.parametrize(
    ("weight", "why"),
    [
        (WEIGHT[:, :3], r"expected \(2, 4\), one per row"),
        (WEIGHT - 1.5, r"-0\.5 at chain 0, row 0"),
        (np.where(WEIGHT == 3, np.nan, WEIGHT), "nan at chain 1, row 3"),
        (np.where(WEIGHT == 2, np.inf, WEIGHT), "inf at chain 0, row 2"),
        (WEIGHT * [[1], [0]], "all weights of chain 1 are 0"),
    ],
)
def test_weights_must_be_usable(weight, why):
    with pytest.raises(DataError, match=why):
        Samples(X, ORIGIN, weight)


def test_samples_cannot_be_changed_and_the_callers_array_can():
    x = X.copy()
    samples = Samples(x, ORIGIN, WEIGHT)
    for part in (samples.x, samples.origin, samples.weight):
        with pytest.raises(ValueError, match="read-only"):
            part[0, 0] = 1
    x[0, 0] = 5.0


def test_origin_counts_are_exact_in_every_chain():
    found = Samples(X, ORIGIN).origin_counts()
    assert {k: v.tolist() for k, v in found.items()} == {
        FOREIGN: [0, 1],
        0: [2, 1],
        1: [1, 2],
        2: [1, 0],
    }
    whole = Samples.of(X, 3)
    assert {k: v.tolist() for k, v in whole.origin_counts().items()} == {3: [4, 4]}
    assert {k: v.tolist() for k, v in whole.head(2).origin_counts().items()} == {3: [2, 2]}


def test_concat_fills_up_shorter_rows_of_tokens():
    long = Samples.of(np.arange(6).reshape(1, 2, 3), 0)
    short = Samples.of(np.array([[[7], [8]]]), 4)
    joined = Samples.concat([long, short])
    np.testing.assert_array_equal(
        joined.x[0], [[0, 1, 2], [3, 4, 5], [7, NO_TOKEN, NO_TOKEN], [8, NO_TOKEN, NO_TOKEN]]
    )
    np.testing.assert_array_equal(joined.origin[0], [0, 0, 4, 4])


def test_take_head_and_concat_keep_row_origin_and_weight_together():
    samples = Samples(X, ORIGIN, WEIGHT)
    taken = samples.take(np.array([[3, 0], [1, 1]]))
    np.testing.assert_array_equal(taken.x[:, :, 0], [[9, 0], [15, 15]])
    np.testing.assert_array_equal(taken.origin, [[2, 0], [1, 1]])
    np.testing.assert_array_equal(taken.weight, [[1, 1], [1, 1]])
    head = samples.head(2)
    np.testing.assert_array_equal(head.weight, WEIGHT[:, :2])
    joined = Samples.concat([Samples.of(X[:, :1], 7), head])
    np.testing.assert_array_equal(joined.origin, [[7, 0, 0], [7, 0, 1]])
    np.testing.assert_array_equal(joined.weight, [[1, 1, 0], [1, 1, 1]])


@pytest.mark.parametrize(
    ("index", "why"),
    [
        (np.array([[0, 4], [0, 0]]), "index reaches from 0 to 4; expected rows 0 to 3"),
        (np.array([[0, -1], [0, 0]]), "index reaches from -1 to 0; expected rows 0 to 3"),
        (np.array([0, 1]), r"expected integers \(2, m\)"),
        (np.array([[0.0], [1.0]]), r"expected integers \(2, m\)"),
        (np.ones((2, 4), dtype=bool), r"a mask is turned into one by numpy\.nonzero"),
    ],
)
def test_an_index_that_names_no_rows_is_refused(index, why):
    with pytest.raises(DataError, match=why):
        Samples(X, ORIGIN).take(index)


@pytest.mark.parametrize("n", [0, -1, 5, 1.5])
def test_head_and_subsample_of_an_impossible_size_are_refused(n):
    samples = Samples(X, ORIGIN)
    for ask in (samples.head, lambda n: samples.subsample(n, np.random.default_rng(0))):
        with pytest.raises(DataError, match=r"expected a whole number|of 4 rows"):
            ask(n)


@pytest.mark.parametrize("other", [X[:1], X[:, :, :2], X[:, :, 0], X.astype(int)])
def test_rows_of_other_shapes_or_types_do_not_join(other):
    with pytest.raises(DataError, match="cannot concatenate"):
        Samples.concat([Samples.of(X, 0), Samples.of(other, 1)])


def test_draws_without_replacement_are_uniform_and_chains_differ():
    """Each index is drawn by a chain with probability 3/10: Binomial(C, 0.3) times over chains."""
    chains = 4000
    drawn = without_replacement(chains, 10, 3, np.random.default_rng(4))
    assert all(len(set(row)) == 3 for row in drawn[:200].tolist())
    times = np.bincount(drawn.ravel(), minlength=10)
    assert np.abs(times - 0.3 * chains).max() < 4 * np.sqrt(chains * 0.3 * 0.7)
    assert len({tuple(sorted(row)) for row in drawn.tolist()}) == 120


@given(
    x=arrays.arrays(
        st.sampled_from([np.float64, np.int64]),
        arrays.array_shapes(min_dims=2, max_dims=4, max_side=4),
        elements=st.integers(-(2**40), 2**40),
    ),
    weighted=st.booleans(),
)
def test_arrays_rebuild_samples(x, weighted):
    origin = np.arange(x.shape[0] * x.shape[1]).reshape(x.shape[:2])
    samples = Samples(x, origin, origin + 0.5 if weighted else None)
    again = Samples.from_arrays(samples.arrays())
    for part in ("x", "origin", "weight"):
        np.testing.assert_array_equal(getattr(again, part), getattr(samples, part))
    assert again.x.dtype == samples.x.dtype


LABEL = np.array([[3, 1, 2, 0], [1, 1, -1, 0]])


def test_labels_go_where_their_rows_go():
    samples = Samples(X, ORIGIN, label=LABEL)
    index = np.array([[3, 0], [2, 2]])
    np.testing.assert_array_equal(samples.take(index).label, [[0, 3], [-1, -1]])
    np.testing.assert_array_equal(samples.head(2).label, LABEL[:, :2])
    again = Samples.from_arrays(samples.arrays())
    np.testing.assert_array_equal(again.label, LABEL)
    chosen = samples.subsample(4, np.random.default_rng(0))
    for c in range(2):
        by_row = dict(zip(map(tuple, X[c]), LABEL[c].tolist(), strict=True))
        assert [by_row[tuple(row)] for row in chosen.x[c]] == chosen.label[c].tolist()


def test_rows_without_labels_join_as_unknown():
    joined = Samples.concat([Samples(X, ORIGIN, label=LABEL), Samples.of(X, 4)])
    np.testing.assert_array_equal(joined.label, np.concatenate([LABEL, np.full((2, 4), -1)], 1))
    assert Samples.concat([Samples.of(X, 1), Samples.of(X, 2)]).label is None


@pytest.mark.parametrize("label", [LABEL[:, :3], LABEL.astype(float), LABEL - 1])
def test_labels_are_one_class_or_unknown_for_each_row(label):
    with pytest.raises(DataError, match=r"expected integers of shape \(2, 4\), classes from 0"):
        Samples(X, ORIGIN, label=label)


def test_real_rows_are_the_first_of_each_chain_as_many_as_the_poorest_has():
    origin = np.array([[0, 1, 0, 0], [2, 0, -1, 0]])
    samples = Samples(X, origin)
    np.testing.assert_array_equal(samples.real_rows(9), [X[0, [0, 2]], X[1, [1, 3]]])
    np.testing.assert_array_equal(samples.real_rows(1), [X[0, [0]], X[1, [1]]])
    np.testing.assert_array_equal(Samples.of(X, 0).real_rows(3), X[:, :3])
    with pytest.raises(DataError, match="chain 1 has no real row among its 4; raise n_real"):
        Samples(X, np.array([[0, 1, 0, 0], [2, 1, -1, 1]])).real_rows(2)


def test_marks_of_rows_are_what_run_folders_hold():
    assert (REAL, FOREIGN, UNLABELLED, NO_TOKEN) == (0, -1, -1, -1)


def test_rows_of_three_lengths_join_and_rows_of_numbers_are_not_filled_up():
    parts = [Samples.of(np.full((1, 1, width), width), 0) for width in (1, 3, 2)]
    joined = Samples.concat(parts).x[0]
    np.testing.assert_array_equal(joined, [[1, -1, -1], [3, 3, 3], [2, 2, -1]])
    with pytest.raises(DataError, match="cannot concatenate"):
        Samples.concat([Samples.of(np.zeros((1, 1, width)), 0) for width in (1, 2)])
