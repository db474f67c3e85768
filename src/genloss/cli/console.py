"""What a command prints: JSON for scripts, tables for people, progress for the waiting."""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from genloss.errors import GenlossError

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=1, allow_nan=False) + "\n")


def print_line(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(text + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that fits the terminal; text columns wrap, numbers do not."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for i, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=i == 0)
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 160
    # Without markup: "[inf, inf]" is a cell, not a style.
    Console(file=sys.stdout, width=width, highlight=False, markup=False).print(table)


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
            rate = (done - first[0]) / max(time.monotonic() - begun, 1e-9)
            bar.update(task, completed=done, total=total, rate=f"{rate:,.0f} generations/s")

        yield show


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
