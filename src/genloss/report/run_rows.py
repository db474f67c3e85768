"""The runs of a section, a row each: which run is what, and how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genloss.report.factors import kind_of
from genloss.report.formatting import count, percent
from genloss.report.labels import plain
from genloss.store.reader import Run


@dataclass(frozen=True)
class RunRow:
    """One run as the table of a section shows it."""

    name: str
    data: str
    learner: str
    rows: str
    chains: str
    generations: str


def run_rows(runs: Sequence[Run]) -> list[RunRow]:
    """Return the table of the runs of a section, in their order."""
    return [
        RunRow(
            name=plain(run.header.name),
            data="; ".join(filter(None, [trained_on(run), shortfall_words(run)])),
            learner=_model(run.spec),
            rows=f"{run.spec['n_real']:,}",
            chains=f"{run.spec['chains']:,}",
            generations=generations(run),
        )
        for run in runs
    ]


def generations(run: Run) -> str:
    """Return how many generations a run has, of how many where it has not finished."""
    planned = f"{run.spec['generations']:,}"
    if run.is_complete:
        return planned
    return f"{generations_done(run):,} of {planned}"


def generations_done(run: Run) -> int:
    """Return the last generation that all chains have reached."""
    return 0 if run.missing else min(run.progress(), default=0)


def how_many(runs: Sequence[Run]) -> str:
    """Return how many runs there are, and how many of them have not finished."""
    left = sum(not run.is_complete for run in runs)
    return count(len(runs), "run") + (f" ({left:,} unfinished)" if left else "")


def trained_on(run: Run) -> str:
    """Return what a generation trains on, with the name of its regime."""
    regime = run.spec["regime"]
    entry = run.about.get("regime", {}).get(str(regime["kind"]))
    name = kind_of(regime)
    text = f"{name}: {entry.trains_on}" if entry and entry.trains_on else name
    curator = run.spec.get("curator")
    return f"{text}, as far as {kind_of(curator)} lets it in" if curator else text


def shortfall_words(run: Run) -> str:
    """Return by how much a curator left chains short of their rows; '' where it did not."""
    if (short := run.shortfall) is None:
        return ""
    return f"a chain up to {percent(short.share)} short of its rows, first at t = {short.t:,}"


def _model(spec: Mapping[str, Any]) -> str:
    sampler = kind_of(spec["sampler"])
    learner = kind_of(spec["learner"])
    return learner if sampler == "ancestral" else f"{learner}, {sampler}"
