"""Where bits do depend on threads, a run keeps those it began with, here and in workers."""

import sys
from contextlib import suppress

import numpy as np
import pytest

from genloss.models.torch.device import on_threads
from genloss.run.block import run_block
from genloss.run.events import Phase
from genloss.run.runner import header_of, run_study
from genloss.run.task import Task
from genloss.spec.parts import entries
from genloss.store.folder import create_or_match, run_path
from genloss.store.reader import Run
from genloss.study.study import study_from

OWN = """
from dataclasses import dataclass, replace

from genloss.models.gaussian import GaussianLearner


@dataclass(frozen=True)
class Summing(GaussianLearner):
    uses_threads = True

    def fit(self, train, rng, **options):
        import torch

        draws = torch.as_tensor(rng.normal(size=100_000), dtype=torch.float32)
        model = super().fit(train, rng, **options)
        # A sum in float32: its last bits depend on how it is shared out.
        return replace(model, mean=model.mean + float(draws.sum()))
"""


class Stopped(Exception):
    pass


def summing(folder, monkeypatch):
    (folder / "summing.py").write_text(OWN)
    monkeypatch.syspath_prepend(folder)
    return {
        "reality": "gaussian",
        "learner": {"kind": "summing:Summing", "ddof": 1},
        "n_real": 20,
        "metrics": ["mean_error"],
    }


def vae(folder, monkeypatch):
    """A batch of all rows: on some processors convolutions share it out, and add gradients up."""
    training = {"epochs": 1, "batch": 1500, "device": "cpu"}
    return {
        "reality": "digits8x8",
        "learner": {"kind": "vae", "training": training},
        "n_real": 1500,
        "metrics": ["latent_spread"],
    }


def opt(folder, monkeypatch):
    """OPT from scratch, which trains and writes; its gradients of embeddings are shared out."""
    draw = np.random.default_rng(2)
    # Words that differ, or documents would count as copies of one another.
    words = ["".join(draw.choice(list("aeinorst"), 4)) for _ in range(3000)]
    texts = (" ".join(draw.choice(words, 10)) for _ in range(300))
    (folder / "text.txt").write_text("\n\n".join(f"The {text}." for text in texts))
    reality = {"kind": "text", "path": str(folder / "text.txt"), "documents": "pieces"}
    size = {"width": 64, "layers": 2, "heads": 4, "positions": 32}
    training = {"epochs": 1, "batch": 32, "device": "cpu"}
    return {
        "reality": {**reality, "block": 16, "vocabulary": 300},
        "learner": {"kind": "transformer", "start": "scratch", **size, "training": training},
        "n_real": 64,
        "metrics": ["held_out_nll"],
        "held_out": 20,
    }


@pytest.mark.slow
@pytest.mark.parametrize("made", [summing, vae, opt])
def test_bits_that_depend_on_threads_are_those_of_the_first_start(
    tmp_path, monkeypatch, folder_bytes, made
):
    """Begun on one thread or two, resumed by one or two workers: the bits are those begun with."""
    common = {"generations": 2, "chains": 2, "chains_per_block": 1, "checkpoint_every": 1}
    study = study_from(made(tmp_path, monkeypatch) | common | {"keep": {"at": [1, 2]}})

    def begun(root, threads, until):
        header = header_of(study)
        run = run_path(tmp_path / root, header)
        create_or_match(run, header, entries(study))

        def tell(step):
            if step.phase == Phase.DONE and step.t == until:
                raise Stopped

        for block in (0, 1):
            with suppress(Stopped):
                run_block(Task(study, run, block, threads), tell)
        return run

    one, two = begun("one", 1, None), begun("two", 2, None)
    states = [Run(path).arrays(1, "state") for path in (one, two)]
    # Which sums of a network are shared out is up to the processor; that of `summing` always is.
    if made is summing:
        assert any(not np.array_equal(states[0][k], states[1][k]) for k in states[0])
    for name, values in states[0].items():
        np.testing.assert_allclose(values, states[1][name], rtol=1e-3, atol=1e-3)
    # Two cores are offered: two threads to one worker, one to each of two.
    for workers, threads, unbroken in ((1, 1, one), (2, 2, two)):
        root = f"{workers}-{threads}"
        run = begun(root, threads, 1)
        with on_threads(2):
            assert run_study(study, tmp_path / root, workers=workers).path == run
        assert folder_bytes(run) == folder_bytes(unbroken)
    sys.modules.pop("summing", None)
