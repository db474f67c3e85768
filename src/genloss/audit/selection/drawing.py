"""The records of a mixture: which, and how often; drawn shard by shard.

OUT.jsonl holds them, OUT.mix.json inputs, digests and counts, and is written last. What shards gave
lies in OUT.parts/ until all are done: the same command after a kill goes on there, to the same
bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.audit.selection.choosing import (
    ASIDE,
    COUNTS,
    RECORDS,
    Cut,
    DrawShard,
    FindKeys,
    Keys,
    Told,
    decide,
    drawn_in,
    keys_in,
)
from genloss.audit.selection.mixture import Mixture, Part, counts_of
from genloss.audit.selection.parts import digest_of_file, inputs_of, stem_of, working_in
from genloss.audit.selection.plain import plain_rules
from genloss.audit.shards.job import Do, here
from genloss.audit.shards.plan import Work, places_of, planned, prepared, tidied
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import Located
from genloss.corpus.record.writing import check_name, record_lines
from genloss.errors import DataError
from genloss.store.files import removed, write_bytes

FORMAT = 1

SHOWN = 20
"""Values of a field that the account names."""


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
    """What is asked: a mixture, how rows are read, and the file of the mixture, which is named.

    shard: bytes of input that are one job.
    """

    mixture: Mixture
    fields: FieldMap
    spec: Path
    shard: int = 64 << 20


@dataclass(frozen=True)
class Planned:
    """The shards of a part of a mixture, by their keys in order."""

    part: Part
    work: Work
    keys: tuple[str, ...]

    @property
    def numbers(self) -> list[tuple[int, str]]:
        """The shards and their keys."""
        return list(enumerate(self.keys))


def account_of(out: Path) -> Path:
    """Return where the account of a mixture lies."""
    return out.with_name(f"{stem_of(out)}.mix.json")


def parts_of(out: Path) -> Path:
    """Return where lies what shards gave so far."""
    return out.with_name(f"{stem_of(out)}.parts")


def draw(
    drawing: Drawing,
    out: Path,
    aside: Aside,
    outputs: Sequence[Path] = (),
    do: Do = here,
    keep_work: bool = False,
) -> dict[str, Any]:
    """Write a mixture and return its account, which is written last.

    A part gives every record whole epochs, and the records of the smallest SHA-256 of seed, part
    and id once more, until its count is reached: the same records whatever the order of the files,
    and whoever does the jobs. keep_work: leave what shards gave, so that a later run looks for
    records only where files are new. Time: two readings of the files, and one for their digests.
    Memory: 200 bytes per available record of a part, and the names of the files. outputs: see
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
    places = [tuple(places_of(part.paths, aside, own)) for part in mixture.parts]
    inputs = inputs_of(place for files in places for place in files)
    with working_in(parts_of(out), keep_work):
        plans = _planned(drawing, places, inputs, parts_of(out).absolute())
        drawn = _decided(plans, counts, aside, do)
        told = _told(plans, do)
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
        whole = _joined(plans, out, account)
        for plan in plans if keep_work else ():
            last = [drawn_in(plan.work, number, key).name for number, key in plan.numbers]
            tidied(plan.work, (*plan.keys, *last))
        return whole


def _planned(
    drawing: Drawing,
    places: Sequence[Sequence[Located]],
    inputs: Sequence[Mapping[str, str]],
    parts: Path,
) -> list[Planned]:
    """Cut the files of each part into shards, in a folder of its own."""
    files = (place.file for some in places for place in some)
    digests = {file: row["sha256"] for file, row in zip(files, inputs, strict=True)}
    plans, mixture = [], drawing.mixture
    floors = plain_rules([floor.rule for floor in mixture.floors])
    for i, (part, some) in enumerate(zip(mixture.parts, places, strict=True)):
        prepared(work := Work(parts / f"{i:05d}"))
        asked = {"part": part.name, "seed": mixture.seed, "floors": floors}
        options = {**asked, "rules": plain_rules(part.rules)}
        shards = (some, drawing.fields, options, work)
        keys = planned(*shards, size=drawing.shard, digests=digests)
        plans.append(Planned(part, work, tuple(keys)))
    return plans


def _decided(
    plans: Sequence[Planned], counts: Sequence[int], aside: Aside, do: Do
) -> tuple[Drawn, ...]:
    """Find what there is, and decide how often each record is drawn, and from which shard."""
    different = [
        (str(p.work.folder), p.keys.index(k)) for p in plans for k in dict.fromkeys(p.keys)
    ]
    do("finding", [FindKeys(folder, number) for folder, number in different])
    drawn = []
    for plan, count in zip(plans, counts, strict=True):
        part = plan.part
        for key in plan.keys:
            aside.take(plan.work.read(key) / ASIDE)
        keys, own = _owned([keys_in(plan.work, key) for key in plan.keys])
        if not len(keys) and aside.left_out:
            raise DataError(f"part {part.name} has no record; {aside.why_none()}")
        decide(plan.work, _cut(part, count, keys), own)
        most = -(-count // len(keys)) if len(keys) else 0
        drawn.append(Drawn(part.name, len(keys), count, most, count * part.price))
    return tuple(drawn)


def _owned(shards: Sequence[Keys]) -> tuple[Keys, list[NDArray[np.bool_]]]:
    """Return the different keys of shards, sorted, and which of its keys no shard before has."""
    if not shards:
        return np.zeros(0, "S64"), []
    keys, first = np.unique(np.concatenate(shards), return_index=True)
    ends = np.cumsum([len(shard) for shard in shards])
    is_first = np.zeros(ends[-1], bool)
    is_first[first] = True
    return keys, np.split(is_first, ends[:-1])


def _cut(part: Part, count: int, keys: Keys) -> Cut:
    if count > part.epochs * len(keys):
        raise DataError(
            f"part {part.name} has {len(keys):,} records and {part.epochs} epochs at most; "
            f"{count:,} are asked for; add records, allow epochs or ask for fewer"
        )
    whole, more = divmod(count, len(keys)) if len(keys) else (0, 0)
    return Cut(whole, keys[more - 1].decode() if more else "")


def _told(plans: Sequence[Planned], do: Do) -> Told:
    """Leave the drawn records of all shards in their folders, and return what they hold."""
    jobs = [
        DrawShard(str(plan.work.folder), number) for plan in plans for number, _ in plan.numbers
    ]
    do("drawing", jobs)
    told = Told()
    for folder in _folders(plans):
        told.take(json.loads((folder / COUNTS).read_bytes()))
    return told


def _folders(plans: Sequence[Planned]) -> list[Path]:
    return [drawn_in(plan.work, *numbered) for plan in plans for numbered in plan.numbers]


def _check_floors(mixture: Mixture, told: Told) -> None:
    for i, floor in enumerate(mixture.floors):
        if told.held[i] < Fraction(str(floor.share)) * told.records:
            raise DataError(
                f"floor {floor.rule.name}: {told.held[i]:,} of {told.records:,} pass it, below "
                f"{floor.share:.1%}; nothing was written; add such records or lower others"
            )


def _joined(plans: Sequence[Planned], out: Path, account: dict[str, Any]) -> dict[str, Any]:
    """Put the records of all shards together, write the account beside them and return it."""
    removed(account_of(out))
    with record_lines(out) as written:
        for folder in _folders(plans):
            written.take(folder / RECORDS)
    output = {"file": out.name, "records": written.number, "sha256": digest_of_file(out)}
    whole = {**account, "output": output}
    write_bytes(account_of(out), json.dumps(whole, indent=1).encode() + b"\n")
    return whole
