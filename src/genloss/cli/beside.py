"""A run beside its controls in the terminal: rise, excess, pairs, and the noise of each metric."""

from typing import Any

import numpy as np

from genloss.cli import console
from genloss.cli.console import number
from genloss.judge.controls import ControlRun, controls_of, resamples
from genloss.judge.excess import Difference, Floor, excess, noise_floor, rise
from genloss.report.formatting import count
from genloss.store.reader import Run

WHAT = {"constant": "over control", "matched": "over matched control"}


def show(run: Run) -> None:
    """Print by how much the last generation differs from the first one and from real rows."""
    controls = controls_of(run)
    rows = [row for name in run.columns for row in _rows(run, controls, name)]
    if not controls or not rows:
        return
    console.print_line("")
    console.print_table(["metric", "at the last t", "pairs"], rows, folds=("pairs",))
    console.print_prose(_below(run, controls))


def _rows(run: Run, controls: tuple[ControlRun, ...], name: str) -> list[list[str]]:
    """Return a row with the metric's name, which may be long, and below it what it differs by."""
    rows = []
    risen = rise(run, name)
    if risen is not None:
        rows.append([f"  rise over t = {risen.since}", _interval(risen), ""])
    for control in controls:
        found = excess(run, control, name)
        if found is not None:
            rows.append([f"  {WHAT[control.kind]}", _interval(found), _pairs(found)])
    floor = noise_floor(run, name)
    if floor is not None and rows:
        rows.append(["  noise: two real sets", _floor(floor), ""])
    return [[name, "", ""], *rows] if rows else []


def _interval(found: Difference) -> str:
    low, high = found.low[-1], found.high[-1]
    ends = f" [{number(low)}, {number(high)}]" if np.isfinite([low, high]).all() else ""
    return f"{number(float(found.estimate[-1]))}{ends}"


def _floor(floor: Floor) -> str:
    return f"{number(floor.median)} [{number(floor.low)}, {number(floor.high)}]"


def _pairs(found: Difference) -> str:
    if np.isnan(found.correlation):
        return "nothing varies"
    how = "paired" if found.paired else "unpaired"
    return f"{how}: r {found.correlation:.2f}, var. x {found.variance_ratio:.2f}"


def _below(run: Run, controls: tuple[ControlRun, ...]) -> str:
    fits = max(control.run.spec["generations"] for control in controls)
    matched = (
        " The matched control has as many of them as the run trains on."
        if any(c.kind == "matched" for c in controls)
        else ""
    )
    text = (
        f"In brackets: 95 % intervals of the mean over {count(run.spec['chains'], 'chain')}; of "
        f"noise, where most chains lie. The control: up to {count(fits, 'fit')} a chain on real "
        f"rows alone.{matched} r: correlation of run and control over chains; var.: variance of "
        "paired differences, as a multiple of that of unpaired ones."
    )
    left_out = resamples(run)
    return f"{text} {left_out}." if left_out else text


def as_json(run: Run) -> list[dict[str, Any]]:
    """Return rise, excess and noise of every metric at its last generation, for scripts."""
    controls = controls_of(run)
    return [
        {
            "metric": name,
            "rise": _plain(rise(run, name)),
            "excess": {c.kind: _plain(excess(run, c, name)) for c in controls},
            "noise_floor": None
            if (f := noise_floor(run, name)) is None
            else [f.low, f.median, f.high],
        }
        for name in (run.columns if controls else ())
    ]


def _plain(found: Difference | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "t": int(found.t[-1]),
        "estimate": float(found.estimate[-1]),
        "interval": [_finite(found.low[-1]), _finite(found.high[-1])],
        "since": found.since,
        "paired": found.paired,
        "correlation": _finite(found.correlation),
        "variance_ratio": found.variance_ratio,
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
