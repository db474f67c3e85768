"""Short labels of the runs of a figure, and how they are spread over panels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from genloss.report.factors import Row, factors, is_kind, kind_of, part_in_words
from genloss.report.measured import Measured
from genloss.store.reader import Run

MOST_SERIES = 8
"""More series than this in one panel cannot be told apart."""

LONGEST = 44
"""A label of more characters than this gives way to the name of its run."""

SEPARATOR = " · "


@dataclass(frozen=True, eq=False)
class Named:
    """A run as a figure shows it: a panel, and a label that is unique within the panel."""

    data: Measured
    label: str
    panel: str = ""

    @property
    def run(self) -> Run:
        """The run folder."""
        return self.data.run

    @property
    def full(self) -> str:
        """The label that is unique within the figure."""
        return SEPARATOR.join(filter(None, (self.panel, self.label)))


def named(runs: Sequence[Measured]) -> list[Named]:
    """Label the runs of one figure.

    They are split into panels where they are more than MOST, or differ in their reality, so that
    one pair of axes would serve none of them. Their length never splits them.
    """
    rows = factors(runs)
    sorts = [sort_of(run) for run in runs]
    together = len(set(sorts)) == 1
    if len(runs) > MOST_SERIES or not together:
        grids = [g for g in (_grid(split, rows) for split in _splits(rows)) if g]
        ranked = sorted((_crowding(grid, sorts), i) for i, grid in enumerate(grids))
        if ranked and (len(runs) > MOST_SERIES or not ranked[0][0][0]):
            best = grids[ranked[0][1]]
            triples = zip(runs, best.labels, best.panels, strict=True)
            return [Named(run, label, panel) for run, label, panel in triples]
    labels = _labels(runs, rows)
    if len(runs) > MOST_SERIES:
        return _chunks(runs, labels)
    return [Named(run, label) for run, label in zip(runs, labels, strict=True)]


def plain(name: str) -> str:
    """Return the name of a run as a heading says it: 'digits,n_real=10' is digits · n = 10."""
    return _joined([part_in_words(token) for token in name.split(",")])


def sort_of(run: Measured) -> str:
    """Return what runs on one pair of axes should share: a kind of reality."""
    return kind_of(run.run.spec["reality"])


@dataclass(frozen=True)
class Grid:
    """A way to spread runs over panels, by the factors of `split`."""

    split: tuple[str, ...]
    panels: tuple[str, ...]
    labels: tuple[str, ...]


def _splits(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    keys = [k for k in dict.fromkeys(k for row in rows for k in row) if k != "generations"]
    return [c for size in (1, 2, 3) for c in combinations(keys, size)]


def _grid(split: tuple[str, ...], rows: Sequence[Row]) -> Grid | None:
    panels = tuple(_joined([row[k] for k in split if k in row]) for row in rows)
    labels = tuple(_joined([v for k, v in row.items() if k not in split]) for row in rows)
    crowd = Counter(panels)
    if len(crowd) < 2 or max(crowd.values()) > MOST_SERIES:
        return None
    alone = max(crowd.values()) == 1
    if len(set(zip(panels, labels, strict=True))) < len(rows) or alone:
        return None
    labels = tuple(label or panel for label, panel in zip(labels, panels, strict=True))
    fits = all(0 < len(text) <= LONGEST for text in panels + labels)
    return Grid(split, panels, labels) if fits else None


def _crowding(grid: Grid, sorts: Sequence[str]) -> tuple[Any, ...]:
    """What is wrong with a grid, the worst first.

    Panels of runs that do not compare; kinds (regimes, learners) apart instead of side by side;
    more than twelve panels, more than five series a panel; many panels.
    """
    panels = dict.fromkeys(grid.panels)
    pairs = set(zip(grid.panels, sorts, strict=True))
    return (
        len(pairs) > len(panels),
        any(map(is_kind, grid.split)),
        len(panels) > 12,
        max(Counter(grid.panels).values()) > 5,
        len(panels),
    )


def _labels(runs: Sequence[Measured], rows: Sequence[Row]) -> list[str]:
    texts = [_joined(list(row.values())) for row in rows]
    if len(set(texts)) == len(runs) and all(0 < len(text) <= LONGEST for text in texts):
        return texts
    names = [plain(run.run.header.name) for run in runs]
    twice = {name for name, n in Counter(names).items() if n > 1}
    return [
        f"{name} {run.run.header.fingerprint[:6]}" if name in twice else name
        for name, run in zip(names, runs, strict=True)
    ]


def _chunks(runs: Sequence[Measured], labels: Sequence[str]) -> list[Named]:
    out = []
    for i, (run, label) in enumerate(zip(runs, labels, strict=True)):
        start = i - i % MOST_SERIES
        out.append(Named(run, label, f"runs {start + 1} to {min(start + MOST_SERIES, len(runs))}"))
    return out


def _joined(parts: Sequence[str]) -> str:
    return SEPARATOR.join(parts)
