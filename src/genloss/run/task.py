"""Task: the unit of work, one block of one run."""

import json
from dataclasses import dataclass
from pathlib import Path

from genloss.core.forms import AsCounts, AsMoments
from genloss.run.threads import has_networks
from genloss.spec.build import describe
from genloss.study.study import Study, study_from

NETWORK = 1000
"""Rows of a mixture, about, that are fitted and drawn while a small network takes one."""

STATISTIC = 10
"""Rows, about, that are fitted and drawn while the statistics of any number of them are."""


def drawn(study: Study, rows: int) -> int:
    """Return how many rows a generation of so many takes: few, where their statistics are drawn."""
    return min(rows, STATISTIC) if isinstance(study.form, AsMoments | AsCounts) else rows


@dataclass(frozen=True)
class Task:
    """A block of a study in the folder of its run, and the threads its networks compute on.

    memory_parts: a fit and a decoder count on one of so many parts of the free memory. A resume
    takes the threads that are stored. All that running it depends on: it can be killed,
    and asked for again anywhere that reaches the folder, any number of times, with the same bytes
    in the end; only never twice at a time.
    """

    study: Study
    run: Path
    block: int
    threads: int = 1
    memory_parts: int = 1

    @property
    def weight(self) -> int:
        """How long a row of every chain takes, in rows of one chain without a network."""
        rows = NETWORK if has_networks(self.study) else 1
        return rows * self.study.block_chains(self.block)

    @property
    def cost(self) -> int:
        """How long it takes beside other tasks, in rows of one chain without a network."""
        return self.study.generations * self.weight * drawn(self.study, self.study.n_synthetic)

    def as_text(self) -> tuple[str, str, int, int, int]:
        """Return spec, folder and numbers in a form that travels; `Task.of` turns it back."""
        numbers = self.block, self.threads, self.memory_parts
        return json.dumps(describe(self.study)), str(self.run), *numbers

    @classmethod
    def of(cls, spec: str, run: str, block: int, threads: int, memory_parts: int) -> "Task":
        """Rebuild a task where its text has arrived."""
        return cls(study_from(json.loads(spec)), Path(run), block, threads, memory_parts)
