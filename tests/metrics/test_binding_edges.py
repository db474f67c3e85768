"""Bindings at their edges: rounding, both sides of a comparison, chains of which only one lacks."""

from dataclasses import replace

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.view import NotApplicable
from genloss.metrics import copies, laws, makers, regression, rows, shared, tokens
from genloss.realities.finite import FiniteRows
from genloss.realities.gaussians import Gaussian

from . import test_by_hand as numbers

SLOPES = numbers.view(numbers.Slopes(np.ones((2, 2))), numbers.Slopes(np.ones((2, 2))))


def test_angles_of_opposite_coefficients_are_not_lost_to_rounding():
    """The cosine of many a vector with its multiple lies beyond 1, with its opposite beyond -1."""
    w = np.random.default_rng(0).normal(size=(400, 3))
    for factor, right in ((0.3, 1.0), (-0.3, 0.0)):
        found = regression.HalfspaceAccuracy()(
            numbers.view(numbers.Slopes(factor * w), numbers.Slopes(w))
        )
        np.testing.assert_allclose(found, right, atol=1e-7)


def test_labels_of_makers_count_from_one():
    assert makers.ByMaker(laws.W2Squared(), 3).labels == ("1", "2", "3")


def test_before_anything_was_written_all_makers_have_what_reality_has():
    """At t = 0 alone; later a model of one maker has none."""
    for t, right in ((0, [[7, 7], [35, 35]]), (1, None)):
        found = makers.ByMaker(laws.W2Squared())(replace(numbers.PLANE, t=t))
        if right:
            np.testing.assert_allclose(found, right)
        else:
            assert found.why.startswith("one maker alone; use learner = 'makers'")


LAWS = [
    (laws.SquaredL2(), numbers.LINE),
    (regression.ExcessRisk(), SLOPES),
    (regression.CoefficientError(), SLOPES),
    (regression.HalfspaceAccuracy(), SLOPES),
]


@pytest.mark.parametrize(("metric", "view"), LAWS)
def test_laws_are_needed_on_both_sides(metric, view):
    assert not isinstance(metric(view), NotApplicable)
    for odd in (replace(view, model=numbers.Known()), replace(view, p_0=numbers.Known())):
        assert isinstance(metric(replace(odd, memo={})), NotApplicable)


def test_symbols_are_needed_on_both_sides():
    for odd in (
        replace(numbers.LEFT, model=numbers.Known()),
        replace(numbers.LEFT, p_0=numbers.Known()),
    ):
        assert isinstance(tokens.Entropy()(odd), NotApplicable)


def test_a_column_has_two_tails_in_every_chain_or_does_not_count():
    """The second column has none above in the first chain, the third none below in the second."""
    whole, flat = np.arange(9.0), np.array([0.0, 1, 2, 3, 4, 5, 6, 6, 6])
    real = np.stack([numbers.NINE, [flat, whole], [whole, 6 - flat]], axis=2)
    x = np.stack([numbers.TAILS.samples.x[:, :, 0], *np.full((2, 2, 5), 3.0)], axis=2)
    np.testing.assert_allclose(rows.TailCoverage(0.5)(numbers.view(None, None, x, real)), [0.8, 0])


def test_a_component_says_which_it_is():
    for which, word in (("smallest", "Narrowest"), ("largest", "Widest")):
        about = laws.ComponentStd(which).about_options()
        assert about.title == f"{word} component"
        assert about.meaning == f"Width of the {word.lower()} component of the mixture."


def test_endless_samples_are_drawn_once_and_have_no_last_row():
    endless = Source.of(Gaussian(2).realise(2, np.random.default_rng(0)), 9, 3)
    view = replace(numbers.PLANE, samples=endless, memo={})
    drawn = shared.rows_of(view, 5)
    assert drawn.shape == (2, 5, 2)
    assert shared.rows_of(view, 5) is drawn
    assert shared.rows_of(view, 0).why.startswith("needs all rows of S_t, and endless data have")
    three = replace(view, samples=Samples.of(np.arange(6.0).reshape(2, 3, 1), 3))
    for most, n in ((0, 3), (2, 2), (3, 3), (4, 3)):
        assert shared.rows_of(three, most).shape == (2, n, 1)


def test_real_rows_of_an_endless_reality_are_drawn_and_of_a_finite_one_no_more_than_it_has():
    endless = replace(numbers.PLANE, p_0=Gaussian(2).realise(2, np.random.default_rng(0)))
    rows_ = copies.real_rows(endless, 7)
    assert rows_.shape == (2, 7, 2)
    np.testing.assert_array_equal(copies.real_rows(replace(endless, t=9), 7), rows_)
    finite = FiniteRows.of(np.arange(5.0)[:, None], 2, np.random.default_rng(0))
    for n, right in ((3, 3), (5, 5), (8, 5)):
        found = copies.real_rows(replace(numbers.PLANE, p_0=finite), n)
        np.testing.assert_array_equal(found, finite.rows(0, right))
