"""Metrics of classes: S_t as a classifier of real rows sees it; generation 0 is the real value."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from genloss.core.about import About, Aspect
from genloss.core.arrays import Floats, checked_count
from genloss.core.features import Features
from genloss.core.view import Direction, NotApplicable, View, bracketed, changed, option_name
from genloss.errors import DataError
from genloss.metrics.arrays import classes
from genloss.metrics.shared import classes_of, samples_of


class OfClasses(ABC):
    """Base class of the metrics of classes in the first `rows` rows; subclasses implement `of`."""

    base: ClassVar[str]
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START
    features: Features
    rows: int

    @property
    def name(self) -> str:
        """The name with the options that are not usual; the usual features are a classifier's."""
        features = option_name(self.features)
        through = [f"features={features}"] if features != "classifier" else []
        return bracketed(self.base, changed(self, without="features") + through)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return what `of` says, or why there is nothing."""
        probability = classes_of(view, self.features, self.rows)
        return probability if isinstance(probability, NotApplicable) else self.of(view, probability)

    @abstractmethod
    def of(self, view: View, p: Floats) -> Floats | NotApplicable:
        """Return (C,) or (C, K) from the probabilities (C, n, K) of the classes of each row."""


@dataclass(frozen=True)
class ClassShare(OfClasses):
    """Share of rows that the classifier takes for each of its `classes` classes.

    Raises:
        DataError: no class, or (when measured) a classifier with another number of them.
    """

    about = About(
        "class_share",
        "Class share",
        "Share of each class among generated images, as a classifier sees it.",
        figure="area",
        aspect=Aspect.GROUP,
    )
    features: Features
    classes: int = 10
    rows: int = 1000
    base: ClassVar[str] = "class_share"

    def __post_init__(self) -> None:
        checked_count(self.classes, "class_share: classes")

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, 0 first."""
        return tuple(map(str, range(self.classes)))

    def of(self, view: View, p: Floats) -> Floats:
        """Return the shares (C, K), which sum to 1."""
        if p.shape[2] != self.classes:
            raise DataError(
                f"class_share: classes is {self.classes}; the classifier knows {p.shape[2]}; set "
                f"classes = {p.shape[2]}"
            )
        return classes.class_shares(p)


@dataclass(frozen=True)
class ClassEntropy(OfClasses):
    """Entropy of the class shares over that of equal shares; 1 is all classes alike."""

    about = About(
        "class_entropy",
        "Class entropy",
        "How evenly generated images fall into the classes; 0 where one is left.",
        headline=True,
    )
    features: Features
    rows: int = 1000
    base: ClassVar[str] = "class_entropy"

    def of(self, view: View, p: Floats) -> Floats:
        """Return the entropy (C,), in [0, 1]."""
        return classes.class_entropy(p)


@dataclass(frozen=True)
class Confidence(OfClasses):
    """Mean probability that the classifier gives to the likeliest class of a row."""

    about = About(
        "confidence",
        "Confidence",
        "How sure a classifier of real data is of the samples, on average.",
    )
    features: Features
    rows: int = 1000
    base: ClassVar[str] = "confidence"

    def of(self, view: View, p: Floats) -> Floats:
        """Return the mean (C,), in [1/K, 1]."""
        return classes.confidence(p)


@dataclass(frozen=True)
class LabelAccuracy(OfClasses):
    """Share of rows seen as the class that the model was asked for."""

    about = About(
        "label_accuracy",
        "Label accuracy",
        "Share of samples that look like the class they were asked for.",
    )
    features: Features
    rows: int = 1000
    base: ClassVar[str] = "label_accuracy"
    direction: ClassVar[Direction] = Direction.HIGHER

    def of(self, view: View, p: Floats) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1]; rows without a label do not count.

        Raises:
            DataError: labels of classes that the classifier does not know.
        """
        samples = samples_of(view, self.rows)
        if isinstance(samples, NotApplicable):
            return samples
        if samples.label is None or not (samples.label >= 0).any(axis=1).all():
            return NotApplicable("S_t has no labels; use a learner that is trained with them")
        return classes.label_accuracy(p, samples.label)
