"""ToEdit: real rows of which a model rewrites some, each of them once."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Ints, checked_fraction
from genloss.core.roles import Data, History, Sizes
from genloss.core.samples import Samples
from genloss.errors import DataError


@dataclass(frozen=True)
class ToEdit:
    """D_t = D_{t-1} with some of its real rows in the version of the last model; D_1 = S_0.

    Between fits s and s + 1 share * decay^(s-1) of the n_real rows are rewritten, the first ones
    not yet touched, until none is left: row i of D_t is row i of S_0, or row i of the S_s that
    rewrote it. S_t therefore holds n_real rows whatever n_synthetic says. What a rewritten row
    keeps of the real one is up to the sampler: `relabelling` keeps the features of a regression,
    prompts the beginning of a text. share = 0 edits nothing.

    Raises:
        SpecError: share or decay outside [0, 1].
        DataError: data without rows.
    """

    about = About(
        "to_edit",
        "Token editing",
        "Real rows of which the last model rewrites a share, fewer each time.",
        ("zhu-2025",),
    )
    share: float = 0.2
    decay: float = 0.5
    pairs_rows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked_fraction(self.share, "to_edit: share")
        checked_fraction(self.decay, "to_edit: decay")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return f"real rows of which models rewrote {100 * self.share:.3g} %, fewer each time"

    def edited(self, t: int, n_real: int) -> int:
        """Return how many rows of D_t are no longer real."""
        q = self.decay
        fits = t - 1 if q == 1 else (1 - q ** (t - 1)) / (1 - q)
        return min(round(n_real * self.share * fits), n_real)

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n_real rows, and as many of S_t, one for each."""
        return Sizes(n_real, n_real)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the edited rows and the real ones that are left."""
        real, parts = _rows(history.real), self._edits(history)
        done = self.edited(history.t, real.n_rows)
        if done < real.n_rows:
            parts.append(_some(real, np.arange(done, real.n_rows)))
        return Samples.concat(parts)

    def remember(self, history: History) -> History:
        """Keep the edited rows alone."""
        edits = self._edits(history)
        return replace(history, synthetic=(Samples.concat(edits),) if edits else ())

    def _edits(self, history: History) -> list[Samples]:
        """Return the rows that generations 1 .. t - 1 rewrote, of their sets, whole or trimmed."""
        n, edits = history.real.n_rows, []
        parts = [_rows(part) for part in history.synthetic]
        written = Samples.concat(parts) if parts else None
        for s in range(1, history.t):
            start, stop = self.edited(s, n), self.edited(s + 1, n)
            if start == stop:
                continue
            rows = np.flatnonzero(written.origin[0] == s) if written is not None else np.arange(0)
            if rows.size not in (n, stop - start) or written is None:
                raise DataError(
                    f"to_edit: generation {s} left {rows.size} rows, of which {stop - start} "
                    "should stand in for real ones; begin with to_edit, not with another regime"
                )
            edits.append(_some(written, rows[start:stop] if rows.size == n else rows))
        return edits


def _some(rows: Samples, index: Ints) -> Samples:
    return rows.take(np.tile(index, (rows.n_chains, 1)))


def _rows(data: Data) -> Samples:
    if not isinstance(data, Samples):
        raise DataError(
            f"to_edit rewrites rows one by one; got {type(data).__name__}; use form = 'rows'"
        )
    return data
