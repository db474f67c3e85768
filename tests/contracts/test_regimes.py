"""One table of regimes, a few laws over all of it; a new regime costs one line.

n_real = 12 rows of reality, n = 8 rows per generation: unequal, so that no two are mistaken for one
another. `counts(t)` is the origin of every row of D_t, written down by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

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
from genloss.core.samples import FOREIGN
from genloss.errors import DataError, RealityExhausted
from genloss.models.gaussian import GaussianLearner
from genloss.realities.finite import FiniteRows
from genloss.realities.gaussians import Gaussian
from genloss.realities.tokens import UniformTokens
from genloss.spec.build import build, kind_of
from genloss.spec.registry import CATALOG
from genloss.testing import check_regime
from genloss.testing.regime import FORMS, N_REAL, C, N, TagLearner, Tags, chain

from .test_catalog import part


def pool(t: int) -> dict[int, int]:
    return {0: N_REAL} | dict.fromkeys(range(1, t), N)


def last_k(t: int, k: int) -> dict[int, int]:
    return {origin: rows for origin, rows in pool(t).items() if origin >= t - k}


@dataclass(frozen=True)
class TagReality:
    """Tagged rows as a reality, for regimes that mix in another law."""

    def realise(self, n_chains: int, rng: np.random.Generator) -> Tags:
        """Return tags."""
        return Tags(n_chains)


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
        StaticContamination(TagReality(), 4),
        lambda t: {0: N_REAL, FOREIGN: 4},
        forms=("moments", "source"),
    ),
    "static_contamination_7": Case(
        StaticContamination(TagReality(), 4, 7), lambda t: {0: 7, FOREIGN: 4}, forms=("source",)
    ),
}
"""Statistics hold no rows to choose from, so a regime that chooses (mix) refuses them."""


def tagged(regime):
    return chain(Tags(C), TagLearner(), regime)


@pytest.mark.parametrize("name", TABLE)
def test_every_regime_keeps_the_laws(name):
    case = TABLE[name]
    check_regime(case.regime, origins=case.counts, forms=case.forms)


def test_a_subsample_keeps_the_laws():
    check_regime(AccumulateSubsample(), forms=())


def test_a_regime_that_is_not_in_the_table_keeps_the_laws_too():
    for kind in set(CATALOG["regime"]) - {kind_of(type(case.regime)) for case in TABLE.values()}:
        check_regime(build("regime", part("regime", kind)))


@pytest.mark.parametrize("name", TABLE)
def test_rows_written_and_taken_from_reality_are_those_of_the_table(name):
    case = TABLE[name]
    for g in tagged(case.regime)[1:]:
        sizes = case.regime.sizes(g.t, N_REAL, N)
        assert g.samples.n_rows == case.synthetic(g.t)
        assert sizes.fresh == (case.fresh if g.t > 1 else 0)


MEMORY = {"replace": 1, "mix_same": 1, "window_3": 3, "accumulate": 1, "static_contamination": 0}


@pytest.mark.parametrize("name", MEMORY)
def test_a_regime_forgets_what_it_does_not_need(name):
    assert len(tagged(TABLE[name].regime)[-1].history.synthetic) == MEMORY[name]


FOREIGN_LAW = {"moments": Gaussian(2, mean=3.0), "counts": UniformTokens(4)}


@pytest.mark.parametrize("form", ["moments", "counts", "source"])
def test_contamination_reaches_every_form(form):
    p_0, shape, learner = FORMS[form]
    regime = StaticContamination(FOREIGN_LAW.get(form, Gaussian(2)), 4)
    for g in chain(p_0, learner, regime, shape)[2:]:
        assert {k: v.tolist() for k, v in g.train.origin_counts().items()} == {
            0: [N_REAL] * C,
            FOREIGN: [4] * C,
        }


def test_contamination_that_needs_some_rows_of_moments_is_refused():
    p_0, shape, learner = FORMS["moments"]
    regime = StaticContamination(Gaussian(2), 4, n_real=7)
    with pytest.raises(DataError, match="form = 'rows'"):
        chain(p_0, learner, regime, shape)


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


@pytest.mark.parametrize(
    ("fraction", "right"), [(0.3, 2), (0.3125, 2), (0.3375, 3), (0.4375, 4), (0.95, 8)]
)
def test_the_real_rows_of_a_mix_are_rounded_to_the_nearest_number(fraction, right):
    """2.4, 2.5, 2.7, 3.5 and 7.6 of 8 rows; halves go to the even number."""
    for rows in ("same", "redrawn"):
        for g in tagged(Mix(fraction, rows))[2:]:
            assert g.train.n_rows == N
            np.testing.assert_array_equal(g.train.origin_counts()[0], right)


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
