"""One table of regimes, a few laws over all of it; a new regime costs one line.

n_real = 12 rows of reality, n = 8 rows per generation: unequal, so that no two are mistaken for one
another. `counts(t)` is the origin of every row of D_t, written down by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from genloss.core.chain import generation_zero, run_chain
from genloss.core.forms import AsCounts, AsMoments, Endless, Rows
from genloss.core.regimes import (
    Accumulate,
    AccumulateSubsample,
    Augment,
    Fresh,
    Mix,
    Regime,
    Replace,
    ReplaceMultiple,
    StaticContamination,
    Switch,
    Window,
)
from genloss.core.roles import History
from genloss.core.samplers import Ancestral
from genloss.core.samples import FOREIGN, Samples
from genloss.core.streams import Streams
from genloss.errors import DataError, RealityExhausted
from genloss.models.categorical import CategoricalLearner, CategoricalModel
from genloss.models.gaussian import GaussianLearner, GaussianModel
from genloss.realities.finite import FiniteRows
from genloss.realities.gaussians import Gaussian
from genloss.realities.tokens import UniformTokens

N_REAL, N, C, LAST = 12, 8, 3, 6
STREAMS = Streams(5)


@dataclass(frozen=True)
class Tags:
    """Rows that say which chain drew them and that never repeat."""

    n_chains: int

    def sample(self, n, rng):
        chain = np.broadcast_to(np.arange(self.n_chains)[:, None], (self.n_chains, n))
        return np.stack([chain, rng.random((self.n_chains, n))], axis=2)

    def state(self):
        return {"n_chains": np.array(self.n_chains)}


@dataclass(frozen=True)
class TagReality:
    """The foreign law of the table, tagged like the rest."""

    def realise(self, n_chains, rng):
        return Tags(n_chains)


@dataclass(frozen=True)
class TagLearner:
    """Learns nothing; its model tags its rows."""

    def fit(self, train, rng, *, init=None, valid=None):
        return Tags(train.n_chains)

    def restore(self, state):
        return Tags(int(state["n_chains"]))


def pool(t: int) -> dict[int, int]:
    return {0: N_REAL} | dict.fromkeys(range(1, t), N)


def last_k(t: int, k: int) -> dict[int, int]:
    return {origin: rows for origin, rows in pool(t).items() if origin >= t - k}


@dataclass(frozen=True)
class Case:
    """A regime, the origins of D_t, and the forms besides rows that it can be run in."""

    regime: Regime
    counts: Callable[[int], dict[int, int]]
    forms: tuple[str, ...] = ("moments", "counts", "source")
    synthetic: Callable[[int], int] = lambda t: N
    fresh: int = 0


TABLE = {
    "replace": Case(Replace(), lambda t: {t - 1: N}),
    "replace_multiple": Case(
        ReplaceMultiple(), lambda t: {t - 1: t * N}, synthetic=lambda t: (t + 1) * N
    ),
    "accumulate": Case(Accumulate(), pool),
    "accumulate_subsample_all": Case(AccumulateSubsample(10_000), pool),
    "mix_same": Case(Mix(0.25, "same"), lambda t: {0: 2, t - 1: 6}, forms=("source",)),
    "mix_redrawn": Case(Mix(0.25, "redrawn"), lambda t: {0: 2, t - 1: 6}, forms=("source",)),
    "mix_nothing_real": Case(Mix(0.0), lambda t: {t - 1: N}),
    "mix_all_real": Case(Mix(1.0), lambda t: {0: N}, forms=("counts", "source")),
    "fresh": Case(Fresh(5), lambda t: {0: 5, t - 1: N}, fresh=5),
    "augment_last": Case(Augment("last"), lambda t: {0: N_REAL, t - 1: N}),
    "augment_pool": Case(Augment("pool"), pool),
    "window_1": Case(Window(1), lambda t: {t - 1: N}),
    "window_3": Case(Window(3), lambda t: last_k(t, 3)),
    "window_wider_than_the_past": Case(Window(99), pool),
    "switch": Case(
        Switch(Replace(), 3, Mix(1.0)),
        lambda t: {t - 1: N} if t <= 3 else {0: N},
        forms=("counts", "source"),
    ),
    "static_contamination": Case(
        StaticContamination(TagReality(), 4), lambda t: {0: N_REAL, FOREIGN: 4}, forms=()
    ),
    "static_contamination_7": Case(
        StaticContamination(TagReality(), 4, 7), lambda t: {0: 7, FOREIGN: 4}, forms=()
    ),
}
"""Statistics hold no rows to choose from, so a regime that chooses (mix) refuses them."""


def chain(p_0, learner, regime, form=None, last=LAST, streams=STREAMS):
    """Return generations 0 .. last."""
    form = form or Rows()
    out = [generation_zero(p_0, form, N_REAL, streams)]
    running = run_chain(
        p_0,
        learner,
        regime,
        sampler=Ancestral(),
        form=form,
        n_synthetic=N,
        streams=streams,
        after=out[0].history,
    )
    return out + [next(running) for _ in range(last)]


def tagged(regime, **options):
    return chain(Tags(C), TagLearner(), regime, **options)


@pytest.fixture(params=TABLE)
def case(request):
    return TABLE[request.param]


def test_generation_1_trains_on_all_real_rows_and_nothing_else(case):
    zero, one, *_ = tagged(case.regime)
    assert one.train is zero.samples
    np.testing.assert_array_equal(one.train.origin, np.zeros((C, N_REAL)))


def test_origins_of_every_training_set_are_those_of_the_table(case):
    for g in tagged(case.regime)[2:]:
        found = {k: v.tolist() for k, v in g.train.origin_counts().items()}
        assert found == {k: [rows] * C for k, rows in case.counts(g.t).items()}


def test_sizes_predicts_rows_of_training_set_samples_and_fresh(case):
    drawn = N_REAL
    for g in tagged(case.regime)[1:]:
        sizes = case.regime.sizes(g.t, N_REAL, N)
        assert (g.train.n_rows, g.samples.n_rows) == (sizes.train, sizes.synthetic)
        assert sizes.synthetic == case.synthetic(g.t)
        assert sizes.fresh == (case.fresh if g.t > 1 else 0)
        drawn += sizes.fresh
        assert g.history.n_real_drawn == drawn


def test_no_row_is_repeated_and_every_row_stays_in_its_chain(case):
    for g in tagged(case.regime)[1:]:
        np.testing.assert_array_equal(
            g.train.x[:, :, 0], np.arange(C)[:, None] + 0 * g.train.origin
        )
        for rows in g.train.x[:, :, 1]:
            assert len(np.unique(rows)) == g.train.n_rows


def test_rows_of_an_origin_are_rows_that_this_generation_made(case):
    """Origin is a fact about the row, not a label that composing invents."""
    generations = tagged(case.regime)
    made = {g.t: {float(v) for v in g.samples.x[1, :, 1]} for g in generations}
    for g in generations[1:]:
        for origin, row in zip(g.train.origin[1], g.train.x[1, :, 1], strict=True):
            # Fresh real rows are new; they belong to no S_k.
            assert float(row) in made.get(int(origin), {float(row)}) or case.fresh


def test_forgetting_never_changes_what_is_composed(case):
    generations = tagged(case.regime)
    everything = [g.samples for g in generations[1:]]
    for before, after in pairwise(generations[1:]):
        t = after.t
        whole = History(generations[0].samples, tuple(everything[: t - 1]), t, 0, before.model)
        drawn = chain_fresh(before, case, t)
        found = case.regime.compose(before.history, drawn, STREAMS.rng(t, "compose"))
        right = case.regime.compose(whole, drawn, STREAMS.rng(t, "compose"))
        for part in ("x", "origin"):
            np.testing.assert_array_equal(getattr(found, part), getattr(right, part))
            np.testing.assert_array_equal(getattr(found, part), getattr(after.train, part))


def chain_fresh(before, case, t):
    if not case.fresh:
        return None
    return Samples.of(Tags(C).sample(case.fresh, STREAMS.rng(t, "reality")), 0)


MEMORY = {"replace": 1, "mix_same": 1, "window_3": 3, "accumulate": 1, "static_contamination": 0}


@pytest.mark.parametrize("name", MEMORY)
def test_a_regime_forgets_what_it_does_not_need(name):
    assert len(tagged(TABLE[name].regime)[-1].history.synthetic) == MEMORY[name]


FORMS = {
    "moments": (GaussianModel(np.zeros((C, 2)), np.tile(np.eye(2), (C, 1, 1))), AsMoments()),
    "source": (GaussianModel(np.zeros((C, 2)), np.tile(np.eye(2), (C, 1, 1))), Endless()),
    "counts": (CategoricalModel(np.full((C, 4), 0.25)), AsCounts()),
}
LEARNERS = {
    "moments": GaussianLearner(ddof=1),
    "source": GaussianLearner(ddof=1, source_rows=20),
    "counts": CategoricalLearner(4),
}
FOREIGN_LAW = {"moments": Gaussian(2, mean=3.0), "counts": UniformTokens(4)}


RECURSIVE = [name for name, case in TABLE.items() if name.partition("_")[0] != "static"]
REFUSED = [(n, f) for n in RECURSIVE for f in FORMS if f not in TABLE[n].forms]
HELD = [(n, f) for n in RECURSIVE for f in FORMS if f in TABLE[n].forms]


@pytest.mark.parametrize(("name", "form"), [*REFUSED, *(("subsample", f) for f in FORMS)])
def test_a_form_without_rows_to_choose_from_is_refused_clearly(name, form):
    p_0, shape = FORMS[form]
    regime = AccumulateSubsample() if name == "subsample" else TABLE[name].regime
    with pytest.raises(DataError, match="use form = 'rows'"):
        chain(p_0, LEARNERS[form], regime, shape)


@pytest.mark.parametrize(("name", "form"), HELD)
def test_other_forms_have_the_origins_of_the_table(name, form):
    case, (p_0, shape) = TABLE[name], FORMS[form]
    generations = chain(p_0, LEARNERS[form], case.regime, shape)
    for g in generations[1:]:
        found = {k: v.tolist() for k, v in g.train.origin_counts().items() if v.any()}
        right = case.counts(g.t) if g.t > 1 else {0: N_REAL}
        assert found == {k: [rows] * C for k, rows in right.items()}
        assert g.train.n_rows == sum(right.values())


@pytest.mark.parametrize("form", ["moments", "counts", "source"])
def test_contamination_reaches_every_form(form):
    p_0, shape = FORMS[form]
    regime = StaticContamination(FOREIGN_LAW.get(form, Gaussian(2)), 4)
    for g in chain(p_0, LEARNERS[form], regime, shape)[2:]:
        assert {k: v.tolist() for k, v in g.train.origin_counts().items()} == {
            0: [N_REAL] * C,
            FOREIGN: [4] * C,
        }


def test_contamination_that_needs_some_rows_of_moments_is_refused():
    p_0, shape = FORMS["moments"]
    regime = StaticContamination(Gaussian(2), 4, n_real=7)
    with pytest.raises(DataError, match="form = 'rows'"):
        chain(p_0, LEARNERS["moments"], regime, shape)


def test_accumulate_subsample_counts_are_the_size_asked_for():
    for size, right in ((0, N_REAL), (5, 5), (25, 25)):
        for g in tagged(AccumulateSubsample(size))[2:]:
            assert g.train.n_rows == min(right, N_REAL + (g.t - 1) * N)
            total = sum(g.train.origin_counts().values())
            np.testing.assert_array_equal(total, g.train.n_rows)


def real_rows(generations):
    return [g.train.x[:, :, 1][g.train.origin == 0].reshape(C, -1) for g in generations[2:]]


def test_mix_same_keeps_the_first_real_rows_and_redrawn_draws_new_ones():
    same, redrawn = (tagged(Mix(0.25, rows)) for rows in ("same", "redrawn"))
    first = same[0].samples.x[:, :2, 1]
    for rows in real_rows(same):
        np.testing.assert_array_equal(rows, first)
    seen = [tuple(rows.ravel()) for rows in real_rows(redrawn)]
    assert len(set(seen)) == len(seen)


def test_the_real_share_is_the_fraction_asked_for_not_its_complement():
    """The field's own flag meant the opposite of its help text."""
    for fraction in (0.0, 0.125, 0.5, 0.875, 1.0):
        for g in tagged(Mix(fraction))[2:]:
            real = g.train.origin_counts().get(0, np.zeros(C))
            np.testing.assert_array_equal(real / g.train.n_rows, fraction)


def finite(n_rows: int) -> FiniteRows:
    return FiniteRows.of(np.arange(n_rows, dtype=float)[:, None], C, np.random.default_rng(3))


def test_a_finite_reality_never_hands_out_a_row_twice():
    generations = chain(finite(N_REAL + 5 * 5), GaussianLearner(1), Fresh(5))
    fresh = [g.train.x[:, :, 0][g.train.origin == 0].reshape(C, -1) for g in generations[1:]]
    handed = np.concatenate(fresh, axis=1)
    assert handed.shape == (C, N_REAL + 25)
    for rows in handed:
        assert len(np.unique(rows)) == N_REAL + 25


def test_a_finite_reality_that_runs_dry_says_so():
    with pytest.raises(RealityExhausted, match=r"5 fresh rows asked .* 36 rows, .* 4 are left"):
        chain(finite(N_REAL + 5 * 5 - 1), GaussianLearner(1), Fresh(5))
