"""How advice is shown: what was assumed, the answers in words, the runs they rest on."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from genloss.cli import console
from genloss.cli.asked import Told
from genloss.cli.durations import duration
from genloss.errors import SpecError
from genloss.plan.advise.advice import Advice, Answer, reached
from genloss.plan.advise.drawing import evidence_chart, frontier_chart
from genloss.plan.advise.frontier import Frontier
from genloss.plan.advise.question import Question
from genloss.plan.advise.supplies import RealRows
from genloss.plan.advise.transfer import Transfer
from genloss.report.chart_files import KINDS
from genloss.report.formatting import count, number, percent
from genloss.spec.build import kind_of
from genloss.store.output import check_output

POOR_FIT = 0.01
"""A p value of the test of a line below which that is said."""


def shown(told: Told, assumed: str) -> None:
    """Print advice for people: what was assumed, the answers, the runs they rest on."""
    _advice(told.advice, assumed)
    if told.frontier is not None:
        _frontier(told.frontier, told.advice.question)
    if told.other is not None:
        console.print_line("")
        console.print_prose(f"Another learner: {kind_of(type(told.other.question.study.learner))}.")
        _advice(told.other, assumed)
    for each in told.transfers:
        console.print_prose(transfer_words(each))


def transfer_words(each: Transfer) -> str:
    """Return what the comparison of two learners says."""
    if each.ratio is None:
        return "Not transferable: the target holds for one of the learners alone, or for neither."
    ratio = f"{number(each.ratio)} times as many real rows (95 %: {number(each.low)} to "
    ratio += f"{number(each.high)})"
    if each.is_transferable:
        return f"The other learner needs {ratio}."
    return f"Not transferable: the other learner needs {ratio}."


def _advice(advice: Advice, assumed: str) -> None:
    question, study = advice.question, advice.question.study
    target = str(question.target)
    if advice.beside is not None:
        target = f"{advice.beside.asked}, that is {target}"
    console.print_prose(f"Question: what holds {target}?")
    console.print_prose(
        f"Real rows: {assumed}. Rows are pooled, each with the same weight, where no other weight "
        f"is said. Generation 1 learns from the {study.n_real:,} rows of S_0 alone."
    )
    if advice.beside is not None:
        console.print_prose(
            f"Control: {number(advice.beside.control)} on average over "
            f"{count(advice.beside.fits, 'fit')} on {study.n_real:,} new real rows each."
        )
    rows = [_row(a, question) for a in advice.answers]
    console.print_table(["of", "needed", "of rows", "95 % interval", "by"], rows, ["of"])
    for answer in advice.answers:
        console.print_prose(sentence(answer, advice))
        if answer.how == "closed form" and answer.value is not None and not answer.monotone:
            console.print_prose(
                f"{_called(answer)}: not every step towards more makes it better; the bound is "
                "held from the answer on."
            )
    for answer in advice.answers:
        if answer.how == "search":
            _evidence(answer, question)


def _frontier(found: Frontier, question: Question) -> None:
    """Print the mixtures that no cheaper one is as good as, one for each doubling of the budget."""
    of = "mean" if found.how == "closed form" else _bound_words(question)
    rows: list[list[str]] = []
    least = 0.0
    for m in found.best:
        if m.cost >= least:
            cells = [f"{m.real:,}", f"{m.synthetic:,}", number(m.risk)]
            rows.append([number(m.cost), *cells, "yes" if question.target.is_met(m.risk) else "no"])
            least = 2 * m.cost
    console.print_line("")
    console.print_table(["budget", "real rows", "synthetic rows", of, "holds it"], rows, [])
    console.print_prose(
        f"Risk against budget by {found.how}: no cheaper mixture of the "
        f"{len(found.mixtures):,} looked at is as good. Rows are those of a generation, a budget "
        f"is that of all {question.target.t:,}."
    )


def check_figure(path: Path) -> None:
    """Raise SpecError or StoreError where no figure can be written there."""
    if path.suffix.removeprefix(".").lower() not in KINDS:
        raise SpecError(f"{path} ends in {path.suffix!r}; expected .svg, .pdf or .png")
    check_output(path)


def save(told: Told, path: Path) -> None:
    """Draw the frontier, or else the runs of the last search.

    Raises:
        SpecError: an answer by closed form alone, which has no runs.
    """
    advice, question = told.advice, told.advice.question
    if told.frontier is not None:
        spec = frontier_chart(question, told.frontier)
    else:
        searched = [a for a in advice.answers if a.cells]
        if not searched:
            raise SpecError("nothing to draw: a closed form needs no runs; pass --search, --prices")
        spec = evidence_chart(question, searched[-1])
    KINDS[path.suffix.removeprefix(".").lower()](spec, path, "light", None)


def _row(answer: Answer, question: Question) -> list[str]:
    what = f"{_called(answer)}, {_of(answer, question)}"
    if answer.value is None:
        return [what, "none holds", f"{answer.total:,}", "–", answer.how]
    ends = f"{_setting(answer.low)} to {_setting(answer.high)}" if answer.cells else "exact"
    needed = _setting(answer.value)
    if answer.rows is not None:
        needed += f" ({percent(answer.rows / answer.total)})"
    return [what, needed, f"{answer.total:,}", ends, answer.how]


def _called(answer: Answer) -> str:
    if not isinstance(answer.dial, RealRows):
        return answer.axis
    what = "real rows, a share of N" if answer.axis == "share" else "real rows, a count"
    return f"{what}, best weight" if answer.dial.weighted else what


def _of(answer: Answer, question: Question) -> str:
    return "mean" if answer.estimand == "mean" else f"{percent(question.level)} of new chains"


def _setting(value: float) -> str:
    whole = math.isfinite(value) and value == round(value)
    return f"{value:,.0f}" if whole else number(value)


def sentence(answer: Answer, advice: Advice) -> str:
    """Return an answer in plain words."""
    question = advice.question
    target, study = question.target, question.study
    whom = (
        "on average over chains"
        if answer.estimand == "mean"
        else f"in {percent(question.level)} of new chains"
    )
    if answer.value is None and target.is_met(answer.best):
        return (
            f"More does not help here: with {_called(answer)}, of {_setting(answer.best_at)}, "
            f"{target} holds {whom} ({number(answer.best)}), and with "
            f"{_setting(answer.dial.value(answer.dial.most))} ({answer.dial.limit}) no longer."
        )
    if answer.value is None:
        return (
            f"No setting holds {target} {whom}: {_called(answer)}, was tried up to "
            f"{_setting(answer.dial.value(answer.dial.most))} ({answer.dial.limit}), and the best, "
            f"{_setting(answer.best_at)}, reaches {number(answer.best)}.{_why_none(answer)}"
        )
    if answer.flat is not None:
        end = "" if answer.flat.inside else " (the end of what was looked at)"
        return (
            f"{target} with {answer.axis} = {number(answer.best_at)}{end}, "
            f"{number(answer.best)} on average over chains."
        )
    if answer.rows is None:
        return f"{answer.axis} = {_setting(answer.value)} holds {target} {whom}."
    weight = _weight_words(answer)
    tokens = f" ({answer.rows * advice.tokens:,} tokens)" if advice.tokens else ""
    if answer.axis == "share":
        synthetic = answer.total - answer.rows
        return (
            f"Of {answer.total:,} rows a generation, {answer.rows:,} must be real{tokens} and "
            f"{synthetic:,} may be synthetic{weight}: so {target} holds {whom}."
        )
    return (
        f"Beside {study.n_synthetic:,} synthetic rows a generation, {answer.rows:,} real rows"
        f"{tokens}{weight} hold {target} {whom}."
    )


def _why_none(answer: Answer) -> str:
    """Say what else would help, where real rows do not."""
    if answer.axis != "share" or answer.best_at < answer.dial.most - 1:
        return ""
    if answer.dial.most < answer.total:
        return " The supply ends there: get more real rows, or ask of fewer rows in all."
    return (
        f" That is next to real rows alone: {answer.total:,} rows a generation do not suffice for "
        "this learner, wherever they come from; raise n_synthetic, or lower the target."
    )


def _weight_words(answer: Answer) -> str:
    dial = answer.dial
    if not (isinstance(dial, RealRows) and dial.weighted and answer.rows):
        return ""
    w = dial.weight_of(answer.rows)
    return (
        f" if the real ones have {percent(w)} of the weight (a memory of about "
        f"{number(1 / w)} generations)"
    )


def _evidence(answer: Answer, question: Question) -> None:
    # What the mean over chains reaches is the mean.
    bounds = [] if question.estimand == "mean" else [_bound_words(question)]
    rows = []
    for cell in answer.cells:
        met = sum(question.target.is_met(float(v)) for v in cell.values)
        rows.append(
            [
                _setting(answer.dial.value(cell.dial)),
                f"{len(cell.values):,}",
                number(float(cell.values.mean())),
                *(number(reached(question, cell)) for _ in bounds),
                percent(met / len(cell.values)),
            ]
        )
    console.print_line("")
    of = "real rows" if answer.rows is not None else answer.axis
    console.print_table([of, "chains", "mean", *bounds, "hold it"], rows, [])
    console.print_prose(diagnostics(answer))


def _bound_words(question: Question) -> str:
    if question.estimand == "mean":
        return "mean"
    level = question.level if question.target.sign > 0 else 1 - question.level
    return f"{percent(level)} quantile"


def diagnostics(answer: Answer) -> str:
    """Return what the search rests on and what it took, in words."""
    runs = count(len(answer.cells), "setting")
    cost = (
        f"{runs}, {answer.fitted_rows:,.0f} rows fitted and drawn, {duration(answer.seconds)}, in "
        f"{answer.folder}; it ended because: {answer.stopped}."
    )
    words = [f"{_called(answer)}: {cost}"]
    if answer.flat is not None:
        words.append(
            "All settings share their random streams (correlation of chains between neighbours "
            f"{number(answer.flat.correlation)}); a cubic through the means tells the place."
        )
    if answer.fit is not None:
        fit = answer.fit
        words.append(
            f"The answer is where a line through {len(fit.cells)} settings and {fit.chains:,} "
            f"chains crosses the bound (the metric by its {fit.scale} over log(1 + setting); its "
            f"slope is {number(fit.slope)}; test of a line p = {number(fit.lack)}; the spread of "
            f"chains differs by {number(fit.spreads)} times between settings)."
        )
        if fit.lack < POOR_FIT:
            words.append("A line fits badly: take the interval as too narrow.")
    if not answer.monotone:
        words.append("More real rows do not always help here: the answer is where the bound is")
        words.append("held from there on; look at the table.")
    return " ".join(words)


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
                "held": sum(question.target.is_met(float(v)) for v in cell.values),
            }
            for cell in answer.cells
        ],
    }


def _finite(value: float) -> float | None:
    """Return a number as JSON has it, where there is no infinity."""
    return value if math.isfinite(value) else None
