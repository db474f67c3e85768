"""Curators that choose, on rows whose order is known and in the loop."""

from itertools import islice

import numpy as np
import pytest
from scipy import stats

from genloss.core.chain import generation_zero, run_chain
from genloss.core.curators.choice import TopK
from genloss.core.curators.reference import Reference
from genloss.core.curators.rounds import curated
from genloss.core.curators.scores import Likelihood, ReferenceDistance
from genloss.core.forms import Rows
from genloss.core.regimes import Accumulate, Replace
from genloss.core.samplers import Ancestral
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.errors import DataError, SpecError
from genloss.models.gaussian import GaussianLearner, GaussianModel

C, N = 200, 100
STREAMS = Streams(21)


def law(chains=C, d=1):
    return GaussianModel(np.zeros((chains, d)), np.tile(np.eye(d), (chains, 1, 1)))


def chain(curator, regime, p_0=None):
    p_0 = p_0 or law()
    return run_chain(
        p_0,
        GaussianLearner(ddof=0),
        regime,
        sampler=Ancestral(),
        form=Rows(),
        n_synthetic=N,
        streams=STREAMS,
        after=generation_zero(p_0, Rows(), N, STREAMS, curator).history,
        curator=curator,
    )


@pytest.mark.parametrize("keep", [0.1, 0.25, 0.3, 0.7, 1.0])
def test_a_choice_takes_the_nearest_of_all_rounds_together(keep):
    """Exactly n of the first round(n / keep) rows, and no row left out is nearer than one taken."""
    rng = np.random.default_rng(3)
    rounds = rng.normal(size=(10, 2, 40, 1))
    curator = TopK(keep, ReferenceDistance())
    reference = Reference(law(2), STREAMS, 40)
    rows, curation = curated(
        lambda k: Samples.of(rounds[k], 1), 40, curator, reference, lambda k: rng
    )
    seen = round(40 / keep)
    np.testing.assert_array_equal(curation.seen, seen)
    np.testing.assert_array_equal(curation.accepted, 40)
    assert (rows.weight == 1).all()
    for c in range(2):
        every = rounds[:, c].reshape(-1)[:seen]
        np.testing.assert_array_equal(np.sort(np.abs(rows.x[c, :, 0])), np.sort(np.abs(every))[:40])


def test_a_choice_by_distance_leaves_the_spread_of_the_middle():
    """Of N(0, 1) the nearest tenth: the variance of a normal law cut at its 45 and 55 %."""
    one = next(chain(TopK(0.1, ReferenceDistance(), covers="all"), Replace()))
    a = stats.norm.ppf(0.55)
    cut = 1 - 2 * a * stats.norm.pdf(a) / 0.1
    got = one.model.cov[:, 0, 0]
    # The cut varies with the tenth order statistic: relative sd of a variance near sqrt(.8 / 100),
    # of the bound as much again; over 200 chains 4 standard errors are 4 %. ddof = 0 takes 1 %.
    assert abs(got.mean() / (cut * 0.99) - 1) < 0.04


def test_a_biased_reference_moves_the_mean_and_the_choice_collapses():
    generations = list(islice(chain(TopK(0.1, ReferenceDistance(shift=2.0)), Replace()), 4))
    spread = [g.model.cov[:, 0, 0].mean() for g in generations]
    assert spread[3] < 0.01 * spread[0]
    moved = np.abs(generations[3].model.mean[:, 0]).mean()
    # E|N(0, 2^2)| = 1.6; the choice runs towards the centre and stops where its rows end.
    assert 0.8 < moved < 1.9


def test_the_shift_moves_as_many_coordinates_as_it_says():
    """Of the d = 6 coordinates of 500 chains, three at random move by N(0, 4)."""
    reference = Reference(law(500, 6), STREAMS, N)
    score = ReferenceDistance(shift=2.0, dims=3)
    origin = -(score.scores(Samples.of(np.zeros((500, 1, 6)), 1), reference)[:, 0] ** 2)
    per_axis = [
        -(score.scores(Samples.of(np.tile(np.eye(6)[k], (500, 1, 1)), 1), reference)[:, 0] ** 2)
        for k in range(6)
    ]
    # |e_k - c|^2 - |c|^2 = 1 - 2 c_k (to the ridge of the covariance).
    centre = np.stack([(1 + p - origin) / 2 for p in per_axis], axis=1)
    moved = np.abs(centre) > 1e-4
    np.testing.assert_array_equal(moved.sum(axis=1), 3)
    assert abs(moved.mean(axis=0) - 0.5).max() < 4 * np.sqrt(0.25 / 500)
    assert abs(centre[moved].var() / 4 - 1) < 4 * np.sqrt(2 / 1500)


def test_a_choice_under_p_1_needs_it_and_has_it():
    """Every generation is judged by the model of generation 1."""
    curator = TopK(0.5, Likelihood())
    generations = list(islice(chain(curator, Accumulate()), 3))
    first = generations[0].model
    for g in generations:
        assert g.history.first is first
        judged = g.curation.judged
        scores = first.log_prob(judged.rows.x)
        worst = np.where(judged.accepted, scores, np.inf).min(axis=1)
        best = np.where(judged.accepted, -np.inf, scores).max(axis=1)
        assert (worst >= best).all()


@pytest.mark.parametrize(
    ("curator", "says"),
    [
        (TopK(0.5, Likelihood(), covers="all"), "there is no p_1 before generation 1"),
        (TopK(0.5, Likelihood("writer"), covers="training"), "there is no writer of rows that"),
    ],
)
def test_a_judge_that_is_not_there_is_named(curator, says):
    with pytest.raises(DataError, match=says):
        list(islice(chain(curator, Accumulate()), 2))


def test_a_reference_of_symbols_has_no_distance():
    rows = Samples.of(np.zeros((C, 5), dtype=np.int64), 1)
    with pytest.raises(DataError, match="use score = 'likelihood'"):
        TopK(0.5, ReferenceDistance()).select(
            rows, Reference(law(), STREAMS, N), np.random.default_rng(0)
        )


@pytest.mark.parametrize(
    "broken",
    [
        lambda: TopK(0.0, Likelihood()),
        lambda: TopK(1.1, Likelihood()),
        lambda: Likelihood("somebody"),
        lambda: ReferenceDistance(shift=-1.0),
        lambda: ReferenceDistance(width=0.0),
        lambda: ReferenceDistance(dims=-1),
    ],
)
def test_bad_options_are_refused(broken):
    with pytest.raises((SpecError, DataError), match=r"keep|under|shift|width|dims"):
        broken()
