"""What was asked: one sentence for a section of runs."""

from collections.abc import Sequence

from genloss.core.about import words_of
from genloss.report.factors import kind_of
from genloss.report.formatting import count
from genloss.report.run_rows import trained_on
from genloss.report.sections import Section
from genloss.store.reader import Run

NAMED = 3
"""More different parts than this are counted, not named."""


def question(section: Section) -> str:
    """Return the question that the runs of a section ask."""
    if section.targets is not None:
        return f"Do our runs show what was published on: {section.title}?"
    runs = section.runs
    last = max(int(run.spec["generations"]) for run in runs)
    learners = _listed([kind_of(run.spec["learner"]) for run in runs], "learner")
    realities = _listed([kind_of(run.spec["reality"]) for run in runs], "reality", "realities")
    return (
        f"Over {count(last, 'generation')} of {learners} on {realities}: what becomes of the model "
        f"when each learns from {_regimes(runs)}?"
    )


def _regimes(runs: Sequence[Run]) -> str:
    trained = dict.fromkeys(trained_on(run) for run in runs)
    said = [text.partition(": ")[2] or text for text in trained]
    if len(said) <= NAMED:
        return ", or ".join(said)
    kinds = list(dict.fromkeys(words_of(str(run.spec["regime"]["kind"])) for run in runs))
    if len(kinds) == 1:
        return f"{said[0]}, up to {said[-1]} ({len(said)} settings)"
    return f"{', '.join(kinds[:-1])} or {kinds[-1]} ({len(said)} settings)"


def _listed(names: Sequence[str], one: str, many: str = "") -> str:
    names = list(dict.fromkeys(names))
    return " or ".join(names) if len(names) <= NAMED else count(len(names), one, many)
