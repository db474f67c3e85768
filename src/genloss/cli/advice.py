"""How advice is shown: what was assumed, the answers in words, the runs they rest on."""

import math
from typing import Any

from genloss.cli import console
from genloss.cli.durations import duration
from genloss.plan.advise.advice import Advice, Answer, reached
from genloss.plan.advise.question import Question
from genloss.plan.advise.supplies import MEANING
from genloss.report.formatting import count, number, percent

POOR_FIT = 0.01
"""A p value of the test of a line below which that is said."""


def shown(advice: Advice, why: str) -> None:
    """Print advice for people: what was assumed, the answers, the runs they rest on."""
    question, study = advice.question, advice.question.study
    console.print_prose(f"Question: how many real rows hold {question.target}?")
    console.print_prose(
        f"Supply: {advice.supply}, {MEANING[advice.supply]} ({why}). Rows are pooled without "
        f"weights. Generation 1 learns from the {study.n_real:,} rows of S_0 alone."
    )
    console.print_table(
        ["of", "real rows", "of rows", "share", "95 % interval", "by"],
        [_row(a, question) for a in advice.answers],
        ["of"],
    )
    for answer in advice.answers:
        console.print_prose(sentence(answer, advice))
    for answer in advice.answers:
        if answer.how == "search":
            _evidence(answer, question)


def _row(answer: Answer, question: Question) -> list[str]:
    what = f"{'share of N' if answer.axis == 'share' else 'count'}, {_of(answer, question)}"
    if answer.rows is None:
        return [what, "none holds", f"{answer.total:,}", "–", "–", answer.how]
    ends = f"{number(answer.low)} to {number(answer.high)}" if answer.cells else "exact"
    share = percent(answer.rows / answer.total)
    return [what, f"{answer.rows:,}", f"{answer.total:,}", share, ends, answer.how]


def _of(answer: Answer, question: Question) -> str:
    return "mean" if answer.estimand == "mean" else f"{percent(question.level)} of new chains"


def sentence(answer: Answer, advice: Advice) -> str:
    """Return an answer in plain words."""
    question = advice.question
    target, study = question.target, question.study
    whom = "on average" if answer.estimand == "mean" else f"for {percent(question.level)} of chains"
    if answer.rows is None:
        return (
            f"No setting holds {target} {whom}: up to {answer.most:,} real rows a generation were "
            f"tried ({answer.limit}), and the best, {answer.best_at:,}, reaches "
            f"{number(answer.best)}."
        )
    tokens = f" ({answer.rows * advice.tokens:,} tokens)" if advice.tokens else ""
    if answer.axis == "share":
        synthetic = answer.total - answer.rows
        return (
            f"Of {answer.total:,} rows a generation, {answer.rows:,} must be real{tokens} and "
            f"{synthetic:,} may be synthetic, and {target} holds {whom}."
        )
    return (
        f"Beside {study.n_synthetic:,} synthetic rows a generation, {answer.rows:,} real ones"
        f"{tokens} hold {target} {whom}."
    )


def _evidence(answer: Answer, question: Question) -> None:
    bound = "mean" if question.estimand == "mean" else f"{percent(question.level)} quantile"
    if question.estimand == "chain" and question.target.sign < 0:
        bound = f"{percent(1 - question.level)} quantile"
    rows = []
    for cell in answer.cells:
        met = sum(question.target.is_met(float(v)) for v in cell.values)
        rows.append(
            [
                f"{round(cell.dial):,}",
                f"{len(cell.values):,}",
                number(float(cell.values.mean())),
                number(reached(question, cell)),
                percent(met / len(cell.values)),
            ]
        )
    console.print_line("")
    console.print_table(["real rows", "chains", "mean", bound, "chains that hold it"], rows, [])
    console.print_prose(diagnostics(answer))


def diagnostics(answer: Answer) -> str:
    """Return what the search rests on and what it took, in words."""
    runs = count(len(answer.cells), "setting")
    cost = (
        f"{runs}, {answer.fitted_rows:,.0f} rows fitted and drawn, {duration(answer.seconds)}, in "
        f"{answer.folder}; it ended because: {answer.stopped}."
    )
    words = [f"As a {answer.axis}: {cost}"]
    if answer.fit is not None:
        fit = answer.fit
        words.append(
            f"The answer is where a line through {len(fit.cells)} settings and {fit.chains:,} "
            f"chains crosses the bound (the metric by its {fit.scale} over log rows, slope "
            f"{number(fit.slope)}; test of a line p = {number(fit.lack)}; the spread of chains "
            f"differs by {number(fit.spreads)} times between settings)."
        )
        if fit.lack < POOR_FIT:
            words.append("A line fits badly: take the interval as too narrow.")
    if not answer.monotone:
        words.append("More real rows do not always help here: the answer is where the bound is")
        words.append("held from there on; look at the table.")
    return " ".join(words)


def as_json(advice: Advice) -> dict[str, Any]:
    """Return advice for scripts."""
    question = advice.question
    return {
        "target": str(question.target),
        "metric": question.target.metric,
        "generation": question.target.t,
        "estimand": question.estimand,
        "level": None if question.estimand == "mean" else question.level,
        "supply": advice.supply,
        "weighting": "pooled",
        "tokens_per_row": advice.tokens or None,
        "answers": [_answer_json(a, question) for a in advice.answers],
    }


def _answer_json(answer: Answer, question: Question) -> dict[str, Any]:
    fit = answer.fit
    found = answer.rows is not None
    return {
        "as": answer.axis,
        "estimand": answer.estimand,
        "by": answer.how,
        "real_rows": answer.rows,
        "interval": [_finite(answer.low), _finite(answer.high)] if found else None,
        "rows": answer.total,
        "share": answer.rows / answer.total if answer.rows is not None else None,
        "most": answer.most,
        "most_because": answer.limit,
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
                "real_rows": cell.dial,
                "chains": len(cell.values),
                "mean": _finite(float(cell.values.mean())),
                "reached": _finite(reached(question, cell)),
                "held": sum(question.target.is_met(float(v)) for v in cell.values),
            }
            for cell in answer.cells
        ],
    }


def _finite(value: float) -> float | None:
    """Return a number as JSON has it, where there is no infinity."""
    return value if math.isfinite(value) else None
