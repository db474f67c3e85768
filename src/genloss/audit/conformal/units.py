"""One text for each source: sources are exchangeable, the texts of one source are not."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from genloss.core.arrays import Ints


def one_per_source(sources: Sequence[str], texts: Sequence[str], seed: int = 0) -> Ints:
    """Return the index of one text of every source, ascending: (number of sources,).

    sources: of each text, such as its author or prompt; '' is a source of its own. texts: their
    ids. The text is the one with the least SHA-256 of seed, source and id, so that neither the
    order nor other sources matter. What holds of a text drawn from a new source is then a conformal
    promise (single subsampling, Dunn, Wasserman and Ramdas 2022).
    """
    best: dict[str, tuple[bytes, int]] = {}
    for i, (source, text) in enumerate(zip(sources, texts, strict=True)):
        drawn = sha256(f"{seed}\0{source}\0{text}".encode("utf-8", "surrogatepass")).digest()
        key = f"source {source}" if source else f"text {text}"
        if key not in best or drawn < best[key][0]:
            best[key] = (drawn, i)
    return np.sort(np.array([i for _, i in best.values()], dtype=np.int64))
