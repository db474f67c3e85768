"""Targets beside the control: a distance from what the learner reaches on real rows alone."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from genloss.core.regimes import Replace
from genloss.core.view import Direction
from genloss.errors import FitError, SpecError
from genloss.plan.advise.question import Question, Target
from genloss.run.events import Sink
from genloss.run.runner import header_of, run_studies
from genloss.store.folder import control_path
from genloss.store.series import Column
from genloss.study.controls import controls_for, layout_of
from genloss.study.study import Study


@dataclass(frozen=True)
class Beside:
    """The question with a bound in numbers, as it was asked, and the control's mean over fits."""

    asked: Target
    question: Question
    control: float
    fits: int


def beside_control(
    question: Question, root: Path, chains: int, workers: int = 0, progress: Sink | None = None
) -> Beside:
    """Return the question with the control's mean, plus or minus the distance, as its bound.

    The control has n_real new real rows at every generation. The bound lies on the side to which
    the metric is worse; where that is not known, on the side to which replacement alone leads.

    Raises:
        SpecError: a study without a control.
        FitError: a metric that has no value there.
    """
    target, study = question.target, replace(question.study, chains=chains, chains_per_block=chains)
    made = [c.study(study) for c in controls_for(layout_of(study)) if c.kind == "constant"]
    if not made:
        raise SpecError(
            f"{target}: generation {target.t} has seen real rows alone, as its control has; ask "
            "about a later one"
        )
    column = _column(question, made[0], root, workers, progress)
    fits = column.values[column.t > 0]
    control = float(fits.mean())
    sign: Literal[-1, 1] = 1 if column.direction is Direction.LOWER else -1
    if column.direction not in (Direction.LOWER, Direction.HIGHER):
        alone = replace(study, regime=Replace())
        sign = (
            1
            if _column(question, alone, root, workers, progress).values[-1].mean() > control
            else -1
        )
    distance = target.value * (abs(control) if target.relative else 1)
    bound = replace(
        target, sign=sign, value=control + sign * distance, of_control=False, relative=False
    )
    return Beside(target, replace(question, target=bound), control, int(np.size(fits)))


def _column(
    question: Question, study: Study, root: Path, workers: int, progress: Sink | None
) -> Column:
    place = control_path(root / "any", header_of(study).fingerprint)
    [run] = run_studies([study], root, folders=[place], workers=workers, progress=progress)
    name = question.target.metric
    if name not in run.columns:
        raise FitError(f"{name} has no value: {run.not_applicable.get(name, 'not measured')}")
    return run.columns[name]
