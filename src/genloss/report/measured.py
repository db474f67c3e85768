"""The metrics of a run at the generations that are drawn.

A table of 2,050 generations times 200 chains is mostly numbers that no page can show: one pass
finds which generations there are, a second one parses those that are wanted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genloss.core.about import Entries
from genloss.core.arrays import Ints
from genloss.judge.theory_lines import theory_of
from genloss.store.reader import Run
from genloss.store.series import Column, columns
from genloss.store.theory_file import Lines, TheoryLine

SHORT_LINE = 50
"""A theory line with fewer points than this keeps all of them."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A run with what is drawn of its metrics: their columns, theory, why some lack, and words."""

    run: Run
    series: Mapping[str, Column]
    not_applicable: Mapping[str, str]
    theory: Lines
    about: Entries


def measured(run: Run, most: int = 300, about: Entries | None = None) -> Measured:
    """Read a run at about `most` generations per metric; see `thinned`.

    about: the words of a whole page, instead of the run's own.

    Raises:
        StoreError: a table that is damaged or cannot be read.
    """
    theory = theory_of(run)
    times = {m: np.array(run.times(m), dtype=np.int64) for m in run.measured()}
    wanted = {m: thinned(t, most, theory.get(m)).tolist() for m, t in times.items()}
    words = run.about if about is None else about
    return Measured(run, columns(run.select(wanted)), run.not_applicable, theory, words)


def thinned(times: Ints, most: int, theory: TheoryLine | None = None) -> Ints:
    """Return about `most` of the generations: the ends, the middle one, and those of a short law.

    They look dense on linear and on log axes.
    """
    if not times.size:
        return times
    middle = [int(np.abs(times - times[-1] / 2).argmin())]
    law = theory.t if theory and len(theory.t) < SHORT_LINE else ()
    kept = np.concatenate([middle, np.flatnonzero(np.isin(times, law))])
    return times[np.union1d(places(len(times), most), kept).astype(np.int64)]


def places(n: int, most: int) -> Ints:
    """Return at most about `most` of 0 .. n - 1, ends included, denser at the start than after."""
    if n <= most:
        return np.arange(n)
    even = np.linspace(0, n - 1, most - most // 3).round()
    early = np.geomspace(1, n, most // 3).round() - 1
    return np.unique(np.concatenate([even, early])).astype(np.int64)
