"""Keys and values: a prompt's once for all beams, those of what follows in slots of any order.

Who sees which slot is a mask, so that nothing is copied from beam to beam.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

GRAIN = 32
"""Attention spans a multiple of so many slots: kernels stumble over other lengths."""

PART_ROWS = 32
"""Rows of a part, where rows are sorted into parts of their own length."""


def rounded(n: int) -> int:
    """Return the next multiple of GRAIN."""
    return -(-n // GRAIN) * GRAIN


@dataclass(eq=False)
class CachePart:
    """Some rows of a cache, of equal length: per layer (m, heads, slots, head width).

    What nobody wrote is 0, for what a mask hides must still be finite. All slots are read: products
    of a part of a tensor would copy it first.
    """

    keys: list[Tensor]
    values: list[Tensor]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Rows, heads, slots and the width of a head."""
        m, heads, slots, size = self.keys[0].shape
        return m, heads, slots, size

    def grow(self, slots: int) -> None:
        """Have so many slots, if there are fewer."""
        m, heads, old, size = self.shape
        for tensors in (self.keys, self.values) if slots > old else ():
            for i, x in enumerate(tensors):
                tensors[i] = x.new_empty(m, heads, slots, size)
                tensors[i][:, :, :old] = x
                tensors[i][:, :, old:] = 0.0

    def places(self, slots: Tensor) -> Tensor:
        """Return where slots (m, B) of all heads lie in a tensor seen as (m heads slots, size)."""
        m, heads, n_slots, _ = self.shape
        rows = torch.arange(m * heads, device=slots.device).view(m, 1, heads)
        return (rows * n_slots + slots.unsqueeze(-1)).flatten()


@dataclass(eq=False)
class Cache:
    """The keys and values of n rows, in parts that are as long as their rows need."""

    parts: list[CachePart]
    sizes: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.sizes = [part.shape[0] for part in self.parts]

    @classmethod
    def empty(cls, n: int, heads: int, size: int, layers: int, like: Tensor) -> "Cache":
        """Return a cache without slots, one part."""
        none = like.new_empty(n, heads, 0, size)
        return cls([CachePart([none] * layers, [none] * layers)])

    def grow(self, spans: Sequence[int]) -> None:
        """Have so many slots, or the next multiple of GRAIN, in each part."""
        for part, span in zip(self.parts, spans, strict=True):
            part.grow(rounded(span))

    def keep(self, index: Tensor, needs: Tensor, size: int) -> None:
        """Keep some rows (m,), in this order, with the slots (m,) they need, in parts of `size`."""
        old, (_, heads, _, width) = self.parts, self.parts[0].shape
        whose = torch.repeat_interleave(torch.arange(len(old)), torch.tensor(self.sizes))
        first = torch.tensor([0, *self.sizes]).cumsum(0)
        index = index.cpu()
        parts = []
        for rows, need in zip(
            torch.split(index, size), torch.split(needs.cpu(), size), strict=True
        ):
            shape = (len(rows), heads, rounded(int(need.max())), width)
            new = CachePart(
                *([x.new_empty(shape) for x in tensors] for tensors in (old[0].keys, old[0].values))
            )
            for p, part in enumerate(old):
                at = (whose[rows] == p).nonzero().squeeze(1)
                if len(at):
                    _move(part, (rows[at] - first[p]), new, at)
            parts.append(new)
        self.parts = parts
        self.__post_init__()


def _move(old: CachePart, rows: Tensor, new: CachePart, at: Tensor) -> None:
    """Copy rows of an old part to rows `at` of a new one."""
    slots, device = min(old.shape[2], new.shape[2]), old.keys[0].device
    rows, at = rows.to(device), at.to(device)
    for source, target in ((old.keys, new.keys), (old.values, new.values)):
        for x, y in zip(source, target, strict=True):
            y[at, :, :slots] = x[rows, :, :slots]
            y[at, :, slots:] = 0.0


def attend(q: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """Return what queries (n, B, heads, size) see, (n, B, heads size), in the slots of a mask.

    Batched products: for a handful of queries they are twice as fast as fused attention on a CPU.
    """
    n, beams, heads, size = q.shape
    few, span = keys.shape[1], mask.shape[-1]
    group, flat = heads // few, (n * few, -1, size)
    queries = q.new_empty(n, few, group, beams, size)
    torch.mul(q.view(n, beams, few, group, size).permute(0, 2, 3, 1, 4), size**-0.5, out=queries)
    scores = torch.bmm(queries.view(flat), keys.view(flat).transpose(1, 2))
    scores.view(n, heads, beams, span).add_(mask.unsqueeze(1))
    context = torch.bmm(scores.softmax(-1), values.view(flat))
    return context.view(n, heads, beams, size).transpose(1, 2).reshape(n, beams, heads * size)


@dataclass(eq=False)
class Slots:
    """Which beam sees which slot of a cache, and which slots nobody sees any more.

    Beams soon share all but their latest tokens, so that about one slot a token stays in use; new
    tokens go to the first slots that are free. mask (n, B, slots): 0 where seen, else -inf;
    used: for each part of the cache, the slot from which on none is seen.
    """

    mask: Tensor
    prompt: int
    used: list[int]

    def follow(self, parents: Tensor) -> None:
        """Let every beam see what its parent (n B,) saw."""
        n, _, slots = self.mask.shape
        self.mask = self.mask.view(-1, slots).index_select(0, parents).view(n, -1, slots)

    def claim(self) -> Tensor:
        """Return a free slot for every beam (n, B), which from now on only that beam sees."""
        beams, slots = self.mask.shape[1:]
        most = max(self.used) + beams
        if most > slots:
            self.mask = F.pad(self.mask, (0, rounded(most) - slots), value=-torch.inf)
        taken = self._seen(most)
        order = torch.arange(taken.shape[1], 0, -1, device=taken.device, dtype=torch.float32)
        free = order.masked_fill(taken, 0.0).topk(beams, dim=1).indices + self.prompt
        self.mask.scatter_(2, free.unsqueeze(2), 0.0)
        self.used = [used + beams for used in self.used]
        return free

    def look(self, sizes: Sequence[int]) -> None:
        """Find out how many slots are in use in parts of these sizes; waits for the device."""
        self.used = [int(need.max()) for need in torch.split(self.needs().cpu(), list(sizes))]

    def needs(self) -> Tensor:
        """Return, for each row (n,), the slot from which on none is seen."""
        taken = self._seen(max(self.used))
        places = torch.arange(1, taken.shape[1] + 1, device=taken.device)
        last = (taken * places).amax(dim=1) if len(places) else taken.sum(1)
        return last + self.prompt

    def _seen(self, until: int) -> Tensor:
        return (self.mask[:, :, self.prompt : until] == 0).any(dim=1)
