"""What `genloss table` does and says."""

from collections.abc import Sequence
from pathlib import Path

from genloss.cli import console
from genloss.cli.waiting import at_work
from genloss.errors import SpecError
from genloss.report.formatting import count
from genloss.report.long_table import LongTable
from genloss.report.over_chains import OverChains
from genloss.report.table_files import write_table
from genloss.store.reader import runs_below

LAST = -1


def tabulated(
    paths: Sequence[Path],
    out: Path,
    metrics: Sequence[str],
    at: Sequence[str],
    json: bool,
    *,
    over_chains: bool,
) -> None:
    """Write the long table of runs, or its medians over chains, and say how long it is."""
    times = tuple(_generation(text) for text in at)
    table = LongTable(runs_below(paths), tuple(metrics), times)
    with at_work("writing the table"):
        n = write_table(OverChains(table) if over_chains else table, out)
    if json:
        console.print_json({"table": str(out), "rows": n})
    else:
        console.print_line(f"{out}: {count(n, 'row')}")


def _generation(text: str) -> int:
    if text == "last":
        return LAST
    if not text.isdecimal():
        raise SpecError(f"--at is {text!r}; expected a generation such as 10, or last")
    return int(text)
