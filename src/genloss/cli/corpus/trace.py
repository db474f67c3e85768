"""What `genloss corpus trace` does and says."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from genloss.cli import console
from genloss.cli.corpus.read import say_aside
from genloss.cli.exits import BAD_INPUT, FAILED
from genloss.cli.waiting import at_work
from genloss.corpus.record.aside import aside_in
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.tracing import Traced, trace
from genloss.report.formatting import count


def traced(
    id_wanted: str, paths: Sequence[Path], fields: FieldMap, aside_file: Path | None, json: bool
) -> int:
    """Show every place that holds a record, and what could not be searched; return the exit code.

    It is 0 where there is any and all was searched, 1 where there is none, and 2 where something
    could not be searched, whatever was found.
    """
    with aside_in(aside_file) as aside, at_work("searching"):
        found = trace(id_wanted, paths, fields, aside.stream)
    doubtful = bool(found.unsearched.left_out)
    if json:
        console.print_json({"id": id_wanted, **_plain(found)})
    else:
        _say(found, id_wanted, aside_file)
    return BAD_INPUT if doubtful else 0 if found.held else FAILED


def _plain(found: Traced) -> dict[str, object]:
    return {
        "held": [asdict(h) for h in found.held],
        "unsearched": dict(found.unsearched.left_out),
        "first": [asdict(entry) for entry in found.unsearched.first],
        "passed_over": dict(found.passed_over.left_out),
    }


def _say(found: Traced, id_wanted: str, aside_file: Path | None) -> None:
    for h in found.held:
        other = f": {h.id}" if h.id != id_wanted else ""
        often = f", {h.count:,} times" if h.count > 1 else ""
        console.print_prose(f"{h.place}: {h.how}{often}{other}")
    doubtful = bool(found.unsearched.left_out)
    if found.held:
        console.print_line(f"{count(len(found.held), 'place')} of {id_wanted}")
    else:
        console.print_line("nowhere in what could be searched" if doubtful else "nowhere")
    if doubtful:
        console.print_prose("not searched, so that it may be there:")
        say_aside(found.unsearched, aside_file)
    if found.passed_over.left_out:
        console.print_hint(f"passed over: {found.passed_over.summary()}")
