"""What real and generated rows weigh, row by row."""

import numpy as np
import pytest

from genloss.core.roles import History
from genloss.core.samples import Samples
from genloss.core.shares import Discounted, FreshShare, WeightedFresh
from genloss.core.statistics import Counts, Moments
from genloss.errors import DataError, SpecError
from genloss.models.gaussian import GaussianModel

P_0 = GaussianModel(np.zeros((2, 1)), np.ones((2, 1, 1)))


def rows(n: int, origin: int) -> Samples:
    return Samples.of(np.random.default_rng(origin).normal(size=(2, n, 1)), origin)


def history(*sets: Samples) -> History:
    return History(rows(12, 0), sets, len(sets) + 1, 12, P_0)


def weight_of(train: Samples, origins: list[int]) -> list[float]:
    """Share of the whole weight of each origin in the first chain."""
    total = train.weight[0].sum()
    return [float(train.weight[0][train.origin[0] == k].sum() / total) for k in origins]


RNG = np.random.default_rng(0)


def test_weighted_rows_and_moments_have_the_share_of_the_weight_that_was_asked():
    regime = WeightedFresh(5, 0.6)
    train = regime.compose(history(rows(8, 1)), rows(5, 0), RNG)
    assert weight_of(train, [0, 1]) == pytest.approx([0.6, 0.4])
    # As much weight as rows, so that a correction for freedom stays that of the number of rows.
    assert train.weight.sum(axis=1) == pytest.approx([13, 13])
    fresh, last = Moments.of(rows(5, 0)), Moments.of(rows(8, 1))
    past = History(Moments.of(rows(12, 0)), (last,), 2, 12, P_0)
    found, right = regime.compose(past, fresh, RNG), Moments.of(train)
    assert found.n_rows == 13
    for name in ("total", "mean", "scatter"):
        np.testing.assert_allclose(getattr(found, name), getattr(right, name))


def test_discounts_follow_the_depth_up_to_a_cap():
    past = history(rows(12, 1), rows(12, 2))
    train = Discounted(0.5).compose(past, None, RNG)
    assert weight_of(train, [0, 1, 2]) == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    capped = Discounted(0.5, cap=0.3).compose(past, None, RNG)
    assert weight_of(capped, [0, 1, 2]) == pytest.approx([0.7, 0.2, 0.1])
    loose = Discounted(0.5, cap=0.9).compose(past, None, RNG)
    np.testing.assert_array_equal(loose.weight, train.weight)


def test_a_curator_s_weights_are_kept():
    one = rows(12, 1)
    half = Samples(one.x, one.origin, np.full((2, 12), 0.5))
    train = Discounted(1.0).compose(history(half), None, RNG)
    assert weight_of(train, [0, 1]) == pytest.approx([2 / 3, 1 / 3])
    train = WeightedFresh(12, 0.5).compose(history(half), rows(12, 0), RNG)
    assert weight_of(train, [0, 1]) == pytest.approx([2 / 3, 1 / 3])


def test_a_share_of_rows_is_real_by_chance_and_keeps_its_place():
    fresh, last = rows(400, 0), rows(400, 1)
    train = FreshShare(0.3).compose(history(last), fresh, np.random.default_rng(1))
    real = train.origin == 0
    np.testing.assert_array_equal(train.x[real], fresh.x[real])
    np.testing.assert_array_equal(train.x[~real], last.x[~real])
    assert not np.array_equal(real[0], real[1])
    # 4 standard errors of a share of 800 rows.
    assert abs(real.mean() - 0.3) < 4 * (0.3 * 0.7 / 800) ** 0.5


def test_what_cannot_be_weighed_or_chosen_names_the_form_that_can():
    counts = Counts(np.full((2, 2), 4), ((1, 8),))
    past = History(counts, (counts,), 2, 8, P_0)
    with pytest.raises(DataError, match="form = 'rows' or 'moments'"):
        WeightedFresh(8, 0.5).compose(past, counts, RNG)
    with pytest.raises(DataError, match="regime 'fresh' for a fixed number"):
        FreshShare(0.5).compose(past, counts, RNG)
    with pytest.raises(DataError, match="form = 'rows'"):
        Discounted(0.5).compose(past, None, RNG)
    with pytest.raises(DataError, match="needs 5 new real rows; got none"):
        WeightedFresh(5, 0.5).compose(past, None, RNG)
    for wrong in (0.0, 1.0, 60):
        with pytest.raises(SpecError, match="real_weight"):
            WeightedFresh(5, wrong)
    with pytest.raises(SpecError, match="decay"):
        Discounted(0.0)
    with pytest.raises(SpecError, match="cap"):
        Discounted(0.5, cap=0.0)
    with pytest.raises(SpecError, match="real_share"):
        FreshShare(30)
