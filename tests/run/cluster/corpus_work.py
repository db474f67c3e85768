"""Audit, deduplicate, curate and mix a corpus: python corpus_work.py CORPUS OUT [HOST:PORT].

With an address, all jobs run on that cluster of Ray, and none in this process.
"""

import json
import sys
from datetime import date
from pathlib import Path

from genloss.audit.dedup.deduplicate import deduplicate
from genloss.audit.dedup.options import DedupOptions
from genloss.audit.dedup.parting import Part as PartJob
from genloss.audit.dedup.shard import ReadShard
from genloss.audit.profile.by_shards import CountShard, audit_by_shards
from genloss.audit.profile.options import AuditOptions
from genloss.audit.selection.choosing import DrawShard, FindKeys
from genloss.audit.selection.curation import Curation, curate
from genloss.audit.selection.drawing import Drawing, draw
from genloss.audit.selection.judging import Judge, Weigh
from genloss.audit.selection.mixture import Mixture, Part
from genloss.audit.selection.policy import Clause, Policy
from genloss.audit.selection.rules import DateRule, Rule
from genloss.cli.corpus.audit import write_audit
from genloss.cli.corpus.jobs import Where, doing
from genloss.corpus.record.aside import aside_in
from genloss.corpus.record.field_map import FieldMap

SHARD = 4_000
JOBS = (CountShard, ReadShard, PartJob, Judge, Weigh, FindKeys, DrawShard)
POLICY = Policy({"origin": Clause(refused=frozenset({"machine"}))}, keep_unknown=True)
RULES = (Rule("long", "words", at_least=5), DateRule("old", end=date(2003, 1, 1)), POLICY)


def not_here(job):
    raise AssertionError(f"{job} was done by the driver")


def worked(corpus: Path, out: Path, address: str) -> None:
    fields = FieldMap()
    human = (Rule("people", "origin", one_of=("human",)),)
    people = Part("people", (corpus,), human, count=99, epochs=3)
    mixture = Mixture((people, Part("all", (corpus,), count=150, epochs=3)))
    (out / "mix.toml").write_text("# made in Python\n")
    with doing(Where(on=address)) as do, aside_in(out / "aside.jsonl") as aside:
        asked = AuditOptions(sample=40, near=70, today=date(2026, 11, 30))
        work = out / "audit.work"
        audit = audit_by_shards([corpus], work, fields, asked, aside, do, shard=SHARD)
        told = {"left_out": dict(aside.left_out), "doubts": dict(aside.doubts)}
        beside = {"title": "T", "inputs": [], "reference": [], "aside": told}
        write_audit({**audit, **beside}, out / "audit.html")
        deduplicate([corpus], out / "dedup", fields, DedupOptions(shard=SHARD), aside, do)
        curate(Curation((corpus,), RULES, fields, SHARD), out / "kept.jsonl", aside, do)
        drawing = Drawing(mixture, fields, out / "mix.toml", SHARD)
        draw(drawing, out / "mixed.jsonl", aside, (), do)
    # Plans name the folder that they lie in.
    plans = sorted((work / "plan").glob("*.json"))
    keys = [json.loads(plan.read_text())["key"] for plan in plans]
    (out / "shards.json").write_text(json.dumps(keys))
    for plan in (*plans, work / "cuts.json"):
        plan.unlink()


if __name__ == "__main__":
    address = sys.argv[3] if len(sys.argv) > 3 else ""
    for kind in JOBS if address else ():
        kind.perform = not_here
    worked(Path(sys.argv[1]), Path(sys.argv[2]), address)
