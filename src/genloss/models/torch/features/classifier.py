"""Features through a small classifier that is trained once on the labelled rows of reality."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from genloss.core.about import About
from genloss.core.arrays import Array, Floats, Ints, checked_count, frozen
from genloss.core.roles import Model
from genloss.errors import DataError, SpecError
from genloss.models.torch.device import stream
from genloss.models.torch.features.classifier_net import SIDES, ConvClassifier, Weights, tensors
from genloss.models.torch.features.classifier_store import key_of, store, stored
from genloss.models.torch.feeds import SHUFFLE, START, Batch, on
from genloss.models.torch.training import Loop, Training, to_numpy

IMAGES_AT_ONCE = 1000
"""Images seen at a time."""


@dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """A classifier of square grey images; `parameters` by name, float32."""

    net: ConvClassifier
    parameters: Mapping[str, Array]

    def __post_init__(self) -> None:
        parameters = {name: frozen(value) for name, value in self.parameters.items()}
        object.__setattr__(self, "parameters", parameters)

    def features(self, x: Array) -> Floats:
        """Return the hidden layer (C, n, width) of images x (C, n, d), >= 0.

        Raises:
            DataError: images of another size.
        """
        return self._seen(x, self.net.features)

    def class_probabilities(self, x: Array) -> Floats:
        """Return the probability (C, n, K) of every class of images x (C, n, d).

        Raises:
            DataError: images of another size.
        """

        def probabilities(w: Weights, images: Tensor) -> Tensor:
            hidden = self.net.features(w, images)
            return torch.nn.functional.linear(hidden, w.out, w.out_bias).double().softmax(1)

        return self._seen(x, probabilities)

    def _seen(self, x: Array, look: Callable[[Weights, Tensor], Tensor]) -> Floats:
        d = self.net.side**2
        if x.ndim != 3 or x.shape[2] != d:
            raise DataError(
                f"images have shape {x.shape}; expected (C, n, {d}): this classifier was trained "
                f"on images of {self.net.side} x {self.net.side} pixels; use one of this reality"
            )
        w, rows = tensors(self.parameters), x.reshape(-1, d)
        with torch.no_grad():
            parts = [
                look(w, on(torch.device("cpu"), rows[i : i + IMAGES_AT_ONCE])).numpy()
                for i in range(0, len(rows), IMAGES_AT_ONCE)
            ]
        out = np.concatenate(parts).astype(np.float64, copy=False)
        return out.reshape(*x.shape[:2], -1)


@dataclass(frozen=True)
class Classifier:
    """A small LeNet (LeCun et al. 1998), trained on the labelled rows of a finite reality.

    It trains on all rows that the reality stores, held-out ones included, so that every chain,
    block and study of one data set has the same features, as with a network trained elsewhere. The
    classifier is a measuring instrument; no generation trains on what it knows.

    channels: of the first convolution, twice as many in the second. width: features. steps of Adam
    (decoupled weight decay 1e-4, cosine rate) with `batch` rows each, on the CPU. What was trained
    is kept in the cache folder (see `core.places`) by the SHA-256 of recipe and rows; without it,
    or where it is damaged, it is trained again to the same weights.

    Raises:
        SpecError, DataError: an option out of range.
    """

    about = About(
        "classifier",
        "Classifier",
        "Features of a small network that was trained on the labelled real rows.",
    )
    channels: int = 32
    width: int = 84
    steps: int = 1000
    batch: int = 128
    learning_rate: float = 4e-3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("channels", "width", "steps", "batch"):
            checked_count(getattr(self, name), f"classifier: {name}")
        checked_count(self.seed, "classifier: seed", 0)
        if not 0.0 < self.learning_rate < np.inf:
            raise SpecError(f"classifier: learning_rate is {self.learning_rate}; expected above 0")

    def learned(self, p_0: Model) -> TrainedClassifier:
        """Return the classifier of this reality, from the cache or trained.

        Raises:
            DataError: a reality without labelled rows, rows that are not square images in [0, 1] of
                a known size, or labels that leave a class out.
            FitError: a loss that is not finite.
        """
        x, label, scale = labelled_rows(p_0)
        side, classes = _side(x), _classes(label)
        net = ConvClassifier(side, self.channels, self.width, classes)
        data = {"x": x, "label": label, "scale": np.array(scale)}
        key = key_of(asdict(self), data)
        parameters = stored(key, net.shapes)
        if parameters is None:
            parameters = self._trained(net, x, label, scale)
            store(key, parameters)
        return TrainedClassifier(net, parameters)

    def _trained(
        self, net: ConvClassifier, x: Array, label: Ints, scale: float
    ) -> dict[str, Array]:
        feed = StoredFeed(x, label, scale, self.batch, self.seed)
        training = Training(
            epochs=-(-self.steps // feed.batches),
            batch=self.batch,
            learning_rate=self.learning_rate,
            weight_decay=1e-4,
            optimiser="adamw",
            rate="cosine",
            device="cpu",
        )
        start = list(tensors(net.initial(stream(self.seed, START))))
        done = Loop(net.loss, start, training, "classifier").run(feed, self.seed, None, None)
        return {k: to_numpy(w) for k, w in zip(net.shapes, done.weights, strict=True)}


class StoredFeed:
    """Rows as they are stored, scaled batch by batch, in a new order every epoch."""

    def __init__(self, x: Array, label: Ints, scale: float, size: int, seed: int) -> None:
        self.x, self.label, self.scale = x, label, scale
        self.size, self.seed = min(size, len(x)), seed
        self._epoch, self._order = -1, np.zeros(0, dtype=np.int64)

    @property
    def batches(self) -> int:
        """Full batches of an epoch: what an order leaves over comes in another one."""
        return len(self.x) // self.size

    def batch(self, step: int) -> Batch:
        """Return the next rows of this epoch's order."""
        epoch, i = divmod(step, self.batches)
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = stream(self.seed, SHUFFLE, epoch).permutation(len(self.x))
        index = self._order[i * self.size : (i + 1) * self.size]
        rows = np.multiply(self.x[index], self.scale, dtype=np.float32)
        return Batch(torch.from_numpy(rows), None, torch.from_numpy(self.label[index]))

    def resized(self, size: int) -> "StoredFeed":
        """Return the feed of the same rows with batches of another size."""
        return StoredFeed(self.x, self.label, self.scale, size, self.seed)


