"""Fréchet distance, classes and memorisation: by hand, and against other formulas."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from genloss.errors import DataError, SpecError
from genloss.metrics.arrays.classes import class_entropy, class_shares, confidence, label_accuracy
from genloss.metrics.arrays.frechet import frechet_distance
from genloss.metrics.arrays.memorisation import copy_rate, nearest_distances, nearest_ratio


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def by_matrix_root(x, y):
    """The formula as published, through a matrix root of the product of the covariances."""
    s_x, s_y = np.cov(x.T), np.cov(y.T)
    root = np.real(sqrtm(s_x @ s_y))
    gap = x.mean(axis=0) - y.mean(axis=0)
    return gap @ gap + np.trace(s_x + s_y - 2 * root)


def test_frechet_equals_the_formula_with_a_matrix_root():
    x = rng(1).normal(size=(3, 80, 6)) @ rng(2).normal(size=(6, 6))
    y = rng(3).normal(0.3, 2.0, size=(3, 50, 6))
    expected = [by_matrix_root(a, b) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(frechet_distance(x, y), expected, rtol=1e-9)
    expected = [by_matrix_root(a, y[0]) for a in x]
    np.testing.assert_allclose(frechet_distance(x, y[0]), expected, rtol=1e-9)


def test_frechet_is_zero_on_equal_rows_and_right_on_shifts_and_scales():
    """Shift u: |u|^2, whatever its signs. Scale by s about the mean: (s - 1)^2 tr(S)."""
    y = rng(4).normal(size=(1, 60, 3))
    np.testing.assert_allclose(frechet_distance(y[:, ::-1], y), 0.0, atol=1e-12)
    np.testing.assert_allclose(frechet_distance(y + np.array([1.0, -1.0, 0.0]), y), 2.0, rtol=1e-9)
    centre = y.mean(axis=1, keepdims=True)
    trace = np.trace(np.cov(y[0].T))
    np.testing.assert_allclose(frechet_distance(centre + 3 * (y - centre), y), 4 * trace)
    # Collapsed to one point: no covariance is left, and no root of it is needed.
    np.testing.assert_allclose(frechet_distance(np.repeat(centre, 9, axis=1), y), trace)


def test_frechet_of_one_law_falls_with_the_rows_as_its_docstring_warns():
    """The means alone give tr(S) (1/n + 1/m) in expectation: 10 (2/50) = .4, and 10 (2/800)."""
    few, many = (
        frechet_distance(rng(5).normal(size=(40, n, 10)), rng(6).normal(size=(40, n, 10)))
        for n in (50, 800)
    )
    assert few.mean() > 0.4
    assert many.mean() > 10 * 2 / 800
    assert many.mean() < few.mean() / 8


def test_frechet_refuses_one_row():
    for n, m in ((1, 4), (4, 1)):
        with pytest.raises(DataError, match=f"got {n} and {m} rows, expected 2 or more of each"):
            frechet_distance(np.zeros((2, n, 3)), np.zeros((m, 3)))


def test_frechet_by_hand():
    """Means 1 and 4, variances 2 and 8 by n - 1: 9 + (8^(1/2) - 2^(1/2))^2."""
    found = frechet_distance(np.array([[[0.0], [2.0]]]), np.array([[2.0], [6.0]]))
    np.testing.assert_allclose(found, 11.0)


# Chain 0: rows of classes 0, 0, 1, 2. Chain 1: all of class 2.
PROBABILITY = np.array(
    [
        [[0.8, 0.1, 0.1], [0.5, 0.3, 0.2], [0.0, 1.0, 0.0], [0.2, 0.2, 0.6]],
        [[0.1, 0.2, 0.7], [0.0, 0.0, 1.0], [0.3, 0.3, 0.4], [0.0, 0.1, 0.9]],
    ]
)


def test_classes_by_hand():
    np.testing.assert_allclose(class_shares(PROBABILITY), [[0.5, 0.25, 0.25], [0, 0, 1]])
    half = -(0.5 * np.log(0.5) + 0.5 * np.log(0.25)) / np.log(3)
    np.testing.assert_allclose(class_entropy(PROBABILITY), [half, 0.0], atol=1e-15)
    np.testing.assert_allclose(confidence(PROBABILITY), [2.9 / 4, 3.0 / 4])
    equal = np.eye(3)[None]
    np.testing.assert_allclose(class_entropy(equal), 1.0)


def test_label_accuracy_counts_labelled_rows_only():
    label = np.array([[0, 1, 1, 2], [2, -1, 0, -1]])
    np.testing.assert_allclose(label_accuracy(PROBABILITY, label), [0.75, 0.5])
    with pytest.raises(DataError, match=r"got class 3.*trained on other classes, 0 to 2"):
        label_accuracy(PROBABILITY, np.array([[0, 1, 2, 3], [0, 1, 2, -1]]))
    with pytest.raises(DataError, match="no label in chain 1"):
        label_accuracy(PROBABILITY, np.array([[0, 0, 0, 0], [-1] * 4]))
    with pytest.raises(DataError, match="one for each row"):
        label_accuracy(PROBABILITY, np.zeros((2, 3), int))


@pytest.mark.parametrize("metric", [class_shares, class_entropy, confidence])
def test_what_is_no_probability_is_refused(metric):
    negative = PROBABILITY + np.array([0.2, -0.2, 0.0])
    for wrong in (PROBABILITY + 0.1, PROBABILITY - 0.5, negative, PROBABILITY * np.nan):
        with pytest.raises(DataError, match="probability"):
            metric(wrong)
    with pytest.raises(DataError, match=r"expected \(C, n, K\)"):
        metric(PROBABILITY[0])


def test_one_class_has_no_balance():
    with pytest.raises(DataError, match="one has no balance"):
        class_entropy(np.ones((1, 3, 1)))


@pytest.mark.parametrize("d", [1, 3, 50])
def test_nearest_distances_equal_the_definition(d, monkeypatch):
    x, y = rng(1).normal(5, 1, size=(2, 30, d)), rng(2).normal(5, 1, size=(2, 70, d))
    y[1, 7] = x[1, 4]
    gap = np.linalg.norm(x[:, :, None] - y[:, None], axis=3).min(axis=2)
    np.testing.assert_allclose(nearest_distances(x, y), gap, rtol=1e-9)
    assert nearest_distances(x, y)[1, 4] == 0.0
    np.testing.assert_allclose(nearest_distances(x[:1], y[0]), gap[:1], rtol=1e-9)
    monkeypatch.setattr("genloss.metrics.arrays.pairwise.BLOCK_FLOATS", 200)
    np.testing.assert_allclose(nearest_distances(x, y), gap, rtol=1e-9)


def test_planted_copies_are_found_and_new_rows_are_not():
    """New rows of one law: both means are over n = 400 distances of spread s and mean m, so the
    ratio has a standard error near (s / m) sqrt(2 / 400); the rate is q = 5 % of 400, standard
    error sqrt(.05 .95 / 400), doubled for a threshold of as many rows."""
    train, new, held_out = (rng(k).normal(size=(2, 400, 4)) for k in range(3))
    real = nearest_distances(held_out, train)
    made = nearest_distances(new, train)
    error = real.std() / real.mean() * np.sqrt(2 / 400)
    np.testing.assert_allclose(nearest_ratio(made, real), 1.0, atol=4 * error)
    band = 4 * np.sqrt(2 * 0.05 * 0.95 / 400)
    np.testing.assert_allclose(copy_rate(made, real, 0.05), 0.05, atol=band)
    copies = nearest_distances(train[:, ::-1], train)
    np.testing.assert_array_equal(nearest_ratio(copies, real), 0.0)
    np.testing.assert_array_equal(copy_rate(copies, real), 1.0)
    mixed = np.concatenate([made[:, :300], copies[:, :100]], axis=1)
    np.testing.assert_allclose(copy_rate(mixed, real, 0.05), 0.25 + 0.75 * 0.05, atol=band)
    off = nearest_distances(new + np.array([9.0, -9.0, 0.0, 0.0]), train)
    assert (nearest_ratio(off, real) > 2).all()
    np.testing.assert_array_equal(copy_rate(off, real), 0.0)


def test_an_exact_copy_counts_even_where_real_rows_repeat():
    made, real = np.array([[0.0, 1.0]]), np.array([[0.0, 0.0, 3.0]])
    np.testing.assert_array_equal(copy_rate(made, real), 0.5)
    with pytest.raises(DataError, match="held-out rows that repeat"):
        nearest_ratio(made, np.zeros((1, 3)))
    with pytest.raises(SpecError, match="not a percentage"):
        copy_rate(made, real, 5)


def test_two_classes_have_a_balance_and_one_has_none():
    share = np.array([[[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.2, 0.8]]])
    right = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    np.testing.assert_allclose(class_entropy(share), [right])
    with pytest.raises(DataError, match="got 1 class, expected 2 or more; one has no balance"):
        class_entropy(np.ones((1, 3, 1)))


def test_the_chain_without_labels_is_named():
    with pytest.raises(DataError, match="label: got no label in chain 1, expected some"):
        label_accuracy(np.full((3, 2, 2), 0.5), np.array([[0, -1], [-1, -1], [1, 1]]))


def test_two_rows_have_a_covariance():
    """Means 1 and 5; variances 2 and 8."""
    pair = frechet_distance(np.array([[[0.0], [2.0]]]), np.array([[3.0], [7.0]]))
    np.testing.assert_allclose(pair, [16 + (8**0.5 - 2**0.5) ** 2])
    with pytest.raises(DataError, match="got 2 and 1 rows, expected 2 or more"):
        frechet_distance(np.zeros((1, 2, 1)), np.zeros((1, 1)))


def test_one_chain_of_repeated_real_rows_says_nothing_about_copies():
    with pytest.raises(DataError, match="real: got distances of 0 only"):
        nearest_ratio(np.ones((2, 3)), np.array([[1.0, 2.0], [0.0, 0.0]]))
