"""A language model on its way from base to fit: checks, feeds, held-out loss, chain after chain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from genloss.core.abilities import Notebook
from genloss.core.arrays import Array, Ints
from genloss.core.roles import Data, Model
from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.source import Source
from genloss.core.text import checked_tokens
from genloss.errors import DataError, FitError, SpecError
from genloss.models.torch.device import pick, release
from genloss.models.torch.feeds import Feed, feed_of, on
from genloss.models.torch.fits import held_out_rows, part_after_part, rows_of, stacked
from genloss.models.torch.lm.objective import FineTuning, NamedTensors, Total, counted
from genloss.models.torch.lm.start_token import Beginning, BegunFeed
from genloss.models.torch.lm.token_model import BLOCK_KEY
from genloss.models.torch.lm.tuning.portions import ALONE, Portions, Team
from genloss.models.torch.memory import in_batches
from genloss.models.torch.notebook import Pages
from genloss.models.torch.training import DTYPES, Check, Loop

ROWS_CHECKED = 64
"""Rows of an endless source that are looked at before training."""


Start = Literal["base", "last", "scratch"]


@dataclass(frozen=True, eq=False)
class Network:
    """What the loop trains, by any learner: its loss as a function of named weights.

    positions: the longest row; start: the weights, copies, of a (chain, seed). first: what stands
    before rows.
    """

    name: str
    vocabulary: int
    positions: int
    total: Total
    start: Callable[[int, int], dict[str, Tensor]]
    first: Beginning


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a fit is given: rows, the chains' seeds, the models to go on from, held-out rows.

    team: the processes that share every batch.
    """

    train: Samples | Source
    seeds: Ints
    before: Model | None = None
    valid: Data | None = None
    notebook: Notebook | None = None
    team: Team = ALONE


def fit_chains(network: Network, training: FineTuning, lesson: Lesson) -> dict[str, Array]:
    """Return what every chain left, stacked: its parameters, losses and block length.

    Raises:
        DataError: no rows of tokens, tokens of another vocabulary, rows too long.
        FitError: no row with a second token, a loss that is not finite, or too little memory.
        SpecError: held-out rows that are needed and missing.
    """
    seeds = lesson.seeds
    length = _looked_at(network, lesson.train, int(seeds[0]))
    held_out = _held_out(network, training, lesson.valid)

    def chain(c: int, pages: Pages | None) -> dict[str, Array]:
        return _chain(
            network, training, lesson, c, None if held_out is None else held_out[c], pages
        )

    chains = part_after_part(len(seeds), seeds, lesson.notebook, chain)
    return stacked(chains) | {BLOCK_KEY: np.full(len(seeds), length)}


def _chain(
    network: Network,
    training: FineTuning,
    lesson: Lesson,
    c: int,
    held_out: Array | None,
    pages: Pages | None,
) -> dict[str, Array]:
    seed, team = int(lesson.seeds[c]), lesson.team
    device, dtype = pick(training.device), DTYPES[training.precision]
    start = network.start(c, seed)
    names = list(start)
    name = f"{network.name}, chain {c}"
    feed: Feed = feed_of(lesson.train, c, training.batch, seed, device, dtype)
    if network.first.there:
        feed = BegunFeed(feed, network.first)
    check = None
    if held_out is not None:
        check = _check(
            network, names, on(device, network.first.array(held_out)), training.batch, team
        )
    # Not a batch of the feed: resumed before an epoch's last one, it would be the short one.
    rows = lesson.train.n_rows if isinstance(lesson.train, Samples) else training.batch
    most = min(training.batch, rows)
    portions = Portions(name, names, network.total, most, team, training.compile)
    # Portions compile what they call; errors and memory are handled outside of it.
    loop = Loop(portions.loss, list(start.values()), replace(training, compile=False), name)
    done = loop.run(feed, seed, check, pages)
    # Adam's moments, twice the size of the weights, go before these are scored or written.
    del loop, start
    release(device)
    left = {name: _array(w) for name, w in zip(names, done.weights, strict=True)}
    losses = {"train_loss": done.train_loss[0], "held_out_loss": done.held_out_loss[0]}
    return left | losses


def _array(w: Tensor) -> Array:
    """Return weights that nobody trains any more, on a CPU without a copy."""
    return np.ascontiguousarray(w.detach().cpu().numpy())


def _check(network: Network, names: list[str], rows: Tensor, size: int, team: Team) -> Check:
    """Return the held-out loss, nats per target over all rows, as a function of the weights."""
    targets = counted(rows).double().sum()
    mine = rows[team.share(len(rows))]

    def check(weights: Sequence[Tensor]) -> Tensor:
        named: NamedTensors = dict(zip(names, weights, strict=True))
        sums = [torch.zeros((), device=rows.device)]

        def add(part: slice) -> None:
            x = mine[part]
            sums.append(network.total(named, x, counted(x), None))

        in_batches(add, len(mine), size, rows.device, f"{network.name}: a held-out row")
        return team.total(torch.stack(sums).double().sum()) / targets

    return check


def _looked_at(network: Network, train: Data, seed: int) -> int:
    """Return the length T of the rows to train on, after a look at them."""
    train = rows_of(train, seed, network.name, ROWS_CHECKED)
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


def _held_out(network: Network, training: FineTuning, valid: Data | None) -> Array | None:
    valid = held_out_rows(training, valid, network.name)
    if valid is None:
        return None
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
            "hub; give one (`pretrain` makes one from text), or start = 'scratch'"
        )
    if precision not in DTYPES:
        raise SpecError(f"{name}: precision is {precision!r}; expected 'float32' or 'bfloat16'")