def labelled_rows(p_0: Model) -> tuple[Array, Ints, float]:
    """Return the stored rows (N, d) of a finite reality, their labels (N,) and their scale.

    Raises:
        DataError: a reality without rows of its own, or rows without labels.
    """
    state = p_0.state()
    if "x" not in state or "labels" not in state or state["x"].ndim != 2:
        raise DataError(
            f"classifier: {type(p_0).__name__} has no labelled rows to learn classes from; "
            "use reality = 'digits8x8' or 'mnist', or features = 'pixels'"
        )
    scale = float(state["scale"]) if "scale" in state else 1.0
    return state["x"], state["labels"].astype(np.int64), scale


def _side(x: Array) -> int:
    side = int(np.sqrt(x.shape[1]))
    if side * side != x.shape[1] or side not in SIDES:
        known = ", ".join(f"{s * s} ({s} x {s})" for s in SIDES)
        raise DataError(
            f"classifier: rows have {x.shape[1]} values; expected square grey images of {known} "
            "pixels; resize them, or use features = 'pixels'"
        )
    return side


def _classes(label: Ints) -> int:
    classes = np.unique(label)
    if len(classes) < 2 or not np.array_equal(classes, np.arange(len(classes))):
        raise DataError(
            f"classifier: labels are {', '.join(map(str, classes[:12].tolist()))}; expected two "
            "classes or more, numbered 0, 1, 2, ... without a gap; number them anew"
        )
    return len(classes)
