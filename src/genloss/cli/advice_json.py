"""Advice for scripts, as JSON."""

import math
from dataclasses import asdict
from typing import Any

from genloss.cli.asked import Told
from genloss.plan.advise.advice import Advice, Answer
from genloss.plan.advise.as_asked import AsAsked
from genloss.plan.advise.evidence import reached
from genloss.plan.advise.question import Question
from genloss.plan.advise.supplies import RealRows
from genloss.plan.advise.transfer import Transfer
from genloss.spec.build import kind_of


def as_json(told: Told) -> dict[str, Any]:
    """Return advice for scripts."""
    out = _advice_json(told.advice)
    if told.frontier is not None:
        out["frontier"] = [asdict(m) for m in told.frontier.best]
    if told.other is not None:
        out["against"] = _advice_json(told.other)
        out["transfers"] = [transfer_json(each) for each in told.transfers]
    return out


def transfer_json(each: Transfer) -> dict[str, Any]:
    """Return a ratio for scripts."""
    return {
        "ratio": each.ratio,
        "interval": None if each.ratio is None else [_finite(each.low), _finite(each.high)],
        "transferable": each.is_transferable,
        "as": each.axis,
        "weight": "best" if each.weighted else "pooled",
    }


def _advice_json(advice: Advice) -> dict[str, Any]:
    question = advice.question
    return {
        "target": str(question.target),
        "metric": question.target.metric,
        "generation": question.target.t,
        "estimand": question.estimand,
        "level": None if question.estimand == "mean" else question.level,
        "tokens_per_row": advice.tokens or None,
        "control": None if advice.beside is None else advice.beside.control,
        "answers": [_answer_json(a, question) for a in advice.answers],
        "second_rule": {
            "answers": [_answer_json(a, question) for a in advice.also],
            "not_searched": advice.also_left_out or None,
        },
        "as_asked": None if advice.as_asked is None else _as_asked_json(advice.as_asked),
    }


def _as_asked_json(found: AsAsked) -> dict[str, Any]:
    value = _finite(found.value)
    return {
        "regime": kind_of(type(found.regime)),
        "exchanged_for": found.supply,
        "value": value,
        "by": found.how,
        "holds": None if value is None else found.holds,
        "why": found.why or None,
    }


def _answer_json(answer: Answer, question: Question) -> dict[str, Any]:
    fit = answer.fit
    rows, found = answer.rows, answer.value is not None
    return {
        "as": answer.axis,
        "estimand": answer.estimand,
        "by": answer.how,
        "supply": answer.dial.supply if isinstance(answer.dial, RealRows) else None,
        "weight": None
        if not isinstance(answer.dial, RealRows)
        else "best"
        if answer.dial.weighted
        else "pooled",
        "weight_is_borrowed": isinstance(answer.dial, RealRows)
        and answer.dial.weight_is_borrowed(question.target.metric),
        "value": answer.value,
        "real_rows": rows,
        "interval": [_finite(answer.low), _finite(answer.high)] if found else None,
        "rows": answer.total,
        "share": None if rows is None else rows / answer.total,
        "most": answer.dial.value(answer.dial.most),
        "most_because": answer.dial.limit,
        "best": _finite(answer.best),
        "best_at": answer.best_at,
        "seconds": answer.seconds,
        "rows_fitted_and_drawn": answer.fitted_rows,
        "stopped": answer.stopped or None,
        "monotone": answer.monotone,
        "folder": answer.folder or None,
        "fit": None
        if fit is None
        else {
            "slope": fit.slope,
            "lack_of_fit_p": fit.lack,
            "spread_ratio": _finite(fit.spreads),
            "settings": list(fit.cells),
            "chains": fit.chains,
            "scale": fit.scale,
        },
        "evidence": [
            {
                "value": answer.dial.value(cell.dial),
                "chains": len(cell.values),
                "mean": _finite(float(cell.values.mean())),
                "reached": _finite(reached(question, cell)),
                "held": None
                if question.target.best
                else sum(question.target.is_met(float(v)) for v in cell.values),
            }
            for cell in answer.cells
        ],
    }


def _finite(value: float) -> float | None:
    """Return a number as JSON has it, where there is no infinity."""
    return value if math.isfinite(value) else None
