"""Training the paper's VAE: a plain float32 loop against ours, in interleaved bursts.

    python benchmarks/vae.py [STEPS BURST [NAME ...]]

Every row of the table is a process of its own, so that no loop profits from another's memory; they
take turns of BURST steps (10) until each has done STEPS (100) of 256 images. Images per second are
those of its fastest burst; the loss is the mean of its last 40 batches, for two seeds each.
Images: MNIST where GENLOSS_MNIST names its folder, else enlarged 8 x 8 digits. 'fresh' draws every
batch anew from a decoder, as the paper does from its second generation on.
"""

import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.models.torch.training import Training
from genloss.models.torch.vae.vae_learner import VAELearner
from genloss.models.torch.vae.vae_model import VAEModel
from genloss.realities.digits import Digits8x8
from genloss.realities.idx import Mnist

BATCH, LAST = 256, 40
RUNS = {
    "plain float32": ("plain", "float32", False, (0, 1)),
    "ours float32": ("ours", "float32", False, (0, 1)),
    "ours bfloat16": ("ours", "bfloat16", False, (0, 1)),
    "plain float32, fresh": ("plain", "float32", True, (0,)),
    "ours float32, fresh": ("ours", "float32", True, (0,)),
    "ours bfloat16, fresh": ("ours", "bfloat16", True, (0,)),
}


class PlainVAE(nn.Module):
    """The network as its layers are usually written down."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 64, 4, 2, 1), nn.Conv2d(64, 128, 4, 2, 1)
        self.mean, self.log_var = nn.Linear(6272, 20), nn.Linear(6272, 20)
        self.fc = nn.Linear(20, 6272)
        self.deconv2 = nn.ConvTranspose2d(128, 64, 4, 2, 1)
        self.deconv1 = nn.ConvTranspose2d(64, 1, 4, 2, 1)

    def encode(self, x):
        """Return mean and log variance."""
        h = F.relu(self.conv2(F.relu(self.conv1(x)))).flatten(1)
        return self.mean(h), self.log_var(h)

    def decode(self, z):
        """Return mean images."""
        h = F.relu(self.deconv2(self.fc(z).view(-1, 128, 7, 7)))
        return torch.sigmoid(self.deconv1(h))

    def loss(self, x):
        """Return the summed loss of a batch."""
        mean, log_var = self.encode(x)
        image = self.decode(mean + torch.exp(log_var / 2) * torch.randn_like(mean))
        kl = -0.5 * (1 + log_var - mean**2 - log_var.exp()).sum()
        return F.binary_cross_entropy(image, x, reduction="sum") + kl


@dataclass
class Turnstile:
    """A notebook that lets its fit pass burst by burst, and tells how long each one took."""

    pipe: Connection
    begun: float = 0.0

    def read(self):
        """Wait for the first turn; there is nothing to resume from."""
        self.wait()

    def write(self, arrays):
        """Tell the seconds and losses of this turn, and wait for the next."""
        self.pipe.send((time.perf_counter() - self.begun, arrays["now.batch_loss"]))
        self.wait()

    def wait(self):
        """Wait for a turn; there is none after the last."""
        try:
            self.pipe.recv()
        except EOFError:
            sys.exit()
        self.begun = time.perf_counter()


def images(n: int) -> np.ndarray:
    """Return n rows of 784 pixels."""
    rng = np.random.default_rng(0)
    if "GENLOSS_MNIST" in os.environ:
        return Mnist().realise(1, rng).sample(n, rng)[0]
    small = Digits8x8().realise(1, rng).sample(n, rng).reshape(n, 8, 8)
    large = small.repeat(3, axis=1).repeat(3, axis=2)
    return np.pad(large, ((0, 0), (2, 2), (2, 2))).reshape(n, 784)


def plain(steps: int, burst: int, fresh: bool, seed: int, gate: Turnstile) -> None:
    torch.manual_seed(seed)
    vae, old, losses = PlainVAE(), PlainVAE(), np.zeros(steps)
    x = torch.from_numpy(images(steps * BATCH)).float().view(-1, 1, 28, 28)
    adam = torch.optim.Adam(vae.parameters(), lr=1e-3, weight_decay=1e-5)
    order = torch.randperm(len(x))
    gate.read()
    for i in range(steps):
        if fresh:
            with torch.no_grad():
                rows = old.decode(torch.randn(BATCH, 20))
        else:
            rows = x[order[i * BATCH : (i + 1) * BATCH]]
        adam.zero_grad()
        loss = vae.loss(rows)
        loss.backward()
        adam.step()
        losses[i] = loss.item()
        if (i + 1) % burst == 0:
            gate.write({"now.batch_loss": losses})


def ours(steps: int, burst: int, precision: str, fresh: bool, seed: int, gate: Turnstile) -> None:
    # One step more than is asked for: no note is written after the last.
    training = Training(1, precision=precision, device="cpu", save_every=burst)
    learner = VAELearner(training=training)
    if fresh:
        net = learner._net(784)
        drawn = net.initial(np.random.default_rng(1))
        none = np.full((1, 1), np.nan)
        model = VAEModel(net, "mean", {k: v[None] for k, v in drawn.items()}, none, none, "cpu")
        train = Source.of(model, (steps + 1) * BATCH, 1)
    else:
        train = Samples.of(images((steps + 1) * BATCH)[None], 0)
    learner.with_notebook(gate).fit(train, np.random.default_rng(seed))


def child(name: str, seed: int, steps: int, burst: int, pipe: Connection) -> None:
    how, precision, fresh, _ = RUNS[name]
    if how == "plain":
        plain(steps, burst, fresh, seed, Turnstile(pipe))
    else:
        ours(steps, burst, precision, fresh, seed, Turnstile(pipe))


def main() -> None:
    steps, burst = map(int, sys.argv[1:3] or (100, 10))
    runs = {name: RUNS[name] for name in sys.argv[3:] or RUNS}
    context, pipes = multiprocessing.get_context("spawn"), {}
    for name, (*_, seeds) in runs.items():
        for seed in seeds:
            here, there = context.Pipe()
            task = (name, seed, steps, burst, there)
            context.Process(target=child, args=task, daemon=True).start()
            there.close()
            pipes[name, seed] = here
    best: dict[str, float] = dict.fromkeys(runs, np.inf)
    last: dict[tuple[str, int], float] = {}
    for _ in range(steps // burst):
        for (name, seed), pipe in pipes.items():
            pipe.send("go")
            seconds, losses = pipe.recv()
            best[name] = min(best[name], seconds / burst)
            last[name, seed] = float(np.mean(losses[:steps][-LAST:]))
    print(f"{'loop':<22} {'images/s':>9} {'ratio':>6}  last loss per batch, by seed")
    for name, (*_, fresh, seeds) in runs.items():
        ratio = best.get("plain float32, fresh" if fresh else "plain float32", np.nan) / best[name]
        shown = "  ".join(f"{last[name, seed]:9.1f}" for seed in seeds)
        print(f"{name:<22} {BATCH / best[name]:9.0f} {ratio:6.2f}  {shown}")


if __name__ == "__main__":
    main()
