"""What `genloss corpus read` does and says."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from genloss.cli import console
from genloss.corpus.record.aside import Aside, aside_in
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.writing import write_records
from genloss.report.formatting import count


def gathered(
    paths: Sequence[Path], out: Path, fields: FieldMap, aside_file: Path | None, json: bool
) -> None:
    """Write the records of files, and say what was left out."""
    with aside_in(aside_file) as aside:
        number = write_records(read_records(paths, fields, aside), out)
    if json:
        first = [asdict(entry) for entry in aside.first]
        told = {"left_out": dict(aside.left_out), "doubts": dict(aside.doubts), "first": first}
        console.print_json({"out": str(out), "records": number, **told})
        return
    console.print_line(f"{count(number, 'record')} in {out}")
    say_aside(aside, aside_file)


def say_aside(aside: Aside, file: Path | None) -> None:
    """Say in a few lines what could not be read."""
    if not (summary := aside.summary()):
        return
    console.print_hint(summary)
    for entry in aside.first[:3]:
        console.print_hint(f"  {entry}")
    console.print_hint(f"all of it: {file}" if file else "--aside FILE lists all of it")
