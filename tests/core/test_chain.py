"""The recursion itself: resumable anywhere, with curators, warm starts and checked arguments."""

from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pytest

from genloss.core.chain import Generation, draw_real, generation_zero, run_chain
from genloss.core.curators.duplicates import Deduplication
from genloss.core.forms import AsMoments, Endless, Rows
from genloss.core.regimes import Accumulate, AccumulateSubsample, Augment, Fresh, Mix, Replace
from genloss.core.samplers import Ancestral, Shrinkage
from genloss.core.streams import Streams
from genloss.errors import DataError, RealityExhausted, SpecError
from genloss.models.categorical import CategoricalLearner, CategoricalModel
from genloss.models.gaussian import GaussianLearner, GaussianModel
from genloss.realities.finite import FiniteRows

C, N = 3, 20
P_0 = GaussianModel(np.zeros((C, 2)), np.tile(np.eye(2), (C, 1, 1)))
LEARNER = GaussianLearner(ddof=1)
STREAMS = Streams(1)


def zero(p_0=P_0, form=None, streams=STREAMS) -> Generation:
    return generation_zero(p_0, form or Rows(), N, streams)


def chain(regime, *, p_0=P_0, learner=LEARNER, form=None, after=None, streams=STREAMS, **more):
    return run_chain(
        p_0,
        learner,
        regime,
        sampler=more.pop("sampler", Ancestral()),
        form=form or Rows(),
        n_synthetic=N,
        streams=streams,
        after=(after or zero(p_0, form, streams)).history,
        **more,
    )


def states(generations):
    return [g.model.state() for g in generations]


def assert_same_states(found, right):
    for a, b in zip(found, right, strict=True):
        for name in b:
            np.testing.assert_array_equal(a[name], b[name])


FINITE = FiniteRows.of(np.random.default_rng(0).normal(size=(200, 2)), C, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("regime", "p_0", "form"),
    [
        (Replace(), P_0, Rows()),
        (Accumulate(), P_0, Rows()),
        (AccumulateSubsample(), P_0, Rows()),
        (Mix(0.3), P_0, Rows()),
        (Augment("pool"), P_0, Rows()),
        (Fresh(5), FINITE, Rows()),
        (Accumulate(), P_0, AsMoments()),
        (Replace(), P_0, Endless()),
    ],
)
def test_a_chain_continues_from_any_generation_as_if_unbroken(regime, p_0, form):
    unbroken = list(islice(chain(regime, p_0=p_0, form=form), 6))
    for t in range(5):
        rest = list(islice(chain(regime, p_0=p_0, form=form, after=unbroken[t]), 5 - t))
        assert [g.t for g in rest] == list(range(t + 2, 7))
        assert_same_states(states(rest), states(unbroken[t + 1 :]))


def test_generations_of_one_chain_differ_and_so_do_chains_and_blocks():
    first = states(islice(chain(Replace()), 4))
    other = states(islice(chain(Replace(), streams=Streams(1, 1)), 4))
    means = np.concatenate([np.concatenate([s["mean"] for s in run]) for run in (first, other)])
    assert len(np.unique(means[:, 0])) == 2 * 4 * C


def test_generation_zero_is_reality():
    g = zero()
    assert (g.t, g.train, g.model) == (0, None, P_0)
    assert (g.history.t, g.history.n_real_drawn, g.history.synthetic) == (1, N, ())


def test_generation_zero_is_the_first_rows_and_the_stream_of_its_own_time():
    np.testing.assert_array_equal(zero(FINITE).samples.x, FINITE.rows(0, N))
    drawn = P_0.sample(N, STREAMS.rng(0, "reality", 0))
    np.testing.assert_array_equal(zero().samples.x, drawn)


