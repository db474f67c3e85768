"""Scores of rows with a response, as in regression."""

from dataclasses import dataclass

import numpy as np

from genloss.core import numbers
from genloss.core.abilities import CoefficientLaw
from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.curators.reference import Reference
from genloss.core.samples import Samples
from genloss.errors import DataError


@dataclass(frozen=True)
class Residual:
    """Minus |y - x . c|: how near a response is to what a verifier expects of its features.

    c = w* + bias, in every coefficient: bias = 0 is an honest verifier. Models that train on what
    it prefers move to c, wherever that is (Yi et al. 2025).

    Raises:
        SpecError: a bias that is not a finite number.
        DataError: (when it scores) a reality without coefficients.
    """

    about = About(
        "residual",
        "Residual",
        "Rows are valued by how near their response is to an expected one.",
        ("yi-2025",),
    )
    bias: float = 0.0

    def __post_init__(self) -> None:
        numbers.real(self.bias, "residual: bias")

    def scores(self, rows: Samples, reference: Reference) -> Floats:
        """Return minus the absolute residual (C, m)."""
        p_0 = reference.p_0
        if not isinstance(p_0, CoefficientLaw) or rows.x.ndim != 3:
            raise DataError(
                f"residual: {type(p_0).__name__} has no coefficients to expect a response by; use "
                "a regression, or the score 'reference_distance'"
            )
        expected = rows.x[:, :, :-1] @ (p_0.coefficients() + self.bias)[:, :, None]
        return np.asarray(-np.abs(rows.x[:, :, -1] - expected[:, :, 0]), dtype=np.float64)
