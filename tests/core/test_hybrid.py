"""Hybrid rows by hand: which tokens are whose, and who made a row."""

from dataclasses import replace

import numpy as np
import pytest

from genloss.core.curators.chance import Oracle
from genloss.core.curators.choice import RandomK
from genloss.core.editing import ToEdit
from genloss.core.hybrid import Hybrid
from genloss.core.moving import Moving
from genloss.core.regimes import Replace, Switch
from genloss.core.roles import History
from genloss.core.samples import Samples
from genloss.errors import DataError, SpecError
from genloss.models.gaussian import GaussianLearner
from genloss.realities.gaussians import Gaussian
from genloss.study.study import Study

C, N, T = 2, 6, 8


def history(real=None, last=None):
    real = np.zeros((C, N, T), dtype=np.int64) if real is None else real
    last = np.ones((C, N, T), dtype=np.int64) if last is None else last
    return History(Samples.of(real, 0), (Samples.of(last, 3),), 4, N, None)


def composed(**fields):
    return Hybrid(**fields).compose(history(), None, np.random.default_rng(0))


@pytest.mark.parametrize(("base", "own", "inside"), [("real", 0, 1), ("generated", 1, 0)])
def test_so_many_rows_hold_a_span_of_so_many_tokens(base, own, inside):
    train = composed(base=base, rows=0.5, tokens=0.25)
    assert (train.x[:, 3:] == own).all()
    spans = train.x[:, :3] == inside
    assert (spans.sum(axis=2) == 2).all()
    # One span each: the two tokens are neighbours.
    assert (np.abs(np.diff(spans.astype(int), axis=2)).sum(axis=2) <= 2).all()
    expected = np.full((C, N), 0 if base == "real" else 3)
    expected[:, :3] = 3
    np.testing.assert_array_equal(train.origin, expected)


def test_a_span_as_long_as_a_row_is_a_row_of_the_other_kind():
    train = composed(base="generated", rows=0.5, tokens=1.0)
    np.testing.assert_array_equal(train.origin, [[0, 0, 0, 3, 3, 3]] * C)
    assert (composed(base="real", rows=0.0).x == 0).all()
    assert (composed(base="real", tokens=0.0).origin == 0).all()


def test_spans_begin_anywhere_and_anew():
    starts = [np.argmax(composed(base="real", tokens=0.25).x[0], axis=1)]
    rng = np.random.default_rng(1)
    starts += [np.argmax(Hybrid("real", tokens=0.25).compose(history(), None, rng).x[0], axis=1)]
    assert (starts[0] != starts[1]).any()


def test_rows_whose_places_do_not_correspond_are_refused():
    short = np.ones((C, N, T), dtype=np.int64)
    short[0, 0, -1] = -1
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="set min_new = max_new"):
        Hybrid("real").compose(history(last=short), None, rng)
    with pytest.raises(DataError, match="write as many tokens as a real row has"):
        Hybrid("real").compose(history(last=np.ones((C, N, T + 1), dtype=np.int64)), None, rng)
    with pytest.raises(SpecError, match="base is 'human'"):
        Hybrid("human")


@pytest.mark.parametrize(
    "regime",
    [
        Hybrid("real"),
        ToEdit(),
        Switch(Replace(), 2, ToEdit()),
        Moving(Switch(Hybrid("real"), 2, Replace()), 0.1),
    ],
    ids=lambda regime: type(regime).__name__,
)
def test_no_curator_puts_other_rows_in_their_places(regime):
    study = Study(Gaussian(), GaussianLearner(ddof=1), 10, 2, regime)
    with pytest.raises(SpecError, match="RandomK puts other rows in their places"):
        replace(study, curator=RandomK(0.5))
    # What is composed may be judged: nobody looks at places after that.
    assert replace(study, curator=Oracle()).regime == regime
    assert replace(study, regime=Replace(), curator=RandomK(0.5)).curator == RandomK(0.5)
