"""A reality that moves, against the recursion itself and against cases known by hand."""

import itertools

import numpy as np
import pytest

from genloss.core.chain import generation_zero, run_chain
from genloss.core.forms import Rows
from genloss.core.moving import Moving
from genloss.core.regimes import Accumulate, Mix
from genloss.core.samplers import Ancestral
from genloss.core.samples import Samples
from genloss.core.shares import RisingContamination
from genloss.core.streams import Streams
from genloss.core.web import Web
from genloss.errors import DataError, SpecError
from genloss.models.gaussian import GaussianLearner
from genloss.realities.gaussians import Gaussian
from genloss.theory import anchored, moments, moving

CHAINS, N, LAST = 3000, 30, 6


def generations(regime, chains=CHAINS, n=N, last=LAST):
    streams = Streams(1)
    p_0 = Gaussian().realise(chains, streams.rng(0, "realise"))
    zero = generation_zero(p_0, Rows(), n, streams)
    running = run_chain(
        p_0, GaussianLearner(ddof=1), regime, sampler=Ancestral(), form=Rows(), n_synthetic=n,
        streams=streams, after=zero.history,
    )  # fmt: skip
    return list(itertools.islice(running, last))


def held(values, expected):
    """Whether means of (T, C) agree with (T,) within 4.5 standard errors."""
    error = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
    return (np.abs(values.mean(axis=1) - expected) <= 4.5 * error + 1e-12).all()


@pytest.mark.parametrize("speed", [0.0, 0.3])
@pytest.mark.parametrize("rate", [0.0, 0.2, 1.0])
def test_fresh_rows_that_are_ever_more_contaminated(speed, rate):
    all_ = generations(Moving(RisingContamination(rate), speed))
    mean = np.stack([g.model.mean[:, 0] for g in all_])
    spread = np.stack([g.model.cov[:, 0, 0] for g in all_])
    t = np.arange(1, LAST + 1)
    expected = moving.rising(t, N, speed, rate)
    assert held(mean, expected.bias)
    assert held(mean**2, expected.mean_error)
    assert held(spread, expected.spread)
    other = moving.rising(t, N, speed + 0.1, rate)
    assert rate == 0 or not held(mean, other.bias)


def test_clean_rows_that_grow_old():
    all_ = generations(Moving(Mix(1.0, "same"), 0.3))
    mean = np.stack([g.model.mean[:, 0] for g in all_])
    expected = moving.cutoff(np.arange(1, LAST + 1), N, 0.3)
    assert held(mean, expected.bias)
    assert held(mean**2, expected.mean_error)


def test_a_reality_at_rest_has_the_laws_of_regimes_that_are_known():
    t = np.arange(1, 9)
    only = moving.rising(t, 20, 0.0, 1.0)
    replaced = moments.replace(t, 20, ddof=1)
    np.testing.assert_allclose(only.mean_error, replaced.mean_error)
    np.testing.assert_allclose(only.spread, replaced.spread)
    # The first step of a tenth less is that of two fresh rows among 20.
    mixed = anchored.anchored(2, 20, 18, 2, real_rows="fresh", ddof=1)
    one = moving.rising(2, 20, 0.0, 0.1)
    np.testing.assert_allclose([one.mean_error, one.spread], [mixed.mean_error, mixed.spread])


def test_every_row_lags_by_its_age():
    """At t = 4 the rows of S_0 are three generations old, those of S_1 and S_3 three and one."""
    streams = np.random.default_rng(0)
    regime = Moving(Accumulate(), 0.5)
    all_ = generations(regime, chains=2, n=4, last=4)
    real, train = all_[0].train.x, all_[3].train.x
    np.testing.assert_allclose(train[:, :4], real - 1.5)
    for s, age in ((1, 3), (2, 2), (3, 1)):
        lagged = all_[s - 1].samples.x - 0.5 * age
        np.testing.assert_allclose(train[:, 4 * s : 4 * s + 4], lagged)
    again = regime.compose(all_[2].history, None, streams)
    np.testing.assert_array_equal(again.x, train)


def test_what_has_no_age_or_place_is_refused():
    with pytest.raises(DataError, match="age is not known"):
        generations(Moving(Web(inflow=2), 0.1), chains=2)
    history = generations(Accumulate(), chains=1, last=1)[0].history
    symbols = Samples.of(np.zeros((1, 4), dtype=np.int64), 0)
    with pytest.raises(DataError, match="only rows of numbers can lag"):
        Moving(Accumulate(), 0.1).compose(
            type(history)(symbols, (), 2, 4, history.model), None, np.random.default_rng(0)
        )
    with pytest.raises(SpecError, match="speed is nan"):
        Moving(Accumulate(), float("nan"))
    with pytest.raises(SpecError, match="rate is 2"):
        moving.rising(3, 10, 0.0, 2.0)
