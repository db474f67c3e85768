"""The loop: Adam on one chain or on several together, in one or two precisions.

It resumes at any saved step. What is trained is a list of tensors; a loss is a function of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genloss.core.arrays import Array, Floats, checked_count
from genloss.core.progress import reached
from genloss.errors import FitError, SpecError
from genloss.models.torch.device import Device, generator, keep_heap, release
from genloss.models.torch.feeds import NOISE, Batch, Feed
from genloss.models.torch.memory import lacks_memory, no_room
from genloss.models.torch.notebook import Page

Loss = Callable[[Sequence[Tensor], Batch, torch.Generator], Tensor]
"""Returns what is minimised for (weights, batch, noise): a scalar, or one value per chain (G,)."""

Check = Callable[[Sequence[Tensor]], Tensor]
"""Returns the held-out loss of the weights: a scalar, or one value per chain (G,)."""

Bools = NDArray[np.bool_]

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Training:
    """How a network is trained; the defaults are those of the VAE of Shumailov et al. 2024.

    optimiser: 'adam' adds weight_decay to the gradient (L2), 'adamw' shrinks the weights
    (Loshchilov and Hutter 2019). rate: 'constant', or 'linear' or 'cosine' down to 0 at the last
    step, after `warmup` steps up from 0. clip: largest norm of a chain's gradient (0: none). keep:
    weights of the 'last' epoch, or of the 'best' by held-out loss. patience: stop after so many
    epochs without a lower held-out loss and return the best (0: never stop). precision 'bfloat16'
    computes activations and gradients in 16 bits and keeps parameters and moments in 32. compile:
    let torch compile the loss. device and save_every (steps between notes that an interrupted fit
    resumes from; 0: none) are not part of a run's identity.

    Raises:
        SpecError, DataError: an option out of range.
    """

    epochs: int = 30
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    optimiser: Literal["adam", "adamw"] = "adam"
    rate: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = 0
    clip: float = 0.0
    precision: Literal["float32", "bfloat16"] = "float32"
    keep: Literal["last", "best"] = "last"
    patience: int = 0
    compile: bool = False
    device: Device = field(default="auto", metadata={"identity": False})
    save_every: int = field(default=1000, metadata={"identity": False})

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch", 1), ("warmup", 0), ("patience", 0)):
            checked_count(getattr(self, name), f"training: {name}", least)
        checked_count(self.save_every, "training: save_every", 0)
        if not 0.0 < self.learning_rate < np.inf:
            raise SpecError(f"training: learning_rate is {self.learning_rate}; expected above 0")
        for name in ("weight_decay", "clip"):
            if not 0.0 <= getattr(self, name) < np.inf:
                raise SpecError(f"training: {name} is {getattr(self, name)}; expected 0 or more")
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                options = ", ".join(map(repr, known))
                raise SpecError(f"training: {name} is {getattr(self, name)!r}; expected {options}")

    @property
    def checks(self) -> bool:
        """Whether held-out rows are needed."""
        return bool(self.patience) or self.keep == "best"

    def rate_at(self, step: int, steps: int) -> float:
        """Return the learning rate of one step of so many."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, steps - self.warmup)
        if self.rate == "linear":
            return self.learning_rate * (1.0 - done)
        if self.rate == "cosine":
            return self.learning_rate * 0.5 * (1.0 + float(np.cos(np.pi * done)))
        return self.learning_rate


CHOICES = {
    "optimiser": ("adam", "adamw"),
    "rate": ("constant", "linear", "cosine"),
    "precision": tuple(DTYPES),
    "keep": ("last", "best"),
    "device": ("auto", "cpu", "cuda"),
}


@dataclass(frozen=True, eq=False)
class Trained:
    """Weights in the layout given; mean loss per batch and held-out loss, by epoch (G, epochs)."""

    weights: list[Tensor]
    train_loss: Floats
    held_out_loss: Floats


