"""Jobs of a curation: put a shard through the rules; then weigh its texts by their words.

WORK/read/KEY/            what a shard gave: kept and refused records, its words, counts by rule
WORK/words.*.npy          the words of all shards
WORK/read/KEY-WORDS/      the rarity of each record of a shard, and who decided on it
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genloss.audit.selection.bands import (
    BANDS,
    Rarities,
    WordCounts,
    bands_of,
    cuts_of,
    sum_of,
)
from genloss.audit.selection.funnel import KEPT, Funnel, decide
from genloss.audit.selection.plain import rules_of
from genloss.audit.shards.arrays import mapped_array, write_array
from genloss.audit.shards.job import ShardJob
from genloss.audit.shards.plan import Shard, Work
from genloss.core.arrays import Floats
from genloss.corpus.record.aside import Aside, aside_in
from genloss.corpus.record.pieces import records_of_pieces
from genloss.corpus.record.record import UNKNOWN
from genloss.corpus.record.writing import RecordLines, record_lines
from genloss.store.files import sha256, write_bytes

KEPT_FILE, REFUSED_FILE = "kept.jsonl", "refused.jsonl"
ASIDE, FUNNEL = "aside.jsonl", "funnel.json"
HASHES, COUNTS, DIGEST = "words.hashes.npy", "words.counts.npy", "words.sha256"
RARITIES, DECIDERS, OF_DECIDERS = "rarities.npy", "deciders.npy", "deciders.json"


@dataclass(frozen=True)
class Judge(ShardJob):
    """Put shard `number` of the plan in a folder through the rules.

    Memory: what a reader takes, and the words of the shard.
    """

    def place(self, work: Work, shard: Shard) -> Path:
        """Return the place of the shard's key."""
        return work.read(shard.key)

    def fill(self, work: Work, shard: Shard, folder: Path) -> None:
        """Write what the rules say."""
        _judge(shard, folder)


def _judge(shard: Shard, folder: Path) -> None:
    funnel = Funnel()
    with (
        aside_in(folder / ASIDE) as aside,
        record_lines(folder / REFUSED_FILE) as refused,
        record_lines(folder / KEPT_FILE) as kept,
    ):
        counts = WordCounts.of(_judged(shard, funnel, aside, kept, refused))
    _write_counts(folder, counts)
    write_bytes(folder / FUNNEL, json.dumps(funnel.as_json()).encode())


def _judged(
    shard: Shard, funnel: Funnel, aside: Aside, kept: RecordLines, refused: RecordLines
) -> Iterator[str]:
    """Write each record where the rules say, and yield its text."""
    rules = rules_of(shard.options["rules"])
    for record in records_of_pieces(shard.pieces, shard.fields, aside):
        decision = decide(record, rules, funnel)
        told = {**record.attributes, **decision.beside}
        (kept if decision.is_kept else refused).put(replace(record, attributes=told))
        yield record.text or ""


@dataclass(frozen=True)
class Weigh(ShardJob):
    """Find how rare the words of each text of shard `number` are, among those of all shards.

    Memory: the words of the shard, and 12 bytes a record; words of other shards are looked up.
    """

    def place(self, work: Work, shard: Shard) -> Path:
        """Return the place of the shard's key and the words."""
        return weighed_in(work, shard.key)

    def fill(self, work: Work, shard: Shard, folder: Path) -> None:
        """Write the rarities."""
        _weigh(work, work.read(shard.key), folder)


def weighed_in(work: Work, key: str) -> Path:
    """Return where the rarities of a shard lie; they depend on the words of all shards."""
    return work.read(f"{key}-{(work.folder / DIGEST).read_text()}")


def _weigh(work: Work, judged: Path, folder: Path) -> None:
    deciders: dict[tuple[str, str], int] = {}
    numbers: list[int] = []

    def texts() -> Iterator[str]:
        for name in (KEPT_FILE, REFUSED_FILE):
            with (judged / name).open("rb") as lines:
                for row in map(json.loads, lines):
                    rule = KEPT if name == KEPT_FILE else row["attributes"]["refused_by"]
                    key = rule, row.get("origin", UNKNOWN)
                    numbers.append(deciders.setdefault(key, len(deciders)))
                    yield row.get("text") or ""

    rarities = Rarities(_counts_in(work.folder)).of(texts())
    write_array(folder / RARITIES, rarities)
    write_array(folder / DECIDERS, np.array(numbers, np.uint32))
    write_bytes(folder / OF_DECIDERS, json.dumps(list(deciders)).encode())


def leave_words(work: Work, keys: Iterable[str]) -> None:
    """Leave the words of all shards in the folder of the work."""
    counts = sum_of(_counts_in(work.read(key)) for key in keys)
    _write_counts(work.folder, counts)
    digest = sha256(counts.hashes.tobytes(), counts.counts.tobytes())[:16]
    write_bytes(work.folder / DIGEST, digest.encode())


def funnel_of(work: Work, keys: Sequence[str]) -> Funnel:
    """Return the funnel of all shards. Memory: 8 bytes a record, twice while they are cut."""
    places = {key: weighed_in(work, key) for key in dict.fromkeys(keys)}
    every = [mapped_array(places[key] / RARITIES) for key in keys]
    cuts = cuts_of(np.concatenate(every)) if every else np.zeros(2)
    funnel = Funnel()
    for key in keys:
        funnel.add(Funnel.from_json(_json(work.read(key) / FUNNEL)))
        funnel.first.update(_first(places[key], cuts))
    return funnel


def _first(folder: Path, cuts: Floats) -> dict[tuple[str, str, str], int]:
    deciders = _json(folder / OF_DECIDERS)
    bands = bands_of(mapped_array(folder / RARITIES), cuts)
    cells = mapped_array(folder / DECIDERS) * len(BANDS) + bands
    counted = zip(*np.unique(cells, return_counts=True), strict=True)
    told = [(divmod(int(cell), len(BANDS)), int(n)) for cell, n in counted]
    return {(*deciders[who], BANDS[band]): n for (who, band), n in told}


def _write_counts(folder: Path, counts: WordCounts) -> None:
    write_array(folder / HASHES, counts.hashes)
    write_array(folder / COUNTS, counts.counts)


def _counts_in(folder: Path) -> WordCounts:
    return WordCounts(mapped_array(folder / HASHES), mapped_array(folder / COUNTS))


def _json(file: Path) -> Any:
    return json.loads(file.read_bytes())
