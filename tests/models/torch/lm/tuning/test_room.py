"""Too little memory: stand-ins that hold no more than so many rows at a time."""

import gc
import weakref

import numpy as np
import pytest
import torch

from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.resources import MEMORY, lacking, memory_shared_by
from genloss.core.samples import NO_TOKEN, Samples
from genloss.errors import FitError
from genloss.models.torch.feeds import Batch
from genloss.models.torch.lm import hugging_face as their_module
from genloss.models.torch.lm import hugging_face_model
from genloss.models.torch.lm import transformer_learner as own_module
from genloss.models.torch.lm.checkpoint import save_checkpoint
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.objective import FineTuning, counted, decoder_total
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.models.torch.lm.tuning.memory_needed import rows_that_fit
from genloss.models.torch.lm.tuning.portions import Portions, Team
from genloss.models.torch.memory import in_batches

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
V, T = 64, 12


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def rows(n: int, chains: int = 1) -> np.ndarray:
    x = rng(1).integers(1, V, (chains, n, T))
    x[:, ::3, 5:] = NO_TOKEN
    return x


def narrow(total, most: int, tried: list[int]):
    """The same loss on a machine that holds `most` rows at a time."""

    def held(weights, x, scale, noise):
        tried.append(len(x))
        if len(x) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return total(weights, x, scale, noise)

    return held


