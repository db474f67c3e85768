"""Source: what if the data are endless?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from genloss.core.arrays import Array, Ints, checked_count, checked_rows
from genloss.core.roles import Model, Rebuild
from genloss.core.samples import Samples
from genloss.errors import DataError


@runtime_checkable
class LabelledModel(Model, Protocol):
    """A model that says of which class its rows are."""

    def sample_labelled(self, n: int, rng: np.random.Generator) -> tuple[Array, Ints | None]:
        """Draw n rows of every chain (C, n, ...) with their classes (C, n), if it knows them."""
        ...


@dataclass(frozen=True, eq=False)
class Given:
    """Rows x (C, n, ...) as a model: draws are rows of x, with replacement, chains independently.

    A learner that reads its source in passes may go through x in a new order each time instead.
    label: their classes (C, n), or None.
    """

    x: Array
    label: Ints | None = None

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.x.shape[0])

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw n rows of every chain: (C, n, ...)."""
        return self.sample_labelled(n, rng)[0]

    def sample_labelled(self, n: int, rng: np.random.Generator) -> tuple[Array, Ints | None]:
        """Draw n rows of every chain (C, n, ...) with their labels (C, n)."""
        place = (
            np.arange(self.n_chains)[:, None],
            rng.integers(self.x.shape[1], size=(self.n_chains, n)),
        )
        return self.x[place], None if self.label is None else self.label[place]

    def state(self) -> dict[str, Array]:
        """Return x and the labels."""
        return {"x": self.x} | ({} if self.label is None else {"label": self.label})


def draw_rows(model: Model, n: int, rng: np.random.Generator, origin: int) -> Samples:
    """Draw n rows of every chain, with labels where the model gives them."""
    if isinstance(model, LabelledModel):
        x, label = model.sample_labelled(n, rng)
        return Samples.of(x, origin, label)
    return Samples.of(model.sample(n, rng), origin)


@dataclass(frozen=True, eq=False)
class Stream:
    """One contributor to a Source: a model, its origin, the rows it stands for when mixed."""

    model: Model
    origin: int
    rows: int


@dataclass(frozen=True, eq=False)
class Source:
    """Endless data: every batch is drawn anew from the models of its streams.

    A stream's share of each batch is its rows over all rows, so regimes mix sources exactly as they
    mix rows. Training on a Source leaves no finite-sample error, only the learner's own (the VAE of
    Shumailov et al. 2024 trains this way).
    """

    streams: tuple[Stream, ...]

    @classmethod
    def of(cls, model: Model, n: int, origin: int) -> "Source":
        """Return the endless data of one model, standing for n rows when mixed."""
        return cls((Stream(model, origin, checked_count(n, "n")),))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.streams[0].model.n_chains

    @property
    def n_rows(self) -> int:
        """The rows that the source stands for when mixed; a reader may draw any number."""
        return sum(s.rows for s in self.streams)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[Samples]:
        """Yield batches of `size` rows without end; stream shares are exact on average."""
        checked_count(size, "size")
        shares = np.array([s.rows for s in self.streams]) / self.n_rows
        while True:
            rows = rng.multinomial(size, shares)
            parts = [
                draw_rows(s.model, int(m), rng, s.origin)
                for s, m in zip(self.streams, rows, strict=True)
                if m
            ]
            yield Samples.concat(parts)

    def take(self, n: int, rng: np.random.Generator) -> Samples:
        """Draw n rows: one batch of that size."""
        return next(self.batches(n, rng))

    def like(self, x: Array, origin: int) -> "Source":
        """Return rows x as data of this form: a source that draws from them with replacement."""
        x = checked_rows(x)
        return Source.of(Given(x), x.shape[1], origin)

    def head(self, n: int) -> "Source":
        """Return the same mixture standing for n rows."""
        return self._standing_for(n)

    def subsample(self, n: int, rng: np.random.Generator) -> "Source":
        """Return the same mixture standing for n rows."""
        return self._standing_for(n)

    def _standing_for(self, n: int) -> "Source":
        if len(self.streams) == 1:
            only = self.streams[0]
            return Source((Stream(only.model, only.origin, checked_count(n, "n")),))
        if n != self.n_rows:
            raise DataError(
                f"{n} of {self.n_rows} rows asked from a mixed Source; "
                "use form = 'rows' with this regime"
            )
        return self

    def origin_counts(self) -> dict[int, Ints]:
        """Count the rows each origin stands for: {origin: (C,)}."""
        out: dict[int, Ints] = {}
        for s in self.streams:
            out[s.origin] = out.get(s.origin, np.zeros(self.n_chains, dtype=np.int64)) + s.rows
        return out

    def arrays(self) -> dict[str, Array]:
        """Return the states of the models, their origins and rows."""
        out: dict[str, Array] = {
            "streams": np.array([(s.origin, s.rows) for s in self.streams], dtype=np.int64)
        }
        for i, s in enumerate(self.streams):
            out.update({f"{i}.{name}": value for name, value in s.model.state().items()})
        return out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], rebuild: Rebuild) -> "Source":
        """Rebuild a source; rebuild(origin, state) returns the model of one stream."""
        streams = []
        for i, (origin, rows) in enumerate(arrays["streams"]):
            mark = f"{i}."
            state = {k.removeprefix(mark): v for k, v in arrays.items() if k.startswith(mark)}
            streams.append(Stream(rebuild(int(origin), state), int(origin), int(rows)))
        return cls(tuple(streams))

    @classmethod
    def concat(cls, parts: Sequence["Source"]) -> "Source":
        """Mix: the streams of all parts, each with its rows."""
        return cls(tuple(s for part in parts for s in part.streams))
