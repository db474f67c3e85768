"""What `show` prints first, as the report does: the question, the answer, a matrix over runs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from genloss.cli import console
from genloss.errors import StoreError
from genloss.judge.profile.verdicts import Answer
from genloss.report.answer import answer
from genloss.report.formatting import count
from genloss.report.measured import measured
from genloss.report.profiles import SHORT, ProfiledRun, profiles, too_many, with_models
from genloss.report.question import question
from genloss.report.sections import Section, find_sections
from genloss.store.reader import Run

MOST_QUESTIONS = 6
"""Of more sections the questions are counted, not printed."""

KEPT_TIMES = 2
"""Generations read of a run to name it: what is drawn of it is not."""


def asked(run: Run) -> str:
    """Return the question that a single run asks."""
    return question(Section(run.header.name, (run,)))


def show(folder: Path) -> dict[Path, ProfiledRun]:
    """Print what the runs of a folder were asked and answer; return their profiles by path.

    Runs that cannot be read are left out here: what is wrong with them is said below.
    """
    try:
        sections = list(_readable(find_sections([folder])))
        found: dict[Path, ProfiledRun] = {}
        left_out: list[str] = []
        for section in sections:
            data = [measured(run, KEPT_TIMES) for run in section.runs]
            paths = [one.run.path.resolve() for one in with_models(data)]
            found |= dict(zip(paths, profiles(data), strict=False))
            left_out += [why] if (why := too_many(data)) else []
    except StoreError as error:
        console.print_prose(f"What was asked is left out: {error}")
        return {}
    _questions(sections)
    for sentence in answer(sections, list(found.values())):
        console.print_prose(sentence.replace("**", ""))
    _matrix([one for one in found.values() if one.judged])
    for why in left_out:
        console.print_prose(why)
    return found


def _readable(sections: Sequence[Section]) -> Iterator[Section]:
    for section in sections:
        runs = tuple(run for run in section.runs if _can_be_read(run))
        if runs:
            yield replace(section, runs=runs)


def _can_be_read(run: Run) -> bool:
    try:
        return run.columns is not None
    except StoreError:
        return False


def _questions(sections: Sequence[Section]) -> None:
    if len(sections) > MOST_QUESTIONS:
        console.print_prose(f"What becomes of the model? In {count(len(sections), 'section')}.")
        return
    for section in sections:
        console.print_prose(question(section))


def _matrix(runs: Sequence[ProfiledRun]) -> None:
    """Print runs by verdicts; in a narrow terminal without their first alarms."""
    if not runs:
        return
    columns = ["run", *map(str, SHORT), "early", "late"]
    rows = [[run.label, *map(_cell, (*run.answers, run.early, run.late))] for run in runs]
    if not console.narrow_width():
        columns.append("first alarm")
        rows = [[*row, run.first] for row, run in zip(rows, runs, strict=True)]
    console.print_line("")
    console.print_table(columns, rows, ("run", "first alarm"))
    key = ", ".join(f"{number} {words}" for number, words in SHORT.items())
    console.print_prose(f"{key}; ?: cannot tell.")


def _cell(answer: Answer) -> str:
    return "?" if answer is Answer.UNKNOWN else str(answer)
