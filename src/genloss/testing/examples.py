"""Small training data of every kind, in two chains that differ."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from genloss.core.roles import Data
from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.source import Given, Source
from genloss.core.statistics import Counts, Moments
from genloss.testing.laws import rng

C, N, K, V = 2, 60, 5, 12
"""Chains, rows of each, symbols of which one never occurs, entries of the vocabulary."""

Kind = Literal["line", "space", "labels", "symbols", "images", "text"]


def clusters(d: int) -> Samples:
    """Two normal clusters of unequal size in d dimensions, one in every coordinate at -3 and 3."""
    centre = 3.0 * np.where(rng(1).random((C, N, 1)) < 0.4, -1.0, 1.0)
    return Samples.of(centre + rng(2).normal(size=(C, N, d)), 0)


def labels() -> Samples:
    """Rows of two features and a label of 0 or 1 that they make likely."""
    x = rng(7).normal(size=(C, N, 3))
    x[:, :, 2] = rng(8).random((C, N)) < 1 / (1 + np.exp(x[:, :, 1] - x[:, :, 0]))
    return Samples.of(x, 0)


def symbols() -> Samples:
    """Four of five symbols: (C, n)."""
    return Samples.of(rng(3).choice(K, size=(C, N), p=[0.4, 0.3, 0.0, 0.2, 0.1]), 0)


def images() -> Samples:
    """Noise of 8 x 8 pixels in [0, 1], flat, with ten classes."""
    return Samples.of(rng(4).random((C, N, 64)), 0, rng(5).integers(10, size=(C, N)))


def text() -> Samples:
    """Rows of up to eight tokens below 12, each of which is often one more than the last.

    A row begins anywhere; token 0 ends a third of the rows early, and they are filled up.
    """
    draw = rng(6)
    steps = np.where(draw.random((C, N, 8)) < 0.7, 1, draw.integers(1, V - 1, (C, N, 8)))
    x = 1 + np.cumsum(steps, axis=2) % (V - 1)
    x[:, ::3, 5] = 0
    x[:, ::3, 6:] = NO_TOKEN
    return Samples.of(x, 0)


def example(kind: Kind) -> Samples:
    """Return training data of a kind."""
    made = {
        "line": lambda: clusters(1),
        "space": lambda: clusters(3),
        "labels": labels,
        "symbols": symbols,
        "images": images,
        "text": text,
    }
    return made[kind]()


def is_text(x: Any) -> bool:
    """Whether rows are rows of tokens."""
    return bool(np.ndim(x) == 3 and np.asarray(x).dtype.kind in "iu")


def is_symbols(x: Any) -> bool:
    """Whether rows are single symbols."""
    return bool(np.ndim(x) == 2 and np.asarray(x).dtype.kind in "iu")


def forms(train: Samples) -> Mapping[str, Data]:
    """Return training data of every form and kind: these where they fit, ours where they do not."""
    real = train if train.x.dtype.kind == "f" else clusters(1)
    single = train if is_symbols(train.x) else symbols()
    return {
        "rows": real,
        "symbols": single,
        "text": train if is_text(train.x) else text(),
        "moments": Moments.of(Samples.of(real.x, 0)),
        "counts": Counts.of(Samples.of(single.x, 0), int(single.x.max()) + 1),
        "source": Source.of(Given(train.x, train.label), train.n_rows, 0),
    }
