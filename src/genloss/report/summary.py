"""What a reader sees first beside the answer: the picture and the numbers at the top."""

from collections.abc import Sequence
from dataclasses import dataclass

from genloss.report.chapter import Chapter
from genloss.report.figures.samples import SampleFigure
from genloss.report.formatting import count
from genloss.report.run_rows import generations_done
from genloss.report.sections import Section
from genloss.report.texts import TextFigure


@dataclass(frozen=True)
class Picture:
    """Samples through the generations: a film of images, charts of rows, or texts.

    Each is a figure of the chapter, which does not show it again.
    """

    chapter: Chapter
    rows: tuple[str, SampleFigure] | None = None
    texts: TextFigure | None = None


def picture(chapters: Sequence[Chapter]) -> Picture | None:
    """Return what shows the samples decay, of the first chapter that kept some."""
    for c in chapters:
        if c.film:
            return Picture(c)
        if c.samples and "facet" in c.samples[0][1].spec:
            return Picture(c, rows=c.samples[0])
        if c.texts:
            return Picture(c, texts=c.texts[0])
        if c.samples:
            return Picture(c, rows=c.samples[0])
    return None


def _form(n: int, one: str) -> str:
    return count(n, one).partition(" ")[2]


def tiles(sections: Sequence[Section]) -> list[tuple[str, str]]:
    """Return the numbers at the top, as (number, what it counts)."""
    runs = [run for s in sections for run in s.runs]
    done = [run for run in runs if run.is_complete]
    chains = sum(run.spec["chains"] for run in done)
    fits = sum(run.spec["chains"] * generations_done(run) for run in runs)
    judged = [v for s in sections if s.targets for v in s.targets["targets"]]
    whole = len(done) == len(runs)
    counted = f"{len(done):,}" if whole else f"{len(done):,} of {len(runs):,}"
    out = [
        (counted, _form(len(runs), "run") if whole else "runs finished"),
        (f"{chains:,}", _form(chains, "independent chain")),
        (f"{fits:,}", f"{_form(fits, 'model')} fitted"),
    ]
    if judged:
        met = sum(bool(v["passed"]) for v in judged)
        out.insert(0, (f"{met:,} / {len(judged):,}", "targets met"))
    return out
