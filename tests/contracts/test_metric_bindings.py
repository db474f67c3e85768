"""Every metric of the catalogue on five systems: shape, null value, and further when wrong.

The array functions have their own tests; here each binding meets generations. Generation 1 is wrong
in two ways, trained on nothing real: collapsed (a fraction of reality's spread or symbols) or lost
(far away, or the symbols exchanged). Every metric must find one of them further than generation 0.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest

from genloss.core.chain import Generation, generation_zero
from genloss.core.curators import Curation
from genloss.core.forms import AsMoments, Rows
from genloss.core.roles import Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.streams import Streams
from genloss.core.view import Direction, Labelled, NotApplicable, View
from genloss.errors import DataError
from genloss.metrics.classes import ClassEntropy, ClassShare, LabelAccuracy
from genloss.metrics.copies import CopyRate, NearestTrain
from genloss.metrics.curation import AcceptanceRate, Shortfall
from genloss.metrics.features import Pixels
from genloss.metrics.images import FID
from genloss.metrics.rows import EnergyDistance, Manifold
from genloss.models.categorical import CategoricalModel
from genloss.models.gaussian import GaussianModel
from genloss.models.kde import KDEModel
from genloss.models.mixture.mixture import MixtureModel
from genloss.realities.gaussians import Gaussian
from genloss.realities.mixtures import ModalMixture, ModeGrid
from genloss.realities.shapes import TwoMoons
from genloss.realities.tokens import ZipfMandelbrot
from genloss.spec.build import build
from genloss.spec.registry import CATALOG

C, N = 3, 400
STREAMS = Streams(2)


@dataclass(frozen=True)
class System:
    """A reality and wrong models of it: a collapsed one, a lost one."""

    p_0: Model
    wrong: tuple[Model, Model]
    form: Any


def collapsed_symbols(p: np.ndarray) -> np.ndarray:
    kept = np.zeros_like(p)
    kept[:, 1:5] = p[:, 1:5]
    return kept / kept.sum(axis=1, keepdims=True)


def normal(d: int, mean: float, variance: float) -> GaussianModel:
    return GaussianModel(np.full((C, d), mean), np.tile(variance * np.eye(d), (C, 1, 1)))


def systems() -> dict[str, System]:
    rng = STREAMS.rng(0, "realise")
    plane, line = Gaussian(2).realise(C, rng), Gaussian(1).realise(C, rng)
    tokens = ZipfMandelbrot(12).realise(C, rng)
    collapsed, lost = collapsed_symbols(tokens.p), np.ascontiguousarray(tokens.p[:, ::-1])
    grid, moons = ModeGrid(side=3).realise(C, rng), TwoMoons().realise(C, rng)
    w, m, s = grid.mixture()
    few = MixtureModel(w[:, :2] * 4.5, m[:, :2] + 0.05, s[:, :2] * 0.01)
    rows, h = moons.sample(5, rng), np.full(C, 0.0)
    return {
        "gaussian": System(plane, (normal(2, 0.5, 0.01), normal(2, 50, 9)), Rows()),
        "moments": System(line, (normal(1, 0.5, 0.01), normal(1, 50, 9)), AsMoments()),
        "tokens": System(tokens, (CategoricalModel(collapsed), CategoricalModel(lost)), Rows()),
        "mixture": System(grid, (few, MixtureModel(w, m + 50, s * 9)), Rows()),
        "shape": System(moons, (KDEModel(rows, h), KDEModel(rows + 50, h + 1)), Rows()),
    }


SYSTEMS = systems()
NEEDED = {
    "symbol_probability": {"symbol": 0},
    "mode_share": {"mode": 5},
    "class_share": {"features": "pixels", "classes": 4},
    "class_entropy": {"features": "pixels"},
    "confidence": {"features": "pixels"},
}
OPTIONS = [("manifold", {"k": 3})]
OPTIONS += [("component_std", {"which": "largest"}), ("mmd_squared", {"estimator": "biased"})]
OPTIONS += [("vendi_score", {"q": 2.0}), ("tail_mass", {"q": 0.2}), ("held_out_nll", {"rows": 50})]
ENCODED = {"latent_spread", "latent_mean"}
"""These look through a trained encoder; tests/models/torch holds them to images by hand."""
TEXT = {k for k, path in CATALOG["metric"].items() if ".metrics.text" in path}
"""These need a reality of text; test_text_metrics.py holds them to one."""
TRAINED = {"nearest_train", "copy_rate", "label_accuracy", "train_loss"}
"""These need training rows or labels, which generation 0 here has not; held to both below."""
CURATED = {"acceptance_rate", "shortfall"}
"""These need a curator; held to one below."""
APART = ENCODED | TRAINED | CURATED | TEXT
KINDS = [(k, NEEDED.get(k, {})) for k in CATALOG["metric"] if k not in APART] + OPTIONS
IDS = ["-".join([kind, *map(str, more.values())]) for kind, more in KINDS]


def views(system: System) -> list[View]:
    """Return generation 0 and both wrong generations, beside held-out rows."""
    zero = generation_zero(system.p_0, system.form, N, STREAMS)
    held_out = system.p_0.sample(N, STREAMS.rng(0, "held_out"))
    generations = [zero]
    for model in system.wrong:
        samples = system.form.draw(model, N, STREAMS.rng(1, "sample"), 1)
        generations.append(Generation(1, samples, model, samples, zero.history))
    return [
        View(g.t, system.p_0, g.model, g.train, g.samples, held_out, STREAMS.rng(g.t, "metric"))
        for g in generations
    ]


VIEWS = {name: views(system) for name, system in SYSTEMS.items()}


def values(metric, name) -> list[np.ndarray] | NotApplicable:
    found = [metric(view) for view in VIEWS[name]]
    for v in found:
        if isinstance(v, NotApplicable):
            assert len(v.why) > 10
        else:
            labels = metric.labels if isinstance(metric, Labelled) else None
            assert np.shape(v) == ((C,) if labels is None else (C, len(labels)))
            assert not np.isnan(v).any()
    if isinstance(found[0], NotApplicable):
        return found[0]
    return [v for v in found if not isinstance(v, NotApplicable)]


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


@pytest.fixture(params=KINDS, ids=IDS)
def metric(request):
    kind, more = request.param
    built = build("metric", {"kind": kind, **more})
    # Pixels know no classes; these metrics are held to a class map that needs no training.
    return replace(built, features=Quadrants()) if "features" in more else built


def test_every_metric_gives_a_value_per_chain_or_says_why_not(metric):
    found = {name: values(metric, name) for name in SYSTEMS}
    assert isinstance(metric.direction, Direction)
    assert metric.unit
    # A metric that applies nowhere would pass everything below.
    assert any(not isinstance(v, NotApplicable) for v in found.values())


def columns(found: np.ndarray) -> list[np.ndarray]:
    """Return the values (C,) of each component."""
    return [found] if found.ndim == 1 else list(found.T)


def further(direction: str, zero: np.ndarray, one: np.ndarray) -> bool:
    if direction is Direction.LOWER:
        return bool((zero < one).all())
    if direction is Direction.HIGHER:
        return bool((zero > one).all())
    if direction in NULL:
        right = NULL[direction]
        return bool((np.abs(zero - right) < np.abs(one - right)).all())
    return bool((zero != one).all())


NULL = {Direction.ONE: 1.0, Direction.ZERO: 0.0}

BLIND = {("duplicate_rate", "gaussian"), ("duplicate_rate", "mixture")}
"""Continuous models never repeat a row, however wrong they are."""


def test_a_wrong_generation_is_further_from_reality(metric):
    for name in SYSTEMS:
        found = values(metric, name)
        if isinstance(found, NotApplicable) or (metric.name, name) in BLIND:
            continue
        zero, *wrong = found
        for k, begun in enumerate(columns(zero)):
            ends = [columns(one)[k] for one in wrong]
            if not isinstance(metric, ClassShare):
                assert any(further(metric.direction, begun, end) for end in ends), name
        assert any((zero != one).any() for one in wrong), name


KNOWN_LAWS = ("laws", "tokens")


def test_reality_has_the_null_value_of_its_direction(metric):
    """Exact where both laws are known. Else S_0 meets other real rows: the samples differ.

    A share of n rows has a standard error of at most 1 / (2 sqrt n): ratios to q in (0, 1] of it
    1 / (2 q sqrt n), taken at the q of the metric, 0.05 at the smallest, and doubled for two sides.
    """
    exact = type(metric).__module__.rpartition(".")[2] in KNOWN_LAWS
    for name in SYSTEMS:
        found = values(metric, name)
        if isinstance(found, NotApplicable) or metric.direction is Direction.START:
            continue
        zero = found[0]
        if metric.direction in NULL:
            right = NULL[metric.direction]
            band = 1e-9 if exact else 4 * np.sqrt(0.05 * 0.95 / N) / 0.05 * np.sqrt(2)
            np.testing.assert_allclose(zero, right, atol=band)
        elif exact and metric.direction is Direction.LOWER and "nll" not in metric.name:
            np.testing.assert_allclose(zero, 0.0, atol=1e-7)


def test_metrics_do_not_change_what_they_look_at(metric):
    view = VIEWS["gaussian"][0]
    before = view.samples.x.tobytes(), view.held_out.tobytes()
    metric(view)
    assert (view.samples.x.tobytes(), view.held_out.tobytes()) == before


def copied(part: Any, chain: int) -> Any:
    """Return a model, data or an array whose C chains are all copies of one."""
    if isinstance(part, np.ndarray):
        return np.ascontiguousarray(part[[chain] * C])
    arrays = {
        f.name: copied(value, chain)
        for f in fields(part)
        if isinstance(value := getattr(part, f.name), np.ndarray) and value.shape[:1] == (C,)
    }
    return replace(part, **arrays)


def of_their_own(name: str) -> list[View]:
    """Return the views of a system whose chains have realities of their own where it has arrays."""
    system = SYSTEMS[name]
    p_0, by_chain = system.p_0, np.arange(1.0, C + 1)
    if isinstance(p_0, GaussianModel):
        p_0 = GaussianModel(p_0.mean * by_chain[:, None] + 3, p_0.cov * by_chain[:, None, None])
    elif isinstance(p_0, CategoricalModel):
        p_0 = CategoricalModel(np.stack([np.roll(p, c) for c, p in enumerate(p_0.p)]))
    return views(replace(system, p_0=p_0))


OWN = {name: of_their_own(name) for name in SYSTEMS}


@pytest.mark.parametrize("chain", range(C))
def test_a_value_does_not_depend_on_the_neighbours_in_the_block(metric, chain):
    for name in SYSTEMS:
        for i, view in enumerate(OWN[name]):
            alike = replace(
                view,
                p_0=copied(view.p_0, chain),
                model=copied(view.model, chain),
                train=None if view.train is None else copied(view.train, chain),
                samples=copied(view.samples, chain),
                held_out=copied(view.held_out, chain),
                rng=STREAMS.rng(i, "metric"),
                memo={},
                lasting={},
            )
            found = metric(replace(view, rng=STREAMS.rng(i, "metric"), memo={}, lasting={}))
            again = metric(alike)
            if isinstance(found, NotApplicable):
                assert isinstance(again, NotApplicable)
            else:
                # Sums over another layout of the block may round otherwise.
                np.testing.assert_allclose(again[chain], found[chain], rtol=1e-9, atol=1e-12)


SMALL = 2.0**-14
"""Data of a standard deviation of 1e-4; a power of two, so that products with it are exact."""

POWERS = {
    "units of the data": 1,
    "squared units of the features": 2,
    "squared units of the data": 2,
    "1 / units of the data^d": -2,
}


def in_small_units(part: Any) -> Any:
    """Return rows, a law, or a view of them with the data in other units."""
    if isinstance(part, np.ndarray):
        return part * SMALL
    if isinstance(part, Samples):
        return replace(part, x=part.x * SMALL)
    if isinstance(part, GaussianModel):
        return GaussianModel(part.mean * SMALL, part.cov * SMALL**2)
    if isinstance(part, MixtureModel):
        return MixtureModel(part.weights, part.means * SMALL, part.covs * SMALL**2)
    if isinstance(part, ModalMixture):
        return ModalMixture(in_small_units(part.law), part.radius * SMALL)
    names = ("p_0", "model", "train", "samples", "held_out")
    parts = {n: v for n in names if (v := getattr(part, n)) is not None}
    return replace(part, **{n: in_small_units(v) for n, v in parts.items()}, memo={}, lasting={})


def test_the_unit_of_the_data_changes_a_value_by_its_unit_alone(metric):
    for name in ("gaussian", "mixture"):
        for i, view in enumerate(OWN[name]):
            found = metric(replace(view, rng=STREAMS.rng(i, "metric"), memo={}, lasting={}))
            again = metric(replace(in_small_units(view), rng=STREAMS.rng(i, "metric")))
            assert isinstance(found, NotApplicable) == isinstance(again, NotApplicable)
            if isinstance(found, NotApplicable) or "features" in metric.name:
                continue
            # A log density gains d ln of the unit, in nats; Jensen-Shannon and its like nothing.
            power = POWERS.get(metric.unit, 0)
            right = found * SMALL**power
            right = right + 2 * np.log(SMALL) if metric.unit == "nats per row" else right
            np.testing.assert_allclose(again, right, rtol=1e-7, atol=1e-9 * SMALL**power)


def test_names_tell_options_apart():
    names = [build("metric", {"kind": kind, **more}).name for kind, more in KINDS]
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
    view = replace(views(system)[1], curation=curation)
    np.testing.assert_array_equal(AcceptanceRate()(view), [0.25, 1.0])
    np.testing.assert_array_equal(Shortfall()(view), [0.5, 0.0])
    assert isinstance(AcceptanceRate()(replace(view, curation=None)), NotApplicable)
