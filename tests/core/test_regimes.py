"""What regimes draw, within 4 standard errors, and the options they refuse."""

import numpy as np
import pytest

from genloss.core.editing import ToEdit
from genloss.core.hybrid import Hybrid
from genloss.core.moving import Moving
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
from genloss.core.roles import History, Sizes
from genloss.core.samples import Samples
from genloss.core.shares import Discounted, FreshShare, RisingContamination, WeightedFresh
from genloss.core.web import Web
from genloss.errors import DataError, SpecError
from genloss.realities.gaussians import Gaussian

N_REAL, N = 12, 8
P_0 = Gaussian().realise(1, np.random.default_rng(0))


def test_accumulate_subsample_draws_every_row_of_the_pool_alike():
    """Row i enters a chain's D_4 with probability 12 / 36: C p (1 - p) variance over C chains."""
    chains, rows = 4000, N_REAL + 3 * N
    place = np.broadcast_to(np.arange(rows, dtype=float)[None, :, None], (chains, rows, 1))
    parts = np.split(place, [N_REAL, N_REAL + N, N_REAL + 2 * N], axis=1)
    real, *synthetic = (Samples.of(part, k) for k, part in enumerate(parts))
    history = History(real, tuple(synthetic), 4, N_REAL, P_0)
    found = AccumulateSubsample().compose(history, None, np.random.default_rng(1))
    times = np.bincount(found.x.astype(int).ravel(), minlength=rows)
    p = N_REAL / rows
    assert np.abs(times - chains * p).max() < 4 * np.sqrt(chains * p * (1 - p))
    for k, rows_of_k in enumerate((N_REAL, N, N, N)):
        # Hypergeometric: E = 12 K / 36, Var = 12 (K / 36)(1 - K / 36)(36 - 12)/(36 - 1).
        share = rows_of_k / rows
        variance = N_REAL * share * (1 - share) * (rows - N_REAL) / (rows - 1)
        mean = found.origin_counts()[k].mean()
        assert abs(mean - N_REAL * share) < 4 * np.sqrt(variance / chains)


def test_mix_redrawn_takes_every_real_row_alike():
    """2 of 12 real rows per chain and generation: each with probability 1/6."""
    chains = 4000
    place = np.broadcast_to(np.arange(float(N_REAL))[None, :, None], (chains, N_REAL, 1))
    synthetic = Samples.of(np.full((chains, N, 1), 99.0), 1)
    history = History(Samples.of(place, 0), (synthetic,), 2, N_REAL, P_0)
    found = Mix(0.25).compose(history, None, np.random.default_rng(2))
    times = np.bincount(found.x[found.origin == 0].ravel().astype(int), minlength=N_REAL)
    p = 2 / N_REAL
    assert np.abs(times - chains * p).max() < 4 * np.sqrt(chains * p * (1 - p))


@pytest.mark.parametrize(
    "broken",
    [
        lambda: Mix(-0.1),
        lambda: Mix(40),
        lambda: Mix(float("nan")),
        lambda: Mix("half"),
        lambda: Mix(0.5, real_rows="again"),
        lambda: Augment("all"),
    ],
)
def test_options_outside_their_range_are_refused(broken):
    with pytest.raises(SpecError, match=r"must lie in|expected"):
        broken()


@pytest.mark.parametrize("size", [0, -3, 2.5, float("nan"), "5", None, True])
@pytest.mark.parametrize("of", [Window, Fresh, lambda n: StaticContamination(Gaussian(), n)])
def test_counts_of_zero_or_less_and_no_counts_are_refused(of, size):
    with pytest.raises(DataError, match="expected a whole number of at least 1"):
        of(size)


def test_a_negative_subsample_is_refused():
    with pytest.raises(DataError, match="accumulate_subsample: size is -1"):
        AccumulateSubsample(-1)


def test_too_few_real_rows_are_refused_before_anything_is_drawn():
    with pytest.raises(SpecError, match=r"mix: 1\.0 of 8 rows are 8 real rows, but S_0 has 5"):
        Mix(1.0).sizes(1, 5, 8)
    with pytest.raises(SpecError, match="n_real is 13, but S_0 has 12 rows"):
        StaticContamination(Gaussian(), 4, n_real=13).sizes(1, 12, 8)


FOREIGN_ROWS = StaticContamination(Gaussian(), 4, n_real=12)
IN_WORDS = [
    (Replace(), "only what the last model wrote"),
    (ReplaceMultiple(), "only what the last model wrote, t times as much"),
    (Accumulate(), "everything so far, real and generated"),
    (AccumulateSubsample(), "a random part, of fixed size, of everything so far"),
    (Mix(0.125), "12.5 % real rows, the rest by the last model"),
    (Fresh(1), "1 new real row and what the last model wrote"),
    (Fresh(2500), "2,500 new real rows and what the last model wrote"),
    (Augment(), "all real rows and what the last model wrote"),
    (Augment("pool"), "all real rows and all that models wrote so far"),
    (Window(1), "the last 1 set of rows"),
    (Window(3), "the last 3 sets of rows"),
    (FOREIGN_ROWS, "real rows and rows of one fixed foreign law"),
    (Switch(Replace(), 3, Mix(1.0)), "one regime up to generation 3, another one after it"),
    (
        FreshShare(0.3),
        "new real rows with a probability of 30 %, else rows of the last model",
    ),
    (RisingContamination(0.25), "new rows, of which real ones lose 25 % with each generation"),
    (
        WeightedFresh(2500, 0.6),
        "2,500 new real rows with 60 % of the weight, and what the last model wrote",
    ),
    (Discounted(0.5), "everything so far, weighted by 0.5 for each model behind a row"),
    (RealOnly(), "new real rows alone"),
    (ToEdit(0.1), "real rows of which models rewrote 10 %, fewer each time"),
    (Hybrid("real", rows=0.4), "real rows, 40 % of them with generated spans"),
    (Hybrid("generated"), "generated rows, 100 % of them with real spans"),
    (Moving(Replace(), 0.5), "as one regime has it, in a world that moves by 0.5 a generation"),
    (Web(1500), "everything so far, with 1,500 new real rows each time"),
]


