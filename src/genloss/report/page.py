"""The page: sections of runs in, one self-contained HTML file out."""

from collections.abc import Sequence
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

from genloss.core.places import Place
from genloss.report import references, summary, theme, verdict_rows
from genloss.report.answer import answer
from genloss.report.budget import budget_of
from genloss.report.chapter import chapter
from genloss.report.citation import how_to_cite
from genloss.report.figures.bands import FEWEST
from genloss.report.figures.beside import WORDS
from genloss.report.figures.markers import PATHS
from genloss.report.frame import Runs
from genloss.report.glossary import classes, glossary
from genloss.report.kept_samples import heading
from genloss.report.markup import embedded, strong, tight
from genloss.report.measured import measured
from genloss.report.profiles import questions
from genloss.report.sections import Section, find_sections
from genloss.report.titles import wording
from genloss.report.vega import vega_script
from genloss.store.files import write_bytes
from genloss.store.output import check_output
from genloss.store.reader import Run

OUTLINED = 3
"""Of more chapters than this the contents list the titles alone."""


def write_report(
    runs: Runs,
    out: Place,
    title: str = "Model collapse report",
    ahead: int | None = None,
) -> Path:
    """Write the report on runs, or all below a path, or several, to the file `out`, atomically.

    ahead: figures also show forecasts up to this generation, as fans.

    Raises:
        StoreError: a path without runs, or a folder that cannot be written.
    """
    several = [runs] if isinstance(runs, Run | str | PathLike) else runs
    paths = [one.path if isinstance(one, Run) else Path(one) for one in several]
    place = Path(out)
    check_output(place)
    page = render(find_sections(paths), title=title, ahead=ahead)
    write_bytes(place, page.encode())
    return place


def render(sections: Sequence[Section], *, title: str, ahead: int | None = None) -> str:
    """Return the report as HTML that needs nothing but itself; the same runs, the same text.

    Raises:
        StoreError: a run folder that cannot be read.
    """
    words = wording(run for section in sections for run in section.runs)
    budget = budget_of(sections)
    data = [[measured(r, budget.points, words.entries, ahead) for r in s.runs] for s in sections]
    chapters = [
        chapter(i, section, runs, budget)
        for i, (section, runs) in enumerate(zip(sections, data, strict=True), start=1)
    ]
    profiled = [run for c in chapters for run in c.profiles]
    names = [s.targets["experiment"] for s in sections if s.targets]
    every = [run for runs in data for run in runs]
    text: str = (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=title,
            answer=answer(sections, profiled),
            profiled=[run for run in profiled if run.judged],
            questions=questions(),
            tiles=summary.tiles(sections),
            picture=summary.picture(chapters),
            chapters=chapters,
            measured=any(c.figures for c in chapters),
            words=glossary(any(s.targets for s in sections)),
            classes=classes(every),
            few=OUTLINED,
            citations=references.citations(every, names),
            cite=how_to_cite(title, [run for s in sections for run in s.runs]),
            reworded=words.changed,
            configs={mode: theme.config(mode) for mode in theme.MODES},
            vega=vega_script(),
            **CONSTANT,
        )
    )
    return text


CONSTANT = {
    "few_failed": 3,
    "few_asked": 6,
    "theme": theme,
    "strip": verdict_rows.STRIP,
    "fewest": FEWEST,
    "control_words": WORDS,
    "shapes": PATHS,
}
"""What templates need on every page."""


def _environment() -> Any:
    """Return the templates with their filters."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(lambda name: _file(f"templates/{name}")),
    )
    environment.filters |= {"embed": embedded, "strong": strong, "heading": heading, "tight": tight}
    environment.globals |= {"css": _file("page.css"), "js": _file("page.js")}
    return environment


def _file(name: str) -> str:
    return (resources.files("genloss.report") / name).read_text(encoding="utf-8")
