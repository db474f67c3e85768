"""A corpus through its rules, file by file, to files that name how they came about.

OUT.jsonl holds what is kept, OUT.refused.jsonl what is not, each with its rule and reason beside
it, and OUT.curation.json rules, inputs, digests and the funnel. What a file gave lies in OUT.parts/
until all are done: the same command after a kill goes on there, to the same bytes.
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from genloss.audit.selection.bands import Bands, bands_of
from genloss.audit.selection.funnel import Funnel, decide
from genloss.audit.selection.policy import Policy
from genloss.audit.selection.rules import AnyRule
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import Located, read_records, records_at
from genloss.corpus.record.record import Record
from genloss.corpus.record.writing import write_records
from genloss.errors import DataError
from genloss.store.files import plain_value, write_bytes

FORMAT = 1


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
        return self.kept.name.partition(".jsonl")[0]

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


def curate(curation: Curation, out: Path, aside: Aside) -> dict[str, Any]:
    """Apply the rules; return the account, which is written last.

    Time: three readings of the corpus, two of them for the bands. Memory: the words of the corpus.

    Raises:
        DataError: nothing was read. SpecError: another suffix than .jsonl, .jsonl.gz or .jsonl.zst.
    """
    where = Outputs(out)
    described = curation.described()
    identity = sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    # What cannot be read is said once, though the corpus is read three times.
    texts = (_texts(curation, Aside()) for _ in range(2))
    bands = bands_of(*texts)
    funnel = Funnel()
    done = []
    for i, place in enumerate(curation.files):
        part = where.parts / f"{i:05d}-{identity[:16]}"
        funnel.add(_part(place, part, curation, bands, aside))
        done.append(part)
    if not funnel.read:
        files = ", ".join(str(place.file) for place in curation.files)
        raise DataError(f"no record in {files or 'what was named'}; check the fields")
    outputs = {}
    for path, name in ((where.refused, "refused"), (where.kept, "kept")):
        parts = [part / f"{name}.jsonl" for part in done]
        number = write_records(read_records(parts), path)
        outputs[name] = {"file": path.name, "records": number, "sha256": digest_of_file(path)}
    account = {**described, "identity": identity, "funnel": funnel.as_json(), "outputs": outputs}
    write_bytes(where.account, json.dumps(account, indent=1).encode() + b"\n")
    shutil.rmtree(where.parts)
    return account


def _part(place: Located, part: Path, curation: Curation, bands: Bands, aside: Aside) -> Funnel:
    counts = part / "funnel.json"
    if counts.exists():
        return Funnel.from_json(json.loads(counts.read_text()))
    funnel = Funnel()
    part.mkdir(parents=True, exist_ok=True)
    refused = part / "refused.jsonl"
    kept: list[Record] = []

    def against() -> Iterator[Record]:
        for record in records_at(place, curation.fields, aside):
            decision = decide(record, curation.rules, bands, funnel)
            if decision.is_kept:
                kept.append(record)
                continue
            beside = {"refused_by": decision.rule, "refused_because": decision.reason}
            yield replace(record, attributes={**record.attributes, **beside})

    write_records(against(), refused)
    write_records(kept, part / "kept.jsonl")
    write_bytes(counts, json.dumps(funnel.as_json()).encode())
    return funnel


def _texts(curation: Curation, aside: Aside) -> Iterator[str]:
    for place in curation.files:
        yield from (r.text or "" for r in records_at(place, curation.fields, aside))


def inputs_of(places: Iterable[Located]) -> list[dict[str, str]]:
    """Return name and SHA-256 of every file, and of every run folder the one of its files."""
    return [{"file": p.file.name, "sha256": _digest(p.file)} for p in places]


def _digest(path: Path) -> str:
    if not path.is_dir():
        return digest_of_file(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    lines = (f"{digest_of_file(file)} {file.relative_to(path).as_posix()}\n" for file in files)
    return sha256("".join(lines).encode()).hexdigest()


def digest_of_file(file: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    digest = sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
