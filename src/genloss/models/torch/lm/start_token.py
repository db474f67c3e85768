"""The token before every row and prompt, where a model's own tokeniser puts one."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Array, Floats
from genloss.core.samples import NO_TOKEN
from genloss.models.torch.feeds import Batch, Feed


@dataclass(frozen=True)
class Beginning:
    """Rows as the model reads them: begin stands before the first token, or nothing does.

    begin: that token, NO_TOKEN where there is none. end: the one that ends a document; a row that
    starts with it starts a document, so that begin stands in its place.
    """

    begin: int
    end: int

    @property
    def there(self) -> bool:
        """Whether the tokeniser puts a token before a text."""
        return self.begin != NO_TOKEN

    def rows(self, x: Tensor) -> Tensor:
        """Return rows (..., T) begun: (..., T + 1), NO_TOKEN after those that end sooner."""
        if not self.there:
            return x
        first = x.new_full((*x.shape[:-1], 1), self.begin)
        beside = torch.cat([first, x], dim=-1)
        instead = torch.cat([first, x[..., 1:], torch.full_like(first, NO_TOKEN)], dim=-1)
        return torch.where(x[..., :1] == self.end, instead, beside)

    def array(self, x: Array) -> Array:
        """Return the same of an array of tokens."""
        return self.rows(torch.from_numpy(np.array(x))).numpy() if self.there else x

    def prompts(self, x: Array) -> Array:
        """Return prompts (..., P) begun, no longer than the longest of them."""
        begun = self.array(x)
        used = (begun != NO_TOKEN).reshape(-1, begun.shape[-1]).any(axis=0).sum()
        return begun[..., :used] if self.there else x

    def values(self, x: Array, values: Floats) -> Floats:
        """Return the values (..., T - 1) of rows x from the second token on.

        values: one value for every token but the first of the rows begun; x itself where none is.
        """
        if not self.there:
            return values
        return np.where(x[..., :1] == self.end, values[..., :-1], values[..., 1:])


@dataclass(frozen=True, eq=False)
class BegunFeed:
    """The batches of a feed, their rows begun."""

    feed: Feed
    first: Beginning

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return self.feed.batches

    def batch(self, step: int) -> Batch:
        """Return the rows of one step."""
        batch = self.feed.batch(step)
        return batch._replace(x=self.first.rows(batch.x))

    def resized(self, size: int) -> "BegunFeed":
        """Return the feed with batches of another size."""
        return BegunFeed(self.feed.resized(size), self.first)
