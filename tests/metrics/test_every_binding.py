"""Every metric that a spec may name has a value by hand that no other chain or bound gives."""

import numpy as np
import pytest

from genloss.spec.build import find_class
from genloss.spec.registry import CATALOG

from . import test_by_hand, test_seen_by_hand, test_text_by_hand

CASES = [*test_by_hand.CASES, *test_seen_by_hand.CASES, *test_text_by_hand.CASES]


@pytest.mark.parametrize("kind", CATALOG["metric"])
def test_every_metric_has_unequal_values_by_hand(kind):
    """Values that differ between two chains, one of them neither 0 nor 1: nothing cancels."""
    of_kind = find_class("metric", kind, "metric")
    values = [np.asarray(right) for metric, _, right in CASES if type(metric) is of_kind]
    assert values, f"{kind}: give it a case with its values for two chains, derived by hand"
    assert any((v[0] != v[1]).any() and not np.isin(v, (0, 1)).all() for v in values)


def test_values_of_two_chains_stand_in_every_case():
    for metric, _, right in CASES:
        assert np.shape(right)[0] == 2, metric
