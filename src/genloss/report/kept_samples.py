"""What runs kept of their generations, for readers: rows of the first chain, and their texts."""

from collections.abc import Sequence

from genloss.core.arrays import Array
from genloss.report.measured import places
from genloss.store.parts import SAMPLES, TEXTS
from genloss.store.reader import Run

PANELS = 8
"""Generations shown of one run, except in a film of images."""


def kept_rows(
    run: Run, most: int = PANELS, rows: int | None = None, times: Sequence[int] | None = None
) -> dict[int, Array]:
    """Return rows (m, ...) of the first chain at about `most` kept generations, ends included.

    rows: how many of them, or None for all. times: at which generations, of those it kept.
    """
    kept = run.kept()
    if times is None:
        times = [kept[i] for i in places(len(kept), most)]
    times = [t for t in times if t in kept]
    # A copy, so that the rest of a large set of samples is given back.
    return {t: run.arrays(t, SAMPLES)["x"][0][:rows].copy() for t in times if run.has(t, SAMPLES)}


def kept_texts(run: Run, most: int) -> dict[int, list[tuple[str, str]]]:
    """Return (prompt, text) of the first chain at about `most` kept generations that have texts."""
    times = [t for t in run.kept() if run.has(t, TEXTS)]
    wanted = [times[i] for i in places(len(times), most)]
    return {t: texts for t in wanted if (texts := run.texts(t)) is not None}


def kept_histograms(run: Run, judge: str) -> dict[int, dict[str, Array]]:
    """Return what `text_likelihood.histograms` counted, over the chains of all blocks.

    By kept generation; only those that every block has it of. judge: 'first' or 'base'.
    """
    return {t: joined for t in run.kept() if (joined := run.histograms(t, judge)) is not None}


def heading(t: int) -> str:
    """Return the heading of a generation's panel."""
    return "reality" if t == 0 else f"t = {t:,}"
