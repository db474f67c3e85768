"""Every metric of the contract table, held to the laws of `genloss.testing`; and values by hand.

The array functions have their own tests; here each binding meets generations.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from genloss.core.curators.rounds import Curation
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.streams import Streams
from genloss.core.view import Direction, NotApplicable, View
from genloss.errors import DataError
from genloss.metrics.classes import ClassEntropy, ClassShare, LabelAccuracy
from genloss.metrics.copies import CopyRate, NearestTrain
from genloss.metrics.curation import AcceptanceRate, Shortfall
from genloss.metrics.features import Pixels
from genloss.metrics.images import FID
from genloss.metrics.rows import EnergyDistance, Manifold
from genloss.models.linear import LinearModel
from genloss.spec.build import build
from genloss.testing.metric import check_metric
from genloss.testing.systems import System, again, number_systems, text_system

from .table import held

C, N = 3, 400
STREAMS = Streams(2)
SYSTEMS = number_systems() | {"text": text_system()}
VIEWS = {name: system.views for name, system in SYSTEMS.items()}
LINES = held("metric")


def regression_system():
    """Return y = x + noise, and models with next to no slope and noise, or a wrong slope."""
    laws = ((1.0, 1.0), (0.1, 0.01), (-50.0, 9.0))
    real, *wrong = (LinearModel(np.full((C, 1), w), np.full(C, v)) for w, v in laws)
    return System(real, tuple(wrong))


@dataclass(frozen=True)
class Quadrants:
    """Four classes of points in the plane by their signs, soft at the borders; nothing learned."""

    def learned(self, p_0):
        return self

    def features(self, x):
        return x

    def class_probabilities(self, x):
        right, up = (1 / (1 + np.exp(-np.clip(x[..., i], -50, 50))) for i in (0, 1))
        parts = [a * b for a in (right, 1 - right) for b in (up, 1 - up)]
        return np.stack(parts, axis=-1)


@dataclass(frozen=True)
class Tenths:
    """Ten classes of points by the tenth of a circle that they lie in; nothing learned."""

    def learned(self, p_0):
        return self

    def features(self, x):
        return x

    def class_probabilities(self, x):
        angle = 0.2 * np.pi * np.arange(10)
        near = 9 * np.clip(x[..., :2], -2, 2) @ np.stack([np.cos(angle), np.sin(angle)])
        p = np.exp(near - near.max(axis=-1, keepdims=True))
        return p / p.sum(axis=-1, keepdims=True)


SLOW = ("mmd_squared", "manifold", "energy_distance", "mauve")
"""Seconds each."""
CASES = [
    pytest.param(x, id=str(x), marks=[pytest.mark.slow] if x.kind in SLOW else []) for x in LINES
]


def metric_of(line):
    """Return the metric, seeing classes that need no training where it is to see some."""
    built = line.build("metric")
    return replace(built, features=Tenths()) if "features" in line.fields else built


@pytest.fixture
def metric(request):
    return metric_of(request.param)


each = pytest.mark.parametrize("metric", LINES, ids=str, indirect=True)
EXACT = ("laws", "tokens")
"""Modules of metrics that know both laws, so that reality has its null value exactly."""


def exact(metric) -> bool:
    return type(metric).__module__.rpartition(".")[2] in EXACT


@pytest.mark.parametrize("metric", CASES, indirect=True)
def test_every_metric_keeps_the_laws(metric):
    atol = {"null_atol": 1e-9} if exact(metric) else {}
    of_regression = type(metric).__module__.endswith(".regression")
    # A row's mean and half of its law are alike in all regressions, which other metrics see alone.
    systems = SYSTEMS | {"regression": regression_system()} if of_regression else SYSTEMS
    check_metric(metric, systems, **atol)


OF_TEXT = ("real_share", "held_out_nll", "duplicate_rate", "fid")
"""Those that ask for no numbers in rows, or for features of them."""


@each
def test_token_ids_are_no_numbers(metric):
    """The mean of token ids means nothing, and so does a trace ratio of 0.98 of them."""
    of_text = ".metrics.text" in type(metric).__module__
    if of_text or metric.name.partition("(")[0] in OF_TEXT:
        return
    for view in VIEWS["text"]:
        assert isinstance(metric(again(view)), NotApplicable)


@each
def test_known_laws_have_no_distance_from_themselves(metric):
    if exact(metric) and metric.direction is Direction.LOWER and "nll" not in metric.name:
        for name in SYSTEMS:
            if not isinstance(value := metric(VIEWS[name][0]), NotApplicable):
                np.testing.assert_allclose(value, 0.0, atol=1e-7)


def test_names_tell_options_apart():
    names = [metric_of(line).name for line in LINES]
    assert len(set(names)) == len(names)


def test_real_share_is_counted_from_the_origins():
    view = VIEWS["gaussian"][1]
    half = Samples.concat([Samples.of(view.samples.x, 0), view.samples])
    mixed = View(2, view.p_0, view.model, half, view.samples, None, view.rng)
    share = build("metric", "real_share")
    np.testing.assert_array_equal(share(mixed), 0.5)
    np.testing.assert_array_equal(share(view), 0.0)
    np.testing.assert_array_equal(share(VIEWS["gaussian"][0]), 1.0)


def beside(samples, train, *, t=1, held_out=True, rng_key=0) -> View:
    """Return a generation of the plane with these samples and training rows."""
    zero = VIEWS["gaussian"][0]
    shown = zero.held_out if held_out else None
    return View(t, zero.p_0, zero.p_0, train, samples, shown, STREAMS.rng(rng_key, "metric"))


def test_memorisation_is_one_for_new_real_rows_and_none_for_copies():
    """Nearest distances in the plane have a spread of about their mean: the ratio of two means over
    400 has a standard error near sqrt(2 / 400), the rate sqrt(2 q (1 - q) / 400) round q."""
    zero = VIEWS["gaussian"][0]
    new = Samples.of(zero.p_0.sample(N, STREAMS.rng(0, "new")), 1)
    honest, copied = beside(new, zero.samples), beside(zero.samples, zero.samples)
    np.testing.assert_allclose(NearestTrain()(honest), 1.0, atol=4 * np.sqrt(2 / N))
    band = 4 * np.sqrt(2 * 0.05 * 0.95 / N)
    np.testing.assert_allclose(CopyRate(q=0.05)(honest), 0.05, atol=band)
    np.testing.assert_array_equal(NearestTrain()(copied), 0.0)
    np.testing.assert_array_equal(CopyRate()(copied), 1.0)
    # Rows crowded where reality is dense lie nearer to training rows without being copies.
    crowded = VIEWS["gaussian"][1].samples
    assert (NearestTrain()(beside(crowded, zero.samples)) < 0.9).all()


def test_memorisation_needs_training_rows_and_held_out_rows():
    zero = VIEWS["gaussian"][0]
    endless = Source.of(zero.p_0, N, 1)
    for view, says in (
        (beside(zero.samples, None, t=0), "begins with t = 1"),
        (beside(zero.samples, endless), "no row to copy"),
        (beside(zero.samples, zero.samples, held_out=False), "held_out"),
        (VIEWS["tokens"][1], "real vectors"),
    ):
        for metric in (NearestTrain(), CopyRate()):
            assert says in metric(view).why
    given = endless.like(zero.samples.x, 0)
    np.testing.assert_array_equal(CopyRate()(beside(zero.samples, given)), 1.0)


def test_label_accuracy_meets_the_labels_asked_for():
    zero = VIEWS["gaussian"][0]
    x, metric = zero.samples.x, LabelAccuracy(Quadrants())
    right = Quadrants().class_probabilities(x).argmax(axis=2)
    np.testing.assert_array_equal(metric(beside(Samples.of(x, 1, right), None)), 1.0)
    half = np.where(np.arange(N) % 2, right, (right + 1) % 4)
    np.testing.assert_array_equal(metric(beside(Samples.of(x, 1, half), None)), 0.5)
    assert "no labels" in metric(zero).why
    assert "classes" in LabelAccuracy(Pixels())(beside(Samples.of(x, 1, right), None)).why
    with pytest.raises(DataError, match="other classes"):
        metric(beside(Samples.of(x, 1, right + 4), None))


def test_a_class_that_the_classifier_does_not_know_is_refused():
    with pytest.raises(DataError, match="classes is 5; the classifier knows 4; set classes = 4"):
        ClassShare(Quadrants(), 5)(VIEWS["gaussian"][0])


def test_features_are_computed_once_and_draws_do_not_depend_on_who_asks_first():
    zero = VIEWS["gaussian"][0]
    endless = Source.of(zero.p_0, N, 1)
    metrics = [
        FID(Quadrants(), rows=200),
        Manifold(rows=200, features=Quadrants()),
        ClassEntropy(Quadrants(), rows=200),
        EnergyDistance(rows=200),
    ]

    def all_of(order):
        views = [beside(endless, None, rng_key=i) for i in range(4)]
        memo, lasting = {}, {}
        views = [replace(v, memo=memo, lasting=lasting) for v in views]
        found = {i: metrics[i](views[i]) for i in order}
        assert sum(key[0] == "drawn" for key in memo) == 1
        assert sum(key[0] == "features" for key in memo) == 1
        assert sum(key[0] in ("features", "map") for key in lasting) == 2
        return np.concatenate([found[i].ravel() for i in range(4)])

    one, two = all_of([0, 1, 2, 3]), all_of([3, 1, 0, 2])
    assert one.tobytes() == two.tobytes()


def test_names_say_through_which_features():
    assert Manifold().name == "manifold"
    assert Manifold(k=3).name == "manifold(k=3)"
    assert Manifold(3, features=Quadrants()).name == "manifold(k=3, features=quadrants)"
    assert FID().name == "fid"
    assert FID(Quadrants(), 500).name == "fid(features=quadrants, rows=500)"
    assert ClassShare(Quadrants(), 4).name == "class_share(classes=4, features=quadrants)"


def test_metrics_of_a_curator_count_its_rows():
    """10 asked: chain 0 accepts 5 of 20 seen, chain 1 all of 10."""
    curation = Curation(10, np.array([20, 10]), np.array([5, 10]), {})
    system = SYSTEMS[next(iter(SYSTEMS))]
    view = replace(system.views[1], curation=curation)
    np.testing.assert_array_equal(AcceptanceRate()(view), [0.25, 1.0])
    np.testing.assert_array_equal(Shortfall()(view), [0.5, 0.0])
    assert isinstance(AcceptanceRate()(replace(view, curation=None)), NotApplicable)
