"""How advice is shown: what was assumed, the answers in words, the runs they rest on."""

import math
from collections.abc import Sequence
from pathlib import Path

from genloss.cli import console
from genloss.cli.asked import Told
from genloss.cli.durations import duration
from genloss.errors import SpecError
from genloss.plan.advise.advice import Advice, Answer
from genloss.plan.advise.as_asked import AsAsked
from genloss.plan.advise.drawing import evidence_chart, frontier_chart
from genloss.plan.advise.evidence import reached
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
    of = f"{each.axis} of real rows, {_weight(each.weighted)}"
    if each.ratio is None:
        return (
            f"Not transferable ({of}): the target holds for one of the learners alone, or for "
            "neither."
        )
    ratio = f"{number(each.ratio)} times as many real rows (95 %: {number(each.low)} to "
    ratio += f"{number(each.high)})"
    if each.is_transferable:
        return f"The other learner needs {ratio} ({of})."
    return f"Not transferable ({of}): the other learner needs {ratio}."


def _weight(weighted: bool) -> str:
    return "best weight" if weighted else "pooled"


def _advice(advice: Advice, assumed: str) -> None:
    question, study = advice.question, advice.question.study
    target = str(question.target)
    if advice.beside is not None:
        target = f"{advice.beside.asked}, that is {target}"
    asks = "where is" if question.target.best else "what holds"
    console.print_prose(f"Question: {asks} {target}?")
    answers = [*advice.answers, *advice.also]
    console.print_prose(
        f"Real rows: {assumed}. {_rules(answers, question)} Generation 1 learns from the "
        f"{study.n_real:,} rows of S_0 alone{_more_rows(answers, study.n_real)}."
    )
    if advice.as_asked is not None:
        console.print_prose(as_asked_words(advice.as_asked, question))
    if advice.beside is not None:
        console.print_prose(
            f"Control: {number(advice.beside.control)} on average over "
            f"{count(advice.beside.fits, 'fit')} on {study.n_real:,} new real rows each."
        )
    rows = [_row(a, question) for a in answers]
    console.print_table(["of", "needed", "of rows", "95 % interval", "by"], rows, ["of"])
    for answer in answers:
        console.print_prose(sentence(answer, advice))
        if answer.how == "closed form" and answer.value is not None and not answer.monotone:
            console.print_prose(
                f"{_called(answer)}: not every step towards more makes it better; the bound is "
                "held from the answer on."
            )
    if advice.also_left_out:
        console.print_prose(f"Best weight: not searched ({advice.also_left_out}).")
    for answer in answers:
        if answer.how == "search":
            _evidence(answer, question)


def _rules(answers: Sequence[Answer], question: Question) -> str:
    """Return by which rules real rows weigh against synthetic ones."""
    pooled = "Rows are pooled, each with the same weight, where no other weight is said."
    dials = [a.dial for a in answers if isinstance(a.dial, RealRows) and a.dial.weighted]
    if not dials:
        return pooled
    weight = "The best weight is that for a Gaussian mean of known variance, in the long run"
    if not dials[0].weight_is_borrowed(question.target.metric):
        return f"{pooled} {weight}."
    learner = kind_of(type(question.study.learner))
    return (
        f"{pooled} {weight}: it is borrowed, and another may be better for "
        f"{question.target.metric} of {learner}."
    )


def _more_rows(answers: Sequence[Answer], n_real: int) -> str:
    """Say that S_0 grows where more of its rows are asked for than the study has."""
    grows = any(
        isinstance(dial := a.dial, RealRows) and dial.supply != "fresh" and dial.most > n_real
        for a in answers
    )
    return ", or from as many as stay real where those are more" if grows else ""


