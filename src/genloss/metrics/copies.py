"""Metrics of memorisation: S_t beside the rows that p_t was trained on."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.abilities import FiniteModel
from genloss.core.about import About
from genloss.core.arrays import Array, Floats
from genloss.core.curators.selection import Bools
from genloss.core.samples import Samples
from genloss.core.source import Given, Source
from genloss.core.view import Direction, NamedMetric, NotApplicable, View
from genloss.metrics.arrays import memorisation
from genloss.metrics.shared import beside_reality


def trained_on(view: View) -> Array | NotApplicable:
    """Return the rows of D_t, or why there are none to copy.

    In the place of rows without weight, which taught nothing, stands the first one that has some.
    """
    train = view.train
    if isinstance(train, Source) and len(train.streams) == 1:
        only = train.streams[0].model
        train = Samples.of(only.x, 0) if isinstance(only, Given) else train
    if train is None:
        return NotApplicable("reality was trained on nothing; it begins with t = 1")
    if not isinstance(train, Samples):
        return NotApplicable(f"{type(train).__name__} hold no row to copy; use form = 'rows'")
    return train.x if train.weight is None else _first_for_the_rest(train.x, train.weight > 0)


def _first_for_the_rest(x: Array, there: Bools) -> Array:
    """Return rows x (C, n, ...) with the first of those there in the place of all others."""
    first = np.take_along_axis(x, _columns(there.argmax(axis=1)[:, None], x), axis=1)
    return np.where(_columns(there, x), x, first)


def _columns(of_rows: Array, x: Array) -> Array:
    return of_rows.reshape(*of_rows.shape, *(1,) * (x.ndim - 2))


def _real_rows_like(view: View, size: int) -> Array:
    """Return as many real rows as each chain has in D_t, which holds `size`."""
    real, train = real_rows(view, size), view.train
    if not isinstance(train, Samples) or train.weight is None:
        return real
    count = (train.weight > 0).sum(axis=1)
    return _first_for_the_rest(real, np.arange(real.shape[1]) < count[:, None])


def nearest(view: View, most: int) -> tuple[Floats, Floats] | NotApplicable:
    """Return nearest distances (C, n) of S_t to D_t, and (C, m) of held-out rows to real rows.

    As many real rows as D_t has, of the reality's first: nearest distances shrink with their
    number. O(n rows d) each; computed once for the metrics that ask for as many.
    """
    train, rows = trained_on(view), beside_reality(view, most)
    if isinstance(train, NotApplicable):
        return train
    if isinstance(rows, NotApplicable):
        return rows
    generated, held_out = rows
    size = train.shape[1]
    weighted = isinstance(view.train, Samples) and view.train.weight is not None
    # Where a curator leaves each chain other rows, their numbers are those of this generation.
    once = view.once if weighted else view.once_for_all
    return (
        view.once(("nearest", most), lambda: memorisation.nearest_distances(generated, train)),
        once(
            ("nearest real", most, size),
            lambda: memorisation.nearest_distances(held_out, _real_rows_like(view, size)),
        ),
    )


def real_rows(view: View, n: int) -> Floats:
    """Return n real rows (C, n, d) that are not held out, fewer where reality has no more."""
    if isinstance(view.p_0, FiniteModel):
        return view.p_0.rows(0, min(n, view.p_0.n_rows))
    return view.p_0.sample(n, view.shared_rng("real rows", 0))


class OfNearest(NamedMetric, ABC):
    """Base class of the metrics of nearest distances to D_t and to real rows.

    Subclasses implement `of`.
    """

    unit: ClassVar[str] = "1"

    @property
    @abstractmethod
    def rows(self) -> int:
        """Rows of S_t and held-out rows, at most."""

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return one value per chain (C,), or why there is none."""
        distances = nearest(view, self.rows)
        return distances if isinstance(distances, NotApplicable) else self.of(*distances)

    @abstractmethod
    def of(self, generated: Floats, real: Floats) -> Floats:
        """Return (C,) from distances (C, n) of S_t and (C, m) of held-out rows."""


@dataclass(frozen=True)
class NearestTrain(OfNearest):
    """Mean distance from S_t to the nearest row of D_t, over that of new real rows.

    New real rows are the held-out ones, met by as many real rows as D_t has.
    """

    about = About(
        "nearest_train",
        "Distance to the nearest training row",
        "Distance of samples to the nearest training row, against new real data's.",
    )
    rows: int = 1000
    base: ClassVar[str] = "nearest_train"
    direction: ClassVar[Direction] = Direction.ONE

    def of(self, generated: Floats, real: Floats) -> Floats:
        """Return the ratio (C,), >= 0; far below 1 rows are copies or crowd together."""
        return memorisation.nearest_ratio(generated, real)


@dataclass(frozen=True)
class CopyRate(OfNearest):
    """Share of S_t nearer to a row of D_t than all but a share q of new real rows come."""

    about = About(
        "copy_rate",
        "Copy rate",
        "Share of samples suspiciously near to a training row.",
    )
    q: float = 0.01
    rows: int = 1000
    base: ClassVar[str] = "copy_rate"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, generated: Floats, real: Floats) -> Floats:
        """Return the share (C,), in [0, 1]; about q for new real rows."""
        return memorisation.copy_rate(generated, real, self.q)
