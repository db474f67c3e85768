"""What `genloss corpus card` does and says."""

import hashlib
import json as json_text
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from genloss.cli import console
from genloss.cli.corpus.audit import earlier
from genloss.corpus.readers.bounded import bounded_lines
from genloss.corpus.readers.byte_stream import endings
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.line import is_record
from genloss.corpus.record.reading import LINES, located
from genloss.errors import DataError, SpecError
from genloss.report.corpus.cards.croissant import croissant
from genloss.report.corpus.cards.facts import NOT_MEASURED, DataFile, Facts
from genloss.report.corpus.cards.hub_card import hub_card
from genloss.report.corpus.cards.lineage import in_toto, open_lineage, prov
from genloss.report.corpus.cards.summaries import california_summary, eu_summary
from genloss.store.files import write_bytes
from genloss.store.output import check_output

FORMS: dict[str, Callable[[Facts], str | dict[str, Any]]] = {
    "hub": hub_card,
    "croissant": croissant,
    "eu": eu_summary,
    "california": california_summary,
    "prov": prov,
    "in-toto": in_toto,
    "openlineage": open_lineage,
}
"""Cards by name."""


def carded(
    audit_file: Path, form: str, out: Path, name: str, files: Sequence[Path], json: bool
) -> None:
    """Write one card from the numbers of an audit."""
    if form not in FORMS:
        raise SpecError(f"no card {form!r}; there are {', '.join(FORMS)}")
    check_output(out)
    audit = earlier(audit_file)
    if audit is None or "sizes" not in audit or "genloss" not in audit:
        raise DataError(f"{audit_file}: no audit; expected what `genloss corpus audit` wrote")
    card = FORMS[form](Facts(name, audit, list(_files(files, out))))
    text = card if isinstance(card, str) else json_text.dumps(card, indent=1, ensure_ascii=False)
    write_bytes(out, text.rstrip("\n").encode() + b"\n")
    empty = text.count(NOT_MEASURED)
    if json:
        console.print_json({"card": str(out), "form": form, "not_measured": empty})
        return
    console.print_line(str(out))
    if empty:
        console.print_hint(f"{empty} fields were not measured; the card says so in their place")


def _files(paths: Sequence[Path], out: Path) -> Iterator[DataFile]:
    for file, root in ((p.file, p.root) for p in located(paths, Aside(), (out,))):
        if file.is_dir():
            continue
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        place = file.relative_to(root).as_posix() if root.is_dir() else file.name
        yield DataFile(place, file.stat().st_size, digest, _fields(file))


def _fields(file: Path) -> frozenset[str]:
    """Return the fields that any record of a file has; none where a line of it is no record."""
    if endings(file)[0] not in LINES:
        return frozenset()
    fields: set[str] = set()
    for _, line in bounded_lines(file):
        try:
            row = json_text.loads(line or b"null")
        except (ValueError, RecursionError):
            return frozenset()
        if not isinstance(row, dict) or not is_record(row):
            return frozenset()
        fields |= row.keys()
    return frozenset(fields)
