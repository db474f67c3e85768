"""Metrics of classes: S_t as a classifier of real rows sees it; generation 0 is the real value."""

from dataclasses import dataclass
from typing import Any, ClassVar

from genloss.core.arrays import Floats
from genloss.core.features import Features
from genloss.errors import DataError
from genloss.metrics import classes
from genloss.metrics.suites.shared import classes_of, samples_of
from genloss.metrics.view import Direction, NotApplicable, View, shown


def classed(base: str, metric: Any) -> str:
    """Return a name with the options that are not usual; the usual features are a classifier's."""
    usual = [] if "digit" not in vars(metric) else [f"digit={metric.digit}"]
    usual += [f"rows={metric.rows}"] if metric.rows != 1000 else []
    seen = shown(metric.features)
    usual += [f"features={seen}"] if seen != "classifier" else []
    return f"{base}({', '.join(usual)})" if usual else base


@dataclass(frozen=True)
class ClassShare:
    """Share of rows that the classifier takes for class `digit`."""

    features: Features
    digit: int
    rows: int = 1000
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    @property
    def name(self) -> str:
        """class_share, which class, and its options."""
        return classed("class_share", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1].

        Raises:
            DataError: a class that the classifier does not know.
        """
        found = classes_of(view, self.features, self.rows)
        if isinstance(found, NotApplicable):
            return found
        if not 0 <= self.digit < found.shape[2]:
            raise DataError(
                f"class_share: digit is {self.digit}; the classifier was trained on other classes, "
                f"0 to {found.shape[2] - 1}"
            )
        share: Floats = view.once(
            ("class shares", self.features, self.rows), lambda: classes.class_shares(found)
        )
        return share[:, self.digit]


@dataclass(frozen=True)
class ClassEntropy:
    """Entropy of the class shares over that of equal shares; 1 is all classes alike."""

    features: Features
    rows: int = 1000
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    @property
    def name(self) -> str:
        """class_entropy and its options."""
        return classed("class_entropy", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the entropy (C,), in [0, 1]."""
        found = classes_of(view, self.features, self.rows)
        return found if isinstance(found, NotApplicable) else classes.class_entropy(found)


@dataclass(frozen=True)
class Confidence:
    """Mean probability that the classifier gives to the likeliest class of a row."""

    features: Features
    rows: int = 1000
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    @property
    def name(self) -> str:
        """Confidence and its options."""
        return classed("confidence", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the mean (C,), in [1/K, 1]."""
        found = classes_of(view, self.features, self.rows)
        return found if isinstance(found, NotApplicable) else classes.confidence(found)


@dataclass(frozen=True)
class LabelAccuracy:
    """Share of rows seen as the class that the model was asked for."""

    features: Features
    rows: int = 1000
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "higher is closer"

    @property
    def name(self) -> str:
        """label_accuracy and its options."""
        return classed("label_accuracy", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1]; rows without a label do not count.

        Raises:
            DataError: labels of classes that the classifier does not know.
        """
        given = samples_of(view, self.rows)
        if isinstance(given, NotApplicable):
            return given
        label = given.label
        if label is None or not (label >= 0).any(axis=1).all():
            return NotApplicable("S_t has no labels; use a learner that is trained with them")
        found = classes_of(view, self.features, self.rows)
        if isinstance(found, NotApplicable):
            return found
        return classes.label_accuracy(found, label)
