"""Features: the space in which rows are compared."""

from typing import Protocol, runtime_checkable

from genloss.core.arrays import Array, Floats
from genloss.core.roles import Model


@runtime_checkable
class FeatureMap(Protocol):
    """A fixed map from rows to features, the same for all chains and generations."""

    def features(self, x: Array) -> Floats:
        """Return the features (C, n, k) of rows x (C, n, d)."""
        ...


@runtime_checkable
class ClassMap(FeatureMap, Protocol):
    """A feature map that also classifies rows."""

    def class_probabilities(self, x: Array) -> Floats:
        """Return the probability (C, n, K) of every class for rows x (C, n, d)."""
        ...


@runtime_checkable
class Features(Protocol):
    """How a feature map is obtained: a frozen recipe, like a learner's."""

    def learned(self, p_0: Model) -> FeatureMap:
        """Return the map for this reality; what is learned depends on p_0's rows alone.

        Raises:
            DataError: a reality that the recipe cannot learn from.
        """
        ...