def test_the_sampler_asks_the_model_and_the_model_is_kept_as_learned():
    """With lam = 0 every sample is the mean: the next model has no variance, this one has."""
    one, two = islice(chain(Replace(), sampler=Shrinkage(0.0)), 2)
    assert (np.linalg.eigvalsh(one.model.cov) > 0.1).all()
    np.testing.assert_allclose(two.model.cov, 0.0, atol=1e-30)
    np.testing.assert_allclose(two.model.mean, one.model.mean)


@dataclass(frozen=True)
class Remembering:
    """Notes what it was given to start from."""

    given: list = field(default_factory=list, compare=False)

    def fit(self, train, rng, *, init=None, valid=None):
        self.given.append((init, valid))
        return LEARNER.fit(train, rng)


@pytest.mark.parametrize("warm_start", [False, True])
def test_a_warm_start_passes_the_last_model_but_never_reality(warm_start):
    learner = Remembering()
    generations = list(
        islice(chain(Replace(), learner=learner, warm_start=warm_start, valid="held out"), 4)
    )
    inits = [init for init, _ in learner.given]
    right = [None, *(g.model for g in generations[:3])] if warm_start else [None] * 4
    assert all(found is expected for found, expected in zip(inits, right, strict=True))
    assert {valid for _, valid in learner.given} == {"held out"}


def test_a_warm_start_goes_on_after_a_resume():
    learner = Remembering()
    first = list(islice(chain(Replace(), learner=learner, warm_start=True), 3))
    next(chain(Replace(), learner=learner, warm_start=True, after=first[1]))
    assert learner.given[3][0] is first[1].model


def test_a_form_or_sampler_that_does_not_fit_is_refused():
    symbols = CategoricalModel(np.full((C, 4), 0.25))
    with pytest.raises(DataError, match="moments need real rows"):
        next(chain(Replace(), p_0=symbols, learner=CategoricalLearner(4), form=AsMoments()))
    with pytest.raises(SpecError, match="got CategoricalModel; use the ancestral sampler"):
        next(chain(Replace(), p_0=symbols, learner=CategoricalLearner(4), sampler=Shrinkage(0.5)))


def test_a_finite_reality_feeds_a_source_with_its_own_rows():
    first = zero(FINITE, Endless())
    rows = zero(FINITE, Rows()).samples.x
    drawn = first.samples.take(500, np.random.default_rng(1)).x
    for c in range(len(rows)):
        np.testing.assert_array_equal(np.unique(drawn[c], axis=0), np.unique(rows[c], axis=0))


def test_a_finite_reality_goes_on_round_after_round_and_begins_again_where_it_ends():
    """Ten rows: from place 7 on four rows are 7, 8, 9, 0; from 9 on 9, 0, 1, 2; the rounds join."""
    few = FiniteRows.of(np.arange(10.0)[:, None], C, np.random.default_rng(4))
    whole = few.rows(0, 10)
    rows, curation = draw_real(few, Rows(), 4, STREAMS, 3, 7, repeats=True)
    np.testing.assert_array_equal(rows.x, whole[:, [7, 8, 9, 0]])
    assert curation is None
    twice = Deduplication(covers="all")
    rows, curation = draw_real(few, Rows(), 4, STREAMS, 3, 9, twice, repeats=True)
    np.testing.assert_array_equal(rows.x, whole[:, [9, 0, 1, 2]])
    np.testing.assert_array_equal(curation.judged.rows.x, whole[:, [9, 0, 1, 2, 3, 4, 5, 6]])
    rows, curation = draw_real(few, Rows(), 4, STREAMS, 3, 2, twice)
    np.testing.assert_array_equal(curation.judged.rows.x, whole[:, 2:])
    with pytest.raises(RealityExhausted, match="4 fresh rows asked"):
        draw_real(few, Rows(), 4, STREAMS, 3, 7)
    # Of 13 rows the first three come twice, and enter once.
    rows, _ = draw_real(few, Rows(), 13, STREAMS, 3, 0, Deduplication(1, "all"), repeats=True)
    np.testing.assert_array_equal((rows.weight > 0).sum(axis=1), 10)
