"""Code of a stranger, which leaves a mark where it is imported."""

METRIC = """
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from genloss.core.view import Direction

Path(__file__).with_name("imported").touch()

@dataclass(frozen=True)
class Noted:
    name = "noted"
    unit = "1"
    direction = next(iter(Direction))

    def __call__(self, view):
        return np.ones(view.p_0.n_chains)

Été = Noted
globals()["Noted x"] = Noted
"""
