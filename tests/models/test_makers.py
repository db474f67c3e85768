"""Makers on one web: the null of equal makers, the price of being late, a closed form, a resume."""

import itertools

import numpy as np
import pytest

from genloss.core.chain import generation_zero, run_chain
from genloss.core.curators.chance import Oracle
from genloss.core.curators.choice import RandomK
from genloss.core.curators.duplicates import Deduplication
from genloss.core.curators.resampling import DetectorResampling
from genloss.core.decoding import BeamSearch, PromptedModel, Prompts, Sampling
from genloss.core.forms import Rows
from genloss.core.samplers import Ancestral
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.core.web import Web
from genloss.errors import DataError, SpecError
from genloss.models.categorical import CategoricalLearner
from genloss.models.gaussian import GaussianLearner
from genloss.models.makers import MakersLearner
from genloss.models.ngram.ngram import NGramLearner
from genloss.realities.gaussians import Gaussian
from genloss.run.continuing import continued
from genloss.run.runner import run_studies, run_study
from genloss.study.study import study_from
from genloss.theory import moments

GAUSS = (GaussianLearner(ddof=1),)
CHAINS = 600


WEB = Web()


def generations(makers, last, regime=WEB, n_real=100, n=100, chains=CHAINS, seed=0):
    """Return generations 1 to `last` of an ecosystem of Gaussians."""
    streams = Streams(seed)
    p_0 = Gaussian().realise(chains, streams.rng(0, "realise"))
    zero = generation_zero(p_0, Rows(), n_real, streams)
    running = run_chain(
        p_0, makers, regime, sampler=Ancestral(), form=Rows(), n_synthetic=n, streams=streams,
        after=zero.history,
    )  # fmt: skip
    return list(itertools.islice(running, last))


def risk(model):
    """Return W_2^2 to N(0, 1)."""
    return model.mean[:, 0] ** 2 + (np.sqrt(model.cov[:, 0, 0]) - 1) ** 2


def log_ratio(late, first):
    z = np.log(risk(late) / risk(first))
    return z.mean(), z.std(ddof=1) / np.sqrt(len(z))


@pytest.mark.parametrize("inflow", [0, 30])
def test_equal_makers_that_enter_together_have_a_ratio_of_one(inflow):
    last = generations(MakersLearner(GAUSS, (1, 1), scrapes=50), 8, Web(inflow))[-1]
    one, other = last.model.members
    mean, error = log_ratio(other, one)
    assert abs(mean) < 4 * error
    assert (one.mean != other.mean).any()


@pytest.mark.slow
def test_who_is_late_begins_worse_and_fresh_human_rows_make_up_for_some_of_it():
    makers, price = MakersLearner(GAUSS, (1, 10), scrapes=50), {}
    for inflow in (0, 100):
        all_ = generations(makers, 10, Web(inflow))
        assert [g.model.members[1] is None for g in all_] == [True] * 9 + [False]
        price[inflow] = log_ratio(all_[-1].model.members[1], all_[0].model.members[0])
    (closed, error), (fed, other) = price[0], price[100]
    assert closed > 4 * error
    assert closed - fed > 4 * np.hypot(error, other)


def test_one_maker_that_reads_as_much_as_it_writes_accumulates_and_subsamples():
    n, t = 40, np.arange(1, 9)
    all_ = generations(MakersLearner(GAUSS, scrapes=n), 8, n_real=n, n=n)
    ratio = np.stack([g.model.members[0].cov[:, 0, 0] for g in all_])
    expected = moments.accumulate_subsample(t, n, ddof=1).spread
    error = ratio.std(axis=1, ddof=1) / np.sqrt(CHAINS)
    # Eight correlated comparisons at 4.5 standard errors each.
    assert (np.abs(ratio.mean(axis=1) - expected) < 4.5 * error).all()


def test_human_rows_stay_on_the_web():
    all_ = generations(MakersLearner(GAUSS), 4, Web(inflow=7), n_real=20, n=10, chains=2)
    counts = [{k: int(v[0]) for k, v in g.train.origin_counts().items()} for g in all_]
    assert counts == [{0: 20}, {0: 27, 1: 10}, {0: 34, 1: 10, 2: 10}, {0: 41, 1: 10, 2: 10, 3: 10}]
    assert len(np.unique(all_[-1].train.x[0])) == 71


