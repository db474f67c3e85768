"""Diffusion as a learner: what it learns, what it is asked, what it keeps and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from genloss.core.abilities import ResumableLearner
from genloss.core.samplers import Denoising, DenoisingModel
from genloss.core.samples import Samples
from genloss.core.source import Given, LabelledModel, Source
from genloss.core.statistics import Moments
from genloss.errors import DataError, FitError, SpecError
from genloss.metrics.arrays.distances import energy_distance
from genloss.metrics.laws import DensityModel
from genloss.models.gaussian import GaussianModel
from genloss.models.torch.denoising.data import NoisyFeed, noise_for
from genloss.models.torch.denoising.diffusion import DiffusionLearner
from genloss.models.torch.denoising.flow import FlowLearner
from genloss.models.torch.denoising.nets import VectorNet
from genloss.models.torch.denoising.processes import Diffusion
from genloss.models.torch.denoising.recipe import denoising_loss
from genloss.models.torch.feeds import Batch, feed_of
from genloss.models.torch.training import Training
from genloss.realities.shapes import TwoMoons


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def recipe(**training) -> Training:
    given = {"epochs": 2, "batch": 32, "learning_rate": 5e-3, "weight_decay": 0.0} | training
    return Training(device="cpu", **given)


def small(**fields) -> DiffusionLearner:
    training = {k: fields.pop(k) for k in list(fields) if k in Training.__dataclass_fields__}
    options = {"steps": 20, "schedule": "cosine", "width": 32, "channels": 8} | fields
    return DiffusionLearner(training=recipe(**training), **options)


def same(a, b) -> bool:
    one, two = a.state(), b.state()
    return one.keys() == two.keys() and all(one[k].tobytes() == two[k].tobytes() for k in one)


def clusters(n=400, gap=2.0, std=0.5) -> Samples:
    """Two chains of two labelled clusters at -gap and gap; a quarter of the rows is class 0."""
    label = np.tile((np.arange(n) % 4 > 0).astype(np.int64), (2, 1))
    x = gap * (2 * label[..., None] - 1) + std * rng(1).standard_normal((2, n, 2))
    return Samples.of(x, 0, label)


@pytest.fixture(scope="module", autouse=True)
def one_thread_for_all():
    """Also for the fits that several tests share."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def labelled():
    build = small(conditioning="labels", classes=2, epochs=40, rate="cosine")
    return build, build.fit(clusters(gap=1.0, std=1.0), rng(1))


@pytest.mark.slow
def test_the_roles(labelled):
    build, model = labelled
    assert isinstance(build, ResumableLearner)
    assert isinstance(model, DenoisingModel)
    assert isinstance(model, LabelledModel)
    assert not isinstance(model, DensityModel)


@pytest.mark.slow
def test_two_moons_are_learned_in_seconds():
    """A Gaussian with the moons' moments is the known-bad baseline; energy distances squared."""
    p_0 = TwoMoons().realise(1, rng())
    x, y, z = (p_0.sample(1000, rng(k)) for k in (1, 2, 3))
    for build in (
        DiffusionLearner(steps=50, schedule="cosine", width=48),
        FlowLearner(10, width=48),
    ):
        build = replace(build, training=recipe(epochs=50, batch=100, rate="cosine"))
        found = energy_distance(build.fit(Samples.of(x, 0), rng()).sample(1000, rng()), y)
        bad = energy_distance(GaussianModel(*p_0.moments()).sample(1000, rng()), y)
        floor = energy_distance(z, y)
        assert found < 0.5 * bad
        assert found < 4 * floor


@pytest.mark.slow
def test_labels_choose_the_cluster_and_come_with_the_training_frequencies(labelled):
    """Clusters at -2 and 2 with standard deviation 1/2: a row on the wrong side is one in 30,000
    of the data. Label shares within 4 standard errors of 1/4 and 3/4."""
    build, n = labelled[0], 1000
    x, label = build.fit(clusters(), rng(2)).sample_labelled(n, rng())
    side = (x.mean(2) > 0).astype(int)
    assert (side == label).mean() > 0.98
    assert (np.abs(label.mean(1) - 0.75) < 4 * np.sqrt(0.75 * 0.25 / n)).all()


