"""Models that are no better than guessing: a figure of them must say so."""

from collections.abc import Iterator, Sequence

from genloss.judge.profile.trivial import of_tokens
from genloss.report.figures.bands import Curve
from genloss.report.formatting import number
from genloss.report.measured import Measured
from genloss.report.titles import base_name
from genloss.store.reader import Run


def no_better(metric: str, runs: Sequence[Measured], curves: Sequence[Curve]) -> Iterator[str]:
    """Yield a sentence on each run whose model is no better than uniform; one curve for each run.

    Perplexity is held against the size of the vocabulary, bits per byte against 8.
    """
    for run, c in zip(runs, curves, strict=True):
        limit = uniform(metric, run.run)
        if limit is None or not (worse := c.t[c.median >= limit].tolist()):
            continue
        whose = f"**{c.label}**: " if len(curves) > 1 else ""
        text = f"no better than a model that takes all symbols for equally likely ({number(limit)})"
        if worse[0] == c.t[0]:
            yield f"⚠ {whose}the model of real data is {text}: it has not learnt; train it longer."
        else:
            yield f"⚠ {whose}from generation {worse[0]:,} on the model is {text}."


def uniform(metric: str, run: Run) -> float | None:
    """Return what a metric says of a uniform model, or None where that is not known."""
    return of_tokens(base_name(metric), run)
