"""A detector that learned bigrams, by hand: which rows look generated to it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from genloss.core.curators.reference import Reference
from genloss.core.curators.taught import SMOOTH, TaughtDetector, _means
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.errors import DataError
from genloss.testing.beside import Shared

# Real rows write 0 1 and 1 0; a 2 is followed by nothing.
REAL = np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 2]])
REFERENCE = Reference(Shared(REAL, None, 1), Streams(3), 3)
X = np.array([[[0, 1, 0, 1], [2, 2, 2, 2], [0, 1, 2, 2], [1, 1, 1, -1]]])
ORIGIN = np.array([[0, 2, 2, 1]])


def law(rows, weight, size=3):
    """Return P(b | a) of pairs of tokens, every count a tenth more."""
    counts = np.full((size, size), SMOOTH)
    for row, w in zip(rows, weight, strict=True):
        for a, b in pairwise(row):
            if a >= 0 and b >= 0:
                counts[a, b] += w
    return counts / counts.sum(axis=1, keepdims=True)


def scores(human, machine, rows):
    """Return the mean of ln q(b | a) / p(b | a) over the pairs of each row."""
    table = np.log(machine) - np.log(human)
    pairs = ([(a, b) for a, b in pairwise(r) if b >= 0] for r in rows)
    return [np.mean([table[pair] for pair in of_row]) for of_row in pairs]


def tempered(human, temper):
    return human**temper / (human**temper).sum(axis=1, keepdims=True)


def found(detector, rows, reference=REFERENCE):
    made = np.asarray(rows.origin) != 0
    return detector._scores(rows, made, reference)


@pytest.mark.parametrize("held_out", [None, np.array([[[2, 2, 1, 1], [2, 1, 2, 2]]])])
def test_another_generator_writes_what_is_typical_more_often(held_out):
    """Held-out rows are what it knows of people, where there are any."""
    reference = replace(REFERENCE, held_out=held_out)
    known = REAL if held_out is None else held_out[0]
    human = law(known, np.ones(len(known)))
    right = scores(human, tempered(human, 2.0), X[0])
    rows = Samples.of(X, ORIGIN)
    np.testing.assert_allclose(found(TaughtDetector(temper=2.0), rows, reference), [right])


def test_tokens_that_no_real_row_holds_have_scores_too():
    rows = Samples.of(np.array([[[0, 1, 9], [1, 1, 1]]]), 1)
    assert found(TaughtDetector(), rows)[0].shape == (2,)
    assert np.isfinite(found(TaughtDetector(), rows)).all()
    # Nor does a token of real rows need to be in the others: 0 1 with six tokens is 0 1 with six.
    held_out = replace(REFERENCE, held_out=np.array([[[0, 1, 5, 1]]]))
    some = found(TaughtDetector(), Samples.of(np.array([[[0, 1], [1, 0]]]), 1), held_out)
    table = law(np.array([[0, 1, 5, 1]]), [1], size=6)
    right = np.log(tempered(table, 1.5) / table)
    np.testing.assert_allclose(some, [[right[0, 1], right[1, 0]]])


@pytest.mark.parametrize("weight", [None, np.array([[1.0, 3.0, 0.0, 2.0]])])
def test_the_loop_is_known_by_its_own_rows_and_their_weights(weight):
    rows = Samples(X, ORIGIN, weight)
    own = [0, 1, 1, 1] if weight is None else [0, 3, 0, 2]
    right = scores(law(REAL, np.ones(3)), law(X[0], own), X[0])
    np.testing.assert_allclose(found(TaughtDetector(taught="loop"), rows), [right])


def test_what_looks_least_generated_is_kept():
    rows = Samples.of(X, ORIGIN)
    made = TaughtDetector(taught="loop").select(rows, REFERENCE, np.random.default_rng(0))
    right = scores(law(REAL, np.ones(3)), law(X[0], [0, 1, 1, 1]), X[0])
    np.testing.assert_array_equal(made.accepted[0], np.argsort(np.argsort(right)) < 2)
    assert made.reason.tolist() == [[0, 1, 1, 1]]
    assert made.reasons == ("human row", "generated row")


def test_once_it_judges_the_first_mixture_alone():
    """Beyond origin 1 chance decides, which differs from stream to stream."""
    many = np.tile(X, (1, 20, 1))
    once = TaughtDetector(taught="loop", once=True)
    for origin, same in ((1, True), (2, False)):
        rows = Samples.of(many, np.tile([[0, origin]], 40))
        one, two = (once.select(rows, REFERENCE, np.random.default_rng(k)) for k in (0, 1))
        assert np.array_equal(one.accepted, two.accepted) is same
        assert one.accepted.sum() == two.accepted.sum() == 40
    nothing = TaughtDetector(taught="nothing")
    one, two = (nothing.select(rows, REFERENCE, np.random.default_rng(k)) for k in (0, 1))
    assert not np.array_equal(one.accepted, two.accepted)


@pytest.mark.parametrize("x", [np.zeros((1, 4, 2)), np.zeros((1, 4), dtype=int)])
def test_rows_without_tokens_are_refused(x):
    with pytest.raises(DataError, match="taught_detector judges rows of tokens"):
        TaughtDetector().select(Samples.of(x, 1), REFERENCE, np.random.default_rng(0))


def test_a_pair_alone_is_its_own_mean_and_a_row_without_one_scores_nothing():
    table = np.arange(9.0).reshape(1, 3, 3)
    rows = np.array([[[1, 2, -1], [0, 1, 2], [2, -1, -1]]])
    np.testing.assert_allclose(_means(rows, table), [[5, 3, 0]])
