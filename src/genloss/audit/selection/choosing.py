"""Jobs of a mixture: find the keys of a shard's records; then leave those that are drawn.

Each part of the mixture has a work of its own:

WORK/read/KEY/            the keys of the records of a shard, in order
WORK/cut.json             how often the records of the part are drawn
WORK/own/00000.npy        which keys a shard does not share with one before it
WORK/read/KEY-DECIDED/    the records that are drawn from a shard, and their counts
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.audit.selection.plain import rules_of
from genloss.audit.shards.arrays import mapped_array, write_array
from genloss.audit.shards.job import ShardJob
from genloss.audit.shards.plan import Shard, Work
from genloss.corpus.record.aside import Aside, aside_in
from genloss.corpus.record.pieces import records_of_pieces
from genloss.corpus.record.record import Record
from genloss.corpus.record.writing import record_lines
from genloss.store.files import make_folder, plain_value, write_bytes
from genloss.store.files import sha256 as digest_of

TOLD = ("origin", "depth", "licence", "source", "year")
"""Fields by which a mixture is counted."""

KEYS, ASIDE, RECORDS, COUNTS = "keys.npy", "aside.jsonl", "drawn.jsonl", "counts.json"

Keys = NDArray[np.bytes_]
"""The keys of records, 64 hex digits each, sorted and different."""


@dataclass
class Told:
    """Counts over what is drawn: records, values by field, and how many hold each floor."""

    records: int = 0
    by: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in TOLD})
    held: Counter[int] = field(default_factory=Counter)

    def take(self, plain: Mapping[str, Any]) -> None:
        """Add counts that were written."""
        self.records += plain["records"]
        for name, counts in plain["by"].items():
            self.by[name].update(counts)
        self.held.update({int(i): n for i, n in plain["held"].items()})


@dataclass(frozen=True)
class Cut:
    """How often the records of a part are drawn: so many times, and once more up to a key."""

    whole: int
    last: str

    def times(self, key: str) -> int:
        """Return how often the record of a key is drawn."""
        return self.whole + (key <= self.last)


@dataclass(frozen=True)
class FindKeys(ShardJob):
    """Find the keys of the records of shard `number` that belong to the part.

    Memory: what a reader takes, and a key of each record of the shard.
    """

    def place(self, work: Work, shard: Shard) -> Path:
        """Return the place of the shard's key."""
        return work.read(shard.key)

    def fill(self, work: Work, shard: Shard, folder: Path) -> None:
        """Write the keys."""
        _find(shard, folder)


@dataclass(frozen=True)
class DrawShard(ShardJob):
    """Leave the records that are drawn from shard `number`. Memory: as in FindKeys, twice."""

    def place(self, work: Work, shard: Shard) -> Path:
        """Return the place of the shard's key and what is decided."""
        return drawn_in(work, self.number, shard.key)

    def fill(self, work: Work, shard: Shard, folder: Path) -> None:
        """Write what is drawn."""
        _draw(work, self.number, shard, folder)


def keys_in(work: Work, key: str) -> Keys:
    """Return the keys that a shard gave."""
    return mapped_array(work.read(key) / KEYS)


def decide(work: Work, cut: Cut, own: Sequence[NDArray[np.bool_]]) -> None:
    """Write down how often records are drawn, and which keys are each shard's own."""
    write_bytes(work.folder / "cut.json", json.dumps(vars(cut)).encode())
    make_folder(work.folder / "own")
    for number, mine in enumerate(own):
        write_array(_own(work, number), mine)


def drawn_in(work: Work, number: int, key: str) -> Path:
    """Return where the records lie that are drawn from a shard; they depend on what is decided."""
    files = (work.folder / "cut.json", _own(work, number))
    decided = digest_of(*(file.read_bytes() for file in files))
    return work.read(f"{key}-{decided[:16]}")


def _own(work: Work, number: int) -> Path:
    return work.folder / "own" / f"{number:05d}.npy"


def _key(shard: Shard, record: Record) -> str:
    options = shard.options
    return sha256(f"{options['seed']} {options['part']} {record.id}".encode()).hexdigest()


def _records(shard: Shard, aside: Aside) -> Iterator[Record]:
    rules = rules_of(shard.options["rules"])
    for record in records_of_pieces(shard.pieces, shard.fields, aside):
        if not any(rule.refusal(record) for rule in rules):
            yield record


def _find(shard: Shard, folder: Path) -> None:
    with aside_in(folder / ASIDE) as aside:
        keys = {_key(shard, record) for record in _records(shard, aside)}
    write_array(folder / KEYS, np.array(sorted(keys), "S64"))


def _draw(work: Work, number: int, shard: Shard, folder: Path) -> None:
    cut = Cut(**json.loads((work.folder / "cut.json").read_bytes()))
    mine = keys_in(work, shard.key)[mapped_array(_own(work, number))]
    left = {key.decode() for key in mine.tolist()}
    floors = list(enumerate(rules_of(shard.options["floors"])))
    told, part = Told(), shard.options["part"]
    with record_lines(folder / RECORDS) as written:
        # What cannot be read was said when the keys were found.
        for record in _records(shard, Aside()):
            if (key := _key(shard, record)) not in left:
                continue
            left.remove(key)
            for epoch in range(1, 1 + cut.times(key)):
                beside = {**record.attributes, "part": part, "epoch": epoch}
                drawn = replace(record, attributes=beside)
                written.put(drawn)
                told.records += 1
                for name, counter in told.by.items():
                    counter[drawn.key(name)] += 1
                told.held.update(i for i, rule in floors if not rule.refusal(drawn))
    write_bytes(folder / COUNTS, json.dumps(plain_value(vars(told))).encode())
