"""One section of the page, worked out: its question, its line, its figure, and what is folded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from genloss.report import tables, texts, verdict_rows
from genloss.report.budget import Budget
from genloss.report.figures import doses, families, heat, images, multiples, samples
from genloss.report.figures.beside import told
from genloss.report.figures.combined import Combined
from genloss.report.figures.explorer import Explorer, explorer, headline
from genloss.report.figures.lines import Figure, Panel
from genloss.report.formatting import count
from genloss.report.labels import plain
from genloss.report.markup import slug
from genloss.report.measured import Measured
from genloss.report.profiles import ProfiledRun, profiles, too_many
from genloss.report.provenance import Origin, origin
from genloss.report.published_values import points
from genloss.report.question import question
from genloss.report.run_rows import RunRow, how_many, run_rows
from genloss.report.sections import Section
from genloss.report.titles import title_of

FEW_CELLS = 24
"""Sweeps of more cells than this are drawn over what varies, and by the explorer, alone."""

FIRST_CELLS = 12
"""Of a sweep, the specs of so many cells are on the page."""

LISTED = 200
"""Runs, and cells that failed, in a list, at most."""

FILMS = 3
"""More grids of images than this are folded away."""


@dataclass(frozen=True)
class Lead:
    """The one figure that a chapter shows at once; panel: the one of them that tells most."""

    key: str
    figure: Figure
    panel: Panel


@dataclass(frozen=True)
class Chapter:
    """One section.

    explorer, over: of a sweep, the chooser of runs and the first figure over what varies.
    run_count, failures: of all, of which some may not be listed.
    figures: all of them, as (key, figure); others: those that are not shown at once. film and
    more_film: grids of images to show at once, and the rest.
    """

    id: str
    title: str
    question: str
    lede: str
    command: str
    passed: int
    failed: int
    judged: str
    has_published: bool
    runs: Sequence[RunRow]
    missed: Sequence[verdict_rows.VerdictRow]
    met: Sequence[verdict_rows.VerdictRow]
    bands: Sequence[tuple[str, str]]
    sources: Sequence[tuple[str, str]]
    lead: Lead | None
    figures: Sequence[tuple[str, Figure | Combined]]
    others: Sequence[tuple[str, Figure | Combined]]
    film: images.Reel | None
    more_film: images.Reel | None
    beside: Sequence[texts.Prompt]
    texts: Sequence[texts.TextFigure]
    samples: Sequence[tuple[str, samples.SampleFigure]]
    absent: Sequence[tuple[str, str, str]]
    explorer: Explorer | None
    over: tuple[str, Figure | Combined] | None
    given_up: Sequence[tuple[str, str]]
    run_count: int
    failures: int
    unlisted: str
    unlisted_failures: str
    profiles: Sequence[ProfiledRun]
    unprofiled: str
    origins: Sequence[Origin]

    @property
    def has_targets(self) -> bool:
        """Whether published numbers or claims are held against it."""
        return bool(self.met or self.missed)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Return what the contents list of it, as (id, name)."""
        lead = [(f"{self.id}-lead", self.lead.figure.title)] if self.lead else []
        folded = [
            (self.explorer, "explorer", "Choose a run"),
            (self.given_up, "failed", "Cells that failed"),
            (self.missed, "misses", "Targets missed"),
            (self.met, "met", "Targets met"),
            (any(p.judged for p in self.profiles), "profile", "Collapse profile"),
            (self.runs, "runs", "Runs"),
            (self.more_film, "images", "Images"),
            (self.texts, "texts", "Texts"),
            (self.samples, "samples", "Samples"),
            (self.others, "figures", "All figures"),
            (self.absent, "absent", "Not applicable"),
            (self.origins, "reproduce", "How to reproduce"),
        ]
        return [*lead, *((f"{self.id}-{end}", name) for there, end, name in folded if there)]


