"""The loop: Adam on one chain, in one or two precisions, resuming at any saved step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Array, Floats, checked_count
from genloss.errors import FitError, SpecError
from genloss.models.torch.device import Device, generator, keep_heap
from genloss.models.torch.feeds import CHECK, NOISE, Feed

Loss = Callable[[Sequence[Tensor], Tensor, Tensor | None, torch.Generator], Tensor]
"""Returns the loss summed over a batch for (weights, rows, row weights or None, noise)."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Page(Protocol):
    """Where the loop notes how far it is."""

    def read(self) -> Mapping[str, Array] | None:
        """Return what was written last for this very fit and chain."""
        ...

    def write(self, arrays: Mapping[str, Array]) -> None:
        """Replace it."""
        ...


@dataclass(frozen=True)
class Training:
    """How a network is trained; the defaults are those of the VAE of Shumailov et al. 2024.

    Adam with weight_decay added to the gradient (L2, not decoupled). precision 'bfloat16' computes
    activations and gradients in 16 bits and keeps parameters and moments in 32. patience: stop
    after so many epochs without a lower held-out loss and return the best (0: never stop).
    compile: let torch compile the loss. device and save_every (steps between notes that an
    interrupted fit resumes from; 0: none) are not part of a run's identity.

    Raises:
        SpecError, DataError: an option out of range.
    """

    epochs: int = 30
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    precision: Literal["float32", "bfloat16"] = "float32"
    patience: int = 0
    compile: bool = False
    device: Device = field(default="auto", metadata={"identity": False})
    save_every: int = field(default=1000, metadata={"identity": False})

    def __post_init__(self) -> None:
        checked_count(self.epochs, "training: epochs")
        checked_count(self.batch, "training: batch")
        checked_count(self.patience, "training: patience", 0)
        checked_count(self.save_every, "training: save_every", 0)
        if not 0.0 < self.learning_rate < np.inf:
            raise SpecError(f"training: learning_rate is {self.learning_rate}; expected above 0")
        if not 0.0 <= self.weight_decay < np.inf:
            raise SpecError(f"training: weight_decay is {self.weight_decay}; expected 0 or more")
        if self.precision not in DTYPES:
            raise SpecError(
                f"training: precision is {self.precision!r}; expected 'float32' or 'bfloat16'"
            )
        if self.device not in ("auto", "cpu", "cuda"):
            raise SpecError(
                f"training: device is {self.device!r}; expected 'auto', 'cpu' or 'cuda'"
            )


@dataclass(frozen=True, eq=False)
class Trained:
    """Weights in the layout given, mean loss per batch and held-out loss per row, by epoch."""

    weights: list[Tensor]
    train_loss: Floats
    held_out_loss: Floats


