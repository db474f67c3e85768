"""What a reader needs before the figures: the words of the page, and which run is what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genloss.report.factors import kind_of
from genloss.report.naming import plain
from genloss.report.words import count, percent
from genloss.store.reader import Run

AT_ONCE = 8
"""More runs than this are folded away."""

Told = Callable[[Mapping[str, Any]], str]

AUGMENTED = {"last": "what the last model wrote", "pool": "all that models wrote so far"}

REGIMES: Mapping[str, Told] = {
    "replace": lambda r: "only what the last model wrote",
    "replace_multiple": lambda r: "only what the last model wrote, t times as much",
    "accumulate": lambda r: "everything so far, real and generated",
    "accumulate_subsample": lambda r: "a random part, of fixed size, of everything so far",
    "mix": lambda r: f"{percent(r['real_fraction'])} real rows, the rest by the last model",
    "fresh": lambda r: f"{count(r['n_real'], 'new real row')} and what the last model wrote",
    "augment": lambda r: f"all real rows and {AUGMENTED[r['synthetic']]}",
    "window": lambda r: f"the last {count(r['k'], 'set')} of rows",
    "static_contamination": lambda r: "real rows and rows of one fixed foreign law",
    "switch": lambda r: f"one regime up to generation {r['at']:,}, another one after it",
}
"""What generation t trains on under each regime, for t > 1."""

WORDS = (
    (
        "generation t",
        "A model learns from data and writes the data that the next model learns from, and so on. "
        "Reality is t = 0; the model of real data is t = 1.",
    ),
    (
        "chain",
        "One independent repetition of all generations. Lines are medians over chains; the dark "
        "band holds half of the chains, the light one nine in ten.",
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


@dataclass(frozen=True)
class RunRow:
    """One run as the table of a section shows it."""

    name: str
    data: str
    learner: str
    rows: str
    chains: str
    generations: str


def words(judged: bool) -> list[tuple[str, str]]:
    """Return the words of the page as (word, what it means); judged: it has targets."""
    return [*WORDS, TARGET] if judged else list(WORDS)


def run_rows(runs: Sequence[Run]) -> list[RunRow]:
    """Return the table of the runs of a section, in their order."""
    return [
        RunRow(
            name=plain(run.header.name),
            data=trained_on(run.spec["regime"]),
            learner=_model(run.spec),
            rows=f"{run.spec['n_real']:,}",
            chains=f"{run.spec['chains']:,}",
            generations=f"{run.spec['generations']:,}",
        )
        for run in runs
    ]


def trained_on(regime: Mapping[str, Any]) -> str:
    """Return what a generation trains on, with the name of its regime."""
    name = kind_of(regime)
    told = REGIMES.get(str(regime["kind"]))
    return f"{name}: {told(regime)}" if told else name


def _model(spec: Mapping[str, Any]) -> str:
    sampler = kind_of(spec["sampler"])
    learner = kind_of(spec["learner"])
    return learner if sampler == "ancestral" else f"{learner}, {sampler}"
