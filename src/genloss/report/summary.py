"""What a reader sees first: what was asked, a place for the answer, and the picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genloss.report.chapter import Chapter
from genloss.report.figures.samples import SampleFigure
from genloss.report.formatting import count
from genloss.report.profiles import ProfiledRun
from genloss.report.run_rows import generations_done, how_many
from genloss.report.sections import Section
from genloss.report.texts import TextFigure
from genloss.spec.wording import listed

UNJUDGED = "Whether this is a collapse, and of which kind, is not judged on this page."
"""What stands in the place of an answer where nothing could be held against anything."""

FEW = 4
"""Runs that each have a sentence of their own; more are counted."""


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


def answer(sections: Sequence[Section], profiled: Sequence[ProfiledRun]) -> list[str]:
    """Return what can be answered: how many targets were met, and which runs collapse."""
    targets, collapse = _targets(sections), list(_collapse(profiled))
    if collapse:
        return [*targets, *collapse]
    whole = all(s.targets for s in sections)
    return targets if targets and whole else [" ".join([*targets, UNJUDGED])]


def _collapse(profiled: Sequence[ProfiledRun]) -> Iterator[str]:
    """Yield what became of the runs that lie beside a control: a few each, many in numbers."""
    runs = [run for run in profiled if run.judged]
    if len(runs) <= FEW:
        for run in runs:
            yield run.sentence if len(profiled) == 1 else f"**{run.label}**: {run.sentence}"
        return
    kinds: dict[str, list[str]] = {}
    for run in runs:
        kinds.setdefault(run.outcome, []).append(run.label)
    parts = [f"{len(kinds[k]):,} {w[len(kinds[k]) > 1]}" for k, w in OUTCOMES.items() if k in kinds]
    yield f"Of {len(runs):,} runs {listed(parts, 'and')}."


OUTCOMES = {
    "collapse": ("collapses", "collapse"),
    "worse": (
        "is worse than training on real data alone and has not collapsed",
        "are worse than training on real data alone and have not collapsed",
    ),
    "none": (
        "shows no collapse in what was measured",
        "show no collapse in what was measured",
    ),
    "little": (
        "was measured too little to say (no collapse in that)",
        "were measured too little to say (no collapse in that)",
    ),
    "open": ("cannot be told", "cannot be told"),
}
"""What becomes of one run and of several, worst first."""


def _targets(sections: Sequence[Section]) -> list[str]:
    experiments = [s for s in sections if s.targets]
    if not experiments:
        return []
    judged = [v for s in experiments if s.targets for v in s.targets["targets"]]
    met = sum(bool(v["passed"]) for v in judged)
    which = count(len(experiments), "published experiment")
    scales = " and ".join(sorted({s.targets["scale"] for s in experiments if s.targets}))
    met_of = "all" if met == len(judged) else f"{met:,} of"
    runs = how_many([run for s in sections for run in s.runs])
    return [
        f"{which} repeated at {scales} scale: {met_of} {len(judged):,} targets met. {runs} in all."
    ]


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
