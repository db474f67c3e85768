"""The loop itself, on losses whose course is known: straight regressions, no network."""

import weakref
from functools import partial

import numpy as np
import pytest
import torch

from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.errors import FitError, SpecError
from genloss.models.gaussian import GaussianModel
from genloss.models.torch.denoising.data import NoisyFeed
from genloss.models.torch.feeds import Batch, SourceFeed, TogetherFeed, feed_of, labels_of
from genloss.models.torch.training import Loop, Training

CPU = torch.device("cpu")


def recipe(**fields) -> Training:
    return Training(**{"epochs": 5, "batch": 8, "weight_decay": 0.0, "device": "cpu"} | fields)


def rows(n=20) -> Samples:
    return Samples.of(np.random.default_rng(0).normal(2.0, 1.0, (3, n, 2)), 0)


def squares(weights, batch, noise):
    """Distance of the rows from w, one value per chain."""
    return (batch.x - weights[0]).square().mean((-2, -1)) + weights[1].square().sum((-2, -1))


def start(chains):
    w = torch.arange(6.0).reshape(3, 1, 2)[chains]
    return [w.clone(), 0.1 * w.clone() + 0.3]


def feed(chains, size=8):
    return TogetherFeed(tuple(feed_of(rows(), c, size, 11 + c, CPU, torch.float32) for c in chains))


def run(training, chains, check=None):
    loop = Loop(squares, start(chains), training, "test", len(chains))
    return loop.run(feed(chains, training.batch), 1, check, None)


RECIPES = {
    "adam": {"weight_decay": 0.1},
    "adamw": {"optimiser": "adamw", "weight_decay": 0.1},
    "linear": {"rate": "linear", "warmup": 4},
    "cosine": {"rate": "cosine"},
    "clip": {"clip": 0.05},
    "bfloat16": {"precision": "bfloat16"},
}


