"""Diffusion: chains trained together against one after another, and images per second.

    python benchmarks/diffusion.py [ROUNDS [THREADS [DEVICE]]]

The first table trains 1, 8 and 16 chains of two moons (1,000 rows each, width 64) by the learner as
it is and with its loop held to one chain at a time, in turns; times are those of the fastest of
ROUNDS rounds (3), and the losses show that both do the same; on one thread, as small products gain
nothing from more. The second gives images per second of
the U-Net (32 channels, batch 128), training and drawing with 50 steps of DDIM, guided and not, on
DEVICE (cpu), where a GPU draws 1,024 images at a time instead of 32.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from genloss.core.samples import Samples
from genloss.models.torch.denoising import recipe
from genloss.models.torch.denoising.denoised_model import DenoisedModel
from genloss.models.torch.denoising.diffusion import DiffusionLearner
from genloss.models.torch.denoising.nets import VectorNet
from genloss.models.torch.training import Training
from genloss.realities.shapes import TwoMoons

EPOCHS, ROWS, BATCH = 10, 1000, 128
DRAWN = {"cpu": 32, "cuda": 1024}


@dataclass
class Best:
    """The fastest call so far, and what the last one returned."""

    call: Callable
    seconds: float = np.inf
    found: object = None

    def again(self) -> None:
        """Call once more."""
        begun = time.perf_counter()
        self.found = self.call()
        self.seconds = min(self.seconds, time.perf_counter() - begun)


def moons(chains: int, together: int, device: str) -> Callable:
    x = TwoMoons().realise(chains, np.random.default_rng(0)).sample(ROWS, np.random.default_rng(1))
    training = Training(EPOCHS, BATCH, learning_rate=2e-3, rate="cosine", device=device)
    learner = DiffusionLearner(width=64, training=training)

    def fit():
        recipe.VectorNet = lambda *args: VectorNet(*args, together=together)
        return learner.fit(Samples.of(x, 0), np.random.default_rng(2))

    return fit


def together(rounds: int, device: str) -> None:
    runs = {(c, g): Best(moons(c, g, device)) for c in (1, 8, 16) for g in {1, c}}
    for _ in range(rounds):
        for run in runs.values():
            run.again()
    print(
        f"{'chains':>6} {'alone s':>9} {'together s':>11} {'ratio':>6}  largest difference of loss"
    )
    for c in (8, 16):
        alone, both = runs[c, 1], runs[c, c]
        apart = np.abs(alone.found.train_loss - both.found.train_loss).max()
        ratio = alone.seconds / both.seconds
        print(f"{c:6} {alone.seconds:9.2f} {both.seconds:11.2f} {ratio:6.2f}  {apart:.1e}")
    steps = EPOCHS * -(-ROWS // BATCH)
    print(f"one chain alone: {runs[1, 1].seconds / steps * 1e3:.2f} ms a step of {BATCH} rows")


def drawing(model: DenoisedModel, n: int) -> Callable:
    return lambda: model.sample(n, np.random.default_rng(2))


def images(rounds: int, device: str) -> None:
    drawn = DRAWN[device]
    print(f"\n{'side':>4} {'precision':>9} {'train/s':>8} {'DDIM-50/s':>10} {'guided/s':>9}")
    for side in (8, 14, 28):
        n = BATCH * (4 if device == "cpu" else 64)
        label = np.arange(n)[None] % 10
        rows = Samples.of(np.random.default_rng(0).random((1, n, side * side)), 0, label)
        for precision in ("float32", "bfloat16"):
            training = Training(1, BATCH, precision=precision, device=device)
            learner = DiffusionLearner(conditioning="labels", training=training)
            fit = Best(lambda a=learner, r=rows: a.fit(r, np.random.default_rng(1)))
            fit.again()
            draws = [Best(drawing(fit.found.denoised(50, 0.0, w), drawn)) for w in (0.0, 1.0)]
            for _ in range(rounds):
                for run in (fit, *draws):
                    run.again()
            plain, guided = (drawn / d.seconds for d in draws)
            rate = n / fit.seconds
            print(f"{side:4} {precision:>9} {rate:8.0f} {plain:10.1f} {guided:9.1f}", flush=True)


def main() -> None:
    rounds = int(sys.argv[1]) if sys.argv[1:] else 3
    threads = int(sys.argv[2]) if sys.argv[2:] else torch.get_num_threads()
    device = sys.argv[3] if sys.argv[3:] else "cpu"
    torch.set_num_threads(1)
    together(rounds, device)
    torch.set_num_threads(threads)
    print(f"torch {torch.__version__}, {threads} threads, {device}")
    images(rounds, device)


if __name__ == "__main__":
    main()
