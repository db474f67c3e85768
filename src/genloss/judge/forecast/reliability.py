"""What the scores of benchmarks/forecast.py leave in doubt about a forecast."""

from collections.abc import Mapping
from typing import Any

SCORED = ("gaussian", "categorical", "kde", "mixture", "ngram", "vae")
"""Learners whose runs forecasts were scored on."""

FARTHEST, EARLIEST = 10, 3
"""Horizons that were scored, as multiples of the generations seen, which were so many or more."""

UNRELIABLE: Mapping[str, str] = {}
"""Learner to the coverage seen of nominal 90 %, where it lies outside 85 to 95 %."""


def doubts(spec: Mapping[str, Any], seen: int, at: int) -> tuple[str, ...]:
    """Return what a reader must know of forecasts of a run, in sentences; nothing for most."""
    learner = str(spec["learner"]["kind"])
    out = []
    if learner in UNRELIABLE:
        out.append(f"unreliable: {UNRELIABLE[learner]}")
    if learner not in SCORED:
        out.append(f"not scored: no run of a learner {learner} was among those that were held out")
    if at > FARTHEST * seen:
        out.append(
            f"not scored: generation {at:,} lies more than {FARTHEST} times as far as generation "
            f"{seen:,}, the last one seen"
        )
    if spec["chains"] < 2:
        out.append("one chain: nothing but its own wobble says how much chains differ")
    return tuple(out)
