"""Job: read a shard once; leave its records, their ids and the keys of their bands."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genloss.audit.dedup.minhash import BandKeys, Keys
from genloss.audit.dedup.options import DedupOptions
from genloss.audit.shards.arrays import Numbers, write_array
from genloss.audit.shards.job import ShardJob
from genloss.audit.shards.plan import Shard, Work
from genloss.corpus.record.aside import Aside, aside_in
from genloss.corpus.record.pieces import records_of_pieces
from genloss.corpus.record.record import Record
from genloss.corpus.record.writing import write_records
from genloss.store.files import write_bytes

RECORDS, IDS, ACCOUNT, ASIDE = "records.jsonl", "ids.npy", "account.json", "aside.jsonl"
EXACT, NEAR = "exact", "near"
"""What begins the names of keys, sorted, and of the rows that have them."""


@dataclass(frozen=True)
class ReadShard(ShardJob):
    """Read shard `number` of the plan in a folder.

    Memory: what a reader takes, and 50 bytes a record of the shard, 240 with 16 bands.
    """

    def place(self, work: Work, shard: Shard) -> Path:
        """Return the place of the shard's key."""
        return work.read(shard.key)

    def fill(self, work: Work, shard: Shard, folder: Path) -> None:
        """Write records, ids and keys."""
        _read(shard, folder)


def _read(shard: Shard, folder: Path) -> None:
    ids = bytearray()
    keys: list[Keys] = []
    rows: list[int] = []
    options = DedupOptions(**shard.options)
    bands = BandKeys(options) if options.near else None

    def noted(records: Iterator[Record]) -> Iterator[Record]:
        for record in records:
            mine = bands.of(record.text) if bands is not None and record.text is not None else None
            # Texts without words have nothing in common but that.
            if mine is not None:
                keys.append(mine)
                rows.append(len(ids) // 32)
            ids.extend(bytes.fromhex(record.id[-64:]))
            yield record

    with aside_in(folder / ASIDE) as aside:
        records = records_of_pieces(shard.pieces, shard.fields, aside)
        n = write_records(noted(records), folder / RECORDS)
    hashes = np.frombuffer(bytes(ids), np.uint8).reshape(n, 32)
    write_array(folder / IDS, hashes)
    first = np.ascontiguousarray(hashes[:, :8]).view(">u8").astype("<u8").reshape(1, n)
    _write_sorted(folder, EXACT, first, np.arange(n, dtype=np.uint32))
    if bands is not None:
        matrix = np.array(keys, "<u8").reshape(len(keys), options.bands).T
        _write_sorted(folder, NEAR, matrix, np.array(rows, np.uint32))
    write_bytes(folder / ACCOUNT, _account(n, aside))


def _write_sorted(folder: Path, name: str, keys: Keys, rows: Numbers) -> None:
    """Write (bands, n) keys, sorted within each band, and the rows that have them."""
    order = np.argsort(keys, axis=1, kind="stable")
    write_array(folder / f"{name}.keys.npy", np.take_along_axis(keys, order, 1))
    write_array(folder / f"{name}.rows.npy", rows[order])


def _account(n: int, aside: Aside) -> bytes:
    told = {"left_out": dict(aside.left_out), "doubts": dict(aside.doubts)}
    return json.dumps({"records": n, **told}, sort_keys=True).encode() + b"\n"
