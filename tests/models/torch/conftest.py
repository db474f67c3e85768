"""Small digits, small fits, and the plain network as an oracle."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from genloss.core.samples import Samples
from genloss.models.torch.training import Training
from genloss.models.torch.vae.vae_learner import VAELearner
from genloss.realities.digits import Digits8x8


@pytest.fixture(autouse=True)
def one_thread():
    """Small tensors gain nothing from threads, and other processes may hold the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def plain_vae():
    path = Path(__file__).with_name("plain_vae.py")
    spec = importlib.util.spec_from_file_location("plain_vae", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PlainVAE


@pytest.fixture(scope="session")
def digits() -> Samples:
    """Two chains of 60 digits each."""
    return Samples.of(Digits8x8().realise(2, np.random.default_rng(0)).rows(0, 60), 0)


@pytest.fixture(scope="session")
def learner():
    """Return a function that builds a learner for very short fits on the CPU."""

    def build(net="auto", latent=20, beta=1.0, output="mean", **training) -> VAELearner:
        recipe = {"epochs": 2, "batch": 20, "device": "cpu", **training}
        return VAELearner(net, latent, beta, output, Training(**recipe))

    return build
