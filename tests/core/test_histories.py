"""What regimes take of the past and what they keep of it, set by set."""

import numpy as np
import pytest

from genloss.core.editing import ToEdit
from genloss.core.hybrid import Hybrid
from genloss.core.real_only import RealOnly
from genloss.core.regimes import (
    Accumulate,
    AccumulateSubsample,
    Augment,
    Fresh,
    Mix,
    Replace,
    ReplaceMultiple,
    StaticContamination,
    Switch,
    Window,
)
from genloss.core.roles import History
from genloss.core.samples import Samples
from genloss.core.shares import Discounted, FreshShare, RisingContamination, WeightedFresh
from genloss.core.statistics import Counts
from genloss.core.web import Web
from genloss.errors import DataError
from genloss.models.gaussian import GaussianModel
from genloss.realities.gaussians import Gaussian

P_0 = GaussianModel(np.zeros((2, 1)), np.ones((2, 1, 1)))


def rows(first: int, n: int, origin: int) -> Samples:
    """Return rows first, first + 1, ... of one chain, a thousand more in the other."""
    x = first + np.arange(float(n))
    return Samples.of(np.stack([x, x + 1000])[..., None], origin)


def numbers(data: Samples) -> list[float]:
    np.testing.assert_array_equal(data.x[1], data.x[0] + 1000)
    return data.x[0, :, 0].tolist()


REAL, ONE, TWO, NEW = rows(0, 4, 0), rows(10, 3, 1), rows(20, 3, 2), rows(90, 2, 0)
PAST = History(REAL, (ONE, TWO), 3, 4, P_0)
ALL = [0, 1, 2, 3, 10, 11, 12, 20, 21, 22]

COMPOSED = [
    (Replace(), None, [20, 21, 22]),
    (ReplaceMultiple(), None, [20, 21, 22]),
    (Accumulate(), None, ALL),
    (AccumulateSubsample(10), None, ALL),
    (AccumulateSubsample(99), None, ALL),
    (Mix(0.0), None, [20, 21, 22]),
    (Mix(2 / 3, "same"), None, [0, 1, 20]),
    (Mix(1.0, "same"), None, [0, 1, 2]),
    (Fresh(2), NEW, [90, 91, 20, 21, 22]),
    (Augment(), None, [0, 1, 2, 3, 20, 21, 22]),
    (Augment("pool"), None, ALL),
    (Window(1), None, [20, 21, 22]),
    (Window(2), None, [10, 11, 12, 20, 21, 22]),
    (Window(3), None, ALL),
    (Switch(Replace(), 2, Accumulate()), None, ALL),
    (Switch(Replace(), 3, Accumulate()), None, [20, 21, 22]),
    (RealOnly(), NEW, [90, 91]),
    (RisingContamination(0.5), NEW, [90, 91, 20]),
    (RisingContamination(0.5), None, [20, 21, 22]),
    (RisingContamination(0.5), rows(90, 3, 0), [90, 91, 92]),
    (FreshShare(0.0), rows(90, 3, 0), [20, 21, 22]),
    (FreshShare(1.0), rows(90, 3, 0), [90, 91, 92]),
    (WeightedFresh(2, 0.5), NEW, [90, 91, 20, 21, 22]),
    (Discounted(0.5), None, ALL),
    (Web(2), NEW, [*ALL, 90, 91]),
    (Web(0), None, ALL),
]


@pytest.mark.parametrize(("regime", "fresh", "right"), COMPOSED)
def test_what_is_trained_on_row_by_row(regime, fresh, right):
    train = regime.compose(PAST, fresh, np.random.default_rng(0))
    if isinstance(regime, AccumulateSubsample):
        assert np.sort(train.x[0, :, 0]).tolist() == right
    else:
        assert numbers(train) == right
    np.testing.assert_array_equal(
        train.origin[0],
        np.select([train.x[0, :, 0] // 10 == 1, train.x[0, :, 0] // 10 == 2], [1, 2], 0),
    )


LAST, POOL, NOTHING, BOTH = (
    [[20, 21, 22]],
    [[10, 11, 12, 20, 21, 22]],
    [],
    [[10, 11, 12], *[[20, 21, 22]]],
)
KEPT = [
    (Replace(), LAST),
    (ReplaceMultiple(), LAST),
    (Accumulate(), POOL),
    (AccumulateSubsample(), POOL),
    (Mix(0.5), LAST),
    (Fresh(2), LAST),
    (Augment(), LAST),
    (Augment("pool"), POOL),
    (Window(1), LAST),
    (Window(2), BOTH),
    (StaticContamination(Gaussian(), 2), NOTHING),
    (Switch(Replace(), 3, Accumulate()), LAST),
    (Switch(Replace(), 2, Accumulate()), POOL),
    (RealOnly(), NOTHING),
    (FreshShare(0.5), LAST),
    (RisingContamination(0.5), LAST),
    (WeightedFresh(2, 0.5), LAST),
    (Discounted(0.5), POOL),
    (Hybrid("real"), LAST),
    (Web(2), POOL),
]


@pytest.mark.parametrize(("regime", "right"), KEPT)
def test_what_is_remembered_set_by_set(regime, right):
    after = regime.remember(PAST)
    assert [numbers(part) for part in after.synthetic] == right
    assert after.real is REAL


def test_rows_are_edited_one_after_another_and_stay_edited():
    """Of four rows one a fit, then a half: rows 0 and 1 of S_1 and S_2, whole or as remembered."""
    regime = ToEdit(0.25, decay=1.0)
    one, two = rows(10, 4, 1), rows(20, 4, 2)
    after = History(REAL, (one, two), 3, 4, P_0)
    rng = np.random.default_rng(0)
    assert numbers(regime.compose(after, None, rng)) == [10, 21, 2, 3]
    remembered = regime.remember(after)
    assert [numbers(part) for part in remembered.synthetic] == [[10, 21]]
    assert numbers(regime.compose(remembered, None, rng)) == [10, 21, 2, 3]
    later = remembered.after(P_0, rows(30, 4, 3), 0).after(P_0, rows(40, 4, 4), 0)
    assert numbers(regime.compose(later, None, rng)) == [10, 21, 32, 43]
    assert numbers(ToEdit(0.0).compose(after, None, rng)) == [0, 1, 2, 3]
    with pytest.raises(DataError, match="generation 1 left 3 rows, of which 1 should stand in"):
        regime.compose(PAST, None, rng)
    with pytest.raises(DataError, match="generation 1 left 0 rows"):
        regime.compose(History(REAL, (), 3, 4, P_0), None, rng)
    counts = Counts(np.array([[3, 1], [2, 2]]), ((0, 4),))
    with pytest.raises(DataError, match="to_edit rewrites rows one by one; got Counts"):
        regime.compose(History(counts, (), 3, 4, P_0), None, rng)


def test_new_rows_that_are_needed_and_not_there_are_told():
    for regime in (Fresh(2), RealOnly(), WeightedFresh(2, 0.5)):
        with pytest.raises(DataError, match=r"D_3 needs .*new real rows; got none"):
            regime.compose(PAST, None, np.random.default_rng(0))