def test_guidance_sharpens(labelled):
    """The clusters overlap: guidance moves each class away from the other."""
    model = labelled[1]
    shares, centres = [], []
    for w in (0.0, 1.0, 4.0):
        x, label = Denoising(eta=0.0, guidance=w).ask(model).sample_labelled(1000, rng())
        towards = x.mean(2) * (2 * label - 1)
        shares.append((towards > 0).mean())
        centres.append(towards.mean())
    assert shares[0] < shares[1] < shares[2]
    assert centres[0] + 0.1 < centres[1] < centres[2] - 0.1


def test_an_unconditional_model_gives_no_labels_and_takes_no_guidance():
    model = small().fit(clusters(), rng())
    assert model.sample_labelled(3, rng())[1] is None
    with pytest.raises(SpecError, match="set conditioning = 'labels'"):
        Denoising(guidance=1.0).ask(model)
    with pytest.raises(SpecError, match="steps = 20 or fewer"):
        Denoising(steps=21).ask(model)


def test_asking_leaves_the_model_alone_and_survives_a_restore(labelled):
    build, model = labelled
    before = {k: v.tobytes() for k, v in model.state().items()}
    asked = model.denoised(5, 0.0, 2.0)
    assert {k: v.tobytes() for k, v in model.state().items()} == before
    assert not np.array_equal(asked.sample(4, rng()), model.sample(4, rng()))
    for m in (model, asked):
        again = build.restore({k: v.copy() for k, v in m.state().items()})
        assert same(again, m)
        np.testing.assert_array_equal(again.sample(4, rng(3)), m.sample(4, rng(3)))
    with pytest.raises(ValueError, match="read-only"):
        model.parameters["out.bias"][...] = 0


def test_all_steps_of_the_sampler_are_the_default(labelled):
    model = labelled[1]
    one, two = model.sample(5, rng()), Denoising(steps=20, eta=1.0).ask(model).sample(5, rng())
    np.testing.assert_array_equal(one, two)


def test_states_of_other_networks_and_processes_are_refused(labelled):
    build, model = labelled
    for other in (
        replace(build, steps=21),
        replace(build, schedule="linear"),
        FlowLearner(width=32, conditioning="labels", classes=2),
    ):
        with pytest.raises(DataError, match="belongs to another process"):
            other.restore(model.state())
    for other in (replace(build, width=16), replace(build, classes=3)):
        with pytest.raises(DataError, match="belongs to another network"):
            other.restore(model.state())
    with pytest.raises(DataError, match="a warm start from"):
        replace(build, width=16).fit(clusters(), rng(), init=model)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_chains_together_are_trained_as_if_alone(precision, monkeypatch):
    """Only the order of sums differs between one batched product and several."""
    build = small(conditioning="labels", classes=2, precision=precision, clip=0.5, epochs=3)
    together = build.fit(clusters(), rng(5))
    monkeypatch.setattr("genloss.models.torch.denoising.recipe.VectorNet", alone)
    apart = build.fit(clusters(), rng(5))
    rtol = 1e-4 if precision == "float32" else 0.05
    np.testing.assert_allclose(together.train_loss, apart.train_loss, rtol=rtol)
    for name, value in together.parameters.items():
        np.testing.assert_allclose(value, apart.parameters[name], atol=rtol * 10)
    assert not np.allclose(together.parameters["0.weight"][0], together.parameters["0.weight"][1])


def alone(*args):
    return VectorNet(*args, together=1)


