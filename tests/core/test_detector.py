"""A detector's rates, and its tilt: without one errors only thin, through one the tail is lost."""

from itertools import islice

import numpy as np
import pytest
from scipy import integrate, stats

from genloss.core.chain import generation_zero, run_chain
from genloss.core.curators.chance import Oracle
from genloss.core.curators.detector import Detector
from genloss.core.curators.dial import intercept, tilted_rate
from genloss.core.curators.rarity import CALIBRATION, distance_from, moments_of, rarity
from genloss.core.curators.reference import Reference
from genloss.core.forms import Rows
from genloss.core.regimes import Accumulate, Fresh, Mix, Replace
from genloss.core.samplers import Ancestral
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.errors import DataError, SpecError
from genloss.models.categorical import CategoricalModel
from genloss.models.gaussian import GaussianLearner, GaussianModel
from genloss.realities.finite import FiniteRows
from genloss.testing.beside import Shared

C, N = 400, 100
STREAMS = Streams(11)


def law(chains=C, d=1):
    return GaussianModel(np.zeros((chains, d)), np.tile(np.eye(d), (chains, 1, 1)))


def chain(curator, regime, p_0=None, n=N):
    p_0 = p_0 or law()
    return run_chain(
        p_0,
        GaussianLearner(ddof=1),
        regime,
        sampler=Ancestral(),
        form=Rows(),
        n_synthetic=n,
        streams=STREAMS,
        after=generation_zero(p_0, Rows(), n, STREAMS, curator).history,
        curator=curator,
    )


@pytest.mark.parametrize("rate", [1e-6, 0.05, 0.5, 0.93, 1 - 1e-9])
@pytest.mark.parametrize("tilt", [0.1, 3.0, 40.0, 100.0])
def test_a_tilted_rate_keeps_its_mean(rate, tilt):
    """By the average over [0, 1], over a hundred intervals, and by quadrature of the line."""
    edges = np.linspace(0, 1, 101)
    whole = tilted_rate(np.zeros(1), np.ones(1), rate, tilt)[0]
    parts = tilted_rate(edges[:-1], edges[1:], rate, tilt)
    assert whole == pytest.approx(rate, rel=1e-9)
    assert parts.mean() == pytest.approx(rate, rel=1e-9)
    assert (np.diff(parts) >= -1e-10).all()
    assert ((parts >= 0) & (parts <= 1)).all()
    a = intercept(rate, tilt)
    line = integrate.quad(lambda u: 1 / (1 + np.exp(-(a + tilt * (u - 0.5)))), 0, 1)[0]
    assert line == pytest.approx(rate, rel=1e-7)


def test_a_point_is_the_limit_of_narrow_intervals():
    u = np.linspace(0.1, 0.9, 9)
    point = tilted_rate(u, u, 0.2, 5.0)
    np.testing.assert_allclose(point, tilted_rate(u - 1e-4, u + 1e-4, 0.2, 5.0), rtol=1e-6)
    np.testing.assert_array_equal(tilted_rate(u, u, 0.2, 0.0), 0.2)
    np.testing.assert_array_equal(tilted_rate(u, u, 1.0, 9.0), 1.0)
    np.testing.assert_array_equal(tilted_rate(u, u, 0.0, 9.0), 0.0)


@pytest.mark.parametrize("d", [1, 3])
def test_rarity_of_a_gaussian_is_that_of_its_distance(d):
    """The chi-square law; ranks in 4096 rows err by less than 5 sqrt(1/4 / 4096) = .039."""
    reference = Reference(law(4, d), STREAMS, N)
    x = np.random.default_rng(1).normal(size=(4, 500, d))
    low, high = rarity(reference).of(x)
    np.testing.assert_array_equal(low, high)
    expected = stats.chi2.cdf((x * x).sum(axis=2), d)
    assert np.abs(low - expected).max() < 5 * 0.5 / np.sqrt(CALIBRATION)


def test_symbols_of_equal_probability_share_an_interval():
    p = np.array([[0.3, 0.1, 0.0, 0.3, 0.2, 0.1]])
    low, high = rarity(Reference(CategoricalModel(p), STREAMS, N)).of(np.arange(6)[None])
    np.testing.assert_allclose(low[0], [0.0, 0.8, 1.0, 0.0, 0.6, 0.8])
    np.testing.assert_allclose(high[0], [0.6, 1.0, 1.0, 0.6, 0.8, 1.0])
    rates = tilted_rate(low, high, 0.25, 4.0)
    assert (p * rates).sum() == pytest.approx(0.25)