@pytest.mark.parametrize(("regime", "says"), IN_WORDS, ids=lambda one: type(one).__name__)
def test_what_a_regime_trains_on_in_words(regime, says):
    assert regime.trains_on() == says


FIRST = Sizes(12, 8)
BY_HAND = [
    (Replace(), [FIRST, Sizes(8, 8), Sizes(8, 8)]),
    (ReplaceMultiple(), [Sizes(12, 16), Sizes(16, 24), Sizes(24, 32)]),
    (Accumulate(), [FIRST, Sizes(20, 8), Sizes(28, 8)]),
    (AccumulateSubsample(), [FIRST, FIRST, FIRST]),
    (AccumulateSubsample(25), [FIRST, Sizes(20, 8), Sizes(25, 8)]),
    (Mix(1.0), [FIRST, Sizes(8, 8), Sizes(8, 8)]),
    (Fresh(5), [FIRST, Sizes(13, 8, 5), Sizes(13, 8, 5)]),
    (Augment(), [FIRST, Sizes(20, 8), Sizes(20, 8)]),
    (Augment("pool"), [FIRST, Sizes(20, 8), Sizes(28, 8)]),
    (Window(2), [FIRST, Sizes(20, 8), Sizes(16, 8)]),
    (FOREIGN_ROWS, [FIRST, Sizes(16, 8), Sizes(16, 8)]),
    (StaticContamination(Gaussian(), 4), [FIRST, Sizes(16, 8), Sizes(16, 8)]),
    (Switch(Replace(), 2, Accumulate()), [FIRST, Sizes(8, 8), Sizes(28, 8)]),
    (FreshShare(0.3), [FIRST, Sizes(8, 8, 8), Sizes(8, 8, 8)]),
    (RisingContamination(0.5), [FIRST, Sizes(8, 8, 4), Sizes(8, 8, 2)]),
    (WeightedFresh(5, 0.6), [FIRST, Sizes(13, 8, 5), Sizes(13, 8, 5)]),
    (Discounted(0.5), [FIRST, Sizes(20, 8), Sizes(28, 8)]),
    (RealOnly(), [FIRST, Sizes(12, 8, 12, repeats=True), Sizes(12, 8, 12, repeats=True)]),
    (
        RealOnly((3, 4), (5, 6)),
        [Sizes(12, 5), Sizes(3, 6, 3, repeats=True), Sizes(4, 6, 4, repeats=True)],
    ),
    (ToEdit(), [Sizes(12, 12)] * 3),
    (Hybrid("real"), [Sizes(12, 12)] * 3),
    (Moving(Replace(), 0.5), [FIRST, Sizes(8, 8), Sizes(8, 8)]),
    (Web(3), [FIRST, Sizes(23, 8, 3, keeps=True), Sizes(34, 8, 3, keeps=True)]),
]


@pytest.mark.parametrize(("regime", "right"), BY_HAND, ids=lambda one: type(one).__name__)
def test_rows_of_three_generations_by_hand(regime, right):
    """12 real rows and 8 generated ones a generation."""
    assert [regime.sizes(t, 12, 8) for t in (1, 2, 3)] == right


def test_rows_that_are_edited_by_hand():
    """Of 40 rows 8, then 4 more, 2, 1; at a decay of 1 always 8, until none is left."""
    assert [ToEdit().edited(t, 40) for t in (1, 2, 3, 4, 5)] == [0, 8, 12, 14, 15]
    assert [ToEdit(decay=1.0).edited(t, 40) for t in (1, 2, 5, 6, 7)] == [0, 8, 32, 40, 40]


def test_static_contamination_takes_the_first_real_rows_or_all():
    real = Samples.of(np.arange(24.0).reshape(2, 12, 1), 0)
    for n_real, taken in ((0, 12), (5, 5)):
        regime = StaticContamination(Gaussian(mean=99.0), 3, n_real=n_real)
        train = regime.compose(History(real, (), 2, 12, P_0), None, np.random.default_rng(0))
        np.testing.assert_array_equal(train.x[:, :taken], real.x[:, :taken])
        assert train.origin_counts()[-1].tolist() == [3, 3]
        assert train.n_rows == taken + 3
        assert (train.x[:, taken:] > 50).all()


def test_what_was_edited_is_all_that_is_remembered():
    """Of 5 rows one is edited by S_1; at a share of 0 none."""
    real, last = (Samples.of(np.full((2, 5, 1), v), k) for k, v in enumerate((7.0, 8.0)))
    after = History(real, (last,), 2, 5, P_0)
    (kept,) = ToEdit(0.2).remember(after).synthetic
    assert kept.x.tolist() == [[[8.0]]] * 2
    assert ToEdit(0.0).remember(after).synthetic == ()
