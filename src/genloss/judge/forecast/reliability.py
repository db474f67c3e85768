"""What the scores of benchmarks/forecast.py leave in doubt about a forecast."""

from collections.abc import Collection, Mapping
from typing import Any

SCORED = ("gaussian", "categorical", "kde", "mixture", "ngram")
"""Learners whose runs forecasts were scored on."""

FARTHEST = 10
"""Horizons that were scored reach so many times as far as what was seen."""

PER_ROW = 1.5
"""Generations that were scored reach so many times as far as a set has rows: 60 of 40.

Chance takes from a chain by generations per row; later, a mean rests on ever fewer chains.
"""

UNRELIABLE: Mapping[tuple[str, bool], tuple[float, float]] = {
    ("categorical", True): (87.3, 84.4),
    ("kde", True): (90.6, 96.1),
    ("kde", False): (74.7, 85.7),
    ("ngram", False): (78.1, 83.6),
}
"""Learner, and whether by theory, to the coverage seen in % of nominal 90 %, of the mean of the
chains and of a further chain, where one of them lies outside 85 to 95 %: benchmarks/forecast.py."""


def doubts(
    spec: Mapping[str, Any], seen: int, at: int, by_theory: Collection[bool]
) -> tuple[str, ...]:
    """Return what a reader must know of forecasts of a run, in sentences; nothing for most.

    by_theory: whether some of them come from a closed form, from rates, or both.
    """
    learner = str(spec["learner"]["kind"])
    out = []
    for theory in sorted(by_theory):
        if held := UNRELIABLE.get((learner, theory)):
            source = "closed forms" if theory else "rates"
            out.append(
                f"unreliable: from {source}, intervals of 90 % of runs of {learner} held the mean "
                f"{held[0]:g} % of the time, and a further chain {held[1]:g} %"
            )
    if learner not in SCORED:
        out.append(f"not scored: no run of a learner {learner} was among those that were held out")
    if at > FARTHEST * seen:
        out.append(
            f"not scored: generation {at:,} lies more than {FARTHEST} times as far as generation "
            f"{seen:,}, the last one seen"
        )
    rows = min(spec["n_real"], spec["n_synthetic"])
    if at > PER_ROW * rows:
        out.append(
            f"not scored: generation {at:,} is more than {PER_ROW:g} for each of the {rows:,} rows "
            "of a set, where single chains may be far from the mean"
        )
    if spec["chains"] < 2:
        out.append("one chain: nothing but its own wobble says how much chains differ")
    return tuple(out)
