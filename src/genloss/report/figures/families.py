"""Metrics that are read together: K shares, the quantiles of one law, precision against recall.

A new chart of several metrics is one function and one line in FAMILIES or PAIRS.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from genloss.report.figures import areas as shares
from genloss.report.figures import fans, paths, rarefaction
from genloss.report.figures import histograms as spreads
from genloss.report.figures.combined import Combined, Members
from genloss.report.figures.lines import Figure, metric_figure
from genloss.report.published import Points
from genloss.report.reading import Measured
from genloss.report.sections import natural
from genloss.report.wording import base_name, options_of


@dataclass(frozen=True)
class Family:
    """Metrics of one base name that differ in one option and are drawn as one figure.

    default: the option's value where a name leaves it out; fewest: with less, lines say more.
    """

    option: str
    default: str
    fewest: int
    draw: Callable[[Members, Sequence[Measured]], Combined]


FAMILIES: Mapping[str, Family] = {
    "class_share": Family("digit", "0", 2, shares.figure),
    "sequence_perplexity": Family("q", "0.5", 3, fans.figure),
    "rarefied_types": Family("tokens", "1000", 3, rarefaction.figure),
}

PAIRS: Mapping[str, tuple[str, Callable[[str, str, Sequence[Measured]], Iterator[Combined]]]] = {
    "recall": ("precision", paths.figure),
}
"""Metric on x to the metric on y; drawn after the lines of both."""

OF_TEXTS = ("sequence_perplexity", "low_perplexity_tail", "high_perplexity_tail")
"""Metrics whose histograms are kept, drawn after the first figure of any of them."""


def drawn(runs: Sequence[Measured], published: Points | None = None) -> Iterator[Figure | Combined]:
    """Yield the figures of all metrics of some runs, families and pairs as one figure each."""
    metrics = list(dict.fromkeys(m for run in runs for m in run.series))
    families = grouped(metrics)
    pairs = paired(metrics)
    done: set[str] = set()
    single = next((m for m in metrics if base_name(m) in OF_TEXTS), None)
    for metric in metrics:
        if metric in done:
            continue
        if members := families.get(metric):
            done.update(members.names)
            yield FAMILIES[members.base].draw(members, runs)
        elif figure := metric_figure(metric, runs, published):
            done.add(metric)
            yield figure
        if metric == single:
            yield from spreads.figures(runs)
        for across, up in pairs:
            if metric in (across, up) and done.issuperset((across, up)):
                yield from PAIRS[base_name(across)][1](across, up, runs)


def grouped(metrics: Sequence[str]) -> dict[str, Members]:
    """Return the family of each metric that has one: all other options are the same."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, str]] = {}
    for metric in metrics:
        base, options = base_name(metric), options_of(metric)
        if family := FAMILIES.get(base):
            value = options.pop(family.option, family.default)
            found.setdefault((base, tuple(options.items())), {})[value] = metric
    out: dict[str, Members] = {}
    for (base, rest), named in found.items():
        if len(named) >= FAMILIES[base].fewest:
            ordered = {value: named[value] for value in sorted(named, key=_order)}
            members = Members(base, ", ".join(f"{k}={v}" for k, v in rest), ordered)
            out |= dict.fromkeys(named.values(), members)
    return out


def paired(metrics: Sequence[str]) -> list[tuple[str, str]]:
    """Return (x, y) of the pairs whose metrics are both there with the same options."""
    out = []
    for metric in metrics:
        base = base_name(metric)
        if base in PAIRS and (other := PAIRS[base][0] + metric[len(base) :]) in metrics:
            out.append((metric, other))
    return out


def _order(value: str) -> list[object]:
    try:
        return [(0, float(value))]
    except ValueError:
        return [(1, 0.0), *natural(value)]