def test_chains_have_noise_of_their_own():
    """One row, many times, and the same weights to start from: nothing else can differ."""
    build = small(epochs=3, batch=60)
    rows = Samples.of(np.ones((2, 60, 2)), 0)
    state = {k: np.repeat(v[:1], 2, 0) for k, v in build.fit(rows, rng(1)).state().items()}
    found = build.fit(rows, rng(2), init=build.restore(state)).train_loss
    assert (found[0] != found[1]).all()


def test_patience_stops_each_chain_where_it_would_stop_alone():
    """The second chain learns from rows that say nothing of its held-out ones, and stops first."""
    train, valid = clusters(60), clusters(100).x.copy()
    valid[1] = 40 + valid[1]
    build = small(epochs=40, patience=2, learning_rate=0.02)
    both = build.fit(train, rng(5), valid=Samples.of(valid, 0))
    ends = (~np.isnan(both.held_out_loss)).sum(1)
    for c in (0, 1):
        run = both.held_out_loss[c, : ends[c]]
        assert np.isnan(both.train_loss[c, ends[c] :]).all()
        assert ends[c] == 40 or np.argmin(run) == len(run) - 3
    assert ends[0] != ends[1]
    with pytest.raises(SpecError, match="set held_out"):
        build.fit(train, rng(5))


class Died(Exception):
    """The process would be gone here."""


class Memory:
    """A notebook that dies after so many writes."""

    def __init__(self, left=10**9, note=None):
        self.left, self.note, self.writes = left, note, 0

    def read(self):
        return self.note

    def write(self, arrays):
        self.note = {k: v.copy() for k, v in arrays.items()}
        self.writes += 1
        if self.writes == self.left:
            raise Died


@pytest.mark.slow
@pytest.mark.parametrize("case", ["mlp", "unet", "source"])
def test_died_after_any_note_it_resumes_to_the_same_bytes(case, digits):
    """Two chains: those of the mlp in one loop, of the U-Net one after the other."""
    build = small(save_every=2, batch=20, epochs=2)
    train = digits if case == "unet" else clusters(60)
    if case == "source":
        train = Source.of(small().fit(clusters(), rng(9)), 60, 1)
    unbroken, whole = build.fit(train, rng(2)), Memory()
    assert same(build.with_notebook(whole).fit(train, rng(2)), unbroken)
    assert whole.writes == (4 if case == "unet" else 2)
    for k in range(1, whole.writes + 1):
        broken = Memory(k)
        with pytest.raises(Died):
            build.with_notebook(broken).fit(train, rng(2))
        resumed = build.with_notebook(Memory(note=broken.note))
        assert same(resumed.fit(train, rng(2)), unbroken)


def test_weights_multiply_the_loss_and_rows_of_weight_0_leave_no_trace():
    build = small(batch=400)
    net, cpu = build.recipe().network(2), torch.device("cpu")
    loss = denoising_loss(net, Diffusion(20, "cosine"), cpu)
    named = {k: torch.from_numpy(v)[None] for k, v in net.initial(rng()).items()}
    named["out.weight"] = torch.randn_like(named["out.weight"])
    weights, g = [w.requires_grad_() for w in net.pack(named)], torch.Generator()
    x = torch.randn(3, 2, generator=g)[None]
    noise = noise_for(x[0], g)[None]

    def gradient(weight):
        batch = Batch(x, None if weight is None else torch.tensor([weight]), None, noise)
        return torch.cat(
            [p.flatten() for p in torch.autograd.grad(loss(weights, batch, g), weights)]
        )

    parts = [gradient([float(i == j) for j in range(3)]) for i in range(3)]
    torch.testing.assert_close(gradient([2.0, 0.0, 0.5]), 2 * parts[0] + 0.5 * parts[2])
    torch.testing.assert_close(gradient(None), gradient([1.0, 1.0, 1.0]))

    train = clusters()
    weight = np.tile((np.arange(400) % 2).astype(float), (2, 1))
    moved = np.where(weight[..., None] > 0, train.x, 9.0)
    fits = [build.fit(Samples(v, train.origin, weight), rng()) for v in (train.x, moved)]
    for name in ("shift", "scale", "reach"):
        np.testing.assert_array_equal(getattr(fits[0], name), getattr(fits[1], name))
    np.testing.assert_allclose(fits[0].train_loss, fits[1].train_loss, rtol=1e-5)
    half = build.fit(Samples(train.x, train.origin, weight / 2), rng())
    np.testing.assert_allclose(half.train_loss, fits[0].train_loss, rtol=1e-5)