class Loop:
    """One chain on its way: weights, Adam's moments, the step, the losses so far."""

    def __init__(self, loss: Loss, start: Sequence[Tensor], training: Training, name: str) -> None:
        self.training, self.name = training, name
        self.loss: Loss = torch.compile(loss) if training.compile else loss
        self.weights = list(start)
        self.mean = [torch.zeros_like(w) for w in start]
        self.square = [torch.zeros_like(w) for w in start]
        self.best = [w.clone() for w in start] if training.patience else []
        self.step = 0
        self.batch_loss: Tensor = torch.zeros(0)
        self.train_loss: list[float] = []
        self.held_out_loss: list[float] = []

    def run(self, feed: Feed, seed: int, held_out: Tensor | None, page: Page | None) -> Trained:
        """Train to the last epoch or an early stop, from the page's note where there is one.

        Raises:
            FitError: a loss that is not finite, or a batch too large for the GPU.
        """
        device = self.weights[0].device
        if device.type == "cpu":
            keep_heap()
        self.batch_loss = torch.zeros(feed.batches, device=device)
        note = page.read() if page else None
        if note:
            self.resume(note)
        try:
            with torch.enable_grad():
                self._epochs(feed, seed, held_out, page)
        except torch.OutOfMemoryError as error:
            raise FitError(
                f"{self.name}: a batch of {self.training.batch} does not fit into the GPU's "
                f"memory; try batch = {max(1, self.training.batch // 2)}"
            ) from error
        weights = self.best if self.training.patience else self.weights
        return Trained(weights, np.array(self.train_loss), np.array(self.held_out_loss))

    def _epochs(self, feed: Feed, seed: int, held_out: Tensor | None, page: Page | None) -> None:
        update = self._stepper(feed, seed)
        last, every = self.training.epochs * feed.batches, self.training.save_every
        while self.step < last and not self._stalled():
            self.batch_loss[self.step % feed.batches] = update(self.step)
            self.step += 1
            if self.step % feed.batches == 0:
                self._finish_epoch(feed, seed, held_out)
            if page and every and self.step % every == 0 and self.step < last:
                self._check(self.step % feed.batches, feed)
                page.write(self.arrays())

    def _stepper(self, feed: Feed, seed: int) -> Callable[[int], Tensor]:
        dtype, device = DTYPES[self.training.precision], self.weights[0].device
        adam = torch.optim.Adam(
            self.weights,
            lr=self.training.learning_rate,
            weight_decay=self.training.weight_decay,
            fused=True,
        )
        for w, mean, square in zip(self.weights, self.mean, self.square, strict=True):
            count = torch.tensor(float(self.step), device=device)
            adam.state[w] = {"step": count, "exp_avg": mean, "exp_avg_sq": square}
            w.grad = torch.zeros_like(w)
        gradients = [w.grad for w in self.weights if w.grad is not None]
        # Distinct tensors even in one precision, so that the masters never enter a graph.
        working = [w.to(dtype, copy=True).requires_grad_() for w in self.weights]

        def update(step: int) -> Tensor:
            x, weight = feed.batch(step)
            loss = self.loss(working, x, weight, generator(device, seed, NOISE, step))
            found = torch.autograd.grad(loss, working)
            with torch.no_grad():
                torch._foreach_copy_(gradients, found)
                adam.step()
                torch._foreach_copy_(working, self.weights)
            return loss.detach()

        return update

    def _finish_epoch(self, feed: Feed, seed: int, held_out: Tensor | None) -> None:
        self._check(feed.batches, feed)
        self.train_loss.append(float(self.batch_loss.double().mean()))
        if not self.training.patience or held_out is None:
            return
        noise, size = generator(held_out.device, seed, CHECK), self.training.batch
        with torch.no_grad():
            losses = [self.loss(self.weights, x, None, noise) for x in torch.split(held_out, size)]
        self.held_out_loss.append(float(torch.stack(losses).double().sum()) / len(held_out))
        if self.held_out_loss[-1] == min(self.held_out_loss):
            self.best = [w.clone() for w in self.weights]

    def _stalled(self) -> bool:
        losses, patience = self.held_out_loss, self.training.patience
        return bool(patience and losses and len(losses) - 1 - int(np.argmin(losses)) >= patience)

    def _check(self, n: int, feed: Feed) -> None:
        """Raise FitError unless the epoch's first n losses are finite."""
        bad = (~torch.isfinite(self.batch_loss[:n])).nonzero()
        if len(bad):
            epoch, i = (self.step - 1) // feed.batches, int(bad[0])
            raise FitError(
                f"{self.name}: the loss is {float(self.batch_loss[i])} in epoch {epoch + 1} of "
                f"{self.training.epochs}, step {epoch * feed.batches + i + 1}; "
                f"try a learning_rate below {self.training.learning_rate:g}, "
                "precision = 'float32', or look at the training rows"
            )

    def arrays(self) -> dict[str, Array]:
        """Return all that `resume` needs, as copies."""
        lists = self._tensors().items()
        out = {f"{key}.{i}": to_numpy(t) for key, ts in lists for i, t in enumerate(ts)}
        out["batch_loss"] = to_numpy(self.batch_loss)
        out["step"] = np.array([self.step], dtype=np.int64)
        out["train_loss"] = np.array(self.train_loss, dtype=np.float64)
        out["held_out_loss"] = np.array(self.held_out_loss, dtype=np.float64)
        return out

    def resume(self, note: Mapping[str, Array]) -> None:
        """Go back to a note, keeping the memory layout of every tensor."""
        with torch.no_grad():
            for key, tensors in self._tensors().items():
                for i, t in enumerate(tensors):
                    t.copy_(torch.from_numpy(note[f"{key}.{i}"]))
            self.batch_loss.copy_(torch.from_numpy(note["batch_loss"]))
        self.step = int(note["step"][0])
        self.train_loss = note["train_loss"].tolist()
        self.held_out_loss = note["held_out_loss"].tolist()

    def _tensors(self) -> dict[str, list[Tensor]]:
        return {
            "weight": self.weights,
            "mean": self.mean,
            "square": self.square,
            "best": self.best,
        }


def to_numpy(x: Tensor) -> Array:
    """Return a copy of x in C order."""
    return np.array(x.detach().cpu().numpy(), order="C")
