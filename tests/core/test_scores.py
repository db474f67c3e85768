"""Scores of rows of text under a model of it, by hand."""

from dataclasses import dataclass

import numpy as np
import pytest

from genloss.core.curators.choice import TopK, scores_of
from genloss.core.curators.reference import Reference
from genloss.core.curators.resampling import DetectorResampling
from genloss.core.curators.scores import EntropyUnderFirst, Likelihood, NearestReal, _begun
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.errors import DataError
from genloss.models.gaussian import GaussianModel
from genloss.realities.finite import FiniteRows


@dataclass(frozen=True)
class Tenths:
    """A model of rows of tokens after which the entropy is a tenth of the token that comes."""

    n_chains: int = 1
    vocabulary: int = 9

    def sample(self, n, rng):
        raise AssertionError("nothing is drawn here")

    def state(self):
        return {}

    def token_entropies(self, x):
        return x[..., 1:] / 10

    def token_log_probs(self, x):
        return -np.maximum(x[..., 1:], 0.0)


def test_scores_under_a_model_of_text_are_means_over_tokens_that_are_there():
    """An empty row begins with a token that is not scored."""
    x = np.array([[[5, 1, 2, 6], [5, 4, -1, -1], [7, -1, -1, -1], [-1, -1, -1, -1]]])
    reference = Reference(Tenths(), Streams(31), 4, first=Tenths())
    rows = Samples.of(x, 1)
    np.testing.assert_allclose(EntropyUnderFirst().scores(rows, reference), [[0.3, 0.4, 0, 0]])
    np.testing.assert_allclose(Likelihood().scores(rows, reference), [[-3, -4, 0, 0]])


@dataclass(frozen=True)
class Given:
    """Gives the scores that it holds."""

    said: np.ndarray

    def scores(self, rows, reference):
        return self.said


def test_scores_are_a_number_for_each_row():
    rows = Samples.of(np.zeros((2, 3, 1)), 1)
    reference = Reference(Tenths(), Streams(31), 3)
    whole = np.array([[1, 2, 3], [4, 5, np.inf]])
    np.testing.assert_array_equal(scores_of(Given(whole), rows, reference), whole)
    with pytest.raises(DataError, match=r"Given scored rows \(2, 3\) by \(2, 2\); expected"):
        scores_of(Given(whole[:, :2]), rows, reference)
    with pytest.raises(DataError, match=r"by \(2, 3\) with NaN among them; expected a number"):
        scores_of(Given(np.full((2, 3), np.nan)), rows, reference)


def test_real_rows_of_a_reference_are_those_of_the_reality_alone():
    """Of a finite one those that its S_0 has, but foreign ones; else a draw, the same each time."""
    streams = Streams(31)
    law = GaussianModel(np.zeros((2, 1)), np.ones((2, 1, 1)))
    one, two = (Reference(law, streams, 4).real for _ in range(2))
    np.testing.assert_array_equal(one.x, law.sample(4, streams.rng(0, "reality", 0)))
    np.testing.assert_array_equal(one.x, two.x)
    assert (one.origin == 0).all()
    finite = FiniteRows.of(np.arange(9.0)[:, None], 2, np.random.default_rng(0), np.arange(9))
    real = Reference(finite, streams, 5).real
    np.testing.assert_array_equal(real.x, finite.rows(0, 5))
    np.testing.assert_array_equal(real.label, real.x[..., 0])


def test_of_few_rows_one_at_least_is_known_or_kept():
    """A tenth of three or four rows is none, to the nearest number."""
    finite = FiniteRows.of(np.array([[0.0], [4], [5], [11]]), 1, np.random.default_rng(0))
    reference = Reference(finite, Streams(31), 4)
    rows = Samples.of(np.array([[[0.0], [7], [11]]]), 1)
    # The mean of the real rows is 5.
    np.testing.assert_allclose(NearestReal(0.1).scores(rows, reference), [[-5, -2, -6]])
    best = TopK(0.1, NearestReal()).select(rows, reference, np.random.default_rng(0))
    assert best.accepted.tolist() == [[True, False, False]]
    drawn = DetectorResampling(upsample=0.1).select(rows, reference, np.random.default_rng(0))
    assert drawn.weight.sum() == 1


def test_every_chain_has_a_middle_of_its_own():
    """Of rows about 0 and about 100 the nearest half is known."""
    finite = FiniteRows.of(np.array([[0.0], [1], [100], [109]]), 2, np.random.default_rng(0))
    own = np.array([[0.0, 1, 2, 9], [100, 101, 102, 109]])[..., None]
    reference = Reference(finite, Streams(31), 4, memo={"real": Samples.of(own, 0)})
    rows = Samples.of(np.array([[[0.0], [9]], [[100], [109]]]), 1)
    # Means 3 and 103: rows 2 and 1, 102 and 101.
    np.testing.assert_allclose(NearestReal(0.5).scores(rows, reference), [[-1, -7], [-1, -7]])


@dataclass(frozen=True)
class PartlyReal:
    """A finite reality of four rows, of which every second one is foreign."""

    n_chains: int = 1
    n_rows: int = 4

    def rows(self, start, n):
        return np.arange(4.0)[None, start : start + n, None]

    def origins_of(self, start, n):
        return np.array([[0, -1, 0, -1]])[:, start : start + n]

    def labels_of(self, start, n):
        return None

    def split(self, m):
        raise AssertionError("nothing is held out here")

    def sample(self, n, rng):
        raise AssertionError("nothing is drawn here")

    def state(self):
        return {}


def test_foreign_rows_of_a_reality_are_no_real_ones():
    real = Reference(PartlyReal(), Streams(31), 4).real
    assert real.x.tolist() == [[[0], [2]]]
    assert (real.origin == 0).all()


def test_rows_begin_with_a_token_and_keep_the_one_they_have():
    np.testing.assert_array_equal(_begun(np.array([[[5, 2], [-1, 3]]])), [[[5, 2], [0, 3]]])
