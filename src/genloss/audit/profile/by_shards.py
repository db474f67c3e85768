"""An audit by shards: a job counts one, and what the jobs counted is merged in order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from genloss.audit.profile.audit import Counted, result_of
from genloss.audit.profile.detector import DetectorBeside
from genloss.audit.profile.options import AuditOptions
from genloss.audit.profile.overlap import Overlap
from genloss.audit.shards.arrays import mapped_array, write_array
from genloss.audit.shards.job import Do, ShardJob
from genloss.audit.shards.plan import Shard, Work, places_of, planned, prepared, stamp_of
from genloss.corpus.hub import beside, is_on_hub, with_revision
from genloss.corpus.record.aside import Aside, aside_in, no_record
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.pieces import records_of_pieces
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.writing import write_records
from genloss.store.files import sha256, write_bytes
from genloss.store.lock import locked

OPTIONS = "audit.json"
TALLY, SAMPLE, OVERLAP, ASIDE = "tally.json", "sample.jsonl", "overlap.json", "aside.jsonl"
ARRAYS = ("ids", "counts", "common", "times", "numbers", "looked", "hashes")


@dataclass(frozen=True)
class CountShard(ShardJob):
    """Count shard `number` of the plan in a folder. Memory: see `Counted`, of one shard."""

    def place(self, work: Work, shard: Shard) -> Path:
        """Return the place of the shard's key and what is asked."""
        return counted_in(work, shard.key)

    def fill(self, work: Work, shard: Shard, folder: Path) -> None:
        """Write the counts."""
        _count(work, shard, folder)


def _count(work: Work, shard: Shard, folder: Path) -> None:
    options, against = _asked(work)
    counted = Counted.begun(options, _overlap(against, shard.fields))
    with aside_in(folder / ASIDE) as aside:
        for record in records_of_pieces(shard.pieces, shard.fields, aside):
            counted.add(record)
    _write(counted, folder)


def audit_by_shards(
    paths: Sequence[Path],
    folder: Path,
    fields: FieldMap,
    options: AuditOptions,
    aside: Aside,
    do: Do,
    *,
    reference: Sequence[Path] = (),
    against: Sequence[Path] = (),
    detector: DetectorBeside | None = None,
    shard: int = 64 << 20,
    outputs: Sequence[Path] = (),
) -> dict[str, Any]:
    """Return what `audit_of` returns, counted shard by shard by `do`, in a folder that stays.

    The same command after a kill, or on a grown corpus, counts only shards that are new. Disk: the
    sample of each shard, 50,000 characters a text at most, and 530 bytes a distinct text.

    Raises:
        DataError: no record can be read. StoreError: a full disk, or another process there.
    """
    work = Work(folder.absolute())
    prepared(work)
    with locked(work.folder):
        # Whoever held it has removed it.
        prepared(work)
        write_bytes(work.folder / OPTIONS, _text(options, against))
        own = (folder, *outputs)
        keys = planned(places_of(paths, aside, own), fields, {}, work, size=shard)
        do("counting", [CountShard(str(work.folder), keys.index(k)) for k in dict.fromkeys(keys)])
        counted = Counted.begun(options, _overlap(tuple(against), fields))
        for key in keys:
            _merge(counted, counted_in(work, key), aside)
        if not counted.tally.records:
            raise no_record(paths, aside)
        texts = read_records(reference, fields) if reference else None
        return result_of(counted, options, texts, detector)


def counted_in(work: Work, key: str) -> Path:
    """Return where the counts of a shard lie; they depend on the shard and on what is asked.

    Of the day they do not, unless one was given: the days of dates that were ahead are kept.
    """
    asked = sha256((work.folder / OPTIONS).read_bytes())[:16]
    return work.read(f"{key}-{asked}")


def _write(counted: Counted, folder: Path) -> None:
    write_bytes(folder / TALLY, json.dumps(counted.tally.state()).encode())
    write_records(counted.sample.records(), folder / SAMPLE)
    arrays: tuple[NDArray[Any], ...] = counted.duplicates.state()
    for name, array in zip(ARRAYS, arrays, strict=True):
        write_array(folder / f"{name}.npy", array)
    if counted.overlap is not None:
        write_bytes(folder / OVERLAP, json.dumps(counted.overlap.state()).encode())


def _merge(counted: Counted, folder: Path, aside: Aside) -> None:
    counted.tally.merge(json.loads((folder / TALLY).read_bytes()))
    for record in read_records([folder / SAMPLE]):
        counted.sample.add(record)
    counted.duplicates.merge(*(mapped_array(folder / f"{name}.npy") for name in ARRAYS))
    if counted.overlap is not None:
        counted.overlap.merge(json.loads((folder / OVERLAP).read_bytes()))
    aside.take(folder / ASIDE)


def _text(options: AuditOptions, against: Sequence[Path]) -> bytes:
    # An earlier audit is compared with when all is counted.
    asked = {**vars(options), "since": None, "today": options.today and str(options.today)}
    sets = [[str(beside(Path.cwd(), path)), _stamps(path)] for path in against]
    return json.dumps({"options": asked, "against": sets}, indent=1).encode() + b"\n"


def _stamps(path: Path) -> list[tuple[str, int, int]]:
    if is_on_hub(path):
        return [(with_revision(path), 0, 0)]
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [(file.name, *stamp_of(file)) for file in files if file.is_file()]


def _asked(work: Work) -> tuple[AuditOptions, tuple[str, ...]]:
    row = json.loads((work.folder / OPTIONS).read_bytes())
    asked, sets = row["options"], row["against"]
    today = asked["today"] and date.fromisoformat(asked["today"])
    return AuditOptions(**{**asked, "today": today}), tuple(path for path, _ in sets)


def _overlap(against: Sequence[str | Path], fields: FieldMap) -> Overlap | None:
    sets = [(Path(path).name, read_records([Path(path)], fields)) for path in against]
    return Overlap(sets) if sets else None
