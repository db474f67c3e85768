"""The first alarm: a simultaneous band that runs on real rows seldom leave."""

import numpy as np
import pytest

from genloss.errors import DataError
from genloss.judge.profile.alarm import FALSE_EXITS, Watched, first_alarms, halved

T = np.arange(1, 31)


def watched(rng, shift=0.0, metrics=3, chains=8, effect=0.0):
    """Metrics of fits on real rows; the first one leaves at t = 11 by `shift` deviations."""
    of_chain = effect * rng.normal(size=(2, chains, metrics))
    run = rng.normal(size=(len(T), chains, metrics)) + of_chain[0]
    control = rng.normal(size=(chains, 4, metrics)) + of_chain[1][:, None]
    run[10:, :, 0] += shift
    return [Watched(f"m{k}", T, run[:, :, k], control[:, :, k]) for k in range(metrics)]


def test_the_metric_that_moves_alarms_when_it_moves():
    first, *others = first_alarms(watched(np.random.default_rng(0), shift=3.0))
    assert (first.metric, first.t) == ("m0", 11)
    assert first.signal_to_noise == pytest.approx(3, abs=1)
    assert first.low < 0 < first.high
    assert [a.t for a in others] == [None, None]


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_runs_on_real_rows_seldom_alarm(effect):
    # 100 runs: more than FALSE_EXITS by 4 binomial errors (9 points) is no chance.
    rng = np.random.default_rng(1)
    left = [
        any(a.t is not None for a in first_alarms(watched(rng, effect=effect))) for _ in range(100)
    ]
    assert np.mean(left) <= FALSE_EXITS + 4 * (0.05 * 0.95 / 100) ** 0.5


def test_half_of_the_chains_see_less():
    whole = watched(np.random.default_rng(2), shift=1.5)
    half = halved(whole)
    assert half[0].run.shape == (30, 4)
    assert half[0].control.shape == (4, 4)
    widths = [first_alarms(w)[0] for w in (whole, half)]
    assert widths[1].high - widths[1].low > widths[0].high - widths[0].low


def test_infinite_values_alarm_and_constant_ones_do_not():
    one, two, three = watched(np.random.default_rng(3))
    gone = one.run.copy()
    gone[4:, 0] = np.inf
    still = np.full_like(two.run, 2.0), np.full_like(two.control, 2.0)
    alarms = first_alarms([Watched("gone", T, gone, one.control), Watched("still", T, *still)])
    assert [(a.metric, a.t) for a in alarms] == [("gone", 5), ("still", None)]
    moved = first_alarms([Watched("still", T, still[0] - (T > 8)[:, None], still[1]), three])
    assert (moved[0].metric, moved[0].t) == ("still", 9)


def test_metrics_of_other_chains_are_refused():
    rng = np.random.default_rng(4)
    with pytest.raises(DataError, match="expected one for all"):
        first_alarms([*watched(rng), *watched(rng, chains=4)])
    assert first_alarms([]) == []