def test_a_feed_brings_its_own_noise_on_the_network_s_scale():
    train, cpu = clusters(100), torch.device("cpu")
    feed = feed_of(train, 0, 100, 7, cpu, torch.float32)
    got = NoisyFeed(feed, torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0]), 7).batch(3)
    raw = feed.batch(3).x
    torch.testing.assert_close(got.x, (raw - torch.tensor([1.0, 2.0])) / torch.tensor([2.0, 4.0]))
    times = np.sort(got.noise[:, 0].numpy())
    np.testing.assert_allclose(np.diff(times), 0.01, atol=1e-6)
    assert ((times >= 0) & (times < 1)).all()


@pytest.mark.slow
def test_images_are_drawn_in_their_range_and_precisions_agree(digits):
    labels = Samples(digits.x, digits.origin, None, np.tile(np.arange(60) % 10, (2, 1)))
    fits = {}
    for precision in ("float32", "bfloat16"):
        build = small(conditioning="labels", precision=precision, epochs=3, batch=20)
        fits[precision] = build.fit(labels, rng(1))
    np.testing.assert_allclose(*(m.train_loss for m in fits.values()), rtol=0.02)
    model = fits["bfloat16"]
    x, label = model.denoised(4, 0.0, 1.0).sample_labelled(7, rng())
    assert x.shape == (2, 7, 64)
    assert label.shape == (2, 7)
    assert ((x >= 0) & (x <= 1)).all()
    np.testing.assert_array_equal(model.frequencies, 0.1)
    assert model.train_loss[0, 0] < 1.2
    assert (model.train_loss[:, -1] < model.train_loss[:, 0]).all()


@pytest.mark.parametrize("side", [8, 14, 28])
def test_the_unet_knows_time_class_and_place(side):
    """Zero at first, as its last layer is; then every input changes what it predicts."""
    net = small(conditioning="labels").recipe().network(side**2)
    named = {k: torch.from_numpy(v)[None] for k, v in net.initial(rng()).items()}
    x = torch.randn(1, 3, side**2, generator=torch.Generator().manual_seed(0))
    t, label = torch.tensor([[0.1, 0.1, 0.9]]), torch.tensor([[1, 2, 1]])
    assert not net.predict(net.pack(named), x, t, label).any()
    named["out.weight"] = torch.ones_like(named["out.weight"])
    weights = net.pack(named)
    base = net.predict(weights, x, t, label)
    assert base.shape == (1, 3, side**2)
    for changed in (
        net.predict(weights, x, t + 0.1, label),
        net.predict(weights, x, t, -torch.ones_like(label)),
        net.predict(weights, x.roll(1, -1), t, label),
    ):
        assert ((changed - base).abs().amax(-1) > 1e-4).all()
    again = net.unpack(weights)
    assert all(torch.equal(again[k], named[k]) for k in named)


def test_an_endless_source_is_drawn_with_its_labels(labelled):
    build, model = labelled
    few = replace(build, training=recipe(epochs=2))
    asked = Denoising(steps=4, eta=0.0).ask(model)
    found = few.fit(Source.of(asked, 64, 1), rng(2))
    assert same(found, few.fit(Source.of(asked, 64, 1), rng(2)))
    np.testing.assert_allclose(found.frequencies, model.frequencies)
    real = clusters(gap=1.0, std=1.0)
    mixed = Source.concat([Source.of(asked, 30, 1), Source.of(Given(real.x, real.label), 30, 0)])
    assert few.fit(mixed, rng(2)).train_loss.shape == (2, 2)
    with pytest.raises(DataError, match="no row whose class is known"):
        few.fit(Source.of(GaussianModel(np.zeros((1, 2)), np.eye(2)[None]), 64, 0), rng())


