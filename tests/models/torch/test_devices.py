"""On a GPU, or on one that is pretended where there is none: no mixed devices, few waits."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.models.torch.denoising.diffusion import DiffusionLearner
from genloss.models.torch.denoising.flow import FlowLearner
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.models.torch.lm.writing.writer import Writer
from genloss.models.torch.training import Training
from genloss.models.torch.vae.vae_learner import VAELearner

pytestmark = pytest.mark.slow

SPEC = importlib.util.spec_from_file_location("pretend", Path(__file__).with_name("pretend.py"))
pretend = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pretend)
V, END, NEW = 97, 2, 24
DECODERS = {
    "opt": Decoder("opt", V, 32, 2, 4, 48, 80, END),
    "llama": Decoder("llama", V, 32, 2, 4, 48, 80, END, kv_heads=2),
}
WAYS = {
    "beams": BeamSearch(5, NEW, NEW),
    "beams that end": BeamSearch(4, NEW, 0, repetition_penalty=1.3),
    "greedy": BeamSearch(1, NEW, 0),
    "drawn": Sampling(max_new=NEW, min_new=NEW),
    "top k": Sampling(max_new=NEW, temperature=0.7, top_k=5),
    "nucleus": Sampling(max_new=NEW, top_p=0.9, repetition_penalty=1.2),
}


@pytest.fixture
def waits(monkeypatch):
    """Count how often a pretended GPU is waited for; None on a real one."""
    if torch.cuda.is_available():
        yield None
        return
    with pretend.pretended(monkeypatch) as counted:
        yield counted


def rng(seed=0):
    return np.random.default_rng(seed)


def parameters(decoder, ends=0.0):
    """Draw weights far from uniform predictions; `ends` makes the end token likelier."""
    drawn = {k: v * (8 if v.ndim > 1 else 1) for k, v in decoder.initial(rng()).items()}
    drawn[next(iter(drawn))][END] *= 1 + ends
    return drawn


def test_the_pretended_gpu_refuses_what_a_gpu_refuses(waits):
    here, there = torch.ones(3), torch.ones(3).to(torch.device("cuda"))
    with pytest.raises(RuntimeError, match=r"device|cpu"):
        here + there
    with pytest.raises(TypeError, match="numpy"):
        there.numpy()
    if waits is not None:
        assert isinstance(there * 2, pretend.Away)
        assert there.is_cuda
        assert there.sum().item() == 3.0
        assert sum(waits.values()) == 1


def test_waits_are_laid_to_the_package_not_to_a_folder_of_its_name():
    """A clone lies in genloss/, and its tests with it."""
    seen = {}
    for name in ("/home/me/genloss/tests/test_it.py", str(pretend.PACKAGE / "core" / "chain.py")):
        exec(compile("place = ask()", name, "exec"), {"ask": pretend._place}, seen)
        assert seen["place"].startswith("chain.py, line 1" if "chain" in name else "a test")


@pytest.mark.parametrize(("family", "way"), [*(("opt", way) for way in WAYS), ("llama", "beams")])
def test_decoding_writes_the_tokens_of_the_cpu_and_waits_every_eighth_step(waits, family, way):
    decoder, how, prompts = DECODERS[family], WAYS[way], rng(1).integers(3, V, (1, 20, 7))
    drawn = parameters(decoder, ends=2.0)

    def written(device):
        weights = {k: torch.from_numpy(v.copy()).to(device) for k, v in drawn.items()}
        writer = Writer(decoder, lambda c: weights, how, torch.float32, device, batch=20)
        return writer.continue_(prompts, rng())

    found = written(torch.device("cuda"))
    if waits is not None:
        # Every eighth step: which rows go on, and how many slots they use; where rows are dropped,
        # which ones; at the end, the tokens.
        assert sum(waits.values()) <= 1 + 4 * (NEW // 8)
        waits.clear()
    np.testing.assert_array_equal(found, written(torch.device("cpu")))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_fine_tuning_waits_once_an_epoch(waits, precision):
    x = rng(5).integers(0, V, (1, 32, 12))
    x[:, :5, 8:] = -1
    training = FineTuning(2, 8, 1e-3, warmup=2, rate="cosine", clip=1.0, keep="best")

    def fitted(device):
        sizes = {"vocabulary": V, "width": 32, "layers": 2, "heads": 4, "positions": 40}
        tuning = replace(training, device=device, precision=precision)
        learner = TransformerLearner(start="scratch", **sizes, end=END, training=tuning)
        rows = replace(Samples.of(x, 0), weight=np.ones((1, 32)))
        return learner.fit(rows, rng(), valid=Samples.of(x[:, :9], 0))

    found = fitted("cuda")
    if waits is not None:
        # There are eight steps. Only what a fit leaves is fetched as often: each weight, once.
        often = [(place, n) for place, n in waits.items() if n >= 8]
        assert [n for _, n in often] == [len(found.parameters)]
        assert "w.detach().cpu()" in often[0][0]
    assert np.isfinite(found.train_loss).all()
    scored = found.token_log_probs(x)
    assert np.isfinite(found.token_entropies(x)).all()
    if precision == "float32":
        wanted = fitted("cpu")
        np.testing.assert_allclose(found.held_out_loss, wanted.held_out_loss, rtol=1e-3)
        np.testing.assert_allclose(scored, wanted.token_log_probs(x), atol=2e-2)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_vae_trains_on_rows_and_on_fresh_draws(waits, precision):
    x = rng(5).random((1, 32, 784))
    learner = VAELearner(training=Training(1, 16, device="cuda", precision=precision))
    first = learner.fit(Samples.of(x, 0), rng())
    second = learner.fit(Source.of(first, 32, 1), rng())
    for model in (first, second):
        assert np.isfinite(model.train_loss).all()
        assert np.isfinite(model.sample(3, rng())).all()


@pytest.mark.parametrize("kind", [DiffusionLearner, FlowLearner])
@pytest.mark.parametrize("side", [0, 8])
def test_denoisers_train_and_draw(waits, kind, side):
    x = rng(5).random((2, 32, side * side or 2))
    rows = Samples.of(x, 0, np.arange(64).reshape(2, 32) % 3)
    training = Training(1, 16, device="cuda", keep="best")
    learner = kind(conditioning="labels" if side else "none", training=training)
    model = learner.fit(rows, rng(), valid=rows)
    fresh = Source.of(model.denoised(2, 0.0, 0.0), 32, 1)
    again = learner.fit(fresh, rng(), valid=rows)
    assert np.isfinite(again.train_loss).all()
    guided = model.denoised(3, 0.0, 1.0 if side else 0.0)
    assert np.isfinite(guided.sample(4, rng())).all()
