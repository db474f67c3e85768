"""The words of a page and what they mean: those of every page, and the classes of its runs."""

from collections.abc import Sequence

from genloss.core.about import words_of
from genloss.report.figures.bands import FEWEST
from genloss.report.measured import Measured

WORDS = (
    (
        "generation t",
        "A model learns from data and writes the data that the next model learns from, and so on. "
        "Reality is t = 0; the model of real data is t = 1.",
    ),
    (
        "chain",
        "One independent repetition of all generations. Lines are medians over chains; the dark "
        f"band holds half of the chains, the light one nine in ten. Fewer than {FEWEST} chains "
        "carry no such band: each is drawn.",
    ),
    (
        "run",
        "Chains that share a reality, a learner and a rule for what the next model learns from. "
        "Each section begins with its runs.",
    ),
)
"""The words that every page uses."""

TARGET = (
    "target",
    "A published number, a claim of the source in numbers, or an exact law, with the band in "
    "which ours must lie.",
)


def glossary(judged: bool) -> list[tuple[str, str]]:
    """Return the words of a page as (word, what it means); judged: it has targets."""
    return [*WORDS, TARGET] if judged else list(WORDS)


def classes(runs: Sequence[Measured]) -> list[tuple[str, str]]:
    """Return the classes of runs by role and kind, as tables name them, and what they are.

    Metrics explain themselves where they are drawn.
    """
    parts = {
        f"{role} {words_of(entry.kind)}": f"{entry.title}. {entry.meaning}"
        for run in runs
        for role, named in run.run.about.items()
        for entry in named.values()
        if role != "metric" and entry.meaning
    }
    return sorted(parts.items())
