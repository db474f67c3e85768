"""Hybrid rows: a span of one kind inside a row of the other, real and generated."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import checked_fraction
from genloss.core.roles import Data, History, Sizes
from genloss.core.samples import NO_TOKEN, Samples
from genloss.errors import DataError, SpecError

Base = Literal["real", "generated"]


@dataclass(frozen=True)
class Hybrid:
    """D_t = n_real rows of one kind, some of which hold a span of the other, t > 1.

    base 'real': row i of S_0, and in the first round(rows n_real) rows a span of round(tokens T)
    tokens stands as row i of S_{t-1} has it: a machine edits human text. 'generated': the other
    way round, human spans in machine text. Where a span begins is drawn anew for every row and
    generation. A row with any generated token counts as generated. S_t has n_real rows whatever
    n_synthetic says. Of rows of numbers, coordinates are tokens.

    Raises:
        SpecError: shares outside [0, 1], or another base.
        DataError: data without rows, or rows that end early, whose places do not correspond.
    """

    about = About(
        "hybrid",
        "Hybrid rows",
        "Spans that a model wrote in real rows, or real spans in what a model wrote.",
    )
    base: Base
    rows: float = 1.0
    tokens: float = 0.5
    pairs_rows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.base not in get_args(Base):
            raise SpecError(f"hybrid: base is {self.base!r}; expected 'real' or 'generated'")
        checked_fraction(self.rows, "hybrid: rows")
        checked_fraction(self.tokens, "hybrid: tokens")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        inside = "generated" if self.base == "real" else "real"
        return f"{self.base} rows, {100 * self.rows:.3g} % of them with {inside} spans"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n_real rows, and as many of S_t, one for each."""
        return Sizes(n_real, n_real)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the rows with their spans."""
        real, last = _whole(history.real), _whole(history.synthetic[-1])
        ours, other = (real, last) if self.base == "real" else (last, real)
        if ours.x.shape[2:] != other.x.shape[2:]:
            raise DataError(
                f"hybrid: real rows have shape {real.x.shape[2:]} and generated ones "
                f"{last.x.shape[2:]}; write as many tokens as a real row has"
            )
        n = min(ours.n_rows, other.n_rows)
        x, origin = ours.x[:, :n].copy(), np.asarray(ours.origin)[:, :n].copy()
        k, length = round(self.rows * n), round(self.tokens * x.shape[2])
        if k and length:
            start = rng.integers(0, x.shape[2] - length + 1, (len(x), k, 1))
            place = np.arange(x.shape[2])
            inside = (place >= start) & (place < start + length)
            x[:, :k] = np.where(inside, other.x[:, :k], x[:, :k])
            whole = length == x.shape[2]
            made = np.asarray(other.origin)[:, :k]
            origin[:, :k] = made if whole else np.maximum(origin[:, :k], made)
        return Samples(x, origin)

    def remember(self, history: History) -> History:
        """Keep S_{t-1} only."""
        return history.keeping_last(1)


def _whole(data: Data) -> Samples:
    if not isinstance(data, Samples) or data.x.ndim != 3:
        raise DataError("hybrid: only rows of tokens or numbers have spans; use form = 'rows'")
    if data.x.dtype.kind in "iu" and (data.x == NO_TOKEN).any():
        raise DataError(
            "hybrid: some rows end early, so that places do not correspond; set min_new = max_new"
        )
    return data
