"""The page: sections of runs in, one self-contained HTML file out."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

from genloss.core.places import Place
from genloss.report import guide, references, tables, texts, theme
from genloss.report.figures import families, images, samples
from genloss.report.figures.bands import FEWEST
from genloss.report.figures.combined import Combined
from genloss.report.figures.lines import Figure, Panel
from genloss.report.figures.markers import PATHS
from genloss.report.kept import PANELS, heading
from genloss.report.naming import plain
from genloss.report.published import points
from genloss.report.reading import Measured, measured
from genloss.report.runtime import optional, vega_script
from genloss.report.sections import Section, find_sections
from genloss.report.wording import wording
from genloss.report.words import count
from genloss.store.files import write_bytes
from genloss.store.output import check_output
from genloss.store.reader import Run

LINE_BUDGET = 60_000
"""Points of all lines of a page together; more lines get fewer points each."""

ROW_BUDGET = 60_000
"""Rows of all scatter panels of a page together."""


@dataclass(frozen=True)
class Budget:
    """What a page spends on one run: points of a line, rows of a scatter panel, grids of images."""

    points: int
    rows: int
    frames: int


@dataclass(frozen=True)
class Chapter:
    """One section, worked out."""

    id: str
    title: str
    lede: str
    command: str
    passed: int
    failed: int
    judged: str
    runs: Sequence[guide.RunRow]
    verdicts: Sequence[tables.VerdictRow]
    more: Sequence[tables.VerdictRow]
    bands: Sequence[tuple[str, str]]
    sources: Sequence[tuple[str, str]]
    figures: Sequence[tuple[str, Figure | Combined]]
    reel: images.Reel | None
    beside: Sequence[texts.Prompt]
    texts: Sequence[texts.TextFigure]
    samples: Sequence[tuple[str, samples.SampleFigure]]
    absent: Sequence[tuple[str, str, str]]
    origins: Sequence[tables.Origin]


def write_report(
    paths: Place | Sequence[Place], out: Place, title: str = "Model collapse report"
) -> Path:
    """Write the report on all runs below a path, or several, to the file `out`, atomically.

    Raises:
        StoreError: a path without runs, or a folder that cannot be written.
        MissingExtra: Jinja2 is not installed.
    """
    several = [paths] if isinstance(paths, str | PathLike) else paths
    place = Path(out)
    check_output(place)
    write_bytes(place, render(find_sections([Path(p) for p in several]), title=title).encode())
    return place


def render(sections: Sequence[Section], *, title: str) -> str:
    """Return the report as HTML that needs nothing but itself; the same runs, the same text.

    Raises:
        MissingExtra: Jinja2 is not installed.
        StoreError: a run folder that cannot be read.
    """
    jinja = optional("jinja2")
    environment = jinja.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja.StrictUndefined
    )
    environment.filters |= {"embed": embedded, "strong": strong, "heading": heading}
    budget = Budget(_points(sections), _rows(sections), _frames(sections))
    chapters = []
    used: list[Measured] = []
    told = wording(run for section in sections for run in section.runs)
    for i, section in enumerate(sections, start=1):
        runs = [measured(run, budget.points, told.entries) for run in section.runs]
        chapters.append(chapter(i, section, runs, budget))
        used += runs
    text: str = environment.from_string(_file("template.html.j2")).render(
        title=title,
        headline=headline(sections),
        tiles=tiles(sections),
        chapters=chapters,
        hero=hero(chapters),
        measured=any(c.figures for c in chapters),
        words=guide.words(any(s.targets for s in sections)),
        few=guide.AT_ONCE,
        citations=references.citations(
            used,
            [s.targets["experiment"] for s in sections if s.targets],
        ),
        reworded=told.changed,
        theme=theme,
        configs={mode: theme.config(mode) for mode in ("light", "dark")},
        css=_file("page.css"),
        js=_file("page.js"),
        vega=vega_script(),
        strip=tables.STRIP,
        fewest=FEWEST,
        shapes=PATHS,
    )
    return text


def chapter(i: int, section: Section, data: Sequence[Measured], budget: Budget) -> Chapter:
    """Work out section i with the data of its runs."""
    prefix = f"s{i}"
    named = [(plain(run.header.name), run) for run in section.runs]
    shown = [samples.sample_figure(run, label, budget.rows) for label, run in named]
    told = [f for label, run in named if (f := texts.text_figure(run, label))]
    targets = section.targets or {"targets": []}
    at_once, more = tables.verdict_rows(targets)
    drawn = families.drawn(data, points(section.targets))
    return Chapter(
        id=f"{prefix}-{slug(section.title)}",
        title=section.title,
        lede=_lede(section),
        command=_command(section),
        passed=sum(bool(v["passed"]) for v in targets["targets"]),
        failed=sum(not v["passed"] for v in targets["targets"]),
        judged=tables.judged(targets),
        runs=guide.run_rows(section.runs),
        verdicts=at_once,
        more=more,
        bands=tables.band_words(targets),
        sources=[(mark, text) for text, mark in tables.source_marks(targets).items()],
        figures=[(f"{prefix}-{slug(f.metric)}", f) for f in drawn],
        reel=images.reel(named, budget.frames),
        texts=told,
        beside=texts.beside(told),
        samples=[(f"{prefix}-rows-{j}", f) for j, f in enumerate(shown, 1) if f],
        absent=tables.not_applicable(data),
        origins=[tables.origin(run) for run in section.runs],
    )


def headline(sections: Sequence[Section]) -> str:
    """Return the sentence at the top: what was run, and how many targets were met."""
    experiments = [s for s in sections if s.targets]
    runs = _how_many([run for s in sections for run in s.runs])
    if not experiments:
        return f"{runs} of generative models that learn from their own output."
    verdicts = [v for s in experiments if s.targets for v in s.targets["targets"]]
    met = sum(bool(v["passed"]) for v in verdicts)
    which = count(len(experiments), "published experiment")
    scales = " and ".join(sorted({s.targets["scale"] for s in experiments if s.targets}))
    said = "all" if met == len(verdicts) else f"{met:,} of"
    told = f"{said} {len(verdicts):,} targets met"
    return f"{which} repeated at {scales} scale: {told}. {runs} in all."


def _how_many(runs: Sequence[Run]) -> str:
    """Return how many runs there are, and how many of them have not finished."""
    left = sum(not run.is_complete for run in runs)
    return count(len(runs), "run") + (f" ({left:,} unfinished)" if left else "")


def tiles(sections: Sequence[Section]) -> list[tuple[str, str]]:
    """Return the numbers at the top, as (number, what it counts)."""
    runs = [run for s in sections for run in s.runs]
    done = sum(run.is_complete for run in runs)
    chains = sum(run.spec["chains"] for run in runs if run.is_complete)
    fits = sum(run.spec["chains"] * guide.done(run) for run in runs)
    verdicts = [v for s in sections if s.targets for v in s.targets["targets"]]
    counted = f"{done:,}" if done == len(runs) else f"{done:,} of {len(runs):,}"
    what = "runs" if done == len(runs) else "runs finished"
    out = [(counted, what), (f"{chains:,}", "independent chains")]
    out.append((f"{fits:,}", "models fitted"))
    if verdicts:
        met = sum(bool(v["passed"]) for v in verdicts)
        out.insert(0, (f"{met:,} / {len(verdicts):,}", "targets met"))
    return out


@dataclass(frozen=True)
class Hero:
    """The chart that opens the page; place: where its metric stands in its study's list."""

    key: str
    figure: Figure
    panel: Panel
    chapter: Chapter
    place: int


