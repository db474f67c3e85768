"""Counts of answers as records go by: by origin and group, by generator, by what a filter costs."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from genloss.audit.conformal.answers import Answer
from genloss.audit.conformal.calibration import Name
from genloss.audit.detection.generators import released
from genloss.audit.detection.tail_cost import Words
from genloss.audit.scorers.tells import Tell
from genloss.corpus.record.record import Record

MOST = 10_000
"""Different values of a key that are counted; further ones count together."""

OTHERS = "(others)"


@dataclass
class Tallies:
    """What came of the records so far.

    answers: answer to number. groups: origin to group to [judged, flagged]. p_values: their sum
    over the human texts of a group. generators: (origin,
    generator, year) to the same. cost: key to value to [human judged, human flagged, others judged,
    others flagged], others being machine or edited. marked: sort and name of a tell to [texts of
    human, of machine or edited, of unknown origin].
    """

    answers: Counter[Answer] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    groups: dict[str, dict[Name, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0]))
    )
    p_values: dict[Name, float] = field(default_factory=lambda: defaultdict(float))
    generators: dict[tuple[str, str, int], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    cost: dict[str, dict[str, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0, 0, 0]))
    )
    words: Words = field(default_factory=Words)
    marked: dict[tuple[str, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0])
    )

    def count(self, record: Record, group: Name, answer: Answer, keys: Sequence[str]) -> None:
        """Count one record; keys: by which the cost is shown."""
        self.answers[answer] += 1
        self.origins[record.origin] += 1
        if answer not in ("flagged", "not flagged"):
            return
        flagged = answer == "flagged"
        add(self.groups[record.origin][group], flagged)
        if record.origin == "human":
            self.p_values[group] += float(record.attributes["p_value"])
        if record.origin in ("machine", "edited"):
            who = record.origin, record.key("generator"), released(record)
            add(self.generators[who], flagged)
        if record.origin != "unknown":
            is_human = record.origin == "human"
            self.words.count(record.text or "", is_human, flagged)
            for key in keys:
                cells, value = self.cost[key], record.key(key)
                value = value if value in cells or len(cells) < MOST else OTHERS
                add(cells[value], flagged, 0 if is_human else 2)

    def mark(self, record: Record, found: Sequence[Tell]) -> None:
        """Count the phrases and marks of one record, whatever its answer."""
        column = {"human": 0, "machine": 1, "edited": 1}.get(record.origin, 2)
        for tell in found:
            self.marked[tell.sort, tell.name][column] += 1


def add(cell: list[int], flagged: bool, at: int = 0) -> None:
    """Count one that was judged, and perhaps flagged."""
    cell[at] += 1
    cell[at + 1] += flagged