def web_rows(c, *counts):
    """Return rows that are their own numbers, `counts` of origins 0, 1, ..."""
    origin = np.repeat(np.arange(len(counts)), counts)
    x = np.tile(np.arange(origin.size, dtype=float)[:, None], (c, 1, 1))
    return Samples.of(x, np.tile(origin, (c, 1)))


class Noting:
    """Stands for a learner that notes what it was given."""

    def __init__(self):
        self.given = []

    def fit(self, train, rng, *, init=None, valid=None):
        self.given.append(train)
        return GaussianLearner(ddof=1).fit(train, rng)


def test_private_rows_are_seen_by_their_maker_alone():
    noting = Noting()
    MakersLearner((noting,), (1, 1), private=(3, 2)).fit(
        web_rows(2, 9, 4), np.random.default_rng(0)
    )
    first, second = ([*map(int, rows.x[0, :, 0])] for rows in noting.given)
    assert first == [0, 1, 2, *range(5, 13)]
    assert second == [3, 4, *range(5, 13)]


def test_a_web_that_is_dealt_out_goes_to_one_maker_each():
    noting = Noting()
    MakersLearner((noting,), (1, 1, 1), share="disjoint").fit(
        web_rows(3, 10), np.random.default_rng(0)
    )
    for chain in range(3):
        seen = sorted(int(v) for rows in noting.given for v in rows.x[chain, :, 0])
        assert seen == list(range(10))
    assert [rows.n_rows for rows in noting.given] == [4, 3, 3]


def test_a_curator_decides_what_its_maker_trains_on():
    noting = Noting()
    everything = RandomK(keep=1.0, covers="training")
    makers = MakersLearner((noting,), (1, 1), curators=(everything, Oracle()))
    makers.fit(web_rows(2, 6, 5), np.random.default_rng(0))
    assert [rows.n_rows for rows in noting.given] == [11, 6]
    assert (np.asarray(noting.given[1].origin) == 0).all()


def test_a_curator_that_asks_for_reality_is_told_that_there_is_none():
    makers = MakersLearner(GAUSS, curators=(DetectorResampling(tilt=1.0),))
    with pytest.raises(SpecError, match="sees what was scraped and no reality; use one that asks"):
        makers.fit(web_rows(2, 6, 5), np.random.default_rng(0))


@pytest.mark.slow
def test_together_they_write_the_mixture_of_their_laws():
    model = generations(MakersLearner(GAUSS, (1, 1, 1), scrapes=10), 1)[0].model
    mean, cov = model.moments()
    rows = model.sample(30_000, np.random.default_rng(1))[:4]
    np.testing.assert_allclose(rows.mean(axis=1), mean[:4], atol=0.04)
    np.testing.assert_allclose(rows.var(axis=1), cov[:4, :, 0], rtol=0.05)
    x = np.linspace(-12, 12, 4001)
    density = np.exp(model.log_prob(np.tile(x[:, None], (CHAINS, 1, 1))))
    np.testing.assert_allclose(np.trapezoid(density, x, axis=1), 1, atol=1e-6)


SPEC = {
    "reality": "gaussian",
    "learner": {"kind": "makers", "learners": [{"kind": "gaussian", "ddof": 1}], "enters": [1, 3]},
    "regime": {"kind": "web", "inflow": 4},
    "n_real": 30,
    "generations": 5,
    "chains": 3,
    "metrics": ["w2_squared", {"kind": "by_maker", "metric": "w2_squared"}],
    "checkpoint_every": 1,
}


