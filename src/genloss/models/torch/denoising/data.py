"""What a diffusion or flow learner makes of its training data: scale, classes, noisy batches."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Array, Floats, Ints
from genloss.core.roles import Data
from genloss.core.samples import Samples
from genloss.core.source import Given, Source, Stream, draw_rows
from genloss.errors import DataError
from genloss.models.torch.denoising.denoised_model import DenoisedModel
from genloss.models.torch.device import generator, stream
from genloss.models.torch.feeds import LOOK, NOISE, Batch, Feed
from genloss.models.torch.fits import rows_of
from genloss.models.torch.images import check_images, check_lit

ROWS_CHECKED, IMAGES_CHECKED = 1000, 8
"""Rows of an endless source that are looked at before training, and of one of images."""

MARGIN = 2.0
"""A draw may lie so many times as far out as the furthest training row, so that an early and
uncertain prediction cannot throw it away; that far, nothing of a law's tails is cut."""


class Scaling(NamedTuple):
    """The network sees (x - shift) / scale, within +-reach: (C, d), (C, d), (C,)."""

    shift: Floats
    scale: Floats
    reach: Floats


def looked_at(train: Data, seed: int, name: str, n: int) -> Samples:
    """Return the rows to train on, or n of an endless source.

    Raises:
        DataError: another form of data, or rows that are not vectors of real numbers.
    """
    rows = rows_of(train, seed, name, n)
    checked_vectors(rows.x, name)
    return rows


def checked_vectors(x: Array, name: str) -> None:
    """Raise DataError unless x holds real numbers (C, n, d)."""
    if x.dtype.kind != "f":
        raise DataError(
            f"{name}: rows are whole numbers ({x.dtype}); it learns real ones; use x.astype(float) "
            "for measurements, or a categorical learner for symbols"
        )
    if x.ndim != 3:
        raise DataError(
            f"{name}: rows have shape {x.shape}; expected (C, n, d); use x.reshape(C, n, -1)"
        )


def scaled_images(x: Array, name: str) -> Scaling:
    """Return the scaling of pixels from [0, 1] to [-1, 1].

    Raises:
        DataError: values outside [0, 1], or a chain of nothing but zeros.
    """
    check_images(x, f"{name}: rows", ", or use net = 'mlp' for other rows")
    check_lit(x, name)
    half = np.full((x.shape[0], x.shape[2]), 0.5)
    return Scaling(half, half, np.ones(x.shape[0]))


def standardised(rows: Samples) -> Scaling:
    """Return each chain's mean and standard deviation by coordinate (1 where it is 0)."""
    weight = np.ones(rows.x.shape[:2]) if rows.weight is None else rows.weight
    share = (weight / weight.sum(1, keepdims=True))[..., None]
    mean = (share * rows.x).sum(1)
    std = np.sqrt((share * (rows.x - mean[:, None]) ** 2).sum(1))
    std[std == 0] = 1.0
    away = np.where(share > 0, rows.x - mean[:, None], 0.0)
    furthest = np.abs(away / std[:, None]).max((1, 2))
    return Scaling(mean, std, MARGIN * np.maximum(furthest, 1.0))


def class_shares(train: Samples | Source, classes: int, seed: int, name: str) -> Floats:
    """Return the share of each class among the labelled rows: (C, classes); (C, 0) without classes.

    Raises:
        DataError: a chain without labels, or labels beyond the classes.
    """
    if not classes:
        return np.zeros((train.n_chains, 0))
    if isinstance(train, Samples):
        mass = _counted(train.label, train.weight, train.x.shape[:2], classes, name)
    else:
        mass = np.zeros((train.n_chains, classes))
        for i, part in enumerate(train.streams):
            model = part.model
            if isinstance(model, DenoisedModel) and model.net.classes == classes:
                shares = model.frequencies
            else:
                label = _rows_of(part, stream(seed, LOOK, i)).label
                shape = (train.n_chains, 0 if label is None else label.shape[1])
                shares = _counted(label, None, shape, classes, name)
                shares /= max(1, shape[1])
            mass += part.rows * shares
    total = mass.sum(1, keepdims=True)
    if not total.all():
        raise DataError(
            f"{name}: conditioning = 'labels', but chain {int(np.argmin(total))} has no row whose "
            "class is known; use a reality with labels (digits8x8, mnist), or conditioning = 'none'"
        )
    return mass / total


def _rows_of(part: Stream, rng: np.random.Generator) -> Samples:
    if isinstance(part.model, Given):
        return Samples.of(part.model.x, part.origin, part.model.label)
    return draw_rows(part.model, ROWS_CHECKED, rng, part.origin)


def _counted(
    label: Ints | None, weight: Floats | None, shape: tuple[int, ...], classes: int, name: str
) -> Floats:
    out = np.zeros((shape[0], classes))
    if label is None:
        return out
    if label.max() >= classes:
        raise DataError(
            f"{name}: labels reach {label.max()}; classes = {classes} expects 0 to {classes - 1}; "
            f"set classes = {label.max() + 1}"
        )
    for c in range(shape[0]):
        known = label[c] >= 0
        counted = None if weight is None else weight[c, known]
        out[c] = np.bincount(label[c, known], counted, classes)
    return out


@dataclass(frozen=True, eq=False)
class NoisyFeed:
    """A chain's batches on the network's scale, each row with its noise: (B, 2 + d).

    Column 0: the row's time, uniform in [0, 1), spread evenly over the batch, which lowers the
    noise of the loss (Kingma et al. 2021). Column 1: uniform, decides whether a class is hidden.
    The others: N(0, 1).
    """

    feed: Feed
    shift: Tensor
    scale: Tensor
    seed: int

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return self.feed.batches

    def batch(self, step: int) -> Batch:
        """Return the batch of one step."""
        got = self.feed.batch(step)
        noise = noise_for(got.x, generator(got.x.device, self.seed, NOISE, step))
        return got._replace(x=(got.x - self.shift) / self.scale, noise=noise)

    def resized(self, size: int) -> "NoisyFeed":
        """Return the feed with batches of another size."""
        return replace(self, feed=self.feed.resized(size))


def noise_for(x: Tensor, rng: torch.Generator) -> Tensor:
    """Return the noise (B, 2 + d) for rows x (B, d); see `NoisyFeed`."""
    b, d = x.shape
    even = torch.arange(b, device=x.device) / b
    uniform = torch.rand(b + 1, generator=rng, device=x.device)
    time = (even + uniform[-1]) % 1.0
    normal = torch.randn(b, d, generator=rng, device=x.device)
    return torch.cat([time[:, None], uniform[:-1, None], normal], 1)
