"""A language model on its way from base to fit: checks, feeds, held-out loss, chain after chain."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Array, Ints
from genloss.core.protocols import Data, Model, Notebook
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.text import NO_TOKEN, checked_tokens
from genloss.errors import DataError, FitError, SpecError
from genloss.models.torch.device import pick, stream
from genloss.models.torch.feeds import LOOK, Batch, feed_of, on
from genloss.models.torch.lm.objective import Named, Total, counted, mean_nll
from genloss.models.torch.pages import Pages
from genloss.models.torch.training import DTYPES, Check, Loop, Training, to_numpy
from genloss.models.torch.vae_model import stacked

GLANCE = 64
"""Rows of an endless source that are looked at before training."""

BLOCK = "tokens"
"""The length of the rows that a model was trained on, in its state."""


Start = Literal["base", "last", "scratch"]

M_co = TypeVar("M_co", bound=Model, covariant=True)


@dataclass(frozen=True, eq=False)
class Network:
    """What the loop trains, by any learner: its loss as a function of named weights.

    positions: the longest row; start: the weights, copies, of a (chain, seed).
    """

    name: str
    vocabulary: int
    positions: int
    total: Total
    start: Callable[[int, int], dict[str, Tensor]]


def fit_chains(
    network: Network,
    training: Training,
    train: Samples | Source,
    seeds: Ints,
    valid: Data | None,
    notebook: Notebook | None,
) -> dict[str, Array]:
    """Return what every chain left, stacked: its parameters, losses and block length.

    Raises:
        DataError: no rows of tokens, tokens of another vocabulary, rows too long.
        FitError: no row with a second token, a loss that is not finite, or too little memory.
        SpecError: held-out rows that are needed and missing.
    """
    length = _looked_at(network, train, int(seeds[0]))
    held_out = _held_out(network, training, valid)
    pages = Pages(notebook, seeds) if notebook else None
    chains = []
    for c, seed in enumerate(seeds.tolist()):
        found = pages.finished(c) if pages else None
        if found is None:
            rows = None if held_out is None else held_out[c]
            found = _chain(network, training, train, c, seed, rows, pages)
            if pages:
                pages.finish(c, found)
        chains.append(found)
    return stacked(chains) | {BLOCK: np.full(len(seeds), length)}


def _chain(
    network: Network,
    training: Training,
    train: Samples | Source,
    c: int,
    seed: int,
    held_out: Array | None,
    pages: Pages | None,
) -> dict[str, Array]:
    device, dtype = pick(training.device), DTYPES[training.precision]
    start = network.start(c, seed)
    names = list(start)

    def loss(weights: Sequence[Tensor], batch: Batch, noise: torch.Generator) -> Tensor:
        return mean_nll(network.total, dict(zip(names, weights, strict=True)), batch, noise)

    feed = feed_of(train, c, training.batch, seed, device, dtype)
    check = None
    if held_out is not None:
        check = _check(network, names, on(device, held_out), training.batch)
    loop = Loop(loss, list(start.values()), training, f"{network.name}, chain {c}")
    done = loop.run(feed, seed, check, pages)
    left = {name: to_numpy(w) for name, w in zip(names, done.weights, strict=True)}
    losses = {"train_loss": done.train_loss[0], "held_out_loss": done.held_out_loss[0]}
    return left | losses


def _check(network: Network, names: list[str], rows: Tensor, size: int) -> Check:
    """Return the held-out loss, nats per target over all rows, as a function of the weights."""
    targets = counted(rows).double().sum()

    def check(weights: Sequence[Tensor]) -> Tensor:
        named: Named = dict(zip(names, weights, strict=True))
        parts = [network.total(named, x, counted(x), None) for x in torch.split(rows, size)]
        return torch.stack(parts).double().sum() / targets

    return check


def _looked_at(network: Network, train: Any, seed: int) -> int:
    """Return the length T of the rows to train on, after a look at them."""
    if isinstance(train, Source):
        train = train.take(GLANCE, stream(seed, LOOK))
    if not isinstance(train, Samples):
        raise DataError(
            f"{network.name} learns from rows or a source; got {type(train).__name__}; use form = "
            "'rows'"
        )
    x = _checked(network, train.x, "rows")
    targets = (x[:, :, 1:] != NO_TOKEN).sum(axis=2)
    if train.weight is not None:
        targets = np.where(train.weight > 0, targets, 0)
    empty = ~targets.any(axis=1)
    if empty.any():
        raise FitError(
            f"{network.name}: no row of chain {int(np.argmax(empty))} has a second token, so that "
            "there is nothing to learn; the last generation wrote nothing but ends: try min_new "
            "above 0, a shorter training or a regime that keeps real rows"
        )
    return int(x.shape[2])


def _held_out(network: Network, training: Training, valid: Data | None) -> Array | None:
    if not training.checks:
        return None
    if not isinstance(valid, Samples):
        raise SpecError(
            f"{network.name}: patience = {training.patience} and keep = {training.keep!r} need "
            "held-out rows; set held_out in the study, or patience = 0 and keep = 'last'"
        )
    x = _checked(network, valid.x, "held-out rows")
    if (x[:, :, 1:] == NO_TOKEN).all(axis=(1, 2)).any():
        raise DataError(f"{network.name}: no held-out row has a second token; hold out longer ones")
    return x


def _checked(network: Network, x: Array, what: str) -> Ints:
    x = checked_tokens(x, network.vocabulary, f"{network.name}: {what}")
    if x.shape[2] > network.positions:
        raise DataError(
            f"{network.name}: {what} have {x.shape[2]} tokens; the model reads "
            f"{network.positions} at most; cut the text into shorter blocks"
        )
    return x


def continued(init: Model | None, start: str, kind: type, name: str, chains: int) -> Model | None:
    """Return the model to go on from, if the learner's `start` says so.

    Raises:
        SpecError: a model handed over that would be ignored.
        DataError: the model of another learner, or another number of chains.
    """
    if init is None:
        return None
    if start != "last":
        raise SpecError(
            f"{name}: start = {start!r}, but the study hands over the last generation "
            "(warm_start); choose start = 'last' or warm_start = false"
        )
    if not isinstance(init, kind) or init.n_chains != chains:
        raise DataError(
            f"{name}: cannot go on from {type(init).__name__} with {init.n_chains} chains; "
            f"expected {kind.__name__} with {chains}"
        )
    return init


def check_options(name: str, base: str, start: str, precision: str) -> None:
    """Raise SpecError for an unknown start or precision, or a start from no base."""
    if start not in ("base", "last", "scratch"):
        raise SpecError(f"{name}: start is {start!r}; expected 'base', 'last' or 'scratch'")
    if start == "base" and not base:
        raise SpecError(
            f"{name}: start = 'base' needs a base, the folder of a saved model or a name on the "
            "hub; give one (`pretrained` makes one from text), or start = 'scratch'"
        )
    if precision not in DTYPES:
        raise SpecError(f"{name}: precision is {precision!r}; expected 'float32' or 'bfloat16'")


def check_room(name: str, learned: int, training: Training, frozen: int = 0) -> None:
    """Raise FitError where the weights and what training adds exceed the free memory.

    Bytes per learned parameter: 4 weight + 4 gradient + 8 moments, the working copy and its
    gradient (4 each, or 2 in bfloat16), and 4 for the best weights where they are kept; 4 for a
    frozen one. Activations come on top.
    """
    each = 16 + 2 * DTYPES[training.precision].itemsize + 4 * training.checks
    device = pick(training.device)
    free, need = free_bytes(device), each * learned + 4 * frozen
    if free is not None and need > free:
        raise FitError(
            f"{name}: {learned / 1e6:,.0f} million parameters x {each} bytes (weights, gradients, "
            f"moments) and {frozen / 1e6:,.0f} million frozen ones x 4 need {need / 2**30:.1f} "
            f"GiB; {device.type} has {free / 2**30:.1f} GiB free; try a smaller model, precision = "
            "'bfloat16' in training, or kind = 'hugging_face' with adapters = 'lora'"
        )


def free_bytes(device: torch.device) -> int | None:
    """Return the bytes that are free on a device, or None where nobody says."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return None


class NotingLearner(Protocol[M_co]):
    """A learner that can note its way."""

    def fit_noting(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        init: Model | None,
        valid: Data | None,
        notebook: Notebook | None,
    ) -> M_co:
        """Train every chain, with a notebook or without."""
        ...

    def restore(self, state: Mapping[str, Array]) -> M_co:
        """Rebuild a model from its state."""
        ...


@dataclass(frozen=True, eq=False)
class NotedLearner(Generic[M_co]):
    """A learner whose fits can be interrupted: started again, they go on from the last note."""

    learner: NotingLearner[M_co]
    notebook: Notebook

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> M_co:
        """Train every chain; the result does not depend on where it was interrupted."""
        return self.learner.fit_noting(train, rng, init, valid, self.notebook)

    def restore(self, state: Mapping[str, Array]) -> M_co:
        """Rebuild a model from its state."""
        return self.learner.restore(state)
