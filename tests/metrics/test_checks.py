"""What is refused says what was got, with the right numbers; edges are in or out as they say."""

import re

import numpy as np
import pytest

from genloss.core import numbers
from genloss.errors import DataError, SpecError
from genloss.metrics.arrays import checks, distances, frechet, manifold, memorisation, tails

INF, NAN = np.inf, np.nan


def says(error, text):
    return pytest.raises(error, match=re.escape(text))


def test_finite_counts_what_is_not():
    with says(DataError, "x: got 2 NaN or infinite values of 6, expected finite"):
        checks.finite(np.array([[1, NAN, 2], [INF, 4, 5]]), "x", "(C, n)")
    np.testing.assert_array_equal(checks.finite(np.array([[1, 2]]), "x", "(C, n)"), [[1.0, 2.0]])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((2, 0)), "x: got shape (2, 0), expected (C, n) with no empty axis"),
        (np.zeros(3), "x: got shape (3,), expected (C, n) with no empty axis; axis 0"),
        (np.zeros((1, 2), complex), "x: got dtype complex128, expected real numbers"),
    ],
)
def test_finite_names_shapes_and_types(value, text):
    with says(DataError, text):
        checks.finite(value, "x", "(C, n)")
    assert checks.finite(np.zeros(3), "x", "(C,)").shape == (3,)


def test_a_reference_is_of_all_chains_or_one_and_fits_from_an_axis_on():
    like = np.zeros((3, 4, 2))
    for shape in ((3, 4, 2), (1, 4, 2), (4, 2)):
        assert checks.reference(np.zeros(shape), like, "y", "(C, n, d)").shape[-2:] == (4, 2)
    assert checks.reference(np.zeros((5, 2)), like, "y", "(C, n, d)", fixed=2).shape == (1, 5, 2)
    for shape, fixed in (((2, 4, 2), 1), ((5, 2), 1), ((3, 5, 2), 1), ((3, 4, 1), 2)):
        with says(DataError, f"got shape {(1,) * (3 - len(shape)) + shape}, expected (C, n, d)"):
            checks.reference(np.zeros(shape), like, "y", "(C, n, d)", fixed=fixed)


@pytest.mark.parametrize("bad", [NAN, INF])
def test_log_densities_may_be_minus_infinity_only(bad):
    checks.log_values(np.array([[-INF, 3.0]]), "log_prob")
    with says(DataError, "log_prob: got NaN or +inf"):
        checks.log_values(np.array([[-1.0, bad]]), "log_prob")


def test_probabilities_sum_to_one_within_a_millionth():
    checks.probabilities(np.array([[0.5, 0.5 + 9e-7]]), "p")
    with says(DataError, "p: got minimum 0.5 and sums in [1, 1.1], expected"):
        checks.probabilities(np.array([[0.5, 0.5], [0.5, 0.6]]), "p")
    with says(DataError, "p: got minimum -0.5 and sums in [1, 1], expected"):
        checks.probabilities(np.array([[1.5, -0.5]]), "p")
    with says(DataError, "sums in [1, 1], expected"):
        checks.probabilities(np.array([[0.5, 0.5 + 2e-6]]), "p")


def test_two_laws_share_an_alphabet_and_their_chains():
    two, three = np.full((2, 2), 0.5), np.full((3, 2), 0.5)
    for p, q in ((two, two), (two, two[:1]), (two[:1], three), (two, two[0])):
        checks.law_pair(p, q)
    for p, q in ((two, three), (two, np.full((2, 4), 0.25))):
        with says(DataError, f"p, p_0: got shapes {p.shape} and {q.shape}, expected one alphabet"):
            checks.law_pair(p, q)


def test_counts_need_a_positive_sum_in_every_chain():
    checks.positive_counts(np.array([[0, 1], [2, 3]]))
    checks.positive_counts(np.array([[0, 0.1]]))
    with says(DataError, "counts: got minimum 0 and smallest sum 0, expected non-negative"):
        checks.positive_counts(np.array([[5, 1], [0, 0]]))
    with says(DataError, "counts: got minimum -1 and smallest sum 2, expected non-negative"):
        checks.positive_counts(np.array([[3, -1], [2, 3]]))


def test_weights_become_shares():
    np.testing.assert_allclose(checks.weights(None, (2, 4)), [[0.25] * 4])
    shares = checks.weights(np.array([[1, 3], [0, 0.5]]), (2, 2))
    np.testing.assert_allclose(shares, [[0.25, 0.75], [0, 1]])
    with says(DataError, "weight: got minimum 0, smallest sum 0, expected non-negative"):
        checks.weights(np.array([[1, 3], [0, 0]]), (2, 2))
    with says(DataError, "weight: got minimum -1, smallest sum 2, expected non-negative"):
        checks.weights(np.array([[1, 3], [-1, 3]]), (2, 2))
    with says(DataError, "weight: got shape (1, 2), expected (2, 2); one weight"):
        checks.weights(np.array([[1, 3]]), (2, 2))


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.5, NAN])
def test_a_fraction_is_inside(value):
    with says(SpecError, f"q is {value!r}; "):
        numbers.open_fraction(value, "q")
    assert numbers.open_fraction(0.999, "q") == 0.999


@pytest.mark.parametrize("value", [0, -1, INF, NAN])
def test_a_positive_number_is_finite_and_above_zero(value):
    with says(SpecError, f"h is {value!r}; expected a "):
        numbers.positive(value, "h")
    assert numbers.positive(1e-300, "h") == 1e-300


APART = [
    distances.sliced_wasserstein,
    distances.energy_distance,
    distances.mmd_squared,
    frechet.frechet_distance,
    manifold.precision_recall_density_coverage,
    memorisation.nearest_distances,
    lambda x, y: tails.quantile_coverage(x, y, 0.5),
]


@pytest.mark.parametrize("distance", APART)
def test_samples_of_other_dimensions_are_no_samples_of_one_space(distance):
    x, y = np.zeros((2, 9, 3)), np.zeros((2, 8, 2))
    for one, other in ((x, y), (y, x)):
        with pytest.raises(
            DataError, match=r"got shape \(2, [89], [23]\).*arrays of one dimension"
        ):
            distance(one, other)


def test_neighbours_are_fewer_than_rows_of_either_kind():
    for m, n in ((6, 4), (4, 6)):
        with says(DataError, f"k: got 4 for {m} real and {n} fake rows, expected 1 <= k < both"):
            manifold.precision_recall_density_coverage(np.zeros((m, 2)), np.zeros((1, n, 2)), 4)
    with says(DataError, "k: got 0 for 6 real and 4 fake rows"):
        manifold.precision_recall_density_coverage(np.zeros((6, 2)), np.zeros((1, 4, 2)), 0)
