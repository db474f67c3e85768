"""What `genloss corpus mix` does and says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genloss.audit.selection.drawing import Drawing, account_of, draw
from genloss.audit.selection.mixture import read_mixture
from genloss.cli import console
from genloss.cli.corpus.jobs import Where, doing
from genloss.cli.corpus.options import named
from genloss.cli.corpus.read import say_aside
from genloss.cli.waiting import at_work
from genloss.corpus.record.aside import aside_in
from genloss.corpus.record.field_map import FieldMap
from genloss.report.formatting import count


def mixed(
    spec: Path,
    out: Path,
    fields: FieldMap,
    *,
    where: Where,
    aside_file: Path | None,
    json: bool,
) -> None:
    """Draw a mixture, write it with its account, and show what it holds."""
    drawing = Drawing(read_mixture(spec), fields, spec)
    own = named(out, account_of(out), aside_file)
    with doing(where) as do, aside_in(aside_file) as aside, at_work("drawing the mixture"):
        account = draw(drawing, out, aside, own, do, where.keep_work)
    if json:
        console.print_json(account)
        return
    number, parts = account["output"]["records"], account["parts"]
    cost = sum(part["cost"] for part in parts)
    console.print_line(f"{count(number, 'record')} in {out}{f', cost {cost:g}' if cost else ''}")
    rows = [_row(part, number) for part in parts]
    console.print_table(["part", "available", "drawn", "share", "epochs"], rows, ["part"])
    for name in ("origin", "depth", "licence"):
        held = ", ".join(f"{value} {n:,}" for value, n in account["by"][name].items())
        console.print_prose(f"{name}: {held}")
    console.print_hint(f"account: {account_of(out).name}")
    say_aside(aside, aside_file)


def _row(part: Mapping[str, Any], number: int) -> list[str]:
    available, drawn = part["available"], part["drawn"]
    epochs = f"{drawn / available:.2f}" if available else "0"
    return [
        part["name"],
        f"{available:,}",
        f"{drawn:,}",
        f"{drawn / max(1, number):.1%}",
        epochs,
    ]
