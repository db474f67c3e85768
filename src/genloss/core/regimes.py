"""Regimes: what does generation t train on?

Every regime answers three questions. sizes(t, n_real, n): how many rows have D_t and S_t, and how
many new real rows does D_t need? compose: what is D_t for t >= 2 (D_1 = S_0 always)? remember: what
of the past is still needed? n_real is the size of S_0, n the study's number of synthetic rows per
generation. Definitions: Shumailov et al. 2024,
Alemohammad et al. 2023, Gerstgrasser et al. 2024, Kazdan et al. 2024, Dohmatob et al. 2024.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.core.abilities import pairs_rows
from genloss.core.about import About
from genloss.core.arrays import checked_count, checked_fraction
from genloss.core.roles import Data, History, Reality, Regime, Sizes
from genloss.core.samples import FOREIGN
from genloss.errors import DataError, SpecError


def concat(parts: list[Data]) -> Data:
    """Join data of one form, oldest first."""
    return type(parts[0]).concat(parts)


@dataclass(frozen=True)
class Replace:
    """D_t = S_{t-1}: fully synthetic, the paper's main setting."""

    about = About(
        "replace",
        "Replace",
        "Every model learns only from what the last one wrote.",
        ("shumailov-2024",),
    )

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return "only what the last model wrote"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n rows (n_real at t = 1)."""
        return Sizes(n_real if t == 1 else n, n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return S_{t-1}."""
        return history.synthetic[-1]

    def remember(self, history: History) -> History:
        """Keep S_{t-1} only."""
        return history.keeping_last(1)


@dataclass(frozen=True)
class ReplaceMultiple:
    """D_t = S_{t-1} with t n rows: as much data as accumulate, all from the last model."""

    about = About(
        "replace_multiple",
        "Replace, more each time",
        "Only what the last model wrote, but t times as much.",
        ("gerstgrasser-2024",),
    )

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return "only what the last model wrote, t times as much"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return t n rows; S_t holds the (t + 1) n that generation t + 1 trains on."""
        return Sizes(n_real if t == 1 else t * n, (t + 1) * n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return S_{t-1}."""
        return history.synthetic[-1]

    def remember(self, history: History) -> History:
        """Keep S_{t-1} only."""
        return history.keeping_last(1)


@dataclass(frozen=True)
class Accumulate:
    """D_t = S_0 + S_1 + ... + S_{t-1}: nothing is thrown away."""

    about = About(
        "accumulate",
        "Accumulate",
        "Nothing is thrown away: real rows and everything generated so far.",
        ("gerstgrasser-2024",),
    )

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return "everything so far, real and generated"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n_real + (t - 1) n rows."""
        return Sizes(n_real + (t - 1) * n, n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the pool."""
        return concat([history.real, *history.synthetic])

    def remember(self, history: History) -> History:
        """Pool all samples."""
        return history.pooled()


@dataclass(frozen=True)
class AccumulateSubsample:
    """D_t = `size` rows drawn without replacement from S_0 + ... + S_{t-1}; 0 means n_real."""

    about = About(
        "accumulate_subsample",
        "Accumulate and subsample",
        "A random part, of fixed size, of everything so far.",
        ("kazdan-2024",),
    )
    size: int = 0

    def __post_init__(self) -> None:
        checked_count(self.size, "accumulate_subsample: size", 0)

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return "a random part, of fixed size, of everything so far"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return size rows, never more than the pool holds."""
        return Sizes(n_real if t == 1 else min(self.size or n_real, n_real + (t - 1) * n), n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return a subsample of the pool."""
        pool = concat([history.real, *history.synthetic])
        return pool.subsample(min(self.size or history.real.n_rows, pool.n_rows), rng)

    def remember(self, history: History) -> History:
        """Pool all samples."""
        return history.pooled()


