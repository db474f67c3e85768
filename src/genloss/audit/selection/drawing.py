"""The records of a mixture: which, and how often; drawn from some files at a time.

OUT.jsonl holds them, OUT.mix.json inputs, digests and counts, and is written last. What files gave
lies in OUT.parts/ until all are done: the same command after a kill goes on there, to the same
bytes.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from genloss.audit.selection.mixture import Mixture, Part, counts_of
from genloss.audit.selection.parts import (
    digest_of_file,
    inputs_of,
    shards_of_files,
    stem_of,
    working_in,
)
from genloss.corpus.record.aside import Aside, aside_in
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import Located, located, records_at
from genloss.corpus.record.record import Record
from genloss.corpus.record.writing import check_name, record_lines, sums_of
from genloss.errors import DataError
from genloss.store.files import plain_value, removed, write_bytes

FORMAT = 1

TOLD = ("origin", "depth", "licence", "source", "year")
"""Fields by which a mixture is counted."""

SHOWN = 20
"""Values of a field that the account names."""

KEYS, ASIDE, RECORDS, COUNTS = "keys", "aside.jsonl", "drawn.jsonl", "counts.json"


@dataclass(frozen=True)
class Drawn:
    """What a part gives: available and drawn records, epochs of most and of fewest, cost."""

    name: str
    available: int
    drawn: int
    most_epochs: int
    cost: float


@dataclass(frozen=True)
class Drawing:
    """What is asked: a mixture, how rows are read, and the file of the mixture, which is named."""

    mixture: Mixture
    fields: FieldMap
    spec: Path

    def key(self, part: Part, record: Record) -> str:
        """Return what decides whether a record is drawn once more."""
        return sha256(f"{self.mixture.seed} {part.name} {record.id}".encode()).hexdigest()

    def identity(self, inputs: object) -> str:
        """Return the digest of all that the records depend on."""
        kinds = [[type(rule).__name__ for rule in part.rules] for part in self.mixture.parts]
        asked = [plain_value(value) for value in (self.mixture, kinds, vars(self.fields))]
        known = [FORMAT, version("genloss"), asked, inputs]
        return sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Shard:
    """Some files of a part of a mixture (by its number), and the folder of what they gave."""

    part: int
    places: tuple[Located, ...]
    folder: Path


@dataclass(frozen=True)
class Cut:
    """How often the records of a part are drawn: so many times, and once more up to a key."""

    whole: int
    last: str

    def times(self, key: str) -> int:
        """Return how often the record of a key is drawn."""
        return self.whole + (key <= self.last)


def account_of(out: Path) -> Path:
    """Return where the account of a mixture lies."""
    return out.with_name(f"{stem_of(out)}.mix.json")


def parts_of(out: Path) -> Path:
    """Return where lies what files gave so far."""
    return out.with_name(f"{stem_of(out)}.parts")


def draw(drawing: Drawing, out: Path, aside: Aside, outputs: Sequence[Path] = ()) -> dict[str, Any]:
    """Write a mixture and return its account, which is written last.

    A part gives every record whole epochs, and the records of the smallest SHA-256 of seed, part
    and id once more, until its count is reached: the same records whatever the order of the files.
    Time: two readings of the files, and one for their digests. Memory: a digest per available
    record, the ids of those drawn from one part, and the names of the files. outputs: see
    `read_records`.

    Raises:
        SpecError: counts or a budget that do not add up, or a name that is none of records.
        DataError: a part with too few records for its epochs, a floor that is not held, or a path
            that does not exist. StoreError: a full disk, or another process at work there.
    """
    check_name(out)
    mixture = drawing.mixture
    counts = counts_of(mixture)
    own = (*outputs, parts_of(out))
    places = [tuple(located(part.paths, aside, own)) for part in mixture.parts]
    inputs = inputs_of(place for files in places for place in files)
    with working_in(parts_of(out)):
        shards = _shards(places, parts_of(out), drawing.identity(inputs))
        cuts, drawn = _decided(drawing, shards, counts, aside)
        told = _told(drawing, shards, cuts)
        if told.records != sum(counts):
            raise DataError("a file changed while the mixture was drawn; run it again")
        _check_floors(mixture, told)
        account = {
            "format": FORMAT,
            "spec": {"file": drawing.spec.name, "sha256": digest_of_file(drawing.spec)},
            "inputs": inputs,
            "seed": mixture.seed,
            "parts": [asdict(d) for d in drawn],
            "by": {name: dict(counter.most_common(SHOWN)) for name, counter in told.by.items()},
        }
        return _joined(shards, out, account)


def _shards(places: Sequence[tuple[Located, ...]], parts: Path, identity: str) -> tuple[Shard, ...]:
    cut = [(part, some) for part, files in enumerate(places) for some in shards_of_files(files)]
    return tuple(
        Shard(part, some, parts / f"{i:05d}-{identity[:16]}") for i, (part, some) in enumerate(cut)
    )


def _records(drawing: Drawing, shard: Shard, aside: Aside) -> Iterator[Record]:
    part = drawing.mixture.parts[shard.part]
    for place in shard.places:
        yield from (r for r in records_at(place, drawing.fields, aside) if part.takes(r))


def _decided(
    drawing: Drawing, shards: Sequence[Shard], counts: Sequence[int], aside: Aside
) -> tuple[tuple[Cut, ...], tuple[Drawn, ...]]:
    """Read the files for what there is, and decide how often each record is drawn."""
    cuts, drawn = [], []
    for i, (part, count) in enumerate(zip(drawing.mixture.parts, counts, strict=True)):
        found: set[str] = set()
        for shard in shards:
            if shard.part == i:
                found.update(_keys(drawing, shard, aside))
        keys = sorted(found)
        if not keys and aside.left_out:
            raise DataError(f"part {part.name} has no record; {aside.why_none()}")
        cuts.append(_cut(part, count, keys))
        most = -(-count // len(keys)) if keys else 0
        drawn.append(Drawn(part.name, len(keys), count, most, count * part.price))
    return tuple(cuts), tuple(drawn)


def _keys(drawing: Drawing, shard: Shard, aside: Aside) -> list[str]:
    """Return the keys of the records of some files, which are read unless that was done."""
    file, part = shard.folder / KEYS, drawing.mixture.parts[shard.part]
    if not file.exists():
        shard.folder.mkdir(parents=True, exist_ok=True)
        with aside_in(shard.folder / ASIDE) as own:
            keys = {drawing.key(part, record) for record in _records(drawing, shard, own)}
        write_bytes(file, "\n".join(sorted(keys)).encode())
    aside.take(shard.folder / ASIDE)
    return file.read_text().split()


def _cut(part: Part, count: int, keys: Sequence[str]) -> Cut:
    if count > part.epochs * len(keys):
        raise DataError(
            f"part {part.name} has {len(keys):,} records and {part.epochs} epochs at most; "
            f"{count:,} are asked for; add records, allow epochs or ask for fewer"
        )
    whole, more = divmod(count, len(keys)) if keys else (0, 0)
    return Cut(whole, keys[more - 1] if more else "")


@dataclass
class Told:
    """Counts over what is drawn: records, values by field, and how many hold each floor."""

    records: int
    by: dict[str, Counter[str]]
    held: Counter[int]

    @classmethod
    def nothing(cls) -> "Told":
        """Return counts of nothing yet."""
        return cls(0, {name: Counter() for name in TOLD}, Counter())

    def put(self, record: Record, mixture: Mixture) -> None:
        """Count one record."""
        self.records += 1
        for name, counter in self.by.items():
            counter[record.key(name)] += 1
        floors = enumerate(mixture.floors)
        self.held.update(i for i, floor in floors if not floor.rule.refusal(record))

    def take(self, plain: Mapping[str, Any]) -> None:
        """Add counts that were written."""
        self.records += plain["records"]
        for name, counts in plain["by"].items():
            self.by[name].update(counts)
        self.held.update({int(i): n for i, n in plain["held"].items()})


def _told(drawing: Drawing, shards: Sequence[Shard], cuts: Sequence[Cut]) -> Told:
    """Leave the drawn records of all files in their folders, and return what they hold."""
    told = Told.nothing()
    seen: set[str] = set()
    for before, shard in zip((None, *shards), shards, strict=False):
        if before is None or before.part != shard.part:
            seen = set()
        counts = shard.folder / COUNTS
        if not counts.exists():
            own = _drawn(drawing, shard, cuts[shard.part], seen)
            write_bytes(counts, json.dumps(plain_value(own)).encode())
        with sums_of(shard.folder / RECORDS).open() as sums:
            seen.update(line.partition(" ")[0] for line in sums)
        told.take(json.loads(counts.read_text()))
    return told


def _drawn(drawing: Drawing, shard: Shard, cut: Cut, seen: Set[str]) -> Told:
    """Write the drawn records of some files, but for those seen in files of the part before."""
    told, part, own = Told.nothing(), drawing.mixture.parts[shard.part], set[str]()
    with record_lines(shard.folder / RECORDS) as written:
        # What cannot be read was said when the files were read for what there is.
        for record in _records(drawing, shard, Aside()):
            if record.id in seen or record.id in own:
                continue
            own.add(record.id)
            for epoch in range(1, 1 + cut.times(drawing.key(part, record))):
                beside = {**record.attributes, "part": part.name, "epoch": epoch}
                drawn = replace(record, attributes=beside)
                written.put(drawn)
                told.put(drawn, drawing.mixture)
    return told


def _check_floors(mixture: Mixture, told: Told) -> None:
    for i, floor in enumerate(mixture.floors):
        if told.held[i] < Fraction(str(floor.share)) * told.records:
            raise DataError(
                f"floor {floor.rule.name}: {told.held[i]:,} of {told.records:,} pass it, below "
                f"{floor.share:.1%}; nothing was written; add such records or lower others"
            )


def _joined(shards: Sequence[Shard], out: Path, account: dict[str, Any]) -> dict[str, Any]:
    """Put the records of all files together, write the account beside them and return it."""
    removed(account_of(out))
    with record_lines(out) as written:
        for shard in shards:
            written.take(shard.folder / RECORDS)
    output = {"file": out.name, "records": written.number, "sha256": digest_of_file(out)}
    whole = {**account, "output": output}
    write_bytes(account_of(out), json.dumps(whole, indent=1).encode() + b"\n")
    return whole
