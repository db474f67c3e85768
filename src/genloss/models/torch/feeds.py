"""Batches for one chain: a pure function of (seed, step), so that resuming needs no cursor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from genloss.core.samples import Samples
from genloss.core.source import Given, Source
from genloss.models.torch.device import generator, stream

SHUFFLE, MIX, DRAW, NOISE, START, CHECK, LOOK = range(7)
"""Roles of random numbers inside one fit; the first part of their place."""

Draw = Callable[[int, int], Tensor]
"""Returns m fresh rows (m, d), float32, for (m, step)."""


@runtime_checkable
class TorchModel(Protocol):
    """A model that draws on a device, without a detour through numpy."""

    def drawer(
        self, chain: int, device: torch.device, dtype: torch.dtype
    ) -> Callable[[int, torch.Generator], Tensor]:
        """Return a function that draws m rows (m, d), float32, of one chain."""
        ...


class Feed(Protocol):
    """Batches without end; `batches` of them are one epoch."""

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        ...

    def batch(self, step: int) -> tuple[Tensor, Tensor | None]:
        """Return rows (B, d), float32, and their weights (B,) or None."""
        ...


class RowFeed:
    """Rows in a new order every epoch; the last batch of an epoch may be smaller."""

    def __init__(
        self, samples: Samples, chain: int, size: int, seed: int, device: torch.device
    ) -> None:
        self.x = on(device, samples.x[chain])
        weight = samples.weight
        self.weight = None if weight is None else on(device, weight[chain])
        self.size, self.seed, self.device = size, seed, device
        self.batches = -(-len(self.x) // size)
        self._epoch, self._order = -1, torch.empty(0)

    def batch(self, step: int) -> tuple[Tensor, Tensor | None]:
        """Return the next rows of this epoch's order."""
        epoch, i = divmod(step, self.batches)
        if epoch != self._epoch:
            order = stream(self.seed, SHUFFLE, epoch).permutation(len(self.x))
            self._epoch, self._order = epoch, torch.from_numpy(order).to(self.device)
        index = self._order[i * self.size : (i + 1) * self.size]
        return self.x[index], None if self.weight is None else self.weight[index]


@dataclass(frozen=True, eq=False)
class SourceFeed:
    """Fresh draws in every batch; shares of the streams are exact on average."""

    draws: tuple[Draw, ...]
    shares: tuple[float, ...]
    batches: int
    size: int
    seed: int

    def batch(self, step: int) -> tuple[Tensor, None]:
        """Draw one batch."""
        if len(self.draws) == 1:
            return self.draws[0](self.size, step), None
        rows = stream(self.seed, MIX, step).multinomial(self.size, self.shares)
        parts = [draw(int(m), step) for draw, m in zip(self.draws, rows, strict=True) if m]
        return torch.cat(parts), None


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
        train = Samples.of(only.model.x, only.origin)
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
    """Return x as a float32 tensor on the device."""
    return torch.from_numpy(x.astype(np.float32)).to(device)


def _draw(
    source: Source, place: int, chain: int, seed: int, device: torch.device, dtype: torch.dtype
) -> Draw:
    model = source.streams[place].model
    if isinstance(model, TorchModel):
        drawn = model.drawer(chain, device, dtype)
        return lambda m, step: drawn(m, generator(device, seed, DRAW, step, place))
    # Other models draw all chains at once; the chains of a fit are independent all the same.
    return lambda m, step: on(device, model.sample(m, stream(seed, DRAW, step, place))[chain])
