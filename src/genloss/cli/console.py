"""What a command prints: JSON for scripts, tables for people, progress for the waiting."""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from genloss.core.code import CodeChanged
from genloss.errors import GenlossError, SpecError

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=1, allow_nan=False) + "\n")


def print_line(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(text + "\n")


def print_hint(text: str) -> None:
    """Print one line on standard error: what to do next, for nobody but a person."""
    sys.stderr.write(text + "\n")


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], folds: Sequence[str] | None = None
) -> None:
    """Print a table that fits the terminal; columns named in folds wrap, or all but the first."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    wrapped = columns[1:] if folds is None else folds
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in wrapped)
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 160
    # Without markup: "[inf, inf]" is a cell, not a style.
    Console(file=sys.stdout, width=width, highlight=False, markup=False).print(table)


def duration(seconds: float) -> str:
    """Return a time as a person says it: 0.8 s, 41 s, 12 min, 3 h 20 min, 5 days."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 2880 else f"{minutes // 1440} days"


def pace(done: int, seconds: float) -> str:
    """Return the rate of generations, by the second or, where they are slow, by the generation."""
    rate = done / max(seconds, 1e-9)
    if done == 0:
        return ""
    if rate < 1.0:
        return f"{duration(1.0 / rate)} a generation"
    return f"{rate:,.0f} generation{'s' if round(rate) > 1 else ''}/s"


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show generations done, rate and time left on standard error; silent off a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        Left(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, rate="")
        begun, first = time.monotonic(), [-1]

        def show(done: int, total: int) -> None:
            first[0] = done if first[0] < 0 else first[0]
            rate = pace(done - first[0], time.monotonic() - begun)
            bar.update(task, completed=done, total=total, rate=rate)

        yield show


def code_changed(fresh: bool, same_code: bool) -> CodeChanged:
    """Return what --fresh and --same-code ask for; raises SpecError for both."""
    if fresh and same_code:
        raise SpecError("--fresh and --same-code exclude each other; pass one of them")
    return "fresh" if fresh else "same" if same_code else "refuse"


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn errors into one message and an exit code: 2 for bad input, 130 for Ctrl-C."""
    try:
        yield
    except GenlossError as error:
        sys.stderr.write(f"genloss: {error}\n")
        raise SystemExit(BAD_INPUT) from None
    except KeyboardInterrupt:
        # A second Ctrl-C must not cut the leaving short.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stderr.write("\ngenloss: interrupted; run the same command again to resume\n")
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        raise SystemExit(0) from None
