"""What roles of the core take where a spec is silent, and that what travels is frozen."""

import importlib
import pkgutil
import re
from dataclasses import MISSING, fields, is_dataclass

import pytest

from genloss import core
from genloss.core.about import Entry
from genloss.spec.build import find_class
from genloss.spec.registry import CATALOG

DEFAULTS = {
    "accumulate_subsample": {"size": 0},
    "mix": {"real_rows": "redrawn"},
    "augment": {"synthetic": "last"},
    "real_only": {"rows": (), "writes": ()},
    "static_contamination": {"n_real": 0},
    "hybrid": {"rows": 1.0, "tokens": 0.5},
    "web": {"inflow": 0},
    "denoising": {"steps": 0, "eta": 1.0, "guidance": 0.0},
    "beam_search": {
        "beams": 5,
        "max_new": 64,
        "min_new": 64,
        "length_penalty": 1.0,
        "repetition_penalty": 1.0,
    },
    "sampling": {
        "temperature": 1.0,
        "top_k": 0,
        "top_p": 1.0,
        "max_new": 64,
        "min_new": 0,
        "repetition_penalty": 1.0,
    },
    "thinning": {"rounds": 10, "covers": "generated"},
    "detector": {"tilt": 0.0, "rounds": 1, "covers": "training"},
    "verifier": {"rounds": 10, "covers": "generated"},
    "top_k": {"covers": "generated"},
    "random_k": {"covers": "generated"},
    "weighted_choice": {"sharpness": 1.0, "covers": "generated"},
    "perplexity_band": {
        "low": 0.05,
        "high": 0.95,
        "under": "first",
        "rounds": 10,
        "covers": "generated",
    },
    "detector_resampling": {
        "separation": 2.0,
        "power": 10.0,
        "most": 3,
        "upsample": 1.5,
        "tilt": 0.0,
    },
    "taught_detector": {"keep": 0.5, "taught": "another", "temper": 1.5, "once": False},
    "deduplication": {"rounds": 2, "covers": "generated"},
    "near_deduplication": {"similarity": 0.8, "n": 5, "rounds": 2, "covers": "generated"},
    "nearest_real": {"narrow": 1.0},
    "likelihood": {"under": "first"},
    "reference_distance": {"shift": 0.0, "dims": 0, "width": 1.0},
    "residual": {"bias": 0.0},
    "discounted": {"cap": 1.0},
    "to_edit": {"share": 0.2, "decay": 0.5},
}
KINDS = [
    (role, kind)
    for role, kinds in CATALOG.items()
    for kind, path in kinds.items()
    if path.startswith("genloss.core")
]


@pytest.mark.parametrize(("role", "kind"), KINDS)
def test_options(role, kind):
    options = fields(find_class(role, kind, role))
    shown = {f.name: f.default for f in options if f.default is not MISSING}
    assert shown == DEFAULTS.get(kind, {})


# A newer numpy shows the alias.
ARRAYS = re.compile("ndarray|NDArray|Model|Samples|Stream")


def test_what_travels_is_frozen_and_equal_to_nothing_else_if_it_holds_arrays():
    """Samples, views, regimes and the others are shared; == of arrays is no truth."""
    for info in pkgutil.walk_packages(core.__path__, "genloss.core."):
        for one in vars(importlib.import_module(info.name)).values():
            if is_dataclass(one) and one.__module__ == info.name:
                assert one.__dataclass_params__.frozen, one
                held = " ".join(str(f.type) for f in fields(one))
                assert one.__dataclass_params__.eq != bool(ARRAYS.search(held)), one


def test_an_entry_says_nothing_that_its_part_did_not():
    assert Entry("odd:Part", "Odd") == Entry(
        "odd:Part", "Odd", meaning="", works=(), trains_on="", headline=False, components=(),
        figure="", images=False, aspect="", finite=False,
    )  # fmt: skip
