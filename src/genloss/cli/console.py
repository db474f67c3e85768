"""What a command prints: JSON for scripts, tables for people; and the code it exits with."""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from genloss.cli.plain import plain, plain_lines
from genloss.core.code import CodeChanged
from genloss.errors import GenlossError, SpecError

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=1, allow_nan=False) + "\n")


def print_line(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(plain(text) + "\n")


def print_hint(text: str) -> None:
    """Print one line on standard error: what to do next, for nobody but a person."""
    sys.stderr.write(plain(text) + "\n")


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
        table.add_row(*map(plain, row))
    width = None if sys.stdout.isatty() else 160
    # Without markup: "[inf, inf]" is a cell, not a style.
    Console(file=sys.stdout, width=width, highlight=False, markup=False).print(table)


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
        sys.stderr.write(f"genloss: {plain_lines(str(error))}\n")
        raise SystemExit(BAD_INPUT) from None
    except KeyboardInterrupt:
        # A second Ctrl-C must not cut the leaving short.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stderr.write("\ngenloss: interrupted; run the same command again to resume\n")
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        raise SystemExit(0) from None
