"""What regimes draw, within 4 standard errors, and the options they refuse."""

import numpy as np
import pytest

from genloss.core.regimes import (
    AccumulateSubsample,
    Augment,
    Fresh,
    Mix,
    StaticContamination,
    Window,
)
from genloss.core.roles import History
from genloss.core.samples import Samples
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
