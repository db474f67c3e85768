"""History: what a regime remembers."""

import numpy as np

from genloss.core.roles import History
from genloss.core.samples import Samples
from genloss.models.gaussian import GaussianModel

P_0, P_1 = (GaussianModel(np.full((2, 1), m), np.ones((2, 1, 1))) for m in (0.0, 1.0))


def part(origin: int) -> Samples:
    return Samples.of(np.full((2, 3, 1), float(origin)), origin)


def origins(history: History) -> list[list[int]]:
    return [sorted(p.origin_counts()) for p in history.synthetic]


def test_after_appends_the_samples_and_counts_the_real_rows():
    history = History(part(0), (), 1, 3, P_0).after(P_1, part(1), 2).after(P_1, part(2), 0)
    assert (history.t, history.n_real_drawn, origins(history)) == (3, 5, [[1], [2]])


def test_keeping_the_last_k_never_returns_others():
    history = History(part(0), (part(1), part(2)), 3, 3, P_0)
    assert origins(history.keeping_last(0)) == []
    assert origins(history.keeping_last(1)) == [[2]]
    assert origins(history.keeping_last(2)) == [[1], [2]]
    # A slice counted from the end would give [[2]] here.
    assert origins(history.keeping_last(3)) == [[1], [2]]


def test_pooling_joins_all_synthetic_parts_oldest_first():
    history = History(part(0), (part(1), part(2)), 3, 3, P_0).pooled()
    np.testing.assert_array_equal(history.synthetic[0].origin, [[1, 1, 1, 2, 2, 2]] * 2)
    assert history.pooled() is history
    assert History(part(0), (), 1, 3, P_0).pooled().synthetic == ()
