"""Bindings of what is seen beside rows (training, classes, latents, copies, curators), by hand."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from genloss.core.curators.rounds import Curation, Judged
from genloss.core.samples import Samples
from genloss.core.source import Given, Source
from genloss.core.view import NotApplicable, View
from genloss.metrics import classes, copies, curation, images, laws, novelty, rows, training
from genloss.models.categorical import CategoricalModel

LN, E = np.log, np.exp


class Known:
    """A model of two chains of which only one thing is asked for."""

    n_chains = 2

    def sample(self, n, rng):
        raise AssertionError("nothing is drawn here")

    def state(self):
        return {}


class Encoder(Known):
    """Two latents for each number x: x and 2 x + 1."""

    def encode(self, x):
        return np.concatenate([x, 2 * x + 1], axis=2)


class Trained(Known):
    train_loss = np.array([[3.0, 2.0, np.nan], [5.0, 4.0, 1.5]])


@dataclass(frozen=True)
class Shares:
    """A class map whose rows are the probabilities of their classes."""

    def learned(self, p_0):
        return self

    def features(self, x):
        return x

    def class_probabilities(self, x):
        return x


@dataclass(frozen=True)
class Ordered(Known):
    """A finite reality on the line."""

    x: np.ndarray = field(default_factory=lambda: np.array([[0.0, 8, 12], [1, 2, 4]])[..., None])
    n_rows = 3

    def rows(self, start, n):
        return self.x[:, start : start + n]

    def split(self, m):
        raise AssertionError("held-out rows are given")

    def labels_of(self, start, n):
        return None


def of(x, held_out=None, train=None, label=None, **more) -> View:
    """Return generation 3 of these rows, of which the line may be given flat."""
    x, held_out, train = (
        None if part is None else np.asarray(part, dtype=float)[(..., *[None] * lacking(part))]
        for part in (x, held_out, train)
    )
    train = None if train is None else Samples.of(train, 2)
    samples = Samples.of(x, 3, label)
    known = Known()
    return replace(
        View(3, known, known, train, samples, held_out, np.random.default_rng(0)), **more
    )


def lacking(part) -> int:
    return 3 - np.ndim(part)


LINE = of([[0, 2, 4, 90], [0, 0, 3, 90]], [[1, 1, 4, 70], [4, 5, 6, 70]])
BALLS = of([[3.5, 13, 18, 30], [5, 6, 7, 43]], [[0, 1, 3, 10, -9], [0, 10, 20, 40, 44]])
# k = 1. Chain 0: real balls reach 1, 1, 2, 7 and 9 far, fake ones 9.5, 5, 5 and 12. 3.5 and 13 lie
# in real balls, all but -9 in fake ones; 3.5 in two and 13 in one of the real balls, which are two.
# Chain 1: 10, 10, 10, 4, 4 and 1, 1, 1, 36. Only 0 lies in no fake ball, and the ball of 20 is
# empty; 5, 6 and 7 lie in two real balls each, 43 in two.
SCORES = [[2 / 4, 4 / 5, 3 / 4, 2 / 5], [1, 4 / 5, 8 / 4, 4 / 5]]
KERNEL = of([[1, 3, 90], [0, 2, 90]], [[0, 2, 70], [0, 1, 70]])
# The median distances of reality are 2 and 1: kernels exp(-d^2 / 8) and exp(-d^2 / 2).
CROSS = [3 * E(-1 / 8) + E(-9 / 8), 1 + 2 * E(-0.5) + E(-2)]
SEEN = of(
    [
        [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2], [0.2, 0.2, 0.6]],
        [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.9, 0.05, 0.05], [0.2, 0.1, 0.7]],
    ],
    label=np.array([[0, 1, 2, -1], [2, 0, 0, 2]]),
)
# Classes 0 1 0 2, and 2 2 0 2.
COPIES = of(
    [[1, 15, 10], [5, 8, 7]], [[3, 12], [1.5, 4]], [[0, 10], [5, 6]], p_0=Ordered(), model=Ordered()
)
# Nearest of D_t: 1, 5, 0 and 0, 2, 1. Held-out rows to the first two real rows (0, 8 and 1, 2):
# 3, 4 and 0.5, 2, whose quantiles at 0.25 are 3.25 and 0.875.
MIXED = np.zeros((2, 4, 1))
TRAIN = Samples.of(MIXED, np.array([[0, 0, 1, 2], [0, 1, 1, -1]]))
CURATED = Curation(10, np.array([20, 16]), np.array([5, 8]), {})
WHY = ("false positive", "true positive")
JUDGED = Judged(
    Samples.of(
        np.array([[0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 2, 2, 0]]),
        np.array([[0, 0, 0, 1, -1, 2, 1], [0, 0, 1, 3, -1, -1, 0]]),
        np.array([[0, 0, 1, 1, 0, 1, 1], [0, 0, 0, 1, 1, 1, 0]]),
    ),
    np.array([[-1, -1, 0, 1, -1, 1, -2], [0, -1, -1, -1, 1, -1, -1]]),
    WHY,
)
FILTERED = Curation(
    4,
    np.array([6, 7]),
    np.array([3, 5]),
    {WHY[0]: np.array([1, 1]), WHY[1]: np.array([2, 1])},
    JUDGED,
)
UNLABELLED = replace(FILTERED, judged=replace(JUDGED, rows=replace(JUDGED.rows, label=None)))
# Symbols 0, 1, 2 lie at .25, .65, .9 and at .3, .75, .95 of reality.
FREQUENT = CategoricalModel(np.array([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1]]))
BY_CURATOR = of(MIXED, p_0=FREQUENT, curation=FILTERED)
# Symbol 1 lies at .6875, on the bound of two bands, and in the rarer one.
ON_BOUND = CategoricalModel(np.array([[0.5, 0.375, 0.125]] * 2))
BY_BOUND = of(MIXED, p_0=ON_BOUND, curation=FILTERED)
LATENTS = of([[1, 3, 99], [-1, 0, 99]], first=Encoder())
# Of two images: 1, 3, 3, 7 and -1, -1, 0, 1.

CASES = [
    (laws.RealShare(), replace(of(MIXED), train=TRAIN), [0.5, 0.25]),
    (rows.MMDSquared(rows=2), KERNEL, [2 * E(-0.5) - CROSS[0] / 2, E(-2) + E(-0.5) - CROSS[1] / 2]),
    (
        rows.MMDSquared("biased", 2),
        KERNEL,
        [1 + E(-0.5) - CROSS[0] / 2, 1 + (E(-2) + E(-0.5)) / 2 - CROSS[1] / 2],
    ),
    (rows.Manifold(1), BALLS, SCORES),
    (images.LatentMean(2), LATENTS, [14 / 4, -1 / 4]),
    (images.LatentSpread(2), LATENTS, [4.75**0.5, 0.6875**0.5]),
    # Unbiased variances 4 and 3 about 2 and 2; 3 and 1 about 1 and 5.
    (images.FID(rows=3), LINE, [(2 - 3**0.5) ** 2, 16 + (3**0.5 - 1) ** 2]),
    (classes.ClassShare(Shares(), 3), SEEN, [[2 / 4, 1 / 4, 1 / 4], [1 / 4, 0, 3 / 4]]),
    (classes.ClassShare(Shares(), 3, 3), SEEN, [[2 / 3, 1 / 3, 0], [1 / 3, 0, 2 / 3]]),
    (
        classes.ClassEntropy(Shares()),
        SEEN,
        [1.5 * LN(2) / LN(3), (LN(4) / 4 + 3 / 4 * LN(4 / 3)) / LN(3)],
    ),
    (classes.Confidence(Shares()), SEEN, [2.5 / 4, 2.7 / 4]),
    (classes.Confidence(Shares(), 2), SEEN, [1.3 / 2, 1.1 / 2]),
    (classes.LabelAccuracy(Shares()), SEEN, [2 / 3, 3 / 4]),
    (classes.LabelAccuracy(Shares(), 2), SEEN, [1, 1 / 2]),
    (copies.NearestTrain(), COPIES, [2 / 3.5, 1 / 1.25]),
    (copies.CopyRate(0.25), COPIES, [2 / 3, 1 / 3]),
    # Nearest of those two real rows: 1, 7, 2 and 3, 6, 5.
    (novelty.FarRows(0.25, reference=2), COPIES, [1 / 3, 1]),
    (curation.AcceptanceRate(), of(MIXED, curation=CURATED), [1 / 4, 1 / 2]),
    (curation.Shortfall(), of(MIXED, curation=CURATED), [1 / 2, 1 / 5]),
    (curation.CuratedRows(), of(MIXED, curation=FILTERED), [[4, 6, 3, 3], [4, 7, 5, 2]]),
    (curation.AcceptedByOrigin(), BY_CURATOR, [[2 / 3, 0, 1], [2 / 3, 1, 1 / 2]]),
    (curation.AcceptedByGroup(2), BY_CURATOR, [[1, 0], [3 / 4, 2 / 3]]),
    (curation.AcceptedByRarity((0.5,)), BY_CURATOR, [[1, 1 / 4], [1 / 2, 4 / 5]]),
    (curation.AcceptedByRarity((0.6875,)), BY_BOUND, [[1, 1 / 4], [1 / 2, 4 / 5]]),
    (
        curation.RefusalReasons(WHY[:1]),
        of(MIXED, curation=FILTERED),
        [[1 / 6, 2 / 6], [1 / 7, 1 / 7]],
    ),
    (training.TrainLoss(), of(MIXED, model=Trained()), [2, 1.5]),
]


@pytest.mark.parametrize(
    ("metric", "view", "right"), CASES, ids=lambda part: getattr(part, "name", "")
)
def test_values_by_hand(metric, view, right):
    value = metric(view)
    assert not isinstance(value, NotApplicable), value
    np.testing.assert_allclose(value, right, rtol=1e-9, atol=1e-12)


def test_rows_without_weight_were_not_trained_on():
    """3 would be a copy of a refused row; of two rows there are two real ones, then one."""
    weight = np.array([[1.0, 0, 2], [0, 1, 0]])
    x = np.array([[0.0, 3, 10], [3, 5, 3]])[..., None]
    train = Samples(x, np.zeros((2, 3), dtype=np.int64), weight)
    view = View(
        2,
        Ordered(),
        Known(),
        train,
        Samples.of(np.full((2, 1, 1), 3.0), 2),
        np.array([[11.0], [5]])[..., None],
        np.random.default_rng(0),
    )
    generated, real = copies.nearest(view, 10)
    np.testing.assert_allclose(generated, [[3], [2]])
    # Of 0 and 8 in the first chain, of 1 alone in the second.
    np.testing.assert_allclose(real, [[3], [4]])
    # A generation later all rows are there: of 0, 8 and 12, and of 1, 2 and 4.
    whole = Samples(x, train.origin, np.ones((2, 3)))
    _, real = copies.nearest(replace(view, t=3, memo={}, train=whole), 10)
    np.testing.assert_allclose(real, [[1], [1]])


def test_what_was_trained_on_is_known_of_rows_and_of_a_source_of_given_ones():
    rows = np.array([[[0.0], [8]], [[1], [2]]])
    for train in (Samples.of(rows, 1), Source.of(Given(rows), 9, 1)):
        np.testing.assert_array_equal(copies.trained_on(replace(COPIES, train=train)), rows)
    source = replace(COPIES, train=Source.of(Given(COPIES.train.x), 2, 1), memo={}, lasting={})
    for one, other in zip(copies.nearest(source, 10), copies.nearest(COPIES, 10), strict=True):
        np.testing.assert_array_equal(one, other)
    two = Source.concat([Source.of(Given(rows), 9, 1)] * 2)
    for unknown in (two, Source.of(Known(), 9, 1)):
        found = copies.trained_on(replace(COPIES, train=unknown))
        assert found.why == "Source hold no row to copy; use form = 'rows'"


@dataclass(frozen=True)
class Spots(Ordered):
    """Two modes on a line."""

    def modes(self):
        return np.array([[0.0], [10.0]]), 1.0


def test_modes_let_in_and_groups_that_nobody_saw():
    """1.5 and 4 are near no mode; the first mode's row entered, in chain 1 the second mode's."""
    x = np.array([[[1.0], [1.5], [10]], [[9], [0.5], [4]]])
    by_mode = curation.AcceptedByGroup(2, "mode")

    def asked(x, reason):
        judged = Judged(Samples.of(x, 2), np.array(reason), WHY)
        seen = Curation(3, np.array([3, 3]), np.array([1, 1]), {}, judged)
        return replace(of(x, p_0=Spots()), curation=seen)

    view = asked(x, [[-1, 0, 0], [-1, 0, 1]])
    np.testing.assert_array_equal(by_mode(view), [[1, 0], [0, 1]])
    # A row that was not needed was not seen.
    found = by_mode(asked(x, [[-1, 0, -2], [-1, 0, 1]]))
    assert found.absent == {"1": "a chain's curator saw no row of it"}
    np.testing.assert_array_equal(found.values, [[1, np.nan], [0, np.nan]])
    far = by_mode(asked(x + 50, [[-1, 0, 0], [-1, 0, 1]]))
    assert far.why == "a chain's curator saw no row of any group"
    assert by_mode(replace(view, p_0=Known())).why == "Known has no named modes"
    assert curation.AcceptedByGroup(2)(view).why == "rows have no classes"


def test_latents_are_those_of_the_first_model():
    assert images.LatentMean.uses_first
    assert images.LatentSpread.uses_first
