"""Bindings at their edges: rounding, both sides of a comparison, chains of which only one lacks."""

from dataclasses import replace

import numpy as np

from genloss.core.view import NotApplicable
from genloss.metrics import laws, makers, regression, rows, tokens

from . import test_by_hand as numbers


def test_angles_of_opposite_coefficients_are_not_lost_to_rounding():
    """The cosine of many a vector with itself is above 1, with its opposite below -1."""
    w = np.random.default_rng(0).normal(size=(400, 3))
    for sign, right in ((1, 1.0), (-1, 0.0)):
        found = regression.HalfspaceAccuracy()(
            numbers.view(numbers.Slopes(sign * w), numbers.Slopes(w))
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


def test_symbols_are_needed_on_both_sides():
    for odd in (
        replace(numbers.LEFT, model=numbers.Known()),
        replace(numbers.LEFT, p_0=numbers.Known()),
    ):
        assert isinstance(tokens.Entropy()(odd), NotApplicable)


def test_a_column_has_two_tails_in_every_chain_or_does_not_count():
    """The second column has none above in the first chain, and none below in the second."""
    flat = np.array([0.0, 1, 2, 3, 4, 5, 6, 6, 6])
    real = np.stack([numbers.NINE, [flat, 6 - flat]], axis=2)
    x = np.stack([numbers.TAILS.samples.x[:, :, 0], np.full((2, 5), 3.0)], axis=2)
    np.testing.assert_allclose(rows.TailCoverage(0.5)(numbers.view(None, None, x, real)), [0.8, 0])
