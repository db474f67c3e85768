"""What `genloss corpus dedup` does and says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genloss.audit.dedup.deduplicate import ACCOUNT_FILE, deduplicate
from genloss.audit.dedup.options import DedupOptions
from genloss.cli import console
from genloss.cli.corpus.jobs import Where, doing
from genloss.cli.corpus.read import say_aside
from genloss.cli.waiting import at_work
from genloss.corpus.record.aside import aside_in
from genloss.corpus.record.field_map import FieldMap
from genloss.report.formatting import count


def deduplicated(
    paths: Sequence[Path],
    out: Path,
    options: DedupOptions,
    fields: FieldMap,
    *,
    where: Where,
    aside_file: Path | None,
    json: bool,
) -> None:
    """Part a corpus into kept records and duplicates, and say how many of each."""
    with doing(where) as do, aside_in(aside_file) as aside, at_work("looking for duplicates"):
        account = deduplicate(paths, out, fields, options, aside, do, where.keep_work)
    if json:
        console.print_json(account)
        return
    _say(account, options, out)
    say_aside(aside, aside_file)


def _say(account: dict[str, Any], options: DedupOptions, out: Path) -> None:
    console.print_prose(
        f"{count(account['records'], 'record')}: {account['kept']:,} kept, "
        f"{account['exact']:,} exact and {account['near']:,} near duplicates"
    )
    if options.near:
        found = ", ".join(f"{options.recall(s):.1%} at {s}" for s in (0.9, 0.8, 0.7, 0.5))
        console.print_hint(f"found by design, by Jaccard similarity of two texts: {found}")
    console.print_hint(f"kept: {out / 'kept'}; duplicates: {out / 'removed'}; {ACCOUNT_FILE}")
