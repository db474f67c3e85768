"""Corpora of random words, and what is left of them."""

import json
import random
from pathlib import Path

from genloss.audit.dedup.deduplicate import deduplicate
from genloss.audit.dedup.options import DedupOptions
from genloss.audit.shards.job import here
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap

SHARD = 20_000
"""Bytes; the corpus is about nine such shards."""


def text(rng: random.Random, n: int = 60) -> str:
    return " ".join(f"w{rng.randrange(10**6)}" for _ in range(n))


def planted(seed: int = 0, n: int = 200) -> tuple[list[str], list[str], list[str]]:
    """Return distinct texts, exact copies and near ones (one word of 60 replaced)."""
    rng = random.Random(seed)
    distinct = [text(rng) for _ in range(n)]
    near = []
    for original in rng.sample(distinct, n // 10):
        words = original.split()
        words[rng.randrange(60)] = "other"
        near.append(" ".join(words))
    return distinct, rng.sample(distinct, n // 10), near


def write(folder: Path, texts: list[str], files: int = 3) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(files):
        rows = [json.dumps({"text": t, "n": n}) for n, t in enumerate(texts[i::files])]
        (folder / f"{i}.jsonl").write_text("".join(f"{row}\n" for row in rows))
    return folder


def run(corpus: Path, out: Path, do=here, aside=None, keep_work=False, **options):
    options = {"shard": SHARD, **options}
    asked = DedupOptions(**options)
    return deduplicate([corpus], out, FieldMap(), asked, aside or Aside(), do, keep_work)


def contents(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def records(folder: Path) -> list[dict]:
    files = sorted(folder.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]