def test_a_part_of_the_memory_is_a_part_of_what_rows_take(network):
    """On a CPU with more memory than rows may take, too."""
    _, weights = network
    row, counts = torch.ones(1, T, dtype=torch.long), []

    def total(weights, x, scale, noise):
        # A row costs some 4 MB: a batch of all that may be taken is cut by memory alone.
        wide = weights[next(iter(weights))].flatten()[:1].expand(len(x) * 10**6)
        return (wide * torch.ones(len(wide))).sum()

    for parts in (1, 2, 4):
        with memory_shared_by(parts):
            counts.append(rows_that_fit(total, weights, row, 10**6))
    assert counts[0] > 50
    assert counts[1] in (counts[0] // 2, counts[0] // 2 + 1)
    assert counts[2] in (counts[0] // 4, counts[0] // 4 + 1)


def test_too_little_memory_for_one_row_is_a_lack_of_memory():
    """A schedule tries the task again with fewer beside it."""

    def write(part):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(FitError) as caught:
        in_batches(write, 1, 1, CPU, "a prompt")
    assert lacking(caught.value) == MEMORY


def test_too_large_batches_are_halved_and_nothing_is_lost():
    seen, tried = np.zeros(10, dtype=int), []

    def write(part):
        tried.append(part.stop - part.start)
        if tried[-1] > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        seen[part] += 1

    assert in_batches(write, 10, 8, CPU, "a prompt") == 2
    assert tried == [8, 4, 2, 2, 2, 2, 2]
    assert (seen == 1).all()


def test_one_row_that_does_not_fit_is_an_error():
    def write(part):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(FitError, match="a prompt does not fit"):
        in_batches(write, 4, 4, CPU, "a prompt")

    def other(part):
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        in_batches(other, 4, 4, CPU, "a prompt")


@pytest.fixture(scope="module")
def network():
    decoder = Decoder("opt", V, 32, 2, 2, 64, 16, 0)
    weights = {k: torch.from_numpy(w).requires_grad_() for k, w in decoder.initial(rng(2)).items()}
    return decoder, weights


def slopes(portions, weights, batch, noise=None):
    mean = portions.loss(list(weights.values()), batch, noise or torch.Generator())
    return [mean.detach(), *torch.autograd.grad(mean, list(weights.values()))]


@pytest.mark.parametrize("most", [1, 3, 7])
def test_portions_add_up_to_the_whole_batch(network, most):
    """Rows of unequal length and weight: a mean of means would differ by far more than 1e-6."""
    decoder, weights = network
    batch = Batch(torch.from_numpy(rows(11)[0]), torch.arange(11.0) / 5)
    scale = counted(batch.x, batch.weight)
    mean = decoder_total(decoder)(weights, batch.x, scale, None) / scale.sum()
    expected = [mean.detach(), *torch.autograd.grad(mean, list(weights.values()))]
    tried: list[int] = []
    narrowed = narrow(decoder_total(decoder), most, tried)
    portions = Portions("a test", list(weights), narrowed, 11)
    portions.rows = 11  # a plan that was wrong
    for found, value in zip(slopes(portions, weights, batch), expected, strict=True):
        np.testing.assert_allclose(found, value, atol=1e-6)
    assert tried[0] == 11
    assert portions.rows == {1: 1, 3: 2, 7: 5}[most]
    tried.clear()
    slopes(portions, weights, batch)
    assert max(tried) <= most  # what was learned is kept


def test_portions_of_16_bits_are_added_in_32(network):
    """64 equal rows, one by one: their mean is the slope of one row, exactly, as 64 = 2^6.

    Sums of 16 bits would stop growing, or lose up to a quarter of each of the last terms.
    """
    decoder, exact = network
    weights = {k: w.detach().bfloat16().requires_grad_() for k, w in exact.items()}
    row = torch.from_numpy(rows(1)[0])
    portions = Portions("a test", list(weights), decoder_total(decoder), 64)
    expected = slopes(portions, weights, Batch(row))
    portions.rows = 1
    found = slopes(portions, weights, Batch(row.repeat(64, 1)))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    assert all(torch.equal(a, b) for a, b in zip(found[1:], expected[1:], strict=True))


def test_a_team_adds_up_to_the_whole_batch(network):
    """Three processes, one after another: each adds what the others left in a common sum."""
    decoder, weights = network
    batch = Batch(torch.from_numpy(rows(7)[0]))
    names, total = list(weights), decoder_total(decoder)
    expected = slopes(Portions("a test", names, total, 8), weights, batch)
    sums = [torch.zeros(())]

    def add(x):
        sums[0] = sums[0] + x
        return sums[0]

    for rank in range(3):
        last = slopes(Portions("a test", names, total, 8, Team(rank, 3, add)), weights, batch)
    for found, value in zip(last, expected, strict=True):
        np.testing.assert_allclose(found, value, atol=1e-6)
    # More processes than rows: some have nothing to add.
    one = Batch(batch.x[:1])
    idle = slopes(Portions("a test", names, total, 8, Team(0, 3)), weights, one)
    assert not any(x.any() for x in idle)


def test_dropout_of_a_portion_does_not_depend_on_what_failed_before(network):
    decoder, weights = network
    batch = Batch(torch.from_numpy(rows(8)[0]))
    found = []
    for planned in (8, 2):
        portions = Portions("a test", list(weights), narrow(decoder_total(decoder, 0.5), 2, []), 8)
        portions.rows = planned
        found.append(slopes(portions, weights, batch, torch.Generator().manual_seed(4)))
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_the_plan_counts_what_autograd_keeps(network, monkeypatch):
    """A free byte more or less than 20 rows need, by the same count, decides between 19 and 20."""
    decoder, weights = network
    row, total = torch.from_numpy(rows(2)[0, 1:]), decoder_total(decoder)
    room = "genloss.models.torch.lm.tuning.memory_needed.free_bytes"

    def planned(free):
        monkeypatch.setattr(room, lambda device: free)
        return rows_that_fit(total, weights, row, 1000)

    least = next(free for free in range(0, 10**9, 10**4) if planned(free) >= 20)
    # Activations of a row: at least its 11 tokens, 2 layers, 8 widths of 32 and one of 64.
    assert least / 20 > 11 * 2 * (8 * 32 + 64) * 4
    assert planned(2 * least) in (39, 40, 41)
    assert planned(0) == 1
    assert planned(10**12) == 1000
    assert planned(None) == 1000


def own(**options) -> TransformerLearner:
    sizes = {"width": 32, "layers": 2, "heads": 2, "positions": 32}
    training = FineTuning(2, 16, 1e-3, device="cpu", **options)
    return TransformerLearner(start="scratch", vocabulary=V, **sizes, training=training)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    model = own().fit(Samples.of(rows(40), 0), rng(1))
    folder = tmp_path_factory.mktemp("base")
    save_checkpoint(folder, model.decoder, {k: v[0] for k, v in model.parameters.items()})
    return folder


@pytest.mark.parametrize("kind", ["own", "theirs"])
def test_a_fit_with_little_memory_learns_the_same(kind, base, monkeypatch):
    """The batch is that of the spec: its last, smaller one and the held-out rows included."""
    train, valid = Samples.of(rows(40), 0), Samples.of(rows(9), 0)
    training = FineTuning(2, 16, 1e-3, device="cpu", keep="best")
    learner, module, name = {
        "own": (TransformerLearner, own_module, "decoder_total"),
        "theirs": (HuggingFaceLearner, their_module, "module_total"),
    }[kind]
    build, tried = learner(base=str(base), training=training), []
    whole = build.fit(train, rng(2), valid=valid)
    made = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *args: narrow(made(*args), 5, tried))
    little = build.fit(train, rng(2), valid=valid)
    assert max(tried) == 16
    np.testing.assert_allclose(little.train_loss, whole.train_loss, rtol=1e-5)
    np.testing.assert_allclose(little.held_out_loss, whole.held_out_loss, rtol=1e-5)
    # Adam divides by the root of a gradient's square, so that rounding may grow to a step.
    for name, value in whole.parameters.items():
        gap = np.abs(little.parameters[name] - value)
        assert gap.max() < 1e-3, name
        assert gap.mean() < 1e-5, name


def test_a_fit_of_few_rows_does_not_ask_what_more_would_take(base, monkeypatch):
    """Counting runs the model twice, of a large one for longer than a plan's timing may take."""
    training = FineTuning(1, 16, 1e-3, device="cpu")
    learner, tried = TransformerLearner(base=str(base), training=training), []
    made = own_module.decoder_total
    monkeypatch.setattr(own_module, "decoder_total", lambda *args: narrow(made(*args), 99, tried))
    learner.fit(Samples.of(rows(1), 0), rng(2))
    assert tried == [1]
    learner.fit(Samples.of(rows(2), 0), rng(2))
    assert tried == [1, 2, 1, 2]


HOWS = [
    BeamSearch(3, 8, 4, repetition_penalty=2.0),
    Sampling(max_new=8),
    Sampling(0.8, 20, 0.9, max_new=8, min_new=3, repetition_penalty=1.5),
]


@pytest.mark.parametrize("how", HOWS, ids=["beams", "plain", "cut"])
def test_generation_with_little_memory_writes_the_same(how, base, monkeypatch):
    """Also the words of the project's own decoder, draw for draw: the stream is used alike."""
    still = FineTuning(1, 16, 1e-12, device="cpu")
    train, asked = Samples.of(rows(40, 2), 0), rows(13, 2)[:, :, :6]
    model = HuggingFaceLearner(base=str(base), training=still).fit(train, rng(2))
    decoder = TransformerLearner(base=str(base), training=still).fit(train, rng(2))
    whole = model.decoding(how).continue_(asked, rng(3))
    plain, tried = hugging_face_model.generated, []

    def generated(module, prompts, *rest):
        tried.append(len(prompts))
        if len(prompts) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(module, prompts, *rest)

    monkeypatch.setattr(hugging_face_model, "generated", generated)
    np.testing.assert_array_equal(model.decoding(how).continue_(asked, rng(3)), whole)
    assert max(tried) > 4
    assert tried[-1] <= 4
    np.testing.assert_array_equal(decoder.decoding(how).continue_(asked, rng(3)), whole)


def test_the_plan_lets_go_of_what_it_counted(network):
    """A hook that returns what it is given would keep graph and weights for ever."""
    decoder, weights = network
    own = {name: w.detach().clone().requires_grad_() for name, w in weights.items()}
    alive = weakref.ref(next(iter(own.values())))
    rows_that_fit(decoder_total(decoder), own, torch.from_numpy(rows(2)[0, 1:]), 1000)
    del own
    gc.collect()
    assert alive() is None