def hero(chapters: Sequence[Chapter]) -> Hero | None:
    """Choose the opening chart: a telling metric, theory, a few runs that end far apart."""
    found = [
        Hero(f"{key}-{i}", figure, panel, c, place)
        for c in chapters
        for place, (key, figure) in enumerate(c.figures)
        if isinstance(figure, Figure)
        for i, panel in enumerate(figure.panels, start=1)
    ]

    def shortfall(h: Hero) -> tuple[Any, ...]:
        few = not 2 <= len(h.panel.runs) <= 6
        thin = h.panel.chains < 20
        return not h.figure.headline, few, thin, not h.panel.has_theory, h.place, -h.panel.contrast

    return min(found, key=shortfall) if found else None


def slug(text: str) -> str:
    """Return text as part of an HTML id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def embedded(value: Any) -> Any:
    """Return JSON that may stand inside a script element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return optional("markupsafe").Markup(text)


def strong(text: str) -> Any:
    """Return text as HTML with **marked** parts in bold."""
    markup = optional("markupsafe")
    return markup.Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", str(markup.escape(text))))


def _lede(section: Section) -> str:
    chains = sorted({run.spec["chains"] for run in section.runs})
    lengths = sorted({run.spec["generations"] for run in section.runs})
    runs, of = _how_many(section.runs), "chains" if chains[-1] > 1 else "chain"
    over = "generations" if lengths[-1] > 1 else "generation"
    return f"{runs} of {_span(chains)} {of} over {_span(lengths)} {over}."


def _span(values: Sequence[int]) -> str:
    return f"{values[0]:,}" if len(values) == 1 else f"{values[0]:,} to {values[-1]:,}"


def _command(section: Section) -> str:
    if section.targets is None:
        return ""
    return f"genloss reproduce {section.targets['address']} --scale {section.targets['scale']}"


def _points(sections: Sequence[Section]) -> int:
    lines = sum(len(run.measured()) for section in sections for run in section.runs)
    return max(60, min(300, LINE_BUDGET // max(lines, 1)))


def _rows(sections: Sequence[Section]) -> int:
    panels = sum(min(len(run.kept()), PANELS) for s in sections for run in s.runs)
    return max(60, min(samples.POINTS, ROW_BUDGET // max(panels, 1)))


def _frames(sections: Sequence[Section]) -> int:
    return images.frames_of(sum(images.image_side(run) > 0 for s in sections for run in s.runs))


def _file(name: str) -> str:
    return (resources.files("genloss.report") / name).read_text(encoding="utf-8")
