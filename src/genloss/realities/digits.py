"""The handwritten digits that scikit-learn bundles: real images without a download."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.about import About
from genloss.core.extras import check_installed
from genloss.realities.finite import FiniteRows


@dataclass(frozen=True)
class Digits8x8:
    """1,797 grey images of handwritten digits, 8 x 8 pixels in [0, 1], d = 64, with labels 0 to 9.

    The test part of the optical recognition of handwritten digits (Alpaydin and Kaynak 1998), as
    scikit-learn ships it; its 17 grey levels 0 .. 16 are divided by 16.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """

    about = About(
        "digits8x8",
        "Digits of 8 x 8 pixels",
        "1,797 small grey images of handwritten digits, labelled.",
        ("alpaydin-1998", "pedregosa-2011"),
        images=True,
        finite=True,
    )
    image_shape: ClassVar[tuple[int, int]] = (8, 8)

    def check_extras(self) -> None:
        """Raise MissingExtra where scikit-learn is not installed."""
        check_installed("sklearn", "digits8x8")

    def realise(self, n_chains: int, rng: np.random.Generator) -> FiniteRows:
        """Return the images for n_chains chains; rng puts them in order."""
        self.check_extras()
        from sklearn.datasets import load_digits

        x, labels = load_digits(return_X_y=True)
        return FiniteRows.of(x.astype(np.uint8), n_chains, rng, labels.astype(np.int64), 1 / 16)
