"""The table of breast tumours that scikit-learn bundles: real rows without a download."""

from dataclasses import dataclass

import numpy as np

from genloss.core.about import About
from genloss.core.extras import check_installed
from genloss.realities.finite import FiniteRows


@dataclass(frozen=True)
class BreastCancer:
    """569 tumours, rows (1, x_1 .. x_30, y): y is 1 for a benign one, 0 for a malignant one.

    The Wisconsin diagnostic table as scikit-learn ships it; every x has mean 0 and variance 1 over
    all 569 rows, and the 1 in front stands for an intercept.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """

    about = About(
        "breast_cancer",
        "Breast tumours",
        "569 tumours, thirty measurements and a diagnosis each.",
        ("street-1993", "pedregosa-2011"),
        finite=True,
    )

    def check_extras(self) -> None:
        """Raise MissingExtra where scikit-learn is not installed."""
        check_installed("sklearn", "breast_cancer")

    def realise(self, n_chains: int, rng: np.random.Generator) -> FiniteRows:
        """Return the rows for n_chains chains; rng puts them in order."""
        self.check_extras()
        from sklearn.datasets import load_breast_cancer

        x, y = load_breast_cancer(return_X_y=True)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        rows = np.column_stack([np.ones(len(x)), x, y.astype(np.float64)])
        return FiniteRows.of(rows, n_chains, rng)
