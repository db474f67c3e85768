"""What a page spends on one run, so that it stays small however many runs it shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from genloss.report.figures import images, samples
from genloss.report.figures.bands import FEWEST
from genloss.report.kept_samples import PANELS
from genloss.report.sections import Section
from genloss.store.reader import Run

LINE_BUDGET = 60_000
"""Points of all lines of a page together; more lines get fewer points each."""

ROW_BUDGET = 60_000
"""Rows of all scatter panels of a page together."""

COLUMNS = 6
"""Numbers that a line and its bands hold at each point, about; a chain of its own holds one."""


@dataclass(frozen=True)
class Budget:
    """What a page spends on one run: points of a line, rows of a scatter panel, grids of images."""

    points: int
    rows: int
    frames: int


def budget_of(sections: Sequence[Section]) -> Budget:
    """Return what each run of a page may have."""
    runs = [run for section in sections for run in section.runs]
    lines = sum(len(run.measured()) * _lines(run) for run in runs)
    panels = sum(min(len(run.kept()), PANELS) for run in runs)
    return Budget(
        points=int(max(60, min(300, LINE_BUDGET // max(lines, 1)))),
        rows=max(60, min(samples.POINTS, ROW_BUDGET // max(panels, 1))),
        frames=images.frames_of(sum(images.image_side(run) > 0 for run in runs)),
    )


def _lines(run: Run) -> float:
    chains = int(run.spec["chains"])
    return 1 + chains / COLUMNS if 1 < chains < FEWEST else 1
