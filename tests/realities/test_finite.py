"""Finite realities: order, exhaustion, held-out rows, moments; the bundled digits."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

from genloss.core.abilities import FiniteModel, MomentLaw
from genloss.errors import DataError, MissingExtra, RealityExhausted
from genloss.realities.breast_cancer import BreastCancer
from genloss.realities.digits import Digits8x8
from genloss.realities.finite import FiniteRows


def numbered(n: int, n_chains: int = 2) -> FiniteRows:
    x = np.arange(2 * n, dtype=np.float64).reshape(n, 2)
    return FiniteRows.of(x, n_chains, np.random.default_rng(0), labels=np.arange(n))


def test_every_row_is_handed_out_once_in_an_order_of_its_own():
    model = numbered(100, 3)
    assert isinstance(model, FiniteModel)
    assert isinstance(model, MomentLaw)
    rows = model.rows(0, 100)
    assert rows.shape == (3, 100, 2)
    for chain in rows:
        np.testing.assert_array_equal(np.sort(chain[:, 0]), np.arange(0, 200, 2))
    assert (rows[0] != rows[1]).any()
    assert (rows[1] != rows[2]).any()
    np.testing.assert_array_equal(2 * model.labels_of(10, 5), model.rows(10, 5)[:, :, 0])


def test_running_dry_says_how_many_were_left():
    model = numbered(100)
    model.rows(90, 10)
    with pytest.raises(RealityExhausted, match=r"20 fresh rows .* 100 rows, of which 90 .* 10 are"):
        model.rows(90, 20)
    assert model.rows(100, 0).shape == (2, 0, 2)


def test_split_reserves_rows_that_no_generation_sees():
    model = numbered(50)
    rest, held = model.split(12)
    assert held.shape == (2, 12, 2)
    assert rest.n_rows == 38
    both = np.concatenate([rest.rows(0, 38), held], axis=1)
    np.testing.assert_array_equal(both, model.rows(0, 50))
    drawn = rest.sample(2000, np.random.default_rng(3))
    for chain in range(2):
        assert not set(drawn[chain, :, 0]) & set(held[chain, :, 0])
        assert len(set(drawn[chain, :, 0])) == 38
    with pytest.raises(RealityExhausted, match="50 held-out rows"):
        model.split(50)


def test_moments_are_those_of_the_rows_left():
    x = np.random.default_rng(1).normal(size=(30, 3))
    model = FiniteRows.of(x, 2, np.random.default_rng(0))
    for law in (model, model.split(9)[0]):
        mean, cov = law.moments()
        for chain, rows in enumerate(law.rows(0, law.n_rows)):
            np.testing.assert_allclose(mean[chain], rows.mean(axis=0))
            np.testing.assert_allclose(cov[chain], np.cov(rows.T, bias=True))


def test_stored_bytes_are_scaled_when_handed_out():
    x = np.array([[0, 51], [102, 255]], dtype=np.uint8)
    model = FiniteRows.of(x, 1, np.random.default_rng(0), scale=1 / 255)
    assert model.state()["x"].dtype == np.uint8
    rows = model.rows(0, 2)
    assert rows.dtype == np.float64
    np.testing.assert_allclose(np.sort(rows.ravel()), [0, 0.2, 0.4, 1])
    np.testing.assert_allclose(model.moments()[0], [[0.2, 0.6]])


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (np.zeros((3, 2, 2)), "reshape"),
        (np.zeros((0, 2)), "expected numbers"),
        (np.array([["a", "b"]]), "expected numbers"),
        (np.array([[1.0, 2.0], [np.nan, 0.0]]), "row 1 is not finite"),
    ],
)
def test_bad_rows_are_refused(x, says):
    with pytest.raises(DataError, match=says):
        FiniteRows.of(x, 1, np.random.default_rng(0))


def test_labels_must_match_and_exist():
    with pytest.raises(DataError, match="one per row"):
        FiniteRows.of(np.zeros((3, 2)), 1, np.random.default_rng(0), labels=np.zeros(2, int))
    assert FiniteRows.of(np.zeros((3, 2)), 1, np.random.default_rng(0)).labels_of(0, 1) is None


def test_digits_are_the_bundled_ones():
    model = Digits8x8().realise(2, np.random.default_rng(0))
    x, y = load_digits(return_X_y=True)
    assert Digits8x8.image_shape == (8, 8)
    assert model.n_rows == 1797
    rows, labels = model.rows(0, 1797), model.labels_of(0, 1797)
    assert rows.shape == (2, 1797, 64)
    assert rows.min() == 0.0
    assert rows.max() == 1.0
    for chain in range(2):
        back = np.argsort(model.order[chain])
        np.testing.assert_array_equal(rows[chain][back] * 16, x)
        np.testing.assert_array_equal(labels[chain][back], y)


def test_digits_without_scikit_learn_name_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtra, match=r"pip install 'genloss\[digits\]'"):
        Digits8x8().realise(1, np.random.default_rng(0))


def test_tumours_are_the_bundled_ones_in_units_of_their_spread():
    model = BreastCancer().realise(2, np.random.default_rng(0))
    x, y = load_breast_cancer(return_X_y=True)
    back = np.argsort(model.order[1])
    rows = model.rows(0, 569)[1][back]
    assert (rows[:, 0] == 1).all()
    np.testing.assert_array_equal(rows[:, 31], y)
    np.testing.assert_allclose(
        rows[:, 1:31] * x.std(axis=0) + x.mean(axis=0), x, rtol=1e-9, atol=1e-12
    )


def test_spare_rows_are_held_out_and_all_others_stay():
    x, spare = np.arange(8.0).reshape(4, 2), np.arange(100.0, 110.0).reshape(5, 2)
    whole = replace(FiniteRows.of(x, 2, np.random.default_rng(0), scale=2.0), spare=spare)
    rest, held = whole.split(3)
    assert rest.n_rows == 4
    np.testing.assert_array_equal(held, np.stack([2 * spare[:3]] * 2))
    with pytest.raises(RealityExhausted, match="6 held-out rows asked of 5 spare ones"):
        whole.split(6)
