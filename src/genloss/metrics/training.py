"""Metrics of the training itself."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.roles import Model
from genloss.core.view import Direction, NotApplicable, View


@runtime_checkable
class TrainedModel(Model, Protocol):
    """A model that remembers how its training went."""

    @property
    def train_loss(self) -> Floats:
        """Mean loss per batch by epoch (C, epochs); NaN after an early stop."""
        ...


@dataclass(frozen=True)
class TrainLoss:
    """Training loss of the last epoch, mean over its batches, as the learner states it.

    For the VAE in nats per batch, summed over pixels and images, as Shumailov et al. 2024 print it.
    """

    about = About(
        "train_loss",
        "Training loss",
        "Training loss of the last epoch: how hard the data are to learn.",
    )
    unit: ClassVar[str] = "nats"
    direction: ClassVar[Direction] = Direction.START
    name: ClassVar[str] = "train_loss"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the loss (C,)."""
        if view.t == 0:
            return NotApplicable("reality is not trained")
        if not isinstance(view.model, TrainedModel):
            return NotApplicable(f"{type(view.model).__name__} keeps no training loss")
        loss = view.model.train_loss
        last = np.isfinite(loss).sum(axis=1) - 1
        return np.asarray(loss[np.arange(len(loss)), last])
