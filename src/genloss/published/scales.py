"""Scales: at which sizes an experiment runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from genloss.errors import SpecError

SMOKE = "smoke"
SCALES = (SMOKE, "laptop", "paper")
"""Those of every experiment; runs and targets that name no scales belong to these."""

PRETRAINED = "pretrained"
"""A pretrained model that a package carries; only where a spec has a table for it."""

KNOWN = (*SCALES, PRETRAINED)


def scales_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the scales of an experiment's spec."""
    return tuple(scale for scale in KNOWN if scale in SCALES or scale in spec.get("scale", {}))


def checked_scales(scales: Any, where: str) -> Sequence[str]:
    """Return scales; raises SpecError for others than there are."""
    if not isinstance(scales, (list, tuple)) or not set(scales) <= set(KNOWN) or not scales:
        raise SpecError(f"{where}: scales is {scales!r}; expected some of {', '.join(KNOWN)}")
    return scales