def chapter(i: int, section: Section, data: Sequence[Measured], budget: Budget) -> Chapter:
    """Work out section i with the data of its runs."""
    prefix = f"s{i}"
    named = [(plain(one.run.header.name), one) for one in data]
    looked_at = named if section.sweep is None or len(named) <= FEW_CELLS else []
    row_figures = [
        samples.sample_figure(one.run, label, budget.rows, _controls([(label, one)]))
        for label, one in looked_at
    ]
    text_figures = [
        f
        for label, one in looked_at
        if (f := texts.text_figure(one.run, label, _controls([(label, one)])))
    ]
    targets = section.targets or {"targets": []}
    missed, met = verdict_rows.verdict_rows(targets)
    figures = [(f"{prefix}-{slug(f.metric)}", f) for f in _drawn(section, data)]
    over = figures[0] if section.sweep and section.sweep.doses and figures else None
    first = lead(figures)
    kept = [(label, one.run) for label, one in looked_at]
    film, more = images.split(images.reel(kept, budget.frames, _controls(looked_at)), FILMS)
    given_up = section.sweep.given_up if section.sweep else ()
    return Chapter(
        id=f"{prefix}-{slug(section.title)}",
        title=section.title,
        question=question(section),
        lede=_lede(section),
        command=_command(section),
        passed=len(met),
        failed=len(missed),
        judged=verdict_rows.sorts_of_targets(targets),
        has_published=any(v["published"] is not None for v in targets["targets"]),
        runs=run_rows(section.runs[:LISTED]),
        missed=missed,
        met=met,
        bands=verdict_rows.band_words(targets),
        sources=[(mark, text) for text, mark in verdict_rows.source_marks(targets).items()],
        lead=first,
        figures=figures,
        others=[(key, f) for key, f in figures if not _is_whole(first, f) and (key, f) != over],
        film=film,
        more_film=more,
        texts=text_figures,
        beside=texts.beside(text_figures),
        samples=[(f"{prefix}-rows-{j}", f) for j, f in enumerate(row_figures, 1) if f],
        absent=tables.not_applicable(data),
        over=over,
        explorer=explorer(data, section.sweep) if section.sweep else None,
        given_up=given_up[:LISTED],
        run_count=len(section.runs),
        failures=len(given_up),
        unlisted=_unlisted(len(section.runs), "genloss ls and genloss table have"),
        unlisted_failures=_unlisted(len(given_up), "failed.json in the sweep's folder has"),
        profiles=profiles(data),
        unprofiled=too_many(data),
        origins=[origin(run) for run in section.runs[: FIRST_CELLS if section.sweep else None]],
    )


def _controls(runs: Sequence[tuple[str, Measured]]) -> str:
    """Return what the controls of some runs reach, for pictures of what runs kept: they keep none.

    By the metric that tells most; empty where there are no controls.
    """
    if not runs or not (metric := headline([run for _, run in runs])):
        return ""
    lines = told(runs, {metric: title_of(metric, runs[0][1].about)})
    return f" Controls keep nothing to show; {'; '.join(lines)}." if lines else ""


def _unlisted(n: int, where: str) -> str:
    return f"{n - LISTED:,} more are not listed here: {where} all {n:,}." if n > LISTED else ""


def _drawn(section: Section, data: Sequence[Measured]) -> Iterator[Figure | Combined]:
    """Yield the figures of a section: of a sweep first those over what varies."""
    if section.sweep is not None:
        yield from doses.figures(data, section.sweep)
        yield from heat.figures(data, section.sweep)
    if section.sweep is None or len(data) <= FEW_CELLS:
        yield from multiples.figures(data, section.sweep) if section.sweep else ()
        yield from families.drawn(data, points(section.targets))


def lead(figures: Sequence[tuple[str, Figure | Combined]]) -> Lead | None:
    """Choose a figure: a telling metric, with theory, of a few runs that end far apart."""
    found = [
        (Lead(f"{key}-{i}", figure, panel), place)
        for place, (key, figure) in enumerate(figures)
        if isinstance(figure, Figure)
        for i, panel in enumerate(figure.panels, start=1)
    ]

    def shortfall(one: tuple[Lead, int]) -> tuple[Any, ...]:
        (figure, panel), place = (one[0].figure, one[0].panel), one[1]
        few = not 2 <= len(panel.runs) <= 6
        thin, dots = panel.chains < 20, panel.points < 3
        telling = not figure.headline
        return dots, telling, few, thin, not panel.has_theory, place, -panel.contrast

    return min(found, key=shortfall)[0] if found else None


def _is_whole(first: Lead | None, figure: Figure | Combined) -> bool:
    """Whether a figure is shown at once as a whole."""
    return first is not None and figure is first.figure and len(first.figure.panels) == 1


def _lede(section: Section) -> str:
    text = _of_runs(section)
    if section.sweep is None or section.sweep.cells == len(section.runs):
        return text
    cells = f"{len(section.runs):,} of {count(section.sweep.cells, 'cell')} measured."
    return f"{text} {cells}".strip()


def _of_runs(section: Section) -> str:
    if not section.runs:
        return ""
    chains = sorted({run.spec["chains"] for run in section.runs})
    lengths = sorted({run.spec["generations"] for run in section.runs})
    runs, of = how_many(section.runs), "chains" if chains[-1] > 1 else "chain"
    over = "generations" if lengths[-1] > 1 else "generation"
    return f"{runs} of {_span(chains)} {of} over {_span(lengths)} {over}."


def _span(values: Sequence[int]) -> str:
    return f"{values[0]:,}" if len(values) == 1 else f"{values[0]:,} to {values[-1]:,}"


def _command(section: Section) -> str:
    if section.targets is None:
        return ""
    return f"genloss reproduce {section.targets['address']} --scale {section.targets['scale']}"
