"""Copies of a view with one of its chains everywhere, and with the data in other units."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from genloss.core.samples import Samples
from genloss.core.view import View
from genloss.models.gaussian import GaussianModel
from genloss.models.mixture.mixture import MixtureModel
from genloss.realities.mixtures import ModalMixture
from genloss.testing.laws import Skipped
from genloss.testing.systems import Restore, again

SMALL = 2.0**-14
"""Data of a standard deviation of 1e-4; a power of two, so that products with it are exact."""

PARTS = ("p_0", "model", "train", "samples", "held_out", "first", "real", "base")


def one_chain_everywhere(view: View, chain: int, restore: Restore | None) -> View:
    """Return the view whose chains are all copies of one."""
    c = view.p_0.n_chains
    parts = {n: _copied(v, chain, c, restore) for n in PARTS if (v := getattr(view, n)) is not None}
    return again(view, **parts)


def _copied(part: Any, chain: int, c: int, restore: Restore | None) -> Any:
    if isinstance(part, np.ndarray):
        return np.ascontiguousarray(part[[chain] * c])
    if getattr(part, "n_chains", c) != c:
        return part
    if not is_dataclass(part) or isinstance(part, type):
        raise Skipped(f"{type(part).__name__} is not a dataclass: its chains cannot be copied")
    arrays = {
        f.name: _copied(value, chain, c, restore)
        for f in fields(part)
        if isinstance(value := getattr(part, f.name), np.ndarray) and value.shape[:1] == (c,)
    }
    if not arrays and restore is not None:
        model: Any = part
        state: Mapping[str, Any] = model.state()
        return restore({k: _copied(v, chain, c, None) for k, v in state.items()})
    return replace(part, **arrays)


def in_small_units(part: Any) -> Any:
    """Return rows, a law, or a view of them with the data times `SMALL`."""
    if isinstance(part, np.ndarray):
        return part * SMALL
    if isinstance(part, Samples):
        return replace(part, x=part.x * SMALL)
    if isinstance(part, GaussianModel):
        return GaussianModel(part.mean * SMALL, part.cov * SMALL**2)
    if isinstance(part, MixtureModel):
        return MixtureModel(part.weights, part.means * SMALL, part.covs * SMALL**2)
    if isinstance(part, ModalMixture):
        return ModalMixture(in_small_units(part.law), part.radius * SMALL)
    if isinstance(part, View):
        parts = {n: in_small_units(v) for n in PARTS if (v := getattr(part, n)) is not None}
        made = part.curation
        if made is not None and made.judged is not None:
            judged = replace(made.judged, rows=in_small_units(made.judged.rows))
            parts["curation"] = replace(made, judged=judged)
        return again(part, **parts)
    raise Skipped(f"{type(part).__name__} has no other units")
