"""The loss of a batch by portions: rows that fit the memory, in every process that takes part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genloss.models.torch.device import generator
from genloss.models.torch.feeds import Batch
from genloss.models.torch.lm.objective import Total, counted
from genloss.models.torch.lm.tuning.memory_needed import rows_that_fit
from genloss.models.torch.memory import in_batches


def _itself(x: Tensor) -> Tensor:
    return x


@dataclass(frozen=True, eq=False)
class Team:
    """Processes that share every batch; total returns the sum of a tensor over all of them."""

    rank: int = 0
    size: int = 1
    total: Callable[[Tensor], Tensor] = _itself

    def share(self, n: int) -> slice:
        """Return which of n rows are this process's."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)


ALONE = Team()


class Portions:
    """The mean loss over the targets of a batch, nats, as a function of weights by these names.

    Its value and gradient are those of the whole batch, to rounding, however many rows go at a time
    and however many processes share them; only dropout draws other masks. most: rows of a batch;
    rows: at a time, planned from the free memory at the first batch, halved where memory runs out.
    """

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        total: Total,
        most: int,
        team: Team = ALONE,
        compiled: bool = False,
    ) -> None:
        self.name, self.names, self.total = name, names, total
        self.most, self.team, self.rows = most, team, 0
        self.called: Total = torch.compile(total) if compiled else total

    def loss(self, weights: Sequence[Tensor], batch: Batch, noise: torch.Generator) -> Tensor:
        """Return the mean over the targets of all rows, 0 where there are none.

        Raises:
            FitError: memory runs out for a single row.
        """
        if not self.rows:
            named = dict(zip(self.names, weights, strict=True))
            self.rows = rows_that_fit(self.total, named, batch.x[:1], self.most)
        loss: Tensor = _Mean.apply(self, batch, noise, *weights)  # type: ignore[no-untyped-call]
        return loss

    def taken(
        self, weights: Sequence[Tensor], batch: Batch, noise: torch.Generator
    ) -> list[Tensor]:
        """Return the mean loss and its gradient by every weight."""
        scale = counted(batch.x, batch.weight)
        targets = scale.sum().clamp(min=1e-12)
        mine = self.team.share(len(batch.x))
        own = [w.detach().requires_grad_() for w in weights]
        named = dict(zip(self.names, own, strict=True))
        sums: list[Tensor] = []

        def add(part: slice) -> None:
            first = mine.start + part.start
            rows = slice(first, mine.start + part.stop)
            # A portion draws from its own place, so that one that is done again draws the same.
            place = (first,) if first else ()
            seed = noise.initial_seed()
            fresh = generator(noise.device, seed, *place) if place else noise.manual_seed(seed)
            with torch.enable_grad():
                mean = self.called(named, batch.x[rows], scale[rows], fresh) / targets
                parts = [mean.detach(), *torch.autograd.grad(mean, own, materialize_grads=True)]
            _add(sums, parts)

        n, device = mine.stop - mine.start, batch.x.device
        self.rows = in_batches(add, n, self.rows, device, f"{self.name}: a row to train on")
        if self.team.size == 1:
            return sums
        return _over_all(self.team, sums or [torch.zeros((), device=device), *map(_none, own)])


def _add(sums: list[Tensor], parts: Sequence[Tensor]) -> None:
    """Add to the sums in place, in float32 from the second term on; one tensor after another."""
    if not sums:
        sums.extend(parts)
        return
    for i, part in enumerate(parts):
        sums[i] = sums[i].float().add_(part)


def _over_all(team: Team, sums: Sequence[Tensor]) -> list[Tensor]:
    """Return the sums over all processes, exchanged at once and in float32."""
    flat = team.total(torch.cat([s.float().flatten() for s in sums]))
    parts = torch.split(flat, [s.numel() for s in sums])
    return [part.view_as(s) for part, s in zip(parts, sums, strict=True)]


def _none(w: Tensor) -> Tensor:
    return torch.zeros_like(w, requires_grad=False)


class _Mean(torch.autograd.Function):
    """The mean above; forward leaves the gradients behind."""

    @staticmethod
    def forward(
        ctx: Any, portions: Portions, batch: Batch, noise: torch.Generator, *weights: Tensor
    ) -> Tensor:
        """Take value and gradients, portion by portion."""
        value, *slopes = portions.taken(weights, batch, noise)
        ctx.slopes = slopes
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Scale what forward found, in place: nobody asks twice."""
        slopes = ctx.slopes
        del ctx.slopes
        torch._foreach_mul_(slopes, grad)
        return (None, None, None, *slopes)