@dataclass(frozen=True)
class Mix:
    """D_t = round(f m) real rows of S_0 + the rest from S_{t-1}, m = rows of S_{t-1}.

    f = real_fraction in [0, 1]. real_rows = 'same' keeps the first rows of S_0 for ever; 'redrawn'
    draws them anew in every generation (the 10 % preserved of Shumailov et al. 2024).
    """

    about = About(
        "mix",
        "Mix",
        "A fixed share of real rows, the rest by the last model.",
        ("shumailov-2024",),
    )
    real_fraction: float
    real_rows: Literal["same", "redrawn"] = "redrawn"

    def __post_init__(self) -> None:
        checked_fraction(self.real_fraction, "mix: real_fraction")
        if self.real_rows not in ("same", "redrawn"):
            raise SpecError(f"mix: real_rows is {self.real_rows!r}; expected 'same' or 'redrawn'")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return f"{100 * self.real_fraction:.3g} % real rows, the rest by the last model"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n rows (n_real at t = 1); raises SpecError where S_0 is too small for f."""
        self._n_kept(n_real, n)
        return Sizes(n_real if t == 1 else n, n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the mixture; raises SpecError where S_0 is too small for f."""
        last, real = history.synthetic[-1], history.real
        n_kept = self._n_kept(real.n_rows, last.n_rows)
        parts = []
        if n_kept:
            same = self.real_rows == "same"
            parts.append(real.head(n_kept) if same else real.subsample(n_kept, rng))
        if n_kept < last.n_rows:
            parts.append(last.head(last.n_rows - n_kept))
        return concat(parts)

    def _n_kept(self, n_real: int, n: int) -> int:
        n_kept = round(self.real_fraction * n)
        if n_kept > n_real:
            raise SpecError(
                f"mix: {self.real_fraction} of {n} rows are {n_kept} real rows, but S_0 has "
                f"{n_real}; raise n_real or lower real_fraction"
            )
        return n_kept

    def remember(self, history: History) -> History:
        """Keep S_{t-1} only."""
        return history.keeping_last(1)


@dataclass(frozen=True)
class Fresh:
    """D_t = n_real new real rows + S_{t-1}: the fresh data loop (Alemohammad et al. 2023)."""

    about = About(
        "fresh",
        "Fresh data",
        "New real rows at every generation, and what the last model wrote.",
        ("alemohammad-2023",),
    )
    n_real: int

    def __post_init__(self) -> None:
        checked_count(self.n_real, "fresh: n_real")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return f"{self.n_real:,} new real row{_s(self.n_real)} and what the last model wrote"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n_real + n rows, n_real of them new; S_0 alone at t = 1."""
        return Sizes(n_real, n) if t == 1 else Sizes(self.n_real + n, n, fresh=self.n_real)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the new real rows and S_{t-1}; raises DataError where there are no new rows."""
        if fresh is None:
            raise DataError(f"fresh: D_{history.t} needs {self.n_real} new real rows; got none")
        return concat([fresh, history.synthetic[-1]])

    def remember(self, history: History) -> History:
        """Keep S_{t-1} only."""
        return history.keeping_last(1)


@dataclass(frozen=True)
class Augment:
    """D_t = all of S_0 + S_{t-1} (synthetic = 'last') or + all samples so far ('pool')."""

    about = About(
        "augment",
        "Augment",
        "All real rows, and generated ones on top.",
        ("alemohammad-2023",),
    )
    synthetic: Literal["last", "pool"] = "last"

    def __post_init__(self) -> None:
        if self.synthetic not in ("last", "pool"):
            raise SpecError(f"augment: synthetic is {self.synthetic!r}; expected 'last' or 'pool'")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        last = self.synthetic == "last"
        written = "what the last model wrote" if last else "all that models wrote so far"
        return f"all real rows and {written}"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n_real + n rows, or n_real + (t - 1) n for the pool."""
        return Sizes(n_real + n * (min(t - 1, 1) if self.synthetic == "last" else t - 1), n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return S_0 and the last samples, or all of them."""
        past = history.synthetic[-1:] if self.synthetic == "last" else history.synthetic
        return concat([history.real, *past])

    def remember(self, history: History) -> History:
        """Keep S_{t-1}, or the pool."""
        return history.keeping_last(1) if self.synthetic == "last" else history.pooled()


