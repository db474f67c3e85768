"""What `genloss corpus read` does and says."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from genloss.audit.profile.personal import masked
from genloss.cli import console
from genloss.cli.corpus.options import named
from genloss.cli.waiting import at_work
from genloss.corpus.record.aside import Aside, aside_in, one_or_more
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.record import Record, id_of
from genloss.corpus.record.writing import write_records
from genloss.report.formatting import count


def gathered(
    paths: Sequence[Path],
    out: Path,
    fields: FieldMap,
    mask: bool,
    aside_file: Path | None,
    json: bool,
) -> None:
    """Write the records of files, and say what was left out."""
    with aside_in(aside_file) as aside, at_work("reading"):
        found = read_records(paths, fields, aside, named(out, aside_file))
        records = one_or_more(found, paths, aside)
        number = write_records(map(_masked, records) if mask else records, out)
    if json:
        first = [asdict(entry) for entry in aside.first]
        told = {"left_out": dict(aside.left_out), "doubts": dict(aside.doubts), "first": first}
        console.print_json({"out": str(out), "records": number, **told})
        return
    console.print_line(f"{count(number, 'record')} in {out}")
    say_aside(aside, aside_file)


def _masked(record: Record) -> Record:
    text = masked(record.text or "")
    if record.text is None or text == record.text:
        return record
    # Another text has another id; the one that it was made from is its parent.
    return replace(record, id=id_of(text), text=text, parents=(*record.parents, record.id))


def say_aside(aside: Aside, file: Path | None) -> None:
    """Say in a few lines what could not be read."""
    if not (summary := aside.summary()):
        return
    console.print_hint(summary)
    for entry in aside.first[:3]:
        console.print_hint(f"  {entry}")
    console.print_hint(f"all of it: {file}" if file else "--aside FILE lists all of it")
