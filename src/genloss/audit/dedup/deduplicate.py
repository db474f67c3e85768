"""Deduplicate a corpus: plan, read, group, join, part; each step as jobs that leave files.

OUT/kept/00000.jsonl      the records of a shard that are kept
OUT/removed/00000.jsonl   those that are not: exact or near, and the id that is kept for them
OUT/dedup.json            the account, written last
OUT/work/                 until all is done: the same command after a kill goes on there
"""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from genloss.audit.dedup.components import Components
from genloss.audit.dedup.groups import RECORDS_OF_A_PART, Group
from genloss.audit.dedup.options import DedupOptions
from genloss.audit.dedup.parting import KEPT, REMOVED, Part, part_of
from genloss.audit.dedup.shard import ACCOUNT, ASIDE, ReadShard
from genloss.audit.dedup.whole import DedupWork, whole_of
from genloss.audit.shards.job import Do, here
from genloss.audit.shards.plan import Work, is_work, places_of, planned, prepared, tidied
from genloss.corpus.hub import is_on_hub
from genloss.corpus.record.aside import Aside, no_record
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.writing import SUMS
from genloss.errors import DataError, StoreError
from genloss.store.files import explained, make_folder, removed, write_bytes
from genloss.store.lock import locked

RECORDS_OF_A_PROCESS = 250_000
"""Records that are grouped in less time than another process takes to start."""

ACCOUNT_FILE, WORK = "dedup.json", "work"


def deduplicate(
    paths: Sequence[Path],
    out: Path,
    fields: FieldMap,
    options: DedupOptions,
    aside: Aside,
    do: Do = here,
    keep_work: bool = False,
) -> dict[str, Any]:
    """Part a corpus into kept records and duplicates; return the account.

    The bytes that it leaves depend on files, fields and options, not on who does the jobs in which
    order, nor on kills in between. keep_work: leave what shards gave, so that a later run into the
    same folder reads only files that are new or changed. Memory: see the jobs. Disk, beside the
    output: the records as lines, and 48 + 12 bands bytes a record.

    Raises:
        DataError: nothing was read. StoreError: a folder that is no such output or that another
            process writes, or a full disk.
    """
    work = DedupWork(out.absolute() / WORK)
    _check_free(out)
    if missing := [path for path in paths if not (path.exists() or is_on_hub(path))]:
        raise DataError(f"{missing[0]}: no such file or folder; check the path")
    prepared(work)
    with locked(work.folder):
        # Whoever held it has removed it.
        prepared(work)
        return _deduplicated(paths, out, work, fields, options, aside, do, keep_work)


def _deduplicated(
    paths: Sequence[Path],
    out: Path,
    work: DedupWork,
    fields: FieldMap,
    options: DedupOptions,
    aside: Aside,
    do: Do,
    keep_work: bool,
) -> dict[str, Any]:
    asked = asdict(options)
    keys = planned(places_of(paths, aside, (out,)), fields, asked, work, size=options.shard)
    folder = str(work.folder)
    # A file that is named twice is read once.
    do("reading", [ReadShard(folder, keys.index(key)) for key in dict.fromkeys(keys)])
    sizes = [_read_account(work, key, aside) for key in keys]
    if not sum(sizes):
        removed(work.folder)
        raise no_record(paths, aside)
    if sum(sizes) >= 2**32:
        raise DataError(f"{sum(sizes):,} records; expected fewer than 2^32 at once")
    work.write_whole(whole := whole_of(keys, sizes, options))
    make_folder(work.of_all("groups"))
    make_folder(work.of_all("parts"))
    parts = 1 + whole.total // RECORDS_OF_A_PART
    bands = range(-1, whole.bands)
    small = whole.total < RECORDS_OF_A_PROCESS
    grouping = [Group(folder, b, p, parts) for b in bands for p in range(parts)]
    (here if small else do)("grouping", grouping)
    here("joining", [Components(folder, parts)])
    do("parting", [Part(folder, i) for i in range(len(keys))])
    account = _finished(work, out, options)
    if keep_work:
        removed(work.of_all())
    tidied(work, work.whole.keys if keep_work else None)
    return account


def _check_free(out: Path) -> None:
    # Folders of these names are removed: they must be of an earlier call, ended or not.
    mine = (out / ACCOUNT_FILE).exists() or is_work(out / WORK)
    known = (ACCOUNT_FILE, WORK, KEPT, REMOVED) if mine else (WORK,)
    with explained("read", out):
        foreign = [f.name for f in out.iterdir() if f.name not in known] if out.is_dir() else []
    if foreign or (out.exists() and not out.is_dir()):
        raise StoreError(f"{out} holds {(foreign or ['a file'])[0]}; expected a folder of its own")


def _read_account(work: Work, key: str, aside: Aside) -> int:
    account = json.loads((work.read(key) / ACCOUNT).read_bytes())
    aside.take(work.read(key) / ASIDE)
    return int(account["records"])


def _finished(work: DedupWork, out: Path, options: DedupOptions) -> dict[str, Any]:
    """Give the parts their names in the output, and write the account."""
    total: Counter[str] = Counter()
    outputs: dict[str, list[dict[str, Any]]] = {KEPT: [], REMOVED: []}
    for name in (KEPT, REMOVED):
        removed(out / name)
        make_folder(out / name)
    removed(out / ACCOUNT_FILE)
    for i in range(len(work.whole.keys)):
        counts = json.loads((part_of(work, i) / "account.json").read_bytes())
        total["exact"] += counts["exact"]
        for name in (KEPT, REMOVED):
            n, digest = counts[name]
            total[name] += n
            if n:
                outputs[name].append(
                    {"file": f"{name}/{i:05d}.jsonl", "records": n, "sha256": digest}
                )
                for end in ("", SUMS):
                    source = part_of(work, i) / f"{name}.jsonl{end}"
                    _link(source, out / name / f"{i:05d}.jsonl{end}")
    account = {
        "format": 1,
        "options": asdict(options),
        "records": work.whole.total,
        KEPT: total[KEPT],
        "exact": total["exact"],
        "near": total[REMOVED] - total["exact"],
        "outputs": outputs,
    }
    write_bytes(out / ACCOUNT_FILE, json.dumps(account, indent=1).encode() + b"\n")
    return account


def _link(source: Path, file: Path) -> None:
    with explained("write", file):
        try:
            file.hardlink_to(source)
        except OSError:
            # Some file systems give a file one name only.
            shutil.copyfile(source, file)