@dataclass(frozen=True)
class Window:
    """D_t = the last k of S_0, S_1, ..., S_{t-1}."""

    about = About("window", "Window", "The last few sets of rows.")
    k: int

    def __post_init__(self) -> None:
        checked_count(self.k, "window: k")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return f"the last {self.k:,} set{_s(self.k)} of rows"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return min(k, t) sets; S_0 is one of them while t <= k."""
        return Sizes(n_real + (t - 1) * n if t <= self.k else self.k * n, n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the last k sets."""
        sets = [history.real, *history.synthetic] if history.t <= self.k else history.synthetic
        return concat(list(sets[-self.k :]))

    def remember(self, history: History) -> History:
        """Keep the last k sets."""
        return history.keeping_last(self.k)


@dataclass(frozen=True)
class StaticContamination:
    """D_t = the first n_real rows of S_0 + n_foreign rows of a fixed law, drawn anew each t >= 2.

    Nothing recurs: the contamination neither grows nor fades (the setting of Dohmatob et al. 2024,
    p_2 = n_foreign / (n_real + n_foreign)). n_real = 0 takes all of S_0; foreign rows have
    origin -1.
    """

    about = About(
        "static_contamination",
        "Static contamination",
        "Real rows beside rows of one fixed foreign law.",
        ("dohmatob-2024",),
    )
    law: Reality
    n_foreign: int
    n_real: int = 0

    def __post_init__(self) -> None:
        checked_count(self.n_foreign, "static_contamination: n_foreign")
        checked_count(self.n_real, "static_contamination: n_real", 0)

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return "real rows and rows of one fixed foreign law"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n_real + n_foreign rows; S_t is measured, never trained on.

        Raises SpecError where S_0 has fewer than n_real rows.
        """
        if self.n_real > n_real:
            raise SpecError(
                f"static_contamination: n_real is {self.n_real}, but S_0 has {n_real} rows; "
                "raise the study's n_real or lower this one"
            )
        return Sizes(n_real if t == 1 else (self.n_real or n_real) + self.n_foreign, n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the real rows and new foreign ones."""
        law = self.law.realise(history.real.n_chains, rng)
        foreign = history.real.like(law.sample(self.n_foreign, rng), FOREIGN)
        return concat([history.real.head(self.n_real or history.real.n_rows), foreign])

    def remember(self, history: History) -> History:
        """Keep no samples."""
        return history.keeping_last(0)


@dataclass(frozen=True)
class Switch:
    """`first` up to generation `at`, `then` afterwards: collapse and treatment in one run.

    With then = mix of real_fraction 1 and a warm start it asks what real data heal, as Bohacek and
    Farid 2023 do. Sets of samples that `first` forgot are not there for `then`.

    Raises:
        DataError: at below 1.
    """

    about = About(
        "switch",
        "Switch",
        "One regime first, another one afterwards.",
        ("bohacek-2023",),
    )
    first: Regime
    at: int
    then: Regime

    def __post_init__(self) -> None:
        checked_count(self.at, "switch: at")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return f"one regime up to generation {self.at:,}, another one after it"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return those of the regime in force; S_t serves the regime of generation t + 1."""
        return self._of(t).sizes(t, n_real, n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return D_t of the regime in force."""
        return self._of(history.t).compose(history, fresh, rng)

    def remember(self, history: History) -> History:
        """Keep what the regime of the next generation needs."""
        return self._of(history.t).remember(history)

    @property
    def pairs_rows(self) -> bool:
        """Whether one of both knows rows by their places."""
        return pairs_rows(self.first) or pairs_rows(self.then)

    def _of(self, t: int) -> Regime:
        return self.first if t <= self.at else self.then


def _s(n: int) -> str:
    return "" if n == 1 else "s"
