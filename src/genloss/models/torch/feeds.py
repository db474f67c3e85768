"""Batches: a pure function of (seed, step), so that resuming needs no cursor."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from genloss.core.samples import UNLABELLED, Samples
from genloss.core.source import Given, Source, draw_rows
from genloss.models.torch.device import generator, stream

SHUFFLE, MIX, DRAW, NOISE, START, CHECK, LOOK = range(7)
"""Roles of random numbers inside one fit; the first part of their place."""


class Batch(NamedTuple):
    """Rows (B, ...), float32 or int64, their weights (B,) and classes (B,), or None.

    noise (B, ...): random numbers for the rows, where a chain's feed draws them, so that it meets
    the same ones alone and beside others. Of chains trained together, all begin with the chain
    axis: (G, B, ...).
    """

    x: Tensor
    weight: Tensor | None = None
    label: Tensor | None = None
    noise: Tensor | None = None


Draw = Callable[[int, int], Batch]
"""Returns m fresh rows for (m, step)."""


@runtime_checkable
class TorchModel(Protocol):
    """A model that draws on a device, without a detour through numpy."""

    def drawer(
        self, chain: int, device: torch.device, dtype: torch.dtype
    ) -> Callable[[int, torch.Generator], Batch]:
        """Return a function that draws m rows (m, d), float32, of one chain."""
        ...


class Feed(Protocol):
    """Batches without end; `batches` of them are one epoch."""

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        ...

    def batch(self, step: int) -> Batch:
        """Return the rows of one step."""
        ...

    def resized(self, size: int) -> "Feed":
        """Return the feed with batches of another size."""
        ...


class RowFeed:
    """Rows in a new order every epoch; the last batch of an epoch may be smaller."""

    def __init__(
        self, samples: Samples, chain: int, size: int, seed: int, device: torch.device
    ) -> None:
        self.x = on(device, samples.x[chain])
        weight, label = samples.weight, samples.label
        self.weight = None if weight is None else on(device, weight[chain])
        self.label = None if label is None else on(device, label[chain])
        self.size, self.seed, self.device = size, seed, device
        self._epoch, self._order = -1, torch.empty(0)

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.x) // self.size)

    def batch(self, step: int) -> Batch:
        """Return the next rows of this epoch's order."""
        epoch, i = divmod(step, self.batches)
        if epoch != self._epoch:
            order = stream(self.seed, SHUFFLE, epoch).permutation(len(self.x))
            self._epoch, self._order = epoch, torch.from_numpy(order).to(self.device)
        index = self._order[i * self.size : (i + 1) * self.size]
        weight = None if self.weight is None else self.weight[index]
        return Batch(self.x[index], weight, None if self.label is None else self.label[index])

    def resized(self, size: int) -> "RowFeed":
        """Return the feed of the same rows with batches of another size."""
        feed = copy.copy(self)
        feed.size = size
        return feed


@dataclass(frozen=True, eq=False)
class SourceFeed:
    """Fresh draws in every batch; shares of the streams are exact on average."""

    draws: tuple[Draw, ...]
    shares: tuple[float, ...]
    batches: int
    size: int
    seed: int

    def batch(self, step: int) -> Batch:
        """Draw one batch."""
        if len(self.draws) == 1:
            return self.draws[0](self.size, step)
        rows = stream(self.seed, MIX, step).multinomial(self.size, self.shares)
        parts = [draw(int(m), step) for draw, m in zip(self.draws, rows, strict=True) if m]
        label = None
        if any(p.label is not None for p in parts):
            label = torch.cat([labels_of(p) for p in parts])
        return Batch(torch.cat([p.x for p in parts]), None, label)

    def resized(self, size: int) -> "SourceFeed":
        """Return the feed with batches of another size."""
        return replace(self, size=size)


@dataclass(frozen=True, eq=False)
class TogetherFeed:
    """The batches of several chains, stacked: (G, B, ...); their feeds have one length."""

    feeds: tuple[Feed, ...]

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return self.feeds[0].batches

    def batch(self, step: int) -> Batch:
        """Return the rows of every chain."""
        parts = [feed.batch(step) for feed in self.feeds]
        label = None
        if any(p.label is not None for p in parts):
            label = torch.stack([labels_of(p) for p in parts])
        weight = _stacked([p.weight for p in parts])
        return Batch(
            torch.stack([p.x for p in parts]), weight, label, _stacked([p.noise for p in parts])
        )

    def resized(self, size: int) -> "TogetherFeed":
        """Return the feed with batches of another size, of every chain."""
        return TogetherFeed(tuple(feed.resized(size) for feed in self.feeds))


def feed_of(
    train: Samples | Source,
    chain: int,
    size: int,
    seed: int,
    device: torch.device,
    dtype: torch.dtype,
) -> Feed:
    """Return the batches of one chain, `size` rows each; models of a source draw in dtype."""
    only = train.streams[0] if isinstance(train, Source) and len(train.streams) == 1 else None
    if only is not None and isinstance(only.model, Given):
        # Real rows that a source was made of are read in passes, as the paper's first model does.
        train = Samples.of(only.model.x, only.origin, only.model.label)
    if isinstance(train, Samples):
        return RowFeed(train, chain, size, seed, device)
    return SourceFeed(
        tuple(_draw(train, i, chain, seed, device, dtype) for i in range(len(train.streams))),
        tuple(s.rows / train.n_rows for s in train.streams),
        -(-train.n_rows // size),
        size,
        seed,
    )


def on(device: torch.device, x: np.ndarray) -> Tensor:
    """Return x on the device: whole numbers as int64, all others as float32."""
    kind = np.int64 if x.dtype.kind in "iu" else np.float32
    return torch.from_numpy(x.astype(kind)).to(device)


def labels_of(batch: Batch) -> Tensor:
    """Return the classes (B,) of a batch; -1 where it has none."""
    if batch.label is not None:
        return batch.label
    return torch.full(batch.x.shape[:1], UNLABELLED, device=batch.x.device)


def _stacked(column: Sequence[Tensor | None]) -> Tensor | None:
    present = [part for part in column if part is not None]
    return torch.stack(present) if len(present) == len(column) else None


def _draw(
    source: Source, place: int, chain: int, seed: int, device: torch.device, dtype: torch.dtype
) -> Draw:
    model = source.streams[place].model
    if isinstance(model, TorchModel):
        draw = model.drawer(chain, device, dtype)
        return lambda m, step: draw(m, generator(device, seed, DRAW, step, place))

    # Other models draw all chains at once; the chains of a fit are independent all the same.
    def drawn_by_all(m: int, step: int) -> Batch:
        rows = draw_rows(model, m, stream(seed, DRAW, step, place), source.streams[place].origin)
        label = None if rows.label is None else on(device, rows.label[chain])
        return Batch(on(device, rows.x[chain]), None, label)

    return drawn_by_all
