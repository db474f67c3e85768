"""Source: endless data mix by their shares and are drawn anew every time."""

from itertools import islice

import numpy as np
import pytest

from genloss.core.source import Given, Source
from genloss.errors import DataError
from genloss.models.gaussian import GaussianLearner, GaussianModel


def at(mean: float) -> GaussianModel:
    return GaussianModel(np.full((2, 1), mean), np.full((2, 1, 1), 1e-4))


MIXED = Source.concat([Source.of(at(0.0), 30, 0), Source.of(at(5.0), 10, 1)])


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def test_a_mixed_source_knows_its_rows_and_origins():
    assert (MIXED.n_chains, MIXED.n_rows) == (2, 40)
    counts = {k: v.tolist() for k, v in MIXED.origin_counts().items()}
    assert counts == {0: [30, 30], 1: [10, 10]}


def test_batches_mix_the_streams_by_their_rows():
    """Rows of stream 1 in a batch of m: Binomial(m, 1/4), so 3 m / 16 variance; 40 batches."""
    batches = list(islice(MIXED.batches(100, rng(1)), 40))
    share = np.mean([b.origin_counts().get(1, np.zeros(2))[0] for b in batches]) / 100
    assert abs(share - 0.25) < 4 * np.sqrt(3 / 16 / 4000)
    for batch in batches:
        assert batch.n_rows == 100
        # Origin says which model drew the row.
        np.testing.assert_array_equal(batch.origin, batch.x[:, :, 0] > 2.5)


def test_every_batch_and_every_chain_is_drawn_anew():
    one, two = islice(MIXED.batches(50, rng()), 2)
    rows = np.concatenate([one.x.ravel(), two.x.ravel()])
    assert len(np.unique(rows)) == rows.size
    np.testing.assert_array_equal(MIXED.take(50, rng()).x, one.x)


def test_arrays_rebuild_a_source_of_many_streams():
    learner = GaussianLearner(ddof=1)
    parts = [Source.of(at(float(k)), k + 1, k) for k in range(12)]
    source = Source.concat(parts)
    asked = []

    def rebuild(origin, state):
        asked.append(origin)
        return learner.restore(state)

    again = Source.from_arrays(source.arrays(), rebuild)
    assert asked == list(range(12))
    np.testing.assert_array_equal(again.take(60, rng()).x, source.take(60, rng()).x)


def test_head_and_subsample_rescale_one_stream_and_refuse_a_mixture():
    one = Source.of(at(0.0), 30, 0)
    assert (one.head(7).n_rows, one.subsample(3, rng()).n_rows) == (7, 3)
    assert MIXED.head(40) is MIXED
    with pytest.raises(DataError, match="7 of 40 rows asked from a mixed Source; use form"):
        MIXED.head(7)


@pytest.mark.parametrize("size", [0, -1, 2.5])
def test_sizes_of_zero_or_less_are_refused(size):
    with pytest.raises(DataError, match="expected a whole number of at least 1"):
        MIXED.take(size, rng())
    with pytest.raises(DataError, match="expected a whole number of at least 1"):
        Source.of(at(0.0), size, 0)


def test_given_rows_stand_for_themselves_in_a_mixture():
    foreign = MIXED.like(np.zeros((2, 3, 1)), -1)
    assert foreign.n_rows == 3
    assert foreign.origin_counts()[-1].tolist() == [3, 3]
    np.testing.assert_array_equal(foreign.take(50, rng()).x, np.zeros((2, 50, 1)))


def test_draws_of_given_rows_are_rows_of_the_same_chain_with_their_labels():
    x = np.array([[[1.0], [2], [3]], [[4], [5], [6]]])
    given = Given(x, np.array([[10, 20, 30], [40, 50, 60]]))
    drawn, label = given.sample_labelled(200, rng())
    np.testing.assert_array_equal(given.sample(200, rng()), drawn)
    np.testing.assert_array_equal(label, drawn[..., 0] * 10)
    for chain in range(2):
        assert set(drawn[chain, :, 0]) == set(x[chain, :, 0])
    assert (drawn[0] != drawn[1] - 3).any()
    assert Given(x).sample_labelled(2, rng())[1] is None
    assert (given.n_chains, set(given.state()), set(Given(x).state())) == (2, {"x", "label"}, {"x"})
