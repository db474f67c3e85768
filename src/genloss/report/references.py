"""The citations of exactly the methods that the runs on a page used, as about.json has them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genloss.core.about import Entry, Work, words_of, works
from genloss.report.measured import Measured
from genloss.report.titles import base_name


@dataclass(frozen=True)
class Citation:
    """A work and what on this page comes from it."""

    work: Work
    used_for: tuple[str, ...]


def citations(runs: Sequence[Measured], experiments: Sequence[str] = ()) -> list[Citation]:
    """Return the works behind the methods of these runs and experiments, sorted by author."""
    used: dict[Work, dict[str, None]] = {}
    for name in experiments:
        key = "-".join(name.split("-")[:2])
        if key in works():
            used.setdefault(works()[key], {})[f"experiment {name}"] = None
    for run in runs:
        for use, entry in methods(run):
            for work in entry.works:
                used.setdefault(work, {})[use] = None
    return [Citation(w, tuple(used[w])) for w in sorted(used, key=lambda w: (w.key, w.title))]


def methods(data: Measured) -> Iterator[tuple[str, Entry]]:
    """Yield everything in a run's spec, and the metrics that it has values for, with its words."""
    for role, named in data.run.about.items():
        for key, entry in named.items():
            if role != "metric":
                yield f"{role} {words_of(entry.kind)}", entry
            elif any(column.metric == key for column in data.series.values()):
                yield words_of(base_name(key)), entry
