"""What a command prints: JSON for scripts, tables for people."""

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from textwrap import wrap
from typing import Any, TextIO

from genloss.cli.escaping import plain, plain_lines
from genloss.core.code import CodeChanged
from genloss.errors import SpecError


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=1, allow_nan=False) + "\n")


def print_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print one JSON list, a row a line: ten times as fast as with an indent."""
    lines = ",\n ".join(json.dumps(row, allow_nan=False) for row in rows)
    sys.stdout.write(f"[{lines}]\n")


def print_line(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(plain(text) + "\n")


def print_lines(text: str) -> None:
    """Print text of several lines on standard output."""
    sys.stdout.write(plain_lines(text) + "\n")


def print_prose(text: str) -> None:
    """Print sentences on standard output, broken between words where a terminal would cut them."""
    sys.stdout.write(folded(plain(text), sys.stdout) + "\n")


def print_hint(text: str) -> None:
    """Print one line on standard error: what to do next, for nobody but a person."""
    with suppress(OSError):
        sys.stderr.write(folded(without_giants(plain(text)), sys.stderr) + "\n")


def without_giants(text: str) -> str:
    """Return text with words that no file can be called, over 255 characters, as their ends."""
    return re.sub(r"\S{256,}", lambda found: f"...{found.group()[-80:]}", text)


def terminal_width(stream: TextIO) -> int | None:
    """Return the columns of the terminal that a stream writes to; None where it is none."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def folded(text: str, stream: TextIO) -> str:
    """Return text broken between words for a terminal, as it is for anything else.

    What has no gap, such as a path, stays whole.
    """
    if (width := terminal_width(stream)) is None:
        return text
    lines = (
        wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
        for line in text.split("\n")
    )
    return "\n".join(part for line in lines for part in line)


PIPED = 160
"""Columns of tables that no terminal limits."""

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
        table.add_row(*map(plain_lines, row))
    width = None if sys.stdout.isatty() else PIPED
    # Without markup: "[inf, inf]" is a cell, not a style.
    Console(file=sys.stdout, width=width, highlight=False, markup=False).print(table)


def narrow_width() -> int | None:
    """Return the columns of a terminal that has too few for all that a list could say, or None."""
    width = terminal_width(sys.stdout)
    return width if width is not None and width < NARROW else None


def number(value: float) -> str:
    """Return a number as tables show it: 1,200 or 0.04321."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def code_changed(fresh: bool, same_code: bool) -> CodeChanged:
    """Return what --fresh and --same-code ask for; raises SpecError for both."""
    if fresh and same_code:
        raise SpecError("--fresh and --same-code exclude each other; pass one of them")
    return "fresh" if fresh else "same" if same_code else "refuse"