class Loop:
    """Chains on their way: weights, Adam's moments, the step, the losses so far.

    chains = G > 1 trains G chains together: every weight begins with the chain axis and the loss
    has one value per chain. Their gradients are independent and Adam works number by number, so
    each chain is trained as if alone.
    """

    def __init__(
        self, loss: Loss, start: Sequence[Tensor], training: Training, name: str, chains: int = 1
    ) -> None:
        self.training, self.name, self.chains = training, name, chains
        self.loss: Loss = torch.compile(loss) if training.compile else loss
        self.weights = list(start)
        self.mean = [torch.zeros_like(w) for w in start]
        self.square = [torch.zeros_like(w) for w in start]
        self.best = [w.clone() for w in start] if training.checks else []
        self.step = 0
        self.batch_loss: Tensor = torch.zeros(0)
        self.train_loss: list[list[float]] = []
        self.held_out_loss: list[list[float]] = []

    def run(self, feed: Feed, seed: int, check: Check | None, page: Page | None) -> Trained:
        """Train to the last epoch or an early stop, from the page's note where there is one.

        Raises:
            FitError: a loss that is not finite, or a batch too large for the memory.
        """
        device = self.weights[0].device
        if device.type == "cpu":
            keep_heap()
        self.batch_loss = torch.zeros(feed.batches, self.chains, device=device)
        note = page.read() if page else None
        if note:
            self.resume(note)
        reason = ""
        try:
            with torch.enable_grad():
                self._epochs(feed, seed, check, page)
        except RuntimeError as error:
            if not lacks_memory(error):
                raise
            reason = str(error).partition("\n")[0]
        finally:
            release(device)
        if reason:
            with torch.enable_grad():
                step = self._trial(feed, seed)
                lack = no_room(self.name, self.training.batch, device, reason, step)
            # Whoever runs several side by side tries again with fewer.
            raise lack from MemoryError(reason)
        weights = self.best if self.training.checks else self.weights
        return Trained(weights, self._by_chain(self.train_loss), self._by_chain(self.held_out_loss))

    def _epochs(self, feed: Feed, seed: int, check: Check | None, page: Page | None) -> None:
        update = self._stepper(feed, seed)
        last, every = self.training.epochs * feed.batches, self.training.save_every
        while self.step < last and not self._stalled().all():
            self.batch_loss[self.step % feed.batches] = update(self.step)
            self.step += 1
            reached(self.step, last, self.training.epochs)
            if self.step % feed.batches == 0:
                self._finish_epoch(feed, check)
            if page and every and self.step % every == 0 and self.step < last:
                self._check_finite(self.step % feed.batches, feed)
                page.write(self.arrays())

    def _trial(self, feed: Feed, seed: int) -> Callable[[int], Tensor]:
        return lambda rows: self._stepper(feed.resized(rows), seed)(self.step)

    def _stepper(self, feed: Feed, seed: int) -> Callable[[int], Tensor]:
        training = self.training
        dtype, device = DTYPES[training.precision], self.weights[0].device
        adam = self._adam()
        # Distinct tensors even in one precision, so that the masters never enter a graph.
        working = [w.to(dtype, copy=True).requires_grad_() for w in self.weights]
        steps = training.epochs * feed.batches

        def update(step: int) -> Tensor:
            losses = self.loss(working, feed.batch(step), generator(device, seed, NOISE, step))
            slopes = list(torch.autograd.grad(losses.sum(), working))
            with torch.no_grad():
                gradients = self._in_their_layout(slopes)
                if training.clip:
                    self._clip(gradients)
                adam.param_groups[0]["lr"] = training.rate_at(step, steps)
                adam.step()
                adam.zero_grad()
                torch._foreach_copy_(working, self.weights)
            return losses.detach().reshape(-1)

        return update

    def _adam(self) -> torch.optim.Optimizer:
        kind = torch.optim.AdamW if self.training.optimiser == "adamw" else torch.optim.Adam
        rate, decay = self.training.learning_rate, self.training.weight_decay
        adam = kind(self.weights, lr=rate, weight_decay=decay, fused=True)
        for w, mean, square in zip(self.weights, self.mean, self.square, strict=True):
            count = torch.tensor(float(self.step), device=w.device)
            adam.state[w] = {"step": count, "exp_avg": mean, "exp_avg_sq": square}
        return adam

    def _in_their_layout(self, slopes: list[Tensor]) -> list[Tensor]:
        """Make slopes the gradients of the weights, float32; no two of each at a time in memory.

        They live for one step: while the next one's are computed, activations take their place.
        """
        gradients = []
        for w in self.weights:
            # Autograd's own may share memory with one another, or have another order.
            w.grad = torch.empty_like(w).copy_(slopes.pop(0))
            gradients.append(w.grad)
        return gradients

    def _clip(self, gradients: Sequence[Tensor]) -> None:
        """Scale each chain's gradient down to the norm `clip` where it is longer."""
        squares = [g.reshape(self.chains, -1).square().sum(1) for g in gradients]
        norm = torch.stack(squares).sum(0).sqrt()
        scale = (self.training.clip / (norm + 1e-6)).clamp(max=1.0)
        for g in gradients:
            g.mul_(scale.reshape(-1, *[1] * (g.dim() - 1)) if self.chains > 1 else scale)

    def _finish_epoch(self, feed: Feed, check: Check | None) -> None:
        self._check_finite(feed.batches, feed)
        stalled = self._stalled()
        losses = self.batch_loss.double().mean(0).cpu().numpy()
        self.train_loss.append(np.where(stalled, np.nan, losses).tolist())
        if not self.training.checks or check is None:
            return
        before = np.fmin.reduce([[np.inf] * self.chains, *self.held_out_loss])
        with torch.no_grad():
            losses = check(self.weights).double().reshape(-1).cpu().numpy()
        loss = np.where(stalled, np.nan, losses)
        self.held_out_loss.append(loss.tolist())
        for chain in np.flatnonzero(loss < before).tolist():
            for best, w in zip(self.best, self.weights, strict=True):
                of_chain = (best[chain], w[chain]) if self.chains > 1 else (best, w)
                of_chain[0].copy_(of_chain[1].detach())

    def _stalled(self) -> Bools:
        """Return which chains have stopped (G,): their losses no longer count beside others."""
        losses, patience = np.array(self.held_out_loss), self.training.patience
        if not patience or not len(losses):
            return np.zeros(self.chains, dtype=np.bool_)
        best = np.where(np.isnan(losses), np.inf, losses).argmin(axis=0)
        return len(losses) - 1 - best >= patience

    def _check_finite(self, n: int, feed: Feed) -> None:
        """Raise FitError unless the epoch's first n losses are finite, of chains that count."""
        counts = torch.from_numpy(~self._stalled()).to(self.batch_loss.device)
        bad = (~torch.isfinite(self.batch_loss[:n]) & counts).nonzero()
        if len(bad):
            epoch, (i, g) = (self.step - 1) // feed.batches, bad[0].tolist()
            which = f", chain {g} of those trained together" if self.chains > 1 else ""
            step = epoch * feed.batches + i + 1
            advice = (
                f"try a learning_rate below {self.training.learning_rate:g}, precision = "
                "'float32', or look at the training rows"
            )
            if step == 1:
                advice = (
                    "before any step, so that learning_rate plays no part; look at the weights "
                    "that training starts from and at the training rows, or try precision = "
                    "'float32'"
                )
            raise FitError(
                f"{self.name}{which}: the loss is {float(self.batch_loss[i, g])} in epoch "
                f"{epoch + 1} of {self.training.epochs}, step {step}; {advice}"
            )

    def _by_chain(self, losses: Sequence[Sequence[float]]) -> Floats:
        return np.array(losses, dtype=np.float64).reshape(-1, self.chains).T

    def arrays(self) -> dict[str, Array]:
        """Return all that `resume` needs; on a CPU views, which the next step changes.

        A note is written before that step, and copies would be as large as the training itself.
        """
        lists = self._tensors().items()
        out = {f"{key}.{i}": as_numpy(t) for key, ts in lists for i, t in enumerate(ts)}
        out["batch_loss"] = as_numpy(self.batch_loss)
        out["step"] = np.array([self.step], dtype=np.int64)
        out["train_loss"] = self._by_chain(self.train_loss).T.copy()
        out["held_out_loss"] = self._by_chain(self.held_out_loss).T.copy()
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


def as_numpy(x: Tensor) -> Array:
    """Return x as an array, on a CPU a view of it."""
    array: Array = x.detach().cpu().numpy()
    return array


def to_numpy(x: Tensor) -> Array:
    """Return a copy of x in C order."""
    return np.array(x.detach().cpu().numpy(), order="C")
