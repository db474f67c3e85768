"""What runs kept of their generations, for readers: rows of the first chain, and their texts."""

from genloss.core.arrays import Array
from genloss.report.reading import places
from genloss.store.reader import Run

PANELS = 8
"""Generations shown of one run, except in a film of images."""


def kept_rows(run: Run, most: int = PANELS, rows: int | None = None) -> dict[int, Array]:
    """Return rows (m, ...) of the first chain at about `most` kept generations, ends included.

    rows: how many of them, or None for all.
    """
    kept = run.kept()
    found = {}
    for i in places(len(kept), most):
        folder = run.blocks[0].generation(kept[i])
        if (folder / "samples.safetensors").exists():
            # A copy, so that the rest of a large set of samples is given back.
            found[kept[i]] = run.arrays(kept[i], "samples")["x"][0][:rows].copy()
    return found


def kept_texts(run: Run, most: int) -> dict[int, list[tuple[str, str]]]:
    """Return (prompt, text) of the first chain at about `most` kept generations that have texts."""
    found = {}
    for t in run.kept():
        if (texts := run.texts(t)) is not None:
            found[t] = texts
    times = list(found)
    return {times[i]: found[times[i]] for i in places(len(times), most)}


def heading(t: int) -> str:
    """Return the heading of a generation's panel."""
    return "reality" if t == 0 else f"t = {t:,}"
