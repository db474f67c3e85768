"""What a section's runs answer, in sentences: how many targets were met, and what collapses."""

from collections.abc import Iterator, Sequence

from genloss.report.formatting import count
from genloss.report.profiles import ProfiledRun
from genloss.report.run_rows import how_many
from genloss.report.sections import Section
from genloss.spec.wording import listed

UNJUDGED = "Whether this is a collapse, and of which kind, is not judged here."
"""What stands in the place of an answer where nothing could be held against anything."""

CONTROLLED = " that lie beside a control"
"""Which runs are meant where others are not."""

FEW = 4
"""Runs that each have a sentence of their own; more are counted."""


def answer(sections: Sequence[Section], profiled: Sequence[ProfiledRun]) -> list[str]:
    """Return what can be answered: how many targets were met, and which runs collapse."""
    total = max(len(profiled), sum(len(s.runs) for s in sections))
    targets, collapse = _targets(sections), list(_collapse(profiled, total))
    if collapse:
        return [*targets, *collapse]
    whole = all(s.targets for s in sections)
    return targets if targets and whole else [" ".join([*targets, UNJUDGED])]


def _collapse(profiled: Sequence[ProfiledRun], total: int) -> Iterator[str]:
    """Yield what became of the runs that lie beside a control: a few each, many in numbers.

    total: of all runs, those without a control too.
    """
    runs = [run for run in profiled if run.judged]
    if len(runs) <= FEW:
        for run in runs:
            yield run.sentence if len(profiled) == 1 else f"**{run.label}**: {run.sentence}"
        return
    kinds: dict[str, list[str]] = {}
    for run in runs:
        kinds.setdefault(run.outcome, []).append(run.label)
    parts = [f"{len(kinds[k]):,} {w[len(kinds[k]) > 1]}" for k, w in OUTCOMES.items() if k in kinds]
    yield f"Of {len(runs):,} runs{'' if len(runs) == total else CONTROLLED} {listed(parts, 'and')}."


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