def test_real_rows_without_a_density_are_ranked_among_themselves():
    x = np.random.default_rng(2).normal(size=(50, 2))
    p_0 = FiniteRows.of(x, 2, np.random.default_rng(3))
    low, high = rarity(Reference(p_0, STREAMS, 50)).of(p_0.rows(0, 50))
    for c in range(2):
        np.testing.assert_allclose(np.sort(low[c]), np.arange(50) / 50)
    np.testing.assert_allclose(high - low, 1 / 50)


def test_distances_by_hand_also_where_a_law_has_no_width():
    """A millionth of the mean eigenvalue stands in for a width of 0, and of 1 where all are 0."""
    mean = np.array([[1.0, 0.0]] * 3)
    cov = np.stack([np.diag([4.0, 1.0]), np.diag([4.0, 0.0]), np.zeros((2, 2))])
    x = np.tile([[3.0, 1.0], [1.0, 0.0]], (3, 1, 1))
    right = [[np.sqrt(2), 0], [np.sqrt(1 + 1 / 2e-6), 0], [np.sqrt(5 / 1e-6), 0]]
    np.testing.assert_allclose(distance_from(mean, cov)(x), right, rtol=3e-6)


def test_moments_of_rows_by_hand():
    mean, cov = moments_of(np.array([[[0, 1], [2, 1], [4, 7]]]))
    np.testing.assert_allclose(mean, [[2, 3]])
    np.testing.assert_allclose(cov, [[[8 / 3, 4], [4, 8]]])


def test_tokens_are_rare_by_their_frequency_in_real_rows():
    x = np.array([[1, 1, 1, 1], [1, 1, 1, 2], [3, 2, 3, -1]])
    ranks = rarity(Reference(Shared(x, None, 1), STREAMS, 3))
    counts = np.array([0, 7, 2, 2, 0]) + 1.0
    surprise = -np.log(counts / counts.sum())
    np.testing.assert_allclose(ranks.surprise(x[None, 2:]), [[surprise[[3, 2, 3]].mean()]])
    np.testing.assert_allclose(ranks.surprise(np.array([[[9, 1]]])), [[surprise[[4, 1]].mean()]])
    # A token alone is its own mean, and a row without any surprises nobody.
    alone = ranks.surprise(np.array([[[3, -1], [-1, -1]]]))
    np.testing.assert_allclose(alone, [[surprise[3], 0]])


def entered(detector, origin):
    """Return which of 400,000 standard normal rows enter, and the rows."""
    x = np.random.default_rng(5).normal(size=(4, 100_000, 1))
    reference = Reference(law(4), STREAMS, N)
    rows = Samples.of(x, origin)
    return detector.select(rows, reference, np.random.default_rng(6)).accepted, x[:, :, 0]


@pytest.mark.parametrize(("tilt", "origin", "rate"), [(0, 0, 0.1), (6, 0, 0.1), (6, 3, 0.7)])
def test_flagged_shares_are_the_dialled_rates(tilt, origin, rate):
    """400,000 rows: 4 standard errors, and what 4096 ranks err: below tilt rate (1 - rate) .008."""
    accepted, _ = entered(Detector(0.7, 0.1, float(tilt)), origin)
    band = 4 * np.sqrt(rate * (1 - rate) / accepted.size) + 4 * tilt * rate * (1 - rate) * 0.008 / 2
    assert abs((~accepted).mean() - rate) < band


def tail_that_enters(fpr, tilt, q):
    """The share of real rows rarer than q among those that enter, by the closed form."""
    if tilt == 0:
        return 1 - q
    flagged = tilted_rate(np.array([q]), np.ones(1), fpr, tilt)[0]
    return (1 - q) * (1 - flagged) / (1 - fpr)


@pytest.mark.parametrize("tilt", [0.0, 8.0])
def test_an_untilted_error_keeps_the_tail_and_a_tilted_one_loses_it(tilt):
    """Rows beyond the 95 % quantile of |x| among those that enter, against the closed form.

    4 standard errors of 4 x 80,000 rows at a share of .05: 4 sqrt(.05 .95 / 320,000) = .0016; the
    ranks of four chains add at most as much.
    """
    accepted, x = entered(Detector(0.0, 0.2, tilt), 0)
    far = np.abs(x) > stats.norm.ppf(0.975)
    share = far[accepted].mean()
    assert abs(share - tail_that_enters(0.2, tilt, 0.95)) < 0.0032
    assert abs(far.mean() - 0.05) < 0.0016
    if tilt:
        assert share < 0.03


def spread_that_enters(fpr, tilt):
    """E x^2 of standard normal rows that enter."""

    def density(x):
        u = np.array([stats.chi2.cdf(x * x, 1)])
        return x * x * (1 - tilted_rate(u, u, fpr, tilt)[0]) * stats.norm.pdf(x)

    return integrate.quad(density, -9, 9)[0] / (1 - fpr)