def test_a_warm_start_goes_on_from_the_given_model(labelled):
    build, model = labelled
    few = replace(build, training=recipe(epochs=1, learning_rate=1e-4))
    data = clusters(gap=1.0, std=1.0)
    cold, warm = (few.fit(data, rng(3), init=i).train_loss for i in (None, model))
    assert (warm < 0.7 * cold).all()


def test_a_loss_that_is_not_finite_says_where():
    with pytest.raises(FitError, match=r"diffusion, chain 0 to 1.*try a learning_rate"):
        small(epochs=40, learning_rate=1e8).fit(clusters(), rng())


SQUARE = np.full((1, 4, 64), 0.5)
BAD = {
    "no square": ({"net": "unet"}, np.full((1, 4, 50), 0.5), None, r"50 values.*net = 'mlp'"),
    "too bright": ({}, SQUARE * 510, None, r"reach from 255.*pixels in \[0, 1\]"),
    "black": ({}, SQUARE * 0, None, "all rows of chain 0 are black"),
    "not flat": ({}, np.full((1, 4, 8, 8), 0.5), None, "use x.reshape"),
    "symbols": ({}, np.ones((1, 4, 2), dtype=np.int64), None, "use x.astype"),
    "no labels": ({"conditioning": "labels"}, SQUARE, None, "no row whose class is known"),
    "unknown": ({"conditioning": "labels"}, SQUARE, [[-1] * 4], "no row whose class is known"),
    "one chain": (
        {"conditioning": "labels"},
        np.tile(SQUARE, (2, 1, 1)),
        [[0] * 4, [-1] * 4],
        "chain 1 has no row whose class is known",
    ),
    "beyond": ({"conditioning": "labels"}, SQUARE, [[0, 1, 2, 12]], "set classes = 13"),
}


@pytest.mark.parametrize("name", BAD)
def test_rows_that_do_not_suit_are_refused(name):
    options, x, label, message = BAD[name]
    label = None if label is None else np.array(label)
    with pytest.raises(DataError, match=message):
        small(**options).fit(Samples.of(x, 0, label), rng())


def test_other_forms_are_refused():
    with pytest.raises(DataError, match="use form = 'rows' or 'endless'"):
        small().fit(Moments.of(clusters()), rng())


OPTIONS = [
    ({"steps": 1}, "steps"),
    ({"schedule": "sigmoid"}, "schedule is 'sigmoid'"),
    ({"net": "big"}, "net is 'big'"),
    ({"width": 0}, "width"),
    ({"channels": 7}, "even number"),
    ({"classes": 0}, "classes"),
    ({"conditioning": "text"}, "conditioning is 'text'"),
]


@pytest.mark.parametrize(("option", "message"), OPTIONS, ids=[m for _, m in OPTIONS])
def test_options_out_of_range_are_refused(option, message):
    with pytest.raises(ValueError, match=message):
        small(**option)


def test_other_vectors_and_one_row_are_learned():
    """A coordinate without spread keeps its value; 64 numbers beyond [0, 1] go to the mlp."""
    flat = np.concatenate([clusters(40).x, np.full((2, 40, 1), 5.0)], 2)
    model = small(epochs=1).fit(Samples.of(flat, 0), rng())
    np.testing.assert_array_equal(model.scale[:, 2], 1.0)
    wide = small(net="mlp").fit(Samples.of(10 * rng().standard_normal((1, 30, 64)), 0), rng())
    assert wide.sample(2, rng()).shape == (1, 2, 64)
    assert small(epochs=1).fit(Samples.of(np.ones((1, 1, 2)), 0), rng()).n_chains == 1
