"""A reality that owns its rows says so: reports tell from that what intervals leave out."""

import numpy as np
import pytest
from tests.contracts.table import first

from genloss.core.abilities import FiniteModel
from genloss.core.about import about_class
from genloss.spec.build import find_class
from genloss.spec.registry import CATALOG

OF_FILES = {"mnist", "table_file", "text", "hub_text"}
"""Realities of files, all of which are finite."""


@pytest.mark.parametrize("kind", sorted(CATALOG["reality"]))
def test_finite_realities_say_so(kind):
    said = about_class(find_class("reality", kind, "reality")).finite
    if kind in OF_FILES:
        assert said
        return
    reality = first("reality", kind).build("reality")
    assert said == isinstance(reality.realise(1, np.random.default_rng(0)), FiniteModel)
