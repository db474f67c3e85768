"""The parts of a kept generation, packed and unpacked side by side.

state        the arrays of the model, for the chains kept
samples      rows of the chains kept: x (C, m, ...), origin, and what else a row carries
texts        texts of the first chain, with their prompts where there are any
histograms   what metrics counted per bin: "judge.name" -> array over the chains of the block
refused      rows of the chains kept that a curator refused, x (C, m, ...), and why
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from genloss.core.arrays import Array
from genloss.errors import StoreError

STATE, SAMPLES, TEXTS, HISTOGRAMS = "state", "samples", "texts", "histograms"
REFUSED = "refused"
EDGES = "edges"


def pack_texts(texts: Sequence[str], prompts: Sequence[str] | None) -> dict[str, Array]:
    """Return texts, and their prompts if there are any, as arrays."""
    out = _packed("", texts)
    return out if prompts is None else out | _packed("prompts_", prompts)


def unpack_texts(arrays: Mapping[str, Array], path: Path) -> list[tuple[str, str]]:
    """Return (prompt, text); the prompt is empty where none was kept.

    Bytes that are no UTF-8 become U+FFFD. path: for errors.
    """
    texts = _unpacked("", arrays, path)
    if "prompts_ends" not in arrays:
        return [("", text) for text in texts]
    return list(zip(_unpacked("prompts_", arrays, path), texts, strict=False))


def pack_refused(
    rows: Mapping[str, Array], reason: Array, reasons: Sequence[str]
) -> dict[str, Array]:
    """Return refused rows with their reasons (C, m): places in `reasons`, or -1 for no row."""
    return {**rows, "reason": reason, **_packed("reasons_", reasons)}


def unpack_refused(arrays: Mapping[str, Array], path: Path) -> tuple[Array, Array, list[str]]:
    """Return rows (C, m, ...), the place of each one's reason (C, m), and the reasons."""
    return arrays["x"], arrays["reason"], _unpacked("reasons_", arrays, path)


def judged_histograms(arrays: Mapping[str, Array], judge: str) -> dict[str, Array]:
    """Return the histograms that one judge counted, by name; judge: 'first' or 'base'."""
    return {
        name.partition(".")[2]: value
        for name, value in arrays.items()
        if name.partition(".")[0] == judge
    }


def joined_histograms(blocks: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Return the histograms of several blocks as one, over the chains of all; edges are shared."""
    joined = {k: np.concatenate([b[k] for b in blocks]) for k in blocks[0] if k != EDGES}
    return joined | {k: blocks[0][k] for k in (EDGES,) if k in blocks[0]}


def _packed(prefix: str, texts: Sequence[str]) -> dict[str, Array]:
    parts = [text.encode() for text in texts]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    utf8 = np.frombuffer(b"".join(parts), dtype=np.uint8)
    return {f"{prefix}utf8": utf8, f"{prefix}ends": ends}


def _unpacked(prefix: str, arrays: Mapping[str, Array], path: Path) -> list[str]:
    try:
        utf8, ends = arrays[f"{prefix}utf8"], arrays[f"{prefix}ends"]
        parts = np.split(utf8, ends[:-1]) if ends.size else []
        return [part.tobytes().decode(errors="replace") for part in parts]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StoreError(
            f"{path} holds no texts ({type(error).__name__}: {error}); it is foreign; run again"
        ) from error
