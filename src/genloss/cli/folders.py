"""Advice on several texts: that of each, and whether it would do for the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genloss.cli import advice, advice_json, console
from genloss.cli.asked import Told
from genloss.errors import SpecError
from genloss.plan.advise.advice import Answer
from genloss.plan.advise.transfer import APART, Transfer, transfer
from genloss.report.formatting import number
from genloss.study.own_text import is_text, name_of


@dataclass(frozen=True)
class Compared:
    """One answer on all texts; ratios: of each to the first.

    least, most: the places of those that need least and most, span between them; None where the
    target holds in none or in some alone.
    """

    answers: tuple[Answer, ...]
    ratios: tuple[Transfer, ...]
    least: int
    most: int
    span: Transfer


def split(words: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the further texts and the overrides among the words of a command."""
    return [Path(w) for w in words if "=" not in w], [w for w in words if "=" in w]


def check(texts: Sequence[Path]) -> None:
    """Raise SpecError where several paths are no texts, or two have one name."""
    odd = [str(path) for path in texts if not path.exists() or not is_text(path)]
    if odd:
        raise SpecError(
            f"{', '.join(odd)}: no text; expected KEY=VALUE, or several files or folders of text"
        )
    names = [name_of(path) for path in texts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError(f"two texts are called {', '.join(twice)}, by which their runs are known")


def compared(told: Sequence[Told]) -> list[Compared]:
    """Return how each of their answers compares, in the order of the answers."""
    return [_compared(answers) for answers in zip(*(t.advice.answers for t in told), strict=True)]


def _compared(answers: tuple[Answer, ...]) -> Compared:
    ratios = tuple(transfer(answers[0], a) for a in answers)
    need = [(a.rows or 0) / (a.total if a.axis == "share" else 1) for a in answers]
    places = sorted(range(len(need)), key=need.__getitem__)
    least, most = places[0], places[-1]
    known = all(a.rows is not None for a in answers)
    span = transfer(answers[least], answers[most]) if known else Transfer(None)
    return Compared(answers, ratios, least, most, span)


def shown(names: Sequence[str], told: Sequence[Told], assumed: Sequence[str]) -> None:
    """Print the advice on each text, then how they compare."""
    for name, one, why in zip(names, told, assumed, strict=True):
        console.print_prose(f"Text: {name}")
        advice.shown(one, why)
        console.print_line("")
    for each in compared(told):
        console.print_table(
            ["text", "needed", "of rows", f"times {names[0]}", "95 %"],
            [
                [name, *_cells(answer), *(_ratio(ratio) if i else ["1", "–"])]
                for i, (name, answer, ratio) in enumerate(
                    zip(names, each.answers, each.ratios, strict=True)
                )
            ],
            ["text"],
        )
        console.print_prose(words(each, names))
    learners = [
        [name, *_ratio(t)] for name, one in zip(names, told, strict=True) for t in one.transfers
    ]
    if learners:
        console.print_table(["text", "other learner over this one", "95 %"], learners, ["text"])


def _cells(answer: Answer) -> list[str]:
    return ["none holds" if answer.rows is None else f"{answer.rows:,}", f"{answer.total:,}"]


def _ratio(one: Transfer) -> list[str]:
    if one.ratio is None:
        return ["–", "–"]
    return [number(one.ratio), f"{number(one.low)} to {number(one.high)}"]


def words(each: Compared, names: Sequence[str]) -> str:
    """Return whether advice on one of the texts would do for the others."""
    what = f"{each.answers[0].axis} of real rows"
    if each.span.ratio is None:
        return f"Not transferable: no {what} holds the target for all of these texts."
    most, least = names[each.most], names[each.least]
    apart = (
        f"{most} needs {number(each.span.ratio)} times as much as {least} "
        f"(95 %: {number(each.span.low)} to {number(each.span.high)})"
    )
    if each.span.is_transferable:
        return f"{what.capitalize()}: no more than {number(APART)} times apart; {apart}."
    return f"Not transferable: {what}: {apart}."


def as_json(names: Sequence[str], told: Sequence[Told]) -> dict[str, Any]:
    """Return the advice on all texts for scripts."""
    return {
        "texts": [
            {"text": name, **advice_json.as_json(one)}
            for name, one in zip(names, told, strict=True)
        ],
        "compared": [
            {
                "as": each.answers[0].axis,
                "estimand": each.answers[0].estimand,
                "over_first": [advice_json.transfer_json(r) for r in each.ratios],
                "least": names[each.least],
                "most": names[each.most],
                "span": advice_json.transfer_json(each.span),
            }
            for each in compared(told)
        ],
    }
