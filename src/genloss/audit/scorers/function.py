"""A function of your own as a scorer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.consent import ask
from genloss.errors import SpecError
from genloss.spec.plugins import loaded, reach_current_folder


@dataclass(frozen=True)
class ByFunction:
    """The scores (n,) that a function "package.module:name" gives for a list of texts.

    Its code is not part of a calibration's identity: after an edit, calibrate again. A frozen
    dataclass with a method `scores` is named directly, as "package.module:Class".

    Raises:
        SpecError: no such function, or a stored spec that names one without consent.
    """

    about = About("function", "A function of your own", "What your own function says of a text.")
    path: str

    def __post_init__(self) -> None:
        if ":" not in self.path:
            raise SpecError(f"function: path is {self.path!r}; expected package.module:name")
        ask(self.path)

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return what the function says (n,)."""
        reach_current_folder(self.path)
        try:
            function = loaded(self.path)
        except (ImportError, AttributeError) as error:
            raise SpecError(f"function: cannot load {self.path} ({error})") from error
        if not callable(function):
            raise SpecError(f"function: {self.path} is {type(function).__name__}, no function")
        return np.asarray(function(list(texts)), dtype=np.float64)
