"""Forms: rows, sufficient statistics or an endless source; one chain carries one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from genloss.core.abilities import CategoricalLaw
from genloss.core.about import About
from genloss.core.arrays import Array, Ints, checked_rows
from genloss.core.roles import Model, Rebuild
from genloss.core.samples import Samples
from genloss.core.source import Given, Source, draw_rows
from genloss.core.statistics import Counts, Moments
from genloss.errors import DataError


@runtime_checkable
class CountsModel(Model, Protocol):
    """A model that can draw the counts of n rows without drawing the rows."""

    def sample_counts(self, n: int, rng: np.random.Generator, origin: int) -> Counts:
        """Draw the counts of n independent rows; equal in law to counting `sample(n)`."""
        ...


@runtime_checkable
class MomentsModel(Model, Protocol):
    """A model that can draw the moments of n rows without drawing the rows."""

    def sample_moments(self, n: int, rng: np.random.Generator, origin: int) -> Moments:
        """Draw the moments of n independent rows; equal in law to reducing `sample(n)`."""
        ...


@dataclass(frozen=True)
class Rows:
    """Data are rows."""

    about = About("rows", "Rows", "Data travel as rows.")

    def of(self, x: Array, origin: int | Ints, label: Ints | None = None) -> Samples:
        """Return rows x with their origin."""
        return Samples.of(x, origin, label)

    def draw(self, model: Model, n: int, rng: np.random.Generator, origin: int) -> Samples:
        """Draw n rows."""
        return draw_rows(model, n, rng, origin)

    def restore(self, arrays: Mapping[str, Array], rebuild: Rebuild) -> Samples:
        """Rebuild data from their arrays."""
        return Samples.from_arrays(arrays)


@dataclass(frozen=True)
class AsMoments:
    """Data are Moments; drawn directly where the model can, else reduced from rows."""

    about = About(
        "moments",
        "Moments",
        "Data travel as their number, mean and scatter.",
        ("chan-1983",),
    )

    def of(self, x: Array, origin: int | Ints, label: Ints | None = None) -> Moments:
        """Reduce rows x; labels do not count."""
        return Moments.of(Samples.of(x, origin))

    def draw(self, model: Model, n: int, rng: np.random.Generator, origin: int) -> Moments:
        """Draw the moments of n rows."""
        if isinstance(model, MomentsModel):
            return model.sample_moments(n, rng, origin)
        return self.of(model.sample(n, rng), origin)

    def restore(self, arrays: Mapping[str, Array], rebuild: Rebuild) -> Moments:
        """Rebuild data from their arrays."""
        return Moments.from_arrays(arrays)


@dataclass(frozen=True)
class AsCounts:
    """Data are Counts of k symbols; models must be categorical."""

    about = About("counts", "Counts", "Data travel as counts of symbols.")

    def of(self, x: Array, origin: int | Ints, label: Ints | None = None) -> Counts:
        """Count rows x, taking the largest symbol seen as the last one."""
        return Counts.of(Samples.of(x, origin), int(x.max()) + 1)

    def draw(self, model: Model, n: int, rng: np.random.Generator, origin: int) -> Counts:
        """Draw the counts of n rows."""
        if isinstance(model, CountsModel):
            return model.sample_counts(n, rng, origin)
        if isinstance(model, CategoricalLaw):
            k = model.probabilities().shape[1]
            return Counts.of(Samples.of(model.sample(n, rng), origin), k)
        raise DataError(
            f"form = 'counts' needs a categorical model; got {type(model).__name__}; "
            "use form = 'rows'"
        )

    def restore(self, arrays: Mapping[str, Array], rebuild: Rebuild) -> Counts:
        """Rebuild data from their arrays."""
        return Counts.from_arrays(arrays)


@dataclass(frozen=True)
class Endless:
    """Data are a Source: fresh draws in every batch, no finite-sample error."""

    about = About(
        "endless",
        "Endless source",
        "New draws in every batch, without the error of a finite sample.",
    )

    def of(self, x: Array, origin: int | Ints, label: Ints | None = None) -> Source:
        """Return rows x as a source that draws from them with replacement."""
        x, origins = checked_rows(x), np.unique(origin)
        if origins.size > 1:
            raise DataError(
                f"rows of origins {origins.tolist()} cannot be drawn from as one endless source; "
                "use form = 'rows'"
            )
        return Source.of(Given(x, label), x.shape[1], int(origins[0]))

    def draw(self, model: Model, n: int, rng: np.random.Generator, origin: int) -> Source:
        """Return the source itself, standing for n rows; nothing is drawn yet."""
        return Source.of(model, n, origin)

    def restore(self, arrays: Mapping[str, Array], rebuild: Rebuild) -> Source:
        """Rebuild data from their arrays."""
        return Source.from_arrays(arrays, rebuild)
