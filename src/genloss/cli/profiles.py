"""The profile of a run in the terminal: what the answer rests on."""

from typing import Any

import numpy as np

from genloss.cli import console
from genloss.judge.profile.alarm import Alarm
from genloss.judge.profile.of_run import RunProfile, profile_of
from genloss.judge.profile.verdicts import Verdict
from genloss.judge.profile.words import in_short
from genloss.report.profiles import ProfiledRun, profiled
from genloss.report.run_rows import generations_done
from genloss.store.reader import Run

MOST_ALARMS = 6
"""Lines on alarms that are printed, at most."""


def profile_in_words(run: Run) -> ProfiledRun | None:
    """Return the profile of a run; None before the first generation."""
    return profiled(run) if generations_done(run) else None


def show(found: ProfiledRun) -> None:
    """Print the eight verdicts and the first alarm; nothing without a control."""
    if not found.judged:
        return
    console.print_line("")
    rows = [[f"{r.number} {r.question}", str(r.answer), r.value, r.threshold] for r in found.rows]
    question = "verdict"
    console.print_table([question, "answer", "value [interval]", "yes if"], rows, (question,))
    console.print_line("")
    for line in _below(found):
        console.print_prose(line)
    console.print_line("")


def _below(found: ProfiledRun) -> list[str]:
    stages = f"early collapse (what is rare): {found.early}; late collapse (variety): {found.late}"
    first = [f"first alarm: {found.first}"] if found.first else []
    first += [f"alarm of {line}" for line in found.alarms[:MOST_ALARMS]]
    if (more := len(found.alarms) - MOST_ALARMS) > 0:
        first.append(f"alarms of {more:,} more: genloss show RUN --json")
    first += [f"group {line}" for line in found.groups]
    whys = [f"{r.number}: {r.why}" for r in found.rows if r.why]
    return [stages, *first, *whys]


def as_json(run: Run) -> dict[str, Any] | None:
    """Return the profile for scripts; None before the first generation."""
    if not generations_done(run):
        return None
    found = profile_of(run)
    p = found.profile
    last = max(v.generation for v in p.verdicts)
    return {
        "sentence": in_short(p, last or generations_done(run), found.why),
        "early_collapse": p.early,
        "late_collapse": p.late,
        "verdicts": [_verdict(v) for v in p.verdicts],
        "groups": [
            {"name": g.name, "first": g.first, "last": g.last, "control": g.control, "lost": g.lost}
            for g in found.groups
        ],
        "alarms": [_alarm(a, found) for a in found.alarms],
    }


def _verdict(v: Verdict) -> dict[str, Any]:
    found = v.found
    return {
        "number": v.rule.number,
        "name": v.rule.name,
        "answer": v.answer,
        "metric": v.metric,
        "statistic": v.rule.statistic,
        "value": None if found is None else _finite(found.estimate),
        "interval": None if found is None else [_finite(found.low), _finite(found.high)],
        "threshold": v.rule.threshold,
        "chains": v.chains,
        "control_fits": v.fits,
        "generation": v.generation,
        "why": v.why,
        "enough": v.enough,
    }


def _alarm(a: Alarm, found: RunProfile) -> dict[str, Any]:
    half = {b.metric: b.t for b in found.alarms_of_half}
    return {
        "metric": a.metric,
        "t": a.t,
        "t_with_half_of_the_chains": half.get(a.metric),
        "signal_to_noise": _finite(a.signal_to_noise),
        "band": [_finite(a.low), _finite(a.high)],
    }


def _finite(value: float) -> float | str:
    return float(value) if np.isfinite(value) else str(value)
