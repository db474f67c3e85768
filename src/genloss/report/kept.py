"""What runs kept of their generations, for readers: rows of the first chain, and their texts."""

import numpy as np

from genloss.core.arrays import Array
from genloss.report.reading import places
from genloss.store.reader import Run

HISTOGRAMS, EDGES = "histograms", "edges"

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


def kept_histograms(run: Run, judge: str) -> dict[int, dict[str, Array]]:
    """Return what `text_likelihood.histograms` counted, over the chains of all blocks.

    By kept generation; only those that every block has it of. judge: 'first' or 'base'.
    """
    found = {}
    for t in run.kept():
        parts = [
            run.arrays(t, HISTOGRAMS, i)
            for i, block in enumerate(run.blocks)
            if (block.generation(t) / f"{HISTOGRAMS}.safetensors").exists()
        ]
        mine = [{k.partition(".")[2]: v for k, v in p.items() if _of(k, judge)} for p in parts]
        if mine and len(mine) == len(run.blocks) and all(mine):
            joined = {k: np.concatenate([m[k] for m in mine]) for k in mine[0] if k != EDGES}
            found[t] = joined | {EDGES: mine[0][EDGES]}
    return found


def _of(key: str, judge: str) -> bool:
    return key.partition(".")[0] == judge


def heading(t: int) -> str:
    """Return the heading of a generation's panel."""
    return "reality" if t == 0 else f"t = {t:,}"
