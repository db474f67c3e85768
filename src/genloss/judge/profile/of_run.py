"""The profile of a stored run, beside the control that lies with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from genloss.core.about import Aspect
from genloss.core.view import Direction
from genloss.judge.controls import ControlRun, controls_of
from genloss.judge.profile.alarm import MOST_TIMES, Alarm, Watched, first_alarms, halved
from genloss.judge.profile.beside import Beside
from genloss.judge.profile.divergence import divergence, trend
from genloss.judge.profile.evidence import Evidence
from genloss.judge.profile.groups import Group, groups_of
from genloss.judge.profile.limits import limit_of
from genloss.judge.profile.scaling import one_size
from genloss.judge.profile.sizes import all_else, scaling_of
from genloss.judge.profile.trivial import of_tokens
from genloss.judge.profile.verdicts import (
    RULES,
    Answer,
    Path,
    Profile,
    Verdict,
    profile,
)
from genloss.judge.theory_lines import study_of, trivial_of
from genloss.store.reader import Run
from genloss.store.series import Column

SUCH_AS: Mapping[Aspect, str] = {
    Aspect.RISK: "w2_squared, held_out_nll, forward_kl or perplexity",
    Aspect.SPREAD: "trace_ratio, diversity or distinct_n",
    Aspect.TAIL: "tail_coverage, surviving_fraction or surviving_vocabulary",
    Aspect.MODES: "surviving_modes, where reality has named modes",
    Aspect.NOVELTY: "far_rows, where rows are vectors",
}
"""Metrics that would answer."""

NO_CONTROL = "no control of real rows alone lies beside the run; run it again, with controls"

LOGARITHMIC = ("perplexity",)
"""Metrics whose logarithm is an expected loss, and not they themselves."""


@dataclass(frozen=True)
class RunProfile:
    """The profile of a run, and its first alarms: with all chains, and with half of them.

    why: what the profile is short of as a whole, such as a control; empty where it has all.
    alarms_by_size: of runs that differ in n_real alone, this one among them, each n_real and the
    metric that alarmed first, None where none did; empty of a single size.
    """

    profile: Profile
    alarms: tuple[Alarm, ...]
    alarms_of_half: tuple[Alarm, ...]
    why: str = ""
    groups: tuple[Group, ...] = ()
    alarms_by_size: tuple[tuple[int, Alarm | None], ...] = ()


def profiles_of(runs: Sequence[Run]) -> list[RunProfile]:
    """Return the profiles of runs that are read together.

    Sizes among them show a scaling law, and whether the first alarm is the same at each.

    Raises:
        StoreError: a run or control that is damaged.
    """
    risks = [(run, beside_control(run).get(Aspect.RISK)) for run in runs]
    fourth = scaling_of({run.path: (run, risk) for run, risk in risks if risk is not None})
    found = [profile_of(run, fourth.get(run.path)) for run in runs]
    return [
        replace(one, alarms_by_size=_by_size(run, zip(runs, found, strict=True)))
        for run, one in zip(runs, found, strict=True)
    ]


def _by_size(
    run: Run, every: Iterable[tuple[Run, RunProfile]]
) -> tuple[tuple[int, Alarm | None], ...]:
    alike = all_else(run.spec)
    first = {
        int(other.spec["n_real"]): p.alarms[0] if p.alarms[0].t is not None else None
        for other, p in every
        if p.alarms and all_else(other.spec) == alike
    }
    return tuple(sorted(first.items(), key=lambda one: one[0])) if len(first) > 1 else ()


def profile_of(run: Run, fourth: Verdict | None = None) -> RunProfile:
    """Return the profile of a run at its last generation; see docs/verdicts.md.

    Held against its constant control: what would have been, had nothing been generated. Of every
    aspect the first metric in the spec counts. fourth: the verdict that several sizes give.

    Raises:
        StoreError: a run or control that is damaged.
    """
    beside, control = beside_control(run), constant_control(run)
    chosen = columns_by_aspect(run)
    missing = {a: f"no metric of {a} was measured, such as {SUCH_AS[a]}" for a in SUCH_AS}
    missing |= dict.fromkeys(chosen, NO_CONTROL)
    evidence: dict[Aspect, Evidence] = {}
    paths: dict[Aspect, Path] = {}
    for aspect, one in beside.items():
        if isinstance(found := one.evidence(), str):
            missing[aspect] = found
            continue
        evidence[aspect] = found
        if (path := one.path()) is not None:
            paths[aspect] = path
    whole = _watched(run)
    return RunProfile(
        profile(evidence, missing, _third(run, beside), fourth or _fourth(run, chosen), paths),
        tuple(first_alarms(whole)),
        tuple(first_alarms(halved(whole))) if whole and whole[0].run.shape[1] > 3 else (),
        "" if beside or not chosen else NO_CONTROL,
        () if control is None else tuple(groups_of(run, control)),
    )


def columns_by_aspect(run: Run) -> dict[Aspect, Column]:
    """Return the first column of each aspect, in the order of the spec."""
    entries, out = run.about.get("metric", {}), dict[Aspect, Column]()
    for column in run.columns.values():
        entry = entries.get(column.metric)
        if entry is not None and entry.aspect in list(SUCH_AS) and not column.label:
            out.setdefault(Aspect(entry.aspect), column)
    return out


def constant_control(run: Run) -> ControlRun | None:
    """Return the control on as many real rows as the run began with, or None."""
    return next((c for c in controls_of(run) if c.kind == "constant"), None)


def beside_control(run: Run) -> dict[Aspect, Beside]:
    """Return the column of each aspect beside the constant control; none without that."""
    control = constant_control(run)
    if control is None:
        return {}
    trivial, out = trivial_of(run), {}
    for aspect, column in columns_by_aspect(run).items():
        kind = run.about["metric"][column.metric].kind
        tokens = of_tokens(kind, run)
        score = trivial.get(column.metric) if tokens is None else tokens
        out[aspect] = Beside(column, aspect, control, score, kind in LOGARITHMIC)
    return out


def _third(run: Run, beside: Mapping[Aspect, Beside]) -> Verdict:
    study = study_of(run)
    limit = None if study is None else limit_of(study)
    risk = beside.get(Aspect.RISK)
    if risk is None or (excess := risk.excess()) is None:
        return divergence(limit, "without a control and a trivial predictor no trend is judged")
    return divergence(limit, trend(*excess))


def _fourth(run: Run, chosen: Mapping[Aspect, Column]) -> Verdict:
    risk = chosen.get(Aspect.RISK)
    name = "" if risk is None else risk.name
    return Verdict(RULES[3], Answer.UNKNOWN, name, why=one_size([run.spec["n_real"]]))


def _watched(run: Run) -> list[Watched]:
    """Return the columns that answer a question, with the independent fits of the control.

    From generation 2 on: the first model has seen real rows alone, under every regime.
    """
    control = constant_control(run)
    entries, out = run.about.get("metric", {}), []
    for column in run.columns.values() if control is not None else ():
        entry = entries.get(column.metric)
        fits = control.fits(column.name) if control is not None else None
        models = np.flatnonzero(column.t > 1)
        if (
            entry is None
            or entry.aspect not in list(SUCH_AS)
            or column.label
            or fits is None
            or not models.size
        ):
            continue
        if fits.size < 2 or not np.isfinite(fits).all():
            continue
        some = models[np.unique(np.linspace(0, models.size - 1, MOST_TIMES).round()).astype(int)]
        error = column.direction is Direction.LOWER
        out.append(Watched(column.name, column.t[some], column.values[some], fits, True, error))
    return [w for w in out if w.control.shape == out[0].control.shape]
