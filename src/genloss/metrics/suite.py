"""Bindings."""

from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Floats
from genloss.metrics.view import Direction, NotApplicable, View


@dataclass(frozen=True)
class RealShare:
    """Share of real rows in D_t, counted from their origin."""

    name = "real_share"
    unit = "1"
    direction: Direction = "higher is closer"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share in [0, 1]; 1 for reality itself."""
        if view.train is None:
            return np.ones(view.p_0.n_chains)
        counts = view.train.origin_counts().get(0, np.zeros(view.p_0.n_chains))
        return np.asarray(counts / view.train.n_rows, dtype=np.float64)
