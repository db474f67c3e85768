"""What all fits of networks share: notebooks, a look at the rows, chain after chain."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar, cast

import numpy as np

from genloss.core.abilities import Notebook, scaled
from genloss.core.arrays import Array, Ints
from genloss.core.progress import span
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.errors import DataError, SpecError
from genloss.models.torch.device import stream
from genloss.models.torch.feeds import LOOK
from genloss.models.torch.notebook import Pages
from genloss.models.torch.training import Training

M_co = TypeVar("M_co", bound=Model, covariant=True)


class NotingLearner(Protocol[M_co]):
    """A learner whose fit can note its way."""

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
        notebook: Notebook | None = None,
    ) -> M_co:
        """Train every chain, from the notebook where there is one."""
        ...

    def restore(self, state: Mapping[str, Array]) -> M_co:
        """Rebuild a model from its state."""
        ...


class NetworkLearner(Generic[M_co]):
    """What every learner of networks can do: note its way, and be cut to one epoch."""

    training: Training

    def with_notebook(self: NotingLearner[M_co], notebook: Notebook) -> "Noted[M_co]":
        """Return the learner that notes its way and resumes from there."""
        return Noted(self, notebook)

    def one_epoch(self) -> tuple[Self, int]:
        """Return the learner that stops after one epoch, and the epochs of this one."""
        once = {"training": replace(self.training, epochs=1)}
        return cast(Self, replace(cast(Any, self), **once)), self.training.epochs


@dataclass(frozen=True, eq=False)
class Noted(Generic[M_co]):
    """A learner whose fits can be interrupted: started again, they go on from the last note."""

    learner: NotingLearner[M_co]
    notebook: Notebook

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> M_co:
        """Train every chain; the result does not depend on where it was interrupted."""
        return self.learner.fit(train, rng, init=init, valid=valid, notebook=self.notebook)

    def scaled_to(self, real: Data) -> "Noted[M_co]":
        """Return the learner scaled to S_0, where it is one that scales; it takes notes as well."""
        return replace(self, learner=cast("NotingLearner[M_co]", scaled(self.learner, real)))

    def restore(self, state: Mapping[str, Array]) -> M_co:
        """Rebuild a model from its state."""
        return self.learner.restore(state)


def part_after_part(
    parts: int,
    seeds: Ints,
    notebook: Notebook | None,
    train: Callable[[int, Pages | None], dict[str, Array]],
) -> list[dict[str, Array]]:
    """Return what training left of every part (a chain, or chains trained together).

    Parts that the notebook holds finished are not trained again. seeds: of all chains; they tell
    this fit's notes from others'.
    """
    pages = Pages(notebook, seeds) if notebook else None
    left = []
    for part in range(parts):
        arrays = pages.finished(part) if pages else None
        if arrays is None:
            with span(part, part + 1, parts):
                arrays = train(part, pages)
            if pages:
                pages.finish(part, arrays)
        left.append(arrays)
    return left


def joined(parts: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Join what groups of chains left on axis 0; shorter losses are filled with NaN."""
    if len(parts) == 1:
        return dict(parts[0])
    out = {}
    for name in parts[0]:
        arrays = [part[name] for part in parts]
        if name in ("train_loss", "held_out_loss"):
            longest = max(a.shape[1] for a in arrays)
            pads = [((0, 0), (0, longest - a.shape[1])) for a in arrays]
            padded = zip(arrays, pads, strict=True)
            arrays = [np.pad(a, p, constant_values=np.nan) for a, p in padded]
        out[name] = np.concatenate(arrays)
    return out


def stacked(chains: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Stack what each chain left on a new axis 0; shorter losses are filled with NaN."""
    return joined([{name: array[None] for name, array in chain.items()} for chain in chains])


def rows_of(train: Data, seed: int, name: str, n: int) -> Samples:
    """Return the rows to train on, or n of an endless source to look at.

    Raises:
        DataError: another form of data.
    """
    if isinstance(train, Source):
        train = train.take(n, stream(seed, LOOK))
    if not isinstance(train, Samples):
        raise DataError(
            f"{name} learns from rows or a source; got {type(train).__name__}; "
            "use form = 'rows' or 'endless'"
        )
    return train


def held_out_rows(training: Training, valid: Data | None, name: str) -> Samples | None:
    """Return the held-out rows if the training needs them, else None.

    Raises:
        SpecError: rows that are needed and missing.
    """
    if not training.checks:
        return None
    if not isinstance(valid, Samples):
        raise SpecError(
            f"{name}: patience = {training.patience} and keep = {training.keep!r} need held-out "
            "rows; set held_out in the study, or patience = 0 and keep = 'last'"
        )
    return valid
