"""What `genloss corpus trace` does and says."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from genloss.cli import console
from genloss.cli.waiting import at_work
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.tracing import trace
from genloss.report.formatting import count


def traced(id_wanted: str, paths: Sequence[Path], json: bool) -> bool:
    """Show every place that holds a record; return whether there is any."""
    aside = Aside()
    with at_work("searching"):
        held = trace(id_wanted, paths, aside)
    if json:
        left = dict(aside.left_out)
        console.print_json({"id": id_wanted, "held": [asdict(h) for h in held], "left_out": left})
        return bool(held)
    for h in held:
        other = f": {h.id}" if h.id != id_wanted else ""
        often = f", {h.count:,} times" if h.count > 1 else ""
        console.print_prose(f"{h.place}: {h.how}{often}{other}")
    console.print_line(f"{count(len(held), 'place')} of {id_wanted}" if held else "nowhere")
    if aside.left_out:
        console.print_hint(f"not searched: {aside.summary()}")
    return bool(held)
