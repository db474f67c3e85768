"""What becomes of every row that a curator sees, by hand."""

from dataclasses import dataclass

import numpy as np

from genloss.core.curators.reference import Reference
from genloss.core.curators.rounds import curated, curated_set
from genloss.core.curators.selection import Selection
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.models.categorical import CategoricalModel

REFERENCE = Reference(CategoricalModel(np.full((2, 10), 0.1)), Streams(3), 4)


@dataclass(frozen=True)
class Sorted:
    """Refuses 0, 1 and 2 for a reason each."""

    rounds: int = 2
    covers: str = "generated"

    def select(self, rows, reference, rng):
        return Selection(rows.x > 2, np.minimum(rows.x, 2), ("none", "one", "two"))


def test_rows_after_the_last_one_needed_are_counted_nowhere():
    """Of two rounds of four the third row to enter is the sixth, the fifth of the other chain."""
    rounds = np.array([[[0, 2, 3, 1], [3, 2, 2, 0]], [[2, 9, 4, 2], [5, 0, 1, 1]]])
    rows, curation = curated(
        lambda k: Samples.of(rounds[k][:, :4], 1), 3, Sorted(), REFERENCE,
        lambda k: np.random.default_rng(k),
    )  # fmt: skip
    assert rows.x.tolist() == [[3, 9, 4], [3, 5, 2]]
    assert rows.weight.tolist() == [[1, 1, 1], [1, 1, 0]]
    assert curation.seen.tolist() == [7, 8]
    assert curation.accepted.tolist() == [3, 2]
    refused = {why: count.tolist() for why, count in curation.refused.items()}
    assert refused == {"none": [1, 2], "one": [1, 2], "two": [2, 2]}
    judged = curation.judged
    assert judged.reason.tolist() == [[0, 2, -1, 1, 2, -1, -1, -2], [-1, 2, 2, 0, -1, 0, 1, 1]]
    assert judged.seen.sum(axis=1).tolist() == [7, 8]
    assert judged.accepted.sum(axis=1).tolist() == [3, 2]


def test_nothing_is_drawn_once_every_chain_has_what_it_needs():
    asked = []

    def draw(k):
        asked.append(k)
        return Samples.of(np.full((2, 4), 5), 1)

    curated(draw, 4, Sorted(), REFERENCE, np.random.default_rng)
    assert asked == [0]


@dataclass(frozen=True)
class Every:
    """Accepts what is above 0, whose weight is what it is asked to say."""

    weight: object = None
    rounds: int = 1
    covers: str = "training"

    def select(self, rows, reference, rng):
        return Selection(rows.x > 0, np.zeros(rows.x.shape, int), ("none",), self.weight)


def test_a_set_keeps_its_weights_unless_a_curator_gives_others():
    """What weighs nothing is not there, whatever was decided about it."""
    x, origin = np.array([[5, 0, 6, 7], [0, 8, 9, 1]]), np.zeros((2, 4), int)
    weight = np.array([[0.5, 2, 0, 3], [1, 0.25, 0.75, 4]])
    given = np.array([[9.0, 1, 9, 8], [1, 7, 6, 5]])
    rng = np.random.default_rng(0)
    for own, said, right in (
        (None, None, [[1, 1, 1], [1, 1, 1]]),
        (None, given, [[9, 9, 8], [7, 6, 5]]),
        (weight, None, [[0.5, 3, 0], [0.25, 0.75, 4]]),
        (weight, given, [[9, 8, 0], [7, 6, 5]]),
    ):
        train, curation = curated_set(Samples(x, origin, own), Every(said), REFERENCE, rng)
        assert train.weight.tolist() == right
        there = [[5, 6, 7], [8, 9, 1]] if own is None else [[5, 7], [8, 9, 1]]
        assert [row[w > 0].tolist() for row, w in zip(train.x, train.weight, strict=True)] == there
        assert curation.seen.tolist() == [4, 4]
        assert curation.accepted.tolist() == [len(there[0]), 3]
        assert curation.refused["none"].tolist() == [4 - len(there[0]), 1]
