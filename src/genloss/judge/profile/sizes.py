"""Runs that differ in size alone: what the fourth verdict is about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genloss.judge.profile.beside import Beside
from genloss.judge.profile.scaling import Sized, scaling
from genloss.judge.profile.verdicts import Verdict
from genloss.store.fingerprint import canonical_json
from genloss.store.reader import Run

LOSSES = ("perplexity", "bits_per_byte", "held_out_nll")
"""Metrics that hold the entropy of reality, which no data remove."""


def scaling_of(runs: Mapping[Path, tuple[Run, Beside]]) -> dict[Path, Verdict]:
    """Return the fourth verdict of every run that has others of other sizes, all else the same.

    runs: by path, with the metric of risk beside the control. Judged by the risk itself, at the
    last generation; a perplexity by its logarithm, the expected loss of a token. Metrics for which
    higher is better have no exponent.
    """
    groups: dict[str, list[tuple[Path, Sized, Beside]]] = {}
    for path, (run, beside) in runs.items():
        one = beside.evidence()
        if isinstance(one, str) or one.better > 0:
            continue
        values = one.run, one.control
        sized = Sized(run.spec["n_real"], *(map(np.log, values) if one.log else values))
        groups.setdefault(all_else(run.spec), []).append((path, sized, beside))
    out: dict[Path, Verdict] = {}
    for group in groups.values():
        sizes = [sized for _, sized, _ in group]
        if 1 < len(group) == len({sized.size for sized in sizes}):
            beside = group[0][2]
            kind = runs[group[0][0]][0].about["metric"][beside.column.metric].kind
            last, is_loss = int(beside.times[-1]), kind in LOSSES
            verdict = scaling(sizes, beside.column.name, last, is_loss=is_loss)
            out |= {path: verdict for path, *_ in group}
    return out


def all_else(spec: Mapping[str, Any]) -> str:
    """Return a description without name and size; S_t as large as S_0 is no size of its own."""
    drop = {"name", "n_real"}
    drop |= {"n_synthetic"} if spec["n_synthetic"] == spec["n_real"] else set()
    return canonical_json({k: v for k, v in spec.items() if k not in drop})