@pytest.mark.parametrize("name", RECIPES)
def test_chains_together_are_trained_as_if_alone(name):
    training = recipe(**RECIPES[name])
    both = run(training, [0, 2])
    for g, c in enumerate([0, 2]):
        alone = run(training, [c])
        for w, v in zip(both.weights, alone.weights, strict=True):
            torch.testing.assert_close(w[g], v[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(both.train_loss[g], alone.train_loss[0], rtol=1e-4)


@pytest.mark.parametrize("name", ["adam", "adamw", "linear", "cosine", "clip"])
def test_the_loop_is_torch_s_own_optimiser_and_schedule(name):
    """Independent way: parameters with gradients, clip_grad_norm_, LambdaLR."""
    training = recipe(**RECIPES[name])
    ours = run(training, [1])
    w = [t.requires_grad_() for t in start([1])]
    kind = torch.optim.AdamW if training.optimiser == "adamw" else torch.optim.Adam
    adam = kind(w, lr=training.learning_rate, weight_decay=training.weight_decay)
    steps, warmup = 5 * 3, training.warmup

    def factor(k):
        if k < warmup:
            return (k + 1) / warmup
        done = (k - warmup) / (steps - warmup)
        shape = {"linear": 1 - done, "cosine": (1 + np.cos(np.pi * done)) / 2}
        return shape.get(training.rate, 1.0)

    schedule = torch.optim.lr_scheduler.LambdaLR(adam, factor)
    batches = feed([1])
    for k in range(steps):
        adam.zero_grad()
        squares(w, batches.batch(k), None).sum().backward()
        if training.clip:
            torch.nn.utils.clip_grad_norm_(w, training.clip)
        adam.step()
        schedule.step()
    for a, b in zip(ours.weights, w, strict=True):
        torch.testing.assert_close(a, b.detach(), rtol=1e-5, atol=1e-6)


def test_keep_best_returns_each_chain_s_best_epoch():
    """The check is lowest in the second epoch for one chain and in the last for the other."""
    script, seen = iter([(3.0, 9.0), (1.0, 8.0), (2.0, 7.0), (2.5, 6.0), (2.5, 5.0)]), []

    def check(weights):
        seen.append([w.detach().clone() for w in weights])
        return torch.tensor(next(script))

    done = run(recipe(keep="best"), [0, 1], check)
    np.testing.assert_array_equal(done.held_out_loss, [[3, 1, 2, 2.5, 2.5], [9, 8, 7, 6, 5]])
    for g, epoch in ((0, 1), (1, 4)):
        for kept, w in zip(done.weights, seen[epoch], strict=True):
            assert torch.equal(kept[g], w[g])
    assert done.train_loss.shape == (2, 5)


def test_patience_is_each_chain_s_own():
    """The first chain stops after three epochs; what it meets beside the other counts no more."""
    losses = [(1.0, 9.0), (2.0, 8.0), (2.0, 7.0), (0.1, 6.0), (0.1, 5.0)]
    script, seen = iter(losses), []

    def check(weights):
        seen.append([w.detach().clone() for w in weights])
        return torch.tensor(next(script))

    done = run(recipe(patience=2), [0, 1], check)
    nan = np.nan
    np.testing.assert_array_equal(done.held_out_loss, [[1, 2, 2, nan, nan], [9, 8, 7, 6, 5]])
    np.testing.assert_array_equal(np.isnan(done.train_loss[0]), [False] * 3 + [True] * 2)
    assert torch.equal(done.weights[0][0], seen[0][0][0])
    assert torch.equal(done.weights[0][1], seen[4][0][1])
    script = iter([(1.0,), (2.0,), (2.0,)])
    assert (
        run(recipe(patience=2), [0], lambda _: torch.tensor(next(script))).train_loss.shape[1] == 3
    )


def test_a_loss_that_is_not_finite_names_the_chain():
    def bad(weights, batch, noise):
        broken = torch.tensor([1.0, float("nan")])[: len(batch.x)]
        return squares(weights, batch, noise) * broken

    loop = Loop(bad, start([0, 1]), recipe(), "test", 2)
    with pytest.raises(FitError, match=r"chain 1 of those trained together.*epoch 1 of 5, step 1;"):
        loop.run(feed([0, 1]), 1, None, None)


def test_a_first_loss_that_is_not_finite_is_not_the_learning_rate_s_doing():
    def bad_from(first, weights, batch, noise):
        calls.append(1)
        return squares(weights, batch, noise) * (float("nan") if len(calls) >= first else 1.0)

    for first, says in ((1, "learning_rate plays no part"), (2, "try a learning_rate below")):
        calls = []
        loop = Loop(partial(bad_from, first), start([0]), recipe(), "test", 1)
        with pytest.raises(FitError, match=says):
            loop.run(feed([0]), 1, None, None)


def test_labels_of_some_parts_are_filled_with_unknown():
    """A stream without labels beside one with them, in one chain and between chains."""
    draws = (
        lambda m, step: Batch(torch.zeros(m, 2), None, torch.ones(m, dtype=torch.int64)),
        lambda m, step: Batch(torch.ones(m, 2)),
    )
    mixed = SourceFeed(draws, (0.5, 0.5), 1, 50, 3).batch(0)
    assert torch.equal(mixed.label, torch.where(mixed.x[:, 0] == 0, 1, -1))
    without = SourceFeed(draws[1:], (1.0,), 1, 50, 3)
    assert without.batch(0).label is None
    both = TogetherFeed((SourceFeed(draws[:1], (1.0,), 1, 50, 3), without)).batch(0)
    assert both.label.tolist() == [[1] * 50, [-1] * 50]
    assert TogetherFeed((without, without)).batch(0).label is None
    assert labels_of(without.batch(0)).tolist() == [-1] * 50


def test_the_rate_rises_and_falls():
    linear = recipe(learning_rate=0.5, rate="linear", warmup=2)
    np.testing.assert_allclose(
        [linear.rate_at(k, 6) for k in range(7)], [0.25, 0.5, 0.5, 0.375, 0.25, 0.125, 0.0]
    )
    cosine = recipe(learning_rate=1.0, rate="cosine")
    np.testing.assert_allclose(
        [cosine.rate_at(k, 4) for k in (0, 2, 4)], [1.0, 0.5, 0.0], atol=1e-9
    )
    assert recipe().rate_at(100, 4) == 1e-3


@pytest.mark.parametrize(
    "option",
    [{"optimiser": "sgd"}, {"rate": "step"}, {"keep": "all"}, {"clip": -1.0}, {"warmup": -1}],
    ids=str,
)
def test_options_out_of_range_are_refused(option):
    with pytest.raises(
        SpecError if "warmup" not in option else ValueError, match=next(iter(option))
    ):
        recipe(**option)


def hungry(limit):
    """A loss that asks for an exabyte where it meets more rows than `limit`."""

    def loss(weights, batch, noise):
        torch.empty((batch.x.shape[-2] > limit) << 60, dtype=torch.uint8)
        return squares(weights, batch, noise)

    return loss


FEEDS = {
    "rows": lambda: feed_of(rows(), 0, 16, 11, CPU, torch.float32),
    "together": lambda: feed([0, 2], 16),
    "source": lambda: feed_of(
        Source.of(GaussianModel(np.zeros((3, 2)), np.stack([np.eye(2)] * 3)), 40, 1),
        0,
        16,
        11,
        CPU,
        torch.float32,
    ),
    "noisy": lambda: NoisyFeed(FEEDS["rows"](), torch.zeros(2), torch.ones(2), 11),
}


SLOW = [pytest.mark.slow]


@pytest.mark.parametrize(
    ("kind", "limit", "words"),
    [
        pytest.param(kind, limit, words, marks=[] if kind == "rows" and limit else SLOW)
        for kind in FEEDS
        for limit, words in ((5, "one of 4 does: set batch = 4"), (0, "not even one"))
    ],
)
def test_too_large_a_batch_names_one_that_fits(kind, limit, words):
    chains = [0, 2] if kind == "together" else [0]
    loop = Loop(hungry(limit), start(chains), recipe(batch=16), "test", len(chains))
    with pytest.raises(FitError, match=rf"test: a batch of 16 does not fit into memory; {words}"):
        loop.run(FEEDS[kind](), 1, None, None)


def test_a_batch_that_was_named_can_be_trained():
    weights = Loop(hungry(5), start([0]), recipe(batch=4), "test").run(feed([0], 4), 1, None, None)
    assert torch.isfinite(weights.weights[0]).all()


@pytest.mark.slow
def test_the_device_says_so_by_another_error():
    def loss(weights, batch, noise):
        if batch.x.shape[-2] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate\nand more")
        return squares(weights, batch, noise)

    with pytest.raises(FitError, match=r"set batch = 2 \(CUDA out of memory\. Tried to allocate\)"):
        Loop(loss, start([0]), recipe(), "test").run(feed([0]), 1, None, None)


@pytest.mark.slow
def test_what_the_failed_step_held_is_free_when_smaller_ones_are_tried():
    held = []

    def loss(weights, batch, noise):
        assert all(other() is None for other in held)
        big = (batch.x - weights[0]).exp()
        held.append(weakref.ref(big))
        if batch.x.shape[-2] > 2:
            torch.empty(1 << 60, dtype=torch.uint8)
        return big.square().mean((-2, -1)) + weights[1].square().sum((-2, -1))

    with pytest.raises(FitError, match="set batch = 2"):
        Loop(loss, start([0]), recipe(), "test").run(feed([0]), 1, None, None)
    assert len(held) == 3


def test_other_errors_pass_as_they_are():
    def loss(weights, batch, noise):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        Loop(loss, start([0]), recipe(), "test").run(feed([0]), 1, None, None)


def test_a_note_on_a_cpu_is_no_copy_of_what_is_trained():
    loop = Loop(squares, start([0, 1]), recipe(), "test", 2)
    arrays = loop.arrays()
    held = {"weight": loop.weights, "mean": loop.mean, "square": loop.square}
    for name, tensors in held.items():
        for i, tensor in enumerate(tensors):
            assert np.shares_memory(arrays[f"{name}.{i}"], tensor.numpy()), name
