"""A generation of the paper's VAE: its notebook's way against ours, seconds of 30 epochs.

    python benchmarks/vae_generation.py [DEVICE [BATCHES [ROUNDS]]]

The paper takes 30 epochs of 235 batches of 256 images. Here an epoch has BATCHES (200 on a GPU, 3
on a CPU), and a step takes the seconds that three epochs take longer than one, the fastest of
ROUNDS (3). 'notebook' is the plain eager loop with a DataLoader that decodes images one by one on
the CPU, 'eager' the same loop with all images on the device, 'ours' the learner, in one precision
or two, on a GPU also compiled; 'fresh' draws every batch from a decoder, as the paper does from its
second generation on. The share is that of the matrix products that the device was measured to do.
Random images: time does not depend on them.
"""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ceiling import products, wait
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.models.torch.training import Training
from genloss.models.torch.vae.vae_learner import VAELearner
from vae import BATCH, PlainVAE

BATCHES = {"cpu": 3, "cuda": 200}
PAPER = 30 * 235
OPERATIONS = 6 * 2 * (196 * 64 * 16 + 49 * 128 * 64 * 16 + 6272 * 30)
"""Of an image: forward and backward, through encoder and decoder."""

Loop = Callable[[int], object]


class Digits(Dataset):
    """Images that are decoded one by one."""

    def __init__(self, n: int) -> None:
        self.pixels = np.random.default_rng(0).integers(0, 256, (n, 28, 28), dtype=np.uint8)

    def __len__(self) -> int:
        """Return how many."""
        return len(self.pixels)

    def __getitem__(self, i: int) -> torch.Tensor:
        """Return one, as numbers from 0 to 1."""
        return torch.from_numpy(self.pixels[i].copy()).float().div(255).unsqueeze(0)


def plain(device: torch.device, batches: int, loader: bool) -> Loop:
    """Return the plain loop for a number of epochs."""
    vae, digits = PlainVAE().to(device), Digits(batches * BATCH)
    adam = torch.optim.Adam(vae.parameters(), lr=1e-3, weight_decay=1e-5)
    x = torch.from_numpy(digits.pixels).to(device).float().div(255).unsqueeze(1)

    def epoch() -> Iterable[torch.Tensor]:
        if loader:
            return DataLoader(digits, BATCH, shuffle=True)
        return x[torch.randperm(len(x), device=device)].split(BATCH)

    def run(epochs: int) -> None:
        for _ in range(epochs):
            for batch in epoch():
                adam.zero_grad()
                vae.loss(batch.to(device)).backward()
                adam.step()

    return run


def ours(device: torch.device, batches: int, training: Training, fresh: bool) -> Loop:
    """Return the learner's fit for a number of epochs."""
    x = Digits(batches * BATCH).pixels.reshape(1, -1, 784) / 255
    train: Samples | Source = Samples.of(x, 0)
    if fresh:
        one = VAELearner(training=replace(training, epochs=1, compile=False))
        train = Source.of(one.fit(train, np.random.default_rng(1)), x.shape[1], 1)

    def run(epochs: int) -> object:
        learner = VAELearner(training=replace(training, epochs=epochs))
        return learner.fit(train, np.random.default_rng(0))

    return run


def main() -> None:
    name = sys.argv[1] if sys.argv[1:] else "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    batches = int(sys.argv[2]) if sys.argv[2:] else BATCHES[name]
    rounds = int(sys.argv[3]) if sys.argv[3:] else 3
    loops = {
        "notebook float32": plain(device, batches, True),
        "eager float32": plain(device, batches, False),
    }
    for precision in ("float32", "bfloat16"):
        for compiled in (False, True) if name == "cuda" else (False,):
            training = Training(precision=precision, compile=compiled, device=name, save_every=0)
            for fresh in (False, True):
                words = precision + ", compiled" * compiled + ", fresh" * fresh
                loops[f"ours {words}"] = ours(device, batches, training, fresh)
    kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    most = {kind: products(device, dtype) for kind, dtype in kinds.items()}
    print(f"torch {torch.__version__}, {name}")
    print(f"{'loop':<32} {'generation s':>12} {'images/s':>9} {'ratio':>6} {'share':>6}")
    first = 0.0
    for title, run in loops.items():
        run(1)  # compiles
        best = min(seconds_of_step(run, device, batches) for _ in range(rounds))
        first = first or best
        kind = "bfloat16" if "bfloat16" in title else "float32"
        share = BATCH * OPERATIONS / best / most[kind]
        rate, ratio = BATCH / best, first / best
        print(f"{title:<32} {best * PAPER:12.1f} {rate:9.0f} {ratio:6.2f} {share:6.0%}", flush=True)


def seconds_of_step(run: Loop, device: torch.device, batches: int) -> float:
    """Return the seconds of a step; what a fit costs at its ends cancels."""
    taken = []
    for epochs in (1, 3):
        begun = time.perf_counter()
        run(epochs)
        wait(device)
        taken.append(time.perf_counter() - begun)
    return (taken[1] - taken[0]) / (2 * batches)


if __name__ == "__main__":
    main()