@pytest.mark.parametrize("tilt", [0.0, 6.0])
def test_in_the_loop_only_a_tilt_takes_spread(tilt):
    """Fresh real rows through the detector, generated ones all refused: p_t is a fit of real rows.

    Its variance (ddof 1) has the mean of what enters, E x^2, and over 400 chains of about 80 rows
    an error below 4 sqrt(2 / 79 / 400) = .032.
    """
    generations = list(islice(chain(Detector(1.0, 0.2, tilt), Fresh(N)), 3))
    for g in generations[1:]:
        got = g.model.cov[:, 0, 0].mean()
        assert abs(got - spread_that_enters(0.2, tilt)) < 0.032
        assert (g.train.origin[g.train.weight > 0] == 0).all()
    # D_1 is S_0, which has not passed.
    assert abs(generations[0].model.cov[:, 0, 0].mean() - 1) < 0.032
    assert spread_that_enters(0.2, 0.0) == pytest.approx(1)
    assert spread_that_enters(0.2, 6.0) < 0.75


def test_an_oracle_leaves_real_rows_alone():
    generations = list(islice(chain(Oracle(), Mix(0.3)), 3))
    for g in generations[1:]:
        assert (g.train.weight == 1).all()
        assert (g.train.origin == 0).all()
        assert g.train.n_rows == 30
        np.testing.assert_array_equal(g.curation.asked, N)
        np.testing.assert_array_equal(g.curation.accepted, 30)
        np.testing.assert_array_equal(g.curation.refused["generated"], 70)


def test_a_perfect_detector_is_an_oracle():
    one = list(islice(chain(Detector(1.0, 0.0, 5.0), Accumulate()), 4))
    two = list(islice(chain(Oracle(), Accumulate()), 4))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.model.mean, b.model.mean)


@pytest.mark.parametrize("curator", [Oracle(), Detector(1.0, 0.0)])
def test_a_set_of_which_nothing_is_left_ends_the_run_and_says_what_was_seen(curator):
    with pytest.raises(DataError) as raised:
        list(islice(chain(curator, Replace()), 2))
    said = f"{type(curator).__name__} accepted none of the 100 rows of chain 0; refused: 100 as '"
    assert str(raised.value).startswith(said)
    assert "'false positive'" not in str(raised.value)
    assert "take a regime that keeps real rows (accumulate, fresh)" in str(raised.value)


def test_the_pool_is_judged_anew_and_remembered_whole():
    generations = list(islice(chain(Detector(0.9, 0.5), Accumulate()), 3))
    assert generations[2].history.synthetic[0].n_rows == 3 * N
    assert generations[2].history.synthetic[0].weight is None
    counts = generations[2].train.origin_counts()
    # 100 real rows at 1 - fpr, and 100 of each generation at 1 - tpr: means over 400 chains.
    assert abs(counts[0].mean() - 50) < 4 * np.sqrt(25 / C)
    assert abs(counts[1].mean() - 10) < 4 * np.sqrt(9 / C)
    assert abs(counts[2].mean() - 10) < 4 * np.sqrt(9 / C)


def test_where_all_rows_pass_each_kind_is_drawn_until_there_are_enough():
    generations = list(islice(chain(Detector(0.6, 0.3, rounds=9, covers="all"), Fresh(50)), 3))
    for g in generations[1:]:
        assert (g.train.weight == 1).all()
        np.testing.assert_array_equal(g.train.origin_counts()[0], 50)
        np.testing.assert_array_equal(g.curation.asked, 150)
        np.testing.assert_array_equal(g.curation.accepted, 150)
        refused = sum(g.curation.refused.values())
        np.testing.assert_array_equal(g.curation.seen, 150 + refused)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"tpr": 1.2, "fpr": 0.1}, "detector: tpr is 1.2; expected a rate in"),
        ({"tpr": 0.5, "fpr": -0.1}, "detector: fpr is -0.1"),
        ({"tpr": float("nan"), "fpr": 0.1}, "detector: tpr is nan"),
        ({"tpr": 50, "fpr": 5}, "not a percentage"),
        ({"tpr": 0.5, "fpr": 0.1, "tilt": -1.0}, "detector: tilt is -1.0"),
        ({"tpr": 0.5, "fpr": 0.1, "covers": "some"}, "detector: covers is 'some'; expected one of"),
        ({"tpr": 0.5, "fpr": 0.1, "rounds": 0}, "detector: rounds"),
    ],
)
def test_bad_options_are_refused(fields, says):
    with pytest.raises((SpecError, DataError), match=says):
        Detector(**fields)