def _frontier(found: Frontier, question: Question) -> None:
    """Print the mixtures that no cheaper one is as good as, one for each doubling of the budget."""
    of = "mean" if found.how == "closed form" else _bound_words(question)
    rows: list[list[str]] = []
    least = 0.0
    for m in found.best:
        if m.cost >= least:
            rule = _weight(m.weighted) if m.real and m.synthetic else "–"
            cells = [f"{m.real:,}", f"{m.synthetic:,}", rule, number(m.risk)]
            rows.append([number(m.cost), *cells, "yes" if question.target.is_met(m.risk) else "no"])
            least = 2 * m.cost
    console.print_line("")
    console.print_table(
        ["budget", "real rows", "synthetic rows", "weight", of, "holds it"], rows, ["weight"]
    )
    console.print_prose(
        f"Risk against budget by {found.how}: no cheaper mixture of the "
        f"{len(found.mixtures):,} looked at is as good. Rows are those of a generation, a budget "
        f"is that of all {question.target.t:,}."
    )
    if found.left_out:
        console.print_prose(
            "Best weight: not in this frontier, as runs would take as long again; --weighted asks "
            "for both rules."
        )


def check_figure(path: Path) -> None:
    """Raise SpecError or StoreError where no figure can be written there."""
    if path.suffix.removeprefix(".").lower() not in KINDS:
        raise SpecError(f"{path} ends in {path.suffix!r}; expected .svg, .pdf or .png")
    check_output(path)


def save(told: Told, path: Path) -> None:
    """Draw the frontier, or else the runs of the last search, by both rules where both have some.

    Raises:
        SpecError: an answer by closed form alone, which has no runs.
    """
    advice, question = told.advice, told.advice.question
    if told.frontier is not None:
        spec = frontier_chart(question, told.frontier)
    else:
        searched = [a for a in (*advice.answers, *advice.also) if a.cells]
        if not searched:
            raise SpecError("nothing to draw: a closed form needs no runs; pass --search, --prices")
        spec = evidence_chart(question, [a for a in searched if a.axis == searched[-1].axis])
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
    whom = _whom(answer.estimand, question)
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
            f"{target}: with {answer.axis} = {number(answer.best_at)}{end}, "
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


def _whom(estimand: str, question: Question) -> str:
    if estimand == "mean":
        return "on average over chains"
    return f"in {percent(question.level)} of new chains"


def as_asked_words(found: AsAsked, question: Question) -> str:
    """Return that the regime was exchanged, and what the study reaches with its own."""
    regime = kind_of(type(found.regime))
    exchanged = (
        f"The study's own regime, {regime}, was exchanged for that of {found.supply} real rows, "
        f"so the advice below is not on {regime}"
    )
    if math.isnan(found.value):
        return f"{exchanged}; what the study as asked reaches was not measured ({found.why})."
    meets = (
        "holds the target: it needs no more real rows than it has"
        if found.holds
        else "misses the target"
    )
    of = "on average over chains"
    if question.estimand == "chain":
        of = f"as the {_bound_words(question)} of chains"
    return (
        f"{exchanged}; as asked it reaches {question.target.metric} = {number(found.value)} {of} "
        f"({found.how}), which {meets}."
    )


def _why_none(answer: Answer) -> str:
    """Say what else would help, where real rows do not."""
    if answer.axis != "share" or answer.best_at < answer.dial.most - 1:
        return ""
    if answer.dial.most < answer.total:
        return " The supply ends there: get more real rows, or ask of fewer rows in all."
    return (
        f" That is next to real rows alone: {answer.total:,} rows a generation do not suffice for "
        "this learner, wherever they come from; raise n_synthetic, or ask for less."
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
    # What the mean over chains reaches is the mean, and the best of a field has no bound to hold.
    target, level = question.target, question.estimand == "chain"
    rows = []
    for cell in answer.cells:
        row = [_setting(answer.dial.value(cell.dial)), f"{len(cell.values):,}"]
        row.append(number(float(cell.values.mean())))
        if level:
            row.append(number(reached(question, cell)))
        if not target.best:
            met = sum(target.is_met(float(v)) for v in cell.values)
            row.append(percent(met / len(cell.values)))
        rows.append(row)
    console.print_line("")
    head = ["real rows" if answer.rows is not None else answer.axis, "chains", "mean"]
    head += [_bound_words(question)] if level else []
    head += [] if target.best else ["hold it"]
    console.print_table(head, rows, [])
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
