"""A corpus through its rules, some files at a time, to files that name how they came about.

OUT.jsonl holds what is kept, OUT.refused.jsonl what is not, each with the policy's answer, the rule
and reason beside it, and OUT.curation.json rules, inputs, digests and the funnel. What files gave
lies in OUT.parts/ until all are done: the same command after a kill goes on there, to the same
bytes.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from genloss.audit.selection.bands import Bands, bands_of
from genloss.audit.selection.funnel import Funnel, decide
from genloss.audit.selection.parts import (
    digest_of_file,
    inputs_of,
    shards_of_files,
    stem_of,
    working_in,
)
from genloss.audit.selection.policy import Policy
from genloss.audit.selection.rules import AnyRule
from genloss.corpus.record.aside import Aside, aside_in, no_record
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.hub_cards import Cards
from genloss.corpus.record.reading import Located, records_at
from genloss.corpus.record.record import Record
from genloss.corpus.record.writing import check_name, record_lines
from genloss.store.files import plain_value, removed, write_bytes

FORMAT = 2


@dataclass(frozen=True)
class Curation:
    """What is asked: files in order, rules with the policy among them, and how rows are read."""

    files: tuple[Located, ...]
    rules: tuple[AnyRule | Policy, ...]
    fields: FieldMap

    def described(self) -> dict[str, Any]:
        """Return rules and inputs with their SHA-256, as plain values."""
        inputs = inputs_of(self.files)
        rules = [{"kind": type(r).__name__, **plain_value(vars(r))} for r in self.rules]
        fields = plain_value(vars(self.fields))
        return {"format": FORMAT, "rules": rules, "fields": fields, "inputs": inputs}


@dataclass(frozen=True)
class Outputs:
    """Where things go, beside the file of kept records."""

    kept: Path

    @property
    def stem(self) -> str:
        """The name without .jsonl and what follows."""
        return stem_of(self.kept)

    @property
    def refused(self) -> Path:
        """Records that are refused."""
        return self.kept.with_name(f"{self.stem}.refused.jsonl")

    @property
    def account(self) -> Path:
        """How it came about."""
        return self.kept.with_name(f"{self.stem}.curation.json")

    @property
    def parts(self) -> Path:
        """What is done so far."""
        return self.kept.with_name(f"{self.stem}.parts")

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file and folder that may be there."""
        return self.kept, self.refused, self.account, self.parts


def curate(curation: Curation, out: Path, aside: Aside) -> dict[str, Any]:
    """Apply the rules; return the account, which is written last.

    Time: three readings of the corpus, two of them for the bands. Memory: the words of the corpus,
    the names of its files, and a record.

    Raises:
        DataError: nothing was read. SpecError: another suffix than .jsonl, .jsonl.gz or .jsonl.zst.
        StoreError: another process writes there, a full disk, or OUT.parts that is somebody else's.
    """
    where = Outputs(out)
    check_name(out)
    described = curation.described()
    with working_in(where.parts):
        account = _account(curation, where, described, aside)
        if not account["funnel"]["read"]:
            raise no_record([place.file for place in curation.files], aside)
    return account


def _account(
    curation: Curation, where: Outputs, described: dict[str, Any], aside: Aside
) -> dict[str, Any]:
    """Put all files through the rules, write what is kept and refused, and the account last."""
    identity = sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    # What cannot be read is said once, though the corpus is read three times.
    texts = (_texts(curation, Aside()) for _ in range(2))
    bands = bands_of(*texts)
    funnel = Funnel()
    done = []
    for i, places in enumerate(shards_of_files(curation.files)):
        part = where.parts / f"{i:05d}-{identity[:16]}"
        funnel.add(_part(places, part, curation, bands, aside))
        done.append(part)
    account = {**described, "identity": identity, "funnel": funnel.as_json()}
    if not funnel.read:
        return account
    removed(where.account)
    outputs = {}
    for path, name in ((where.refused, "refused"), (where.kept, "kept")):
        with record_lines(path) as written:
            for part in done:
                written.take(part / f"{name}.jsonl")
        digest = digest_of_file(path)
        outputs[name] = {"file": path.name, "records": written.number, "sha256": digest}
    account["outputs"] = outputs
    write_bytes(where.account, json.dumps(account, indent=1).encode() + b"\n")
    return account


def _part(
    places: Sequence[Located], part: Path, curation: Curation, bands: Bands, aside: Aside
) -> Funnel:
    """Put the records of some files through the rules, unless that is done; one is in memory."""
    counts = part / "funnel.json"
    if not counts.exists():
        part.mkdir(parents=True, exist_ok=True)
        with aside_in(part / "aside.jsonl") as own:
            funnel = _parted(places, part, curation, bands, own)
        write_bytes(counts, json.dumps(funnel.as_json()).encode())
    aside.take(part / "aside.jsonl")
    return Funnel.from_json(json.loads(counts.read_text()))


def _parted(
    places: Iterable[Located], part: Path, curation: Curation, bands: Bands, aside: Aside
) -> Funnel:
    funnel = Funnel()
    with record_lines(part / "refused.jsonl") as refused, record_lines(part / "kept.jsonl") as kept:
        for record in _records(places, curation.fields, aside):
            decision = decide(record, curation.rules, bands, funnel)
            told = {**record.attributes, **decision.beside}
            (kept if decision.is_kept else refused).put(replace(record, attributes=told))
    return funnel


def _texts(curation: Curation, aside: Aside) -> Iterator[str]:
    yield from (r.text or "" for r in _records(curation.files, curation.fields, aside))


def _records(places: Iterable[Located], fields: FieldMap, aside: Aside) -> Iterator[Record]:
    cards = Cards()
    for place in places:
        yield from records_at(place, fields, aside, cards=cards)
