"""What `genloss corpus mix` does and says."""

import json as jsons
from dataclasses import asdict
from pathlib import Path
from typing import Any

from genloss.audit.selection.curation import digest_of_file, inputs_of
from genloss.audit.selection.mixture import Draw, Mixture, read_mixture
from genloss.cli import console
from genloss.cli.corpus.options import named
from genloss.cli.corpus.read import say_aside
from genloss.cli.waiting import at_work
from genloss.corpus.record.aside import Aside, aside_in
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import located
from genloss.corpus.record.writing import check_name, write_records
from genloss.report.formatting import count
from genloss.store.files import write_bytes


def mixed(spec: Path, out: Path, fields: FieldMap, aside_file: Path | None, json: bool) -> None:
    """Draw a mixture, write it with its account, and show what it holds."""
    check_name(out)
    mixture = read_mixture(spec)
    beside = out.with_name(out.name.partition(".jsonl")[0] + ".mix.json")
    with aside_in(aside_file) as aside, at_work("drawing the mixture"):
        draw = Draw(mixture, fields, aside, named(out, beside, aside_file))
        number = write_records(draw.records(), out)
    account = _account(spec, mixture, draw, out, number)
    write_bytes(beside, jsons.dumps(account, indent=1).encode() + b"\n")
    if json:
        console.print_json(account)
        return
    cost = sum(d.cost for d in draw.drawn)
    console.print_line(f"{count(number, 'record')} in {out}{f', cost {cost:g}' if cost else ''}")
    rows = [
        [d.name, f"{d.available:,}", f"{d.drawn:,}", f"{d.drawn / max(1, number):.1%}", _epochs(d)]
        for d in draw.drawn
    ]
    console.print_table(["part", "available", "drawn", "share", "epochs"], rows, ["part"])
    for name in ("origin", "depth", "licence"):
        held = ", ".join(f"{value} {n:,}" for value, n in draw.by[name].items())
        console.print_prose(f"{name}: {held}")
    console.print_hint(f"account: {beside.name}")
    say_aside(aside, aside_file)


def _epochs(drawn: Any) -> str:
    return f"{drawn.drawn / drawn.available:.2f}" if drawn.available else "0"


def _account(spec: Path, mixture: Mixture, draw: Draw, out: Path, number: int) -> dict[str, Any]:
    paths = [path for part in mixture.parts for path in part.paths]
    return {
        "format": 1,
        "spec": {"file": spec.name, "sha256": digest_of_file(spec)},
        "inputs": inputs_of(located(paths, Aside(), draw.outputs)),
        "seed": mixture.seed,
        "parts": [asdict(d) for d in draw.drawn],
        "by": draw.by,
        "output": {"file": out.name, "records": number, "sha256": digest_of_file(out)},
    }
