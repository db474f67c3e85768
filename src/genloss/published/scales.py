"""Scales: at which sizes an experiment runs."""

from collections.abc import Sequence
from typing import Any

from genloss.errors import SpecError

SMOKE = "smoke"
SCALES = (SMOKE, "laptop", "paper")


def checked_scales(scales: Any, where: str) -> Sequence[str]:
    """Return scales; raises SpecError for others than there are."""
    if not isinstance(scales, (list, tuple)) or not set(scales) <= set(SCALES) or not scales:
        raise SpecError(f"{where}: scales is {scales!r}; expected some of {', '.join(SCALES)}")
    return scales
