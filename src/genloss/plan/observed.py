"""What the first generations show of a study beside their time: what it would not measure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from genloss.core.chain import Generation
from genloss.run.recorder import Recorder, Store, lacking, unchecked
from genloss.run.setup import Setup
from genloss.run.watch import Watch
from genloss.store.table import Absent, Table


@dataclass(frozen=True)
class Observed:
    """What was seen in generations 1 and later.

    reasons: why a metric had no value, '' for those that had one. shortfall: the largest share of
    its rows that a chain lacked since a curator refused too many; None where none was at work.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    shortfall: float | None = None

    @property
    def not_applicable(self) -> dict[str, str]:
        """The metrics without any value, and why."""
        return {name: why for name, why in self.reasons.items() if why}

    @classmethod
    def last_of(cls, sizes: Sequence["Observed"]) -> "Observed":
        """Return what was seen of several sizes, each thing at the largest that shows it."""
        reasons = {name: why for size in sizes for name, why in size.reasons.items()}
        shortfalls = [s.shortfall for s in sizes if s.shortfall is not None]
        return cls(reasons, shortfalls[-1] if shortfalls else None)


class ObservingRecorder(Recorder):
    """A recorder that adds to a list what share of its rows a curator left out of a generation."""

    def __init__(self, setup: Setup, store: Store, watch: Watch, shortfalls: list[float]) -> None:
        super().__init__(setup, store, watch)
        self.shortfalls = shortfalls

    def record(self, generation: Generation, check: Callable[[], None] = unchecked) -> None:
        """Note the generation, and store what the study asks for of it."""
        share = lacking(generation)
        self.shortfalls += [] if share is None else [share]
        super().record(generation, check)


def reasons_in(table: Table) -> dict[str, str]:
    """Return why a metric of a block has no value after generation 0, '' for those that have."""
    reasons: dict[str, str] = {}
    for t, metric, value in table.rows():
        if t and reasons.get(metric) != "":
            reasons[metric] = value.why if isinstance(value, Absent) else ""
    return reasons
