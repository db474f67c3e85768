"""A corpus through its rules, shard by shard, to files that name how they came about.

OUT.jsonl holds what is kept, OUT.refused.jsonl what is not, each with the policy's answer, the rule
and reason beside it, and OUT.curation.json rules, inputs, digests and the funnel. What shards gave
lies in OUT.parts/ until all are done: the same command after a kill goes on there, to the same
bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from genloss.audit.selection.judging import (
    ASIDE,
    KEPT_FILE,
    REFUSED_FILE,
    Judge,
    Weigh,
    funnel_of,
    leave_words,
    weighed_in,
)
from genloss.audit.selection.parts import digest_of_file, inputs_of, stem_of
from genloss.audit.selection.plain import plain_rules
from genloss.audit.selection.policy import Policy
from genloss.audit.selection.rules import AnyRule
from genloss.audit.shards.job import Do, here
from genloss.audit.shards.plan import Work, places_of, planned, prepared, tidied
from genloss.corpus.record.aside import Aside, no_record
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.writing import check_name, record_lines
from genloss.store.files import plain_value, removed, write_bytes
from genloss.store.lock import locked

FORMAT = 2


@dataclass(frozen=True)
class Curation:
    """What is asked: a corpus, rules with the policy among them, and how rows are read.

    shard: bytes of input that are one job.
    """

    paths: tuple[Path, ...]
    rules: tuple[AnyRule | Policy, ...]
    fields: FieldMap
    shard: int = 64 << 20

    def described(self, inputs: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """Return rules and inputs, as plain values."""
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


def curate(
    curation: Curation,
    out: Path,
    aside: Aside,
    do: Do = here,
    *,
    keep_work: bool = False,
    outputs: Sequence[Path] = (),
) -> dict[str, Any]:
    """Apply the rules; return the account, which is written last.

    What it leaves depends on files, fields and rules, not on who does the jobs in which order.
    keep_work: leave what shards gave, so that a later run puts only new ones through the rules.
    Time: a reading of the corpus, one of what it gave, and one for the digests. Memory: see the
    jobs; beside them 100 bytes a different word, 16 a record, and the names of the files. Disk: all
    records once more, until all is done. outputs: see `read_records`.

    Raises:
        DataError: nothing was read. SpecError: another suffix than .jsonl, .jsonl.gz or .jsonl.zst.
        StoreError: another process writes there, a full disk, or OUT.parts that is somebody else's.
    """
    where = Outputs(out)
    check_name(out)
    work = Work(where.parts.absolute())
    places = tuple(places_of(curation.paths, aside, (*where.all, *outputs)))
    prepared(work)
    with locked(work.folder):
        # Whoever held it has removed it.
        prepared(work)
        inputs = inputs_of(places)
        digests = {p.file: row["sha256"] for p, row in zip(places, inputs, strict=True)}
        options = {"rules": plain_rules(curation.rules)}
        asked = (places, curation.fields, options, work)
        keys = planned(*asked, size=curation.shard, digests=digests)
        account = _account(work, keys, where, curation.described(inputs), aside, do)
        if not account["funnel"]["read"]:
            removed(work.folder)
            raise no_record(curation.paths, aside)
        last = [place.name for key in keys for place in (work.read(key), weighed_in(work, key))]
        tidied(work, last if keep_work else None)
    return account


def _account(
    work: Work,
    keys: Sequence[str],
    where: Outputs,
    described: Mapping[str, Any],
    aside: Aside,
    do: Do,
) -> dict[str, Any]:
    """Put all shards through the rules, write what is kept and refused, and the account last."""
    folder, different = str(work.folder), dict.fromkeys(keys)
    numbers = [keys.index(key) for key in different]
    do("judging", [Judge(folder, number) for number in numbers])
    for key in keys:
        aside.take(work.read(key) / ASIDE)
    leave_words(work, keys)
    do("weighing", [Weigh(folder, number) for number in numbers])
    funnel = funnel_of(work, keys)
    identity = sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    account = {**described, "identity": identity, "funnel": funnel.as_json()}
    if not funnel.read:
        return account
    removed(where.account)
    outputs = {}
    for path, name in ((where.refused, REFUSED_FILE), (where.kept, KEPT_FILE)):
        with record_lines(path) as written:
            for key in keys:
                written.take(work.read(key) / name)
        told = {"file": path.name, "records": written.number, "sha256": digest_of_file(path)}
        outputs[name.removesuffix(".jsonl")] = told
    account["outputs"] = outputs
    write_bytes(where.account, json.dumps(account, indent=1).encode() + b"\n")
    return account
