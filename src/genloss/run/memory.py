"""A study measured in memory: the same numbers as a run's, and no folder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from genloss.core.arrays import Array
from genloss.core.progress import listening
from genloss.run.block import record_chain
from genloss.run.events import Tell
from genloss.run.recorder import Recorder
from genloss.run.setup import set_up
from genloss.run.threads import computing_on, threads_of
from genloss.run.watch import Watch
from genloss.spec.parts import check_extras
from genloss.store.block import Checkpoint
from genloss.store.notebook_html import run_html
from genloss.store.series import Series, joined
from genloss.store.table import Absent, row_value
from genloss.study.study import Keep, Study


@dataclass(frozen=True)
class Measurement:
    """What a study measured: series by metric, and why others have no values."""

    study: Study
    series: Mapping[str, Series]
    not_applicable: Mapping[str, str]

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return run_html(self.study.name, "in memory", self.series, self.not_applicable)


@dataclass
class Rows:
    """Stands where a block's folder would: keeps the numbers, and nothing to go on from."""

    values: dict[str, dict[int, Any]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take the rows of one generation."""
        for row in rows:
            value = row_value(row)
            if isinstance(value, Absent):
                self.reasons[row["metric"]] = value.why
            else:
                self.values.setdefault(row["metric"], {})[row["t"]] = value

    def keep(
        self, t: int, parts: Mapping[str, Mapping[str, Array]], about: Mapping[str, Any]
    ) -> None:
        """Keep nothing of a generation."""

    def checkpoint(self, state: Checkpoint) -> None:
        """Nothing to go on from is kept."""


def measure(study: Study, tell: Tell = lambda step: None) -> Measurement:
    """Run a study in this process and in memory; its numbers are those of `run_study`, to the bit.

    What it would keep is not kept, an interruption loses all. tell takes the steps, see
    `genloss.run.events`.

    Raises:
        GenlossError: whatever a reality, learner or metric refuses.
    """
    check_extras(study)
    study = replace(study, keep=Keep())
    header = study.metric_header()
    blocks = [_measured(study, block, tell) for block in range(study.n_blocks)]
    series = {}
    for entry in header:
        of_blocks = [block.values.get(entry["name"], {}) for block in blocks]
        times = sorted(set.intersection(*map(set, of_blocks)))
        if times:
            series[entry["name"]] = joined(entry, times, of_blocks)
    reasons = {name: why for name, why in blocks[0].reasons.items() if name not in series}
    return Measurement(study, series, reasons)


def _measured(study: Study, block: int, tell: Tell) -> Rows:
    watch, rows = Watch(tell), Rows()
    with computing_on(threads_of(study, 1), study), listening(watch.reached):
        setup = set_up(study, block, watch)
        recorder = Recorder(setup, rows, watch)
        recorder.record(setup.zero)
        record_chain(setup, recorder, setup.zero.history, setup.study.learner, watch)
    return rows
