"""The words that every page uses, and what they mean."""

from genloss.report.figures.bands import FEWEST

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
