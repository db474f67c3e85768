"""What was asked: one sentence for a section of runs."""

from collections.abc import Sequence

from genloss.core.about import words_of
from genloss.report.factors import kind_of
from genloss.report.formatting import count
from genloss.report.run_rows import trained_on
from genloss.report.sections import Section, natural
from genloss.store.reader import Run

NAMED = 3
"""More different parts than this are counted, not named."""


def question(section: Section) -> str:
    """Return the question that the runs of a section ask."""
    if section.targets is not None:
        return f"Do our runs show what was published on: {section.title}?"
    runs = section.runs
    if not runs:
        return "What becomes of the model? No cell of this sweep has been measured."
    last = max(int(run.spec["generations"]) for run in runs)
    learners = _listed([kind_of(run.spec["learner"]) for run in runs], "learner")
    realities = _listed([kind_of(run.spec["reality"]) for run in runs], "reality", "realities")
    return (
        f"Over {count(last, 'generation')} of {learners} on {realities}: what becomes of the model "
        f"when each learns from {_regimes(runs)}?"
    )


def _regimes(runs: Sequence[Run]) -> str:
    settings: dict[str, list[str]] = {}
    for run in runs:
        text = trained_on(run)
        rules = settings.setdefault(words_of(str(run.spec["regime"]["kind"])), [])
        rules += [words for words in [text.partition(": ")[2] or text] if words not in rules]
    if len(settings) > NAMED:
        *kinds, last = settings
        return f"{', '.join(kinds)} or {last} ({sum(map(len, settings.values()))} settings)"
    return ", or ".join(_span(rules) for rules in settings.values())


def _span(said: Sequence[str]) -> str:
    """Return the settings of one regime in words: all of a few, the first and the last of many."""
    ordered = sorted(said, key=natural)
    if len(said) <= NAMED:
        return ", or ".join(ordered)
    return f"{ordered[0]}, up to {ordered[-1]} ({len(said)} settings)"


def _listed(names: Sequence[str], one: str, many: str = "") -> str:
    names = list(dict.fromkeys(names))
    return " or ".join(names) if len(names) <= NAMED else count(len(names), one, many)
