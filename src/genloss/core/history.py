"""History: S_0 and what a regime still remembers of S_1 .. S_{t-1}."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, eq=False)
class History:
    """The past before generation t is trained.

    real: S_0. synthetic: remembered samples, oldest first; a regime may have dropped or pooled old
    ones, so their origins, not their places, say who made them. n_real_drawn: real rows handed out
    so far, S_0 included (a finite reality continues there).
    """

    real: Any
    synthetic: tuple[Any, ...]
    t: int
    n_real_drawn: int

    def after(self, samples: Any, n_fresh: int) -> "History":
        """Return the history one generation later, with S_t and the fresh real rows counted."""
        return replace(
            self,
            synthetic=(*self.synthetic, samples),
            t=self.t + 1,
            n_real_drawn=self.n_real_drawn + n_fresh,
        )

    def keeping_last(self, k: int) -> "History":
        """Return the history with only its k newest synthetic parts, or with fewer."""
        return replace(self, synthetic=self.synthetic[-k:] if k else ())

    def pooled(self) -> "History":
        """Return the history with all synthetic parts joined into one."""
        if len(self.synthetic) < 2:
            return self
        form = type(self.synthetic[0])
        return replace(self, synthetic=(form.concat(self.synthetic),))
