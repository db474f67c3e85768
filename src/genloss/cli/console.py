"""What a command prints: JSON for scripts, tables for people."""

import json
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from genloss.cli.escaping import plain
from genloss.core.code import CodeChanged
from genloss.errors import SpecError


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=1, allow_nan=False) + "\n")


def print_line(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(plain(text) + "\n")


def print_hint(text: str) -> None:
    """Print one line on standard error: what to do next, for nobody but a person."""
    with suppress(OSError):
        sys.stderr.write(plain(text) + "\n")


NARROW = 110
"""Columns of a terminal below which lists leave out what `show` says anyway."""


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


def is_narrow() -> bool:
    """Return whether the terminal has too few columns for all that a list could say."""
    return sys.stdout.isatty() and shutil.get_terminal_size().columns < NARROW


def code_changed(fresh: bool, same_code: bool) -> CodeChanged:
    """Return what --fresh and --same-code ask for; raises SpecError for both."""
    if fresh and same_code:
        raise SpecError("--fresh and --same-code exclude each other; pass one of them")
    return "fresh" if fresh else "same" if same_code else "refuse"
