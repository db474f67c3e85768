"""Every regime of the contract table, held to the laws of `genloss.testing`; and rules by hand."""

import numpy as np
import pytest

from genloss.core.regimes import (
    Accumulate,
    AccumulateSubsample,
    Fresh,
    Mix,
    Replace,
    StaticContamination,
    Window,
)
from genloss.core.samples import FOREIGN
from genloss.errors import DataError, RealityExhausted
from genloss.models.gaussian import GaussianLearner
from genloss.realities.finite import FiniteRows
from genloss.realities.gaussians import Gaussian
from genloss.realities.tokens import UniformTokens
from genloss.testing import check_regime
from genloss.testing.regime import FORMS, N_REAL, C, N, TagLearner, Tags, chain

from .table import REGIMES

COUNTED = [line for line in REGIMES if line.origins]


def tagged(regime):
    return chain(Tags(C), TagLearner(), regime)


@pytest.mark.parametrize("line", REGIMES, ids=str)
def test_every_regime_keeps_the_laws(line):
    check_regime(line.build("regime"), origins=line.origins, forms=line.forms)


@pytest.mark.parametrize("line", COUNTED, ids=str)
def test_rows_written_and_taken_from_reality_are_those_of_the_table(line):
    regime = line.build("regime")
    for g in tagged(regime)[1:]:
        sizes = regime.sizes(g.t, N_REAL, N)
        assert g.samples.n_rows == line.synthetic(g.t)
        assert sizes.fresh == (line.fresh if g.t > 1 else 0)


MEMORY = [
    (Replace(), 1),
    (Mix(0.25, "same"), 1),
    (Window(3), 3),
    (Accumulate(), 1),
    (StaticContamination(Gaussian(2), 4), 0),
]


@pytest.mark.parametrize(("regime", "sets"), MEMORY, ids=str)
def test_a_regime_forgets_what_it_does_not_need(regime, sets):
    assert len(tagged(regime)[-1].history.synthetic) == sets


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
