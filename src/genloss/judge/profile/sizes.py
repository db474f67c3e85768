"""Runs that differ in size alone: what the fourth verdict is about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genloss.judge.profile.beside import Beside
from genloss.judge.profile.scaling import Sized, scaling
from genloss.judge.profile.verdicts import Verdict
from genloss.store.fingerprint import canonical_json
from genloss.store.reader import Run


def scaling_of(runs: Mapping[Path, tuple[Run, Beside]]) -> dict[Path, Verdict]:
    """Return the fourth verdict of every run that has others of other sizes, all else the same.

    runs: by path, with the metric of risk beside the control. Judged by the risk itself, at the
    last generation; metrics for which higher is better, and logarithms, have no exponent.
    """
    groups: dict[str, list[tuple[Path, Sized, Beside]]] = {}
    for path, (run, beside) in runs.items():
        one = beside.evidence()
        if isinstance(one, str) or one.better > 0 or one.log:
            continue
        sized = Sized(run.spec["n_real"], one.run, one.control)
        groups.setdefault(_all_else(run.spec), []).append((path, sized, beside))
    out: dict[Path, Verdict] = {}
    for group in groups.values():
        sizes = [sized for _, sized, _ in group]
        if 1 < len(group) == len({sized.size for sized in sizes}):
            beside = group[0][2]
            verdict = scaling(sizes, beside.column.name, int(beside.times[-1]))
            out |= {path: verdict for path, *_ in group}
    return out


def _all_else(spec: Mapping[str, Any]) -> str:
    """Return a description without name and size; S_t as large as S_0 is no size of its own."""
    drop = {"name", "n_real"}
    drop |= {"n_synthetic"} if spec["n_synthetic"] == spec["n_real"] else set()
    return canonical_json({k: v for k, v in spec.items() if k not in drop})
