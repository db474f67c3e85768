"""What `genloss verify` and `genloss table` do and say."""

from collections.abc import Sequence
from pathlib import Path

from genloss.cli import console
from genloss.errors import SpecError, StoreError
from genloss.report.long_table import LongTable
from genloss.report.table_files import write_table
from genloss.report.words import count
from genloss.store.header import HEADER
from genloss.store.reader import Run, find_runs
from genloss.store.verify import verify

LAST = -1


def runs_below(paths: Sequence[Path]) -> list[Run]:
    """Return the runs at or below the paths, each once.

    Raises:
        StoreError: a path without any.
    """
    runs: dict[Path, Run] = {}
    for path in paths:
        below = find_runs(path)
        if not below:
            raise StoreError(
                f"{path} holds no runs (no {HEADER} at or below it); see `genloss ls` for what "
                "there is, or run a study first"
            )
        runs |= {run.path.resolve(): run for run in below}
    return list(runs.values())


def verified(paths: Sequence[Path], json: bool) -> bool:
    """Verify runs and show every damaged file; return whether there is none."""
    runs = runs_below(paths)
    checked = [(run, file) for run in runs for file in verify(run)]
    bad = [(run, file) for run, file in checked if file.problem]
    if json:
        console.print_json(
            {
                "runs": len(runs),
                "files": len(checked),
                "problems": [{"file": str(f.path), "problem": f.problem} for _, f in bad],
            }
        )
        return not bad
    for _, file in bad:
        named = str(file.path) in file.problem
        console.print_line(file.problem if named else f"{file.path}: {file.problem}")
    result = "nothing has changed since they were written"
    if bad:
        damaged = len({run.path for run, _ in bad})
        result = f"{count(len(bad), 'problem')} in {count(damaged, 'run')}"
    what = f"{count(len(checked), 'file')} of {count(len(runs), 'run')}"
    console.print_line(f"{what}: {result}")
    return not bad


def tabulated(
    paths: Sequence[Path], out: Path, metrics: Sequence[str], at: Sequence[str], json: bool
) -> None:
    """Write the long table of runs and say how long it is."""
    times = tuple(_generation(text) for text in at)
    table = LongTable(runs_below(paths), tuple(metrics), times)
    n = write_table(table, out)
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
