"""Features that need no learning."""

from dataclasses import dataclass

from genloss.core.about import About
from genloss.core.arrays import Array, Floats
from genloss.core.roles import Model


@dataclass(frozen=True)
class Pixels:
    """Rows compared as they are: the features of a row are its values."""

    about = About("pixels", "Pixels", "Rows compared as they are.")

    def learned(self, p_0: Model) -> "Pixels":
        """Return itself; nothing is learned."""
        return self

    def features(self, x: Array) -> Floats:
        """Return x (C, n, d)."""
        return x


PIXELS = Pixels()
"""The default of metrics that compare rows."""
