"""Makers on one web: the null of equal makers, the price of being late, and a closed form."""

import numpy as np
import pytest

from genloss.core.curators.choice import RandomK
from genloss.errors import DataError, SpecError
from genloss.metrics.laws import RealShare, TraceRatio, W2Squared
from genloss.models.gaussian import GaussianLearner
from genloss.realities.gaussians import Gaussian
from genloss.run.ecosystem import Ecosystem, Maker, run_ecosystem
from genloss.theory import moments

LEARNER = GaussianLearner(ddof=1)
CHAINS = 1000


def ecosystem(*makers, **options):
    whole = {"generations": 12, "human": 100, "chains": CHAINS, "metrics": (W2Squared(),)}
    return Ecosystem(Gaussian(), makers, **(whole | options))


def maker(**options):
    return Maker(LEARNER, **({"scrapes": 50, "writes": 50} | options))


def log_ratio(late, first):
    """Return mean and standard error of the logarithm of a ratio of risks, over ecosystems."""
    z = np.log(late / first)
    return z.mean(), z.std(ddof=1) / np.sqrt(len(z))


def risks(makers):
    return [m["w2_squared"] for m in makers]


@pytest.mark.parametrize("inflow", [0, 30])
def test_equal_makers_that_enter_together_have_a_ratio_of_one(inflow):
    one, other = risks(run_ecosystem(ecosystem(maker(), maker(), inflow=inflow)))
    for t in (0, -1):
        mean, error = log_ratio(other.values[t], one.values[t])
        assert abs(mean) < 4 * error
    assert (one.values != other.values).any()


def test_who_is_late_begins_worse_and_fresh_human_rows_make_up_for_some_of_it():
    price = {}
    for inflow in (0, 200):
        early, late = risks(run_ecosystem(ecosystem(maker(), maker(enters=12), inflow=inflow)))
        assert (early.t[0], late.t[0]) == (1, 12)
        # At equal age: the first generation of each.
        price[inflow] = log_ratio(late.values[0], early.values[0])
    (closed, error), (fed, other) = price[0], price[200]
    assert closed > 4 * error
    assert closed - fed > 4 * np.hypot(error, other)


def test_at_the_same_time_the_web_is_the_same_for_all():
    early, late = risks(run_ecosystem(ecosystem(maker(), maker(enters=6))))
    mean, error = log_ratio(late.values[-1], early.values[-1])
    assert abs(mean) < 4 * error


def test_one_maker_that_reads_as_much_as_it_writes_accumulates_and_subsamples():
    n, t = 40, np.arange(1, 13)
    e = ecosystem(maker(scrapes=n, writes=n), human=n, metrics=(TraceRatio(),))
    ratio = run_ecosystem(e)[0]["trace_ratio"].values
    expected = moments.accumulate_subsample(t, n, ddof=1).spread
    error = ratio.std(axis=1, ddof=1) / np.sqrt(CHAINS)
    # Twelve correlated comparisons at 4.5 standard errors each.
    assert (np.abs(ratio.mean(axis=1) - expected) < 4.5 * error).all()


def test_real_rows_are_as_rare_in_a_scrape_as_on_the_web():
    makers = (maker(), maker(enters=4, private=25))
    first, second = run_ecosystem(ecosystem(*makers, inflow=10, metrics=(RealShare(),)))
    t = first["real_share"].t
    # On the web at t: what people wrote, and what each maker wrote before.
    people, machines = 100 + 10 * (t - 1), 50 * (t - 1) + 50 * np.maximum(t - 4, 0)
    share = people / (people + machines)
    got = first["real_share"].values
    error = np.maximum(got.std(axis=1, ddof=1) / np.sqrt(CHAINS), 1e-12)
    assert (np.abs(got.mean(axis=1) - share) < 4.5 * error).all()
    mine = second["real_share"].values.mean(axis=1)
    np.testing.assert_allclose(mine, (25 + 50 * share[3:]) / 75, atol=0.01)


def test_a_curator_decides_what_a_maker_trains_on():
    half = maker(curator=RandomK(keep=0.5, covers="training"))
    whole, part = risks(run_ecosystem(ecosystem(maker(), half)))
    mean, error = log_ratio(part.values[0], whole.values[0])
    # Half the rows are twice the variance of the mean and of the spread.
    assert mean == pytest.approx(np.log(2), abs=5 * error)


def test_the_same_seed_has_the_same_numbers_and_another_has_others():
    runs = [run_ecosystem(ecosystem(maker(), chains=5, seed=s))[0] for s in (1, 1, 2)]
    one, same, other = (r["w2_squared"].values for r in runs)
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_human_rows_are_counted_for_makers_that_share_them():
    two = ecosystem(maker(private=10), maker(private=10), inflow=5)
    assert two.human_rows == 100 + 5 * 11 + 20


@pytest.mark.parametrize(
    ("makers", "options", "message"),
    [
        ((), {}, "no makers"),
        (({"enters": 13},), {}, "maker 1 never enters"),
        (({"scrapes": 101},), {}, "scrapes 101 rows of a web that begins with 100"),
        (({"writes": 0},), {}, "writes"),
        (({},), {"inflow": -1}, "inflow"),
    ],
)
def test_bad_input_is_refused(makers, options, message):
    with pytest.raises((SpecError, DataError), match=message):
        ecosystem(*(maker(**m) for m in makers), **options)
