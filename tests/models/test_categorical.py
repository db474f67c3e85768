"""Categorical models: frequencies, lost symbols and the martingale of their probabilities."""

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.statistics import Counts
from genloss.errors import DataError, SpecError
from genloss.models.categorical import CategoricalLearner, CategoricalModel

P = np.array([[0.5, 0.3, 0.2, 0.0], [0.1, 0.0, 0.1, 0.8]])


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def test_maximum_likelihood_is_the_relative_frequency():
    x = Samples.of(np.array([[0, 0, 2, 1], [3, 3, 3, 3]]), 0)
    model = CategoricalLearner(4).fit(x, rng())
    np.testing.assert_array_equal(model.p, [[0.5, 0.25, 0.25, 0], [0, 0, 0, 1]])
    again = CategoricalLearner(4).fit(Counts.of(x, 4), rng())
    np.testing.assert_array_equal(again.p, model.p)


def test_smoothing_adds_to_every_symbol():
    """(counts + 0.5) / (4 + 4 * 0.5) by hand."""
    x = Samples.of(np.array([[0, 0, 2, 1]]), 0)
    model = CategoricalLearner(4, smoothing=0.5).fit(x, rng())
    np.testing.assert_allclose(model.p, np.array([[2.5, 1.5, 1.5, 0.5]]) / 6, rtol=1e-15)


def test_log_prob_is_the_log_of_p_and_minus_infinity_for_lost_symbols():
    found = CategoricalModel(P).log_prob(np.array([[0, 3], [1, 3]]))
    np.testing.assert_allclose(found, [[np.log(0.5), -np.inf], [-np.inf, np.log(0.8)]])


@pytest.mark.parametrize("lost", ["first", "middle", "last"])
def test_a_lost_symbol_is_never_drawn_again(lost):
    """Also where its neighbours' probabilities do not sum to 1 in floating point."""
    p = np.full(10, 1.0)
    p[{"first": 0, "middle": 5, "last": 9}[lost]] = 0.0
    model = CategoricalModel(np.tile(p / p.sum(), (200, 1)))
    gone = int(np.argmin(p))
    assert (model.sample(2000, rng(1)) != gone).all()
    assert model.sample_counts(100_000, rng(2), 1).counts[:, gone].sum() == 0


class Always:
    """A stream whose uniform numbers are all the same."""

    def __init__(self, value):
        self.value = value

    def random(self, shape):
        return np.full(shape, self.value)


def test_the_smallest_and_the_largest_uniform_number_draw_symbols_that_exist():
    model = CategoricalModel(np.array([[0.0, 0.1] + [0.1] * 6 + [0.3, 0.0]]))
    np.testing.assert_array_equal(model.sample(3, Always(0.0)), 1)
    np.testing.assert_array_equal(model.sample(3, Always(np.nextafter(1.0, 0.0))), 8)


def test_probabilities_are_a_martingale():
    """E p_t = p_0; Var p_t = p_0 (1 - p_0)(1 - (1 - 1/n)^t), t = 5 steps at n = 20."""
    chains, n, steps, p_0 = 6000, 20, 5, np.array([0.5, 0.3, 0.2])
    model, learner, stream = (
        CategoricalModel(np.tile(p_0, (chains, 1))),
        CategoricalLearner(3),
        rng(3),
    )
    for _ in range(steps):
        model = learner.fit(model.sample_counts(n, stream, 1), stream)
    variance = p_0 * (1 - p_0) * (1 - (1 - 1 / n) ** steps)
    assert (np.abs(model.p.mean(axis=0) - p_0) < 4 * np.sqrt(variance / chains)).all()
    squares = (model.p - p_0) ** 2
    error = squares.std(axis=0) / np.sqrt(chains)
    assert (np.abs(squares.mean(axis=0) - variance) < 4 * error).all()


def test_an_endless_source_of_symbols_is_learned_from():
    """Binomial frequencies: sd sqrt(p (1 - p) / n)."""
    model = CategoricalLearner(4, source_rows=20_000).fit(
        Source.of(CategoricalModel(P), 5, 0), rng(4)
    )
    assert (np.abs(model.p - P) <= 4 * np.sqrt(P * (1 - P) / 20_000)).all()


@pytest.mark.parametrize(
    ("x", "why"),
    [
        (np.array([[0, 4]]), r"in \[0, 4\).*values 0 to 4"),
        (np.array([[-1, 0]]), "values -1 to 0"),
        (np.array([[0.0, 1.0]]), "dtype float64"),
        (np.zeros((1, 2, 1), dtype=int), r"shape \(1, 2, 1\)"),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_that_are_no_symbols_below_k_are_refused(x, why, weighted):
    weight = np.ones((1, 2)) if weighted else None
    with pytest.raises(DataError, match=why):
        CategoricalLearner(4).fit(Samples(x, np.zeros((1, 2), dtype=int), weight), rng())


def test_counts_of_another_alphabet_are_refused():
    counts = Counts(np.array([[3, 2]]), ((0, 5),))
    with pytest.raises(DataError, match=r"counts of 2 symbols; .* set learner\.k = 2"):
        CategoricalLearner(4).fit(counts, rng())


@pytest.mark.parametrize("smoothing", [-0.1, np.nan, np.inf])
def test_smoothing_must_be_finite_and_not_negative(smoothing):
    with pytest.raises(SpecError, match=r"smoothing is .*; expected 0 or more"):
        CategoricalLearner(4, smoothing)


@pytest.mark.parametrize("k", [0, -1, 2.0])
def test_k_must_be_a_whole_number(k):
    with pytest.raises(DataError, match="categorical: k is"):
        CategoricalLearner(k)


@pytest.mark.parametrize(
    "p",
    [
        np.array([0.5, 0.5]),
        np.array([[0.5, 0.6]]),
        np.array([[1.5, -0.5]]),
        np.full((1, 2), np.nan),
    ],
)
def test_probabilities_must_be_probabilities(p):
    with pytest.raises(DataError, match=r"expected .C, k. probabilities, rows sum 1"):
        CategoricalModel(p)