def test_an_ecosystem_is_stored_resumed_and_measured_like_any_run(tmp_path):
    """A maker enters after the checkpoint from which the run goes on."""
    whole = run_study(study_from(SPEC), tmp_path / "whole", workers=1)
    short = {**SPEC, "generations": 2}
    continued(run_study(study_from(short), tmp_path / "part", workers=1).path, study_from(SPEC))
    [part] = run_studies([study_from(SPEC)], tmp_path / "part", workers=1)
    for name in ("w2_squared", "by_maker(w2_squared)[1]", "by_maker(w2_squared)[2]"):
        np.testing.assert_array_equal(part.columns[name].values, whole.columns[name].values)
    late = whole.columns["by_maker(w2_squared)[2]"]
    there = ~np.isnan(late.values).any(axis=1)
    assert set(late.t[there]) >= {3, 4, 5}
    assert not {1, 2} & set(late.t[there])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"enters": (2, 3)}, "somebody must enter at 1"),
        ({"enters": (1, 0)}, "enters"),
        ({"enters": (1, 1, 1), "private": (1, 2)}, "2 private for 3 makers"),
        ({"learners": ()}, "0 learners for 1 makers"),
        ({"scrapes": -1}, "scrapes"),
        ({"share": "disjoint", "scrapes": 5}, "drop one of them"),
        ({"curators": (Deduplication(),)}, "covers 'generated'"),
    ],
)
def test_bad_makers_are_refused(fields, message):
    with pytest.raises((SpecError, DataError), match=message):
        MakersLearner(**({"learners": GAUSS} | fields))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scrapes": 12}, "scrapes 12 rows of a web of 11"),
        ({"private": (11,)}, "11 private rows, and 11 rows in all"),
        ({"private": (7,)}, "are not all real; use a regime that keeps S_0"),
        ({"enters": (1,) * 12, "share": "disjoint"}, "12 makers cannot share 11 rows"),
    ],
)
def test_a_web_that_is_too_small_is_refused(fields, message):
    with pytest.raises(DataError, match=message):
        MakersLearner(GAUSS, **fields).fit(web_rows(2, 6, 5), np.random.default_rng(0))


def test_members_of_other_kinds_have_no_joint_law():
    rows = Samples.of(np.tile(np.array([0, 1, 2, 1]), (2, 1)), 0)
    model = MakersLearner((CategoricalLearner(3),)).fit(rows, np.random.default_rng(0))
    assert not hasattr(model, "log_prob")


def text_rows(*tokens):
    """Return two chains of real rows, each of one token repeated."""
    return Samples.of(np.tile(np.repeat(np.array(tokens)[:, None], 6, axis=1), (2, 1, 1)), 0)


def test_language_models_share_out_the_prompts():
    """The first maker has read nothing but 1, the second nothing but 2."""
    makers = MakersLearner((NGramLearner(order=2, vocabulary=4),), (1, 1), private=(3, 0))
    model = makers.fit(text_rows(1, 1, 1, 2, 2, 2), np.random.default_rng(0))
    one = BeamSearch(beams=1, max_new=5, min_new=5, prompts=Prompts("blocks", 1))
    private = makers.fit(text_rows(1, 1, 1, 2, 2, 2), np.random.default_rng(0)).members[0]
    assert isinstance(private, PromptedModel)
    rows = one.ask(model, text_rows(1, 2, 1, 2, 1).x).sample(5, np.random.default_rng(0))
    assert rows.shape == (2, 5, 5)
    alone = one.ask(private, text_rows(1, 1, 1).x).sample(3, np.random.default_rng(0))
    np.testing.assert_array_equal(rows[:, ::2], alone)


def test_a_student_with_rows_of_its_own_learns_from_a_teacher_of_other_rows():
    """D_2 is the student's rows and what the teacher made of them; each has read its own alone."""
    makers = MakersLearner((NGramLearner(order=2, vocabulary=4),), enters=(2, 1), private=(2, 0))
    teacher = makers.fit(text_rows(1, 1, 2, 2, 2), np.random.default_rng(0))
    assert teacher.members[0] is None
    free = Sampling(max_new=6, min_new=6, prompts=Prompts("none"))
    written = Samples.of(free.ask(teacher).sample(4, np.random.default_rng(0)), 1)
    student = makers.fit(
        Samples.concat([text_rows(1, 1), written]), np.random.default_rng(1)
    ).members[0]
    alone = NGramLearner(order=2, vocabulary=4).fit(
        Samples.concat([text_rows(1, 1), written]), np.random.default_rng(1)
    )
    probe = np.tile(np.array([[1, 2, 3, 1]]), (2, 1, 1))
    np.testing.assert_array_equal(student.token_log_probs(probe), alone.token_log_probs(probe))
