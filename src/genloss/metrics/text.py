"""Metrics of generated text: S_t beside the rows of S_0, at equal numbers of tokens.

What a corpus shows depends on its length: types per token, for one, rise by half where texts end at
40 tokens instead of 64. So S_0 and every S_t are cut, in order, to the same number of tokens of
each chain: `tokens`, or if that is 0 those of S_0, of as many rows as a generation writes. A
generation that has fewer has no value, and says which number would do.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from genloss.core.about import About, Aspect
from genloss.core.arrays import Floats, Ints, checked_count
from genloss.core.numbers import open_fraction
from genloss.core.samples import NO_TOKEN
from genloss.core.text import TextModel, Tokeniser
from genloss.core.view import Direction, NamedMetric, NotApplicable, Partial, View
from genloss.errors import SpecError
from genloss.metrics.arrays import text_ngrams, text_rows
from genloss.metrics.shared import rows_of


def text_of(view: View, rows: int = 0) -> tuple[Ints, TextModel] | NotApplicable:
    """Return the first `rows` rows of S_t (0: all) as tokens (C, n, T), and the text they follow.

    Or why there are none: that is what the metrics of a text without a token say.
    """
    if not isinstance(view.p_0, TextModel):
        return NotApplicable(f"{type(view.p_0).__name__} is not text")
    x = rows_of(view, rows)
    if isinstance(x, NotApplicable):
        return x
    if x.ndim != 3 or x.dtype.kind not in "iu":
        return NotApplicable(f"needs tokens (C, n, T); rows have shape {x.shape}")
    if (x == NO_TOKEN).all():
        return NotApplicable("S_t has rows without a single token")
    return x, view.p_0


def beside_real_text(view: View, tokens: int) -> tuple[Ints, Ints, Tokeniser] | NotApplicable:
    """Return S_t and S_0 with equally many tokens in each chain, or why that cannot be."""
    pair = text_of(view)
    if isinstance(pair, NotApplicable):
        return pair
    x, reality = pair
    n = min(x.shape[1], reality.n_rows)
    rows = view.real if view.real is not None else reality.rows(0, n)
    whole = text_ngrams.token_counts(rows)
    wanted = np.full(len(whole), tokens) if tokens else whole
    have = np.minimum(text_ngrams.token_counts(x), whole)
    if (have < wanted).any():
        chain = int((have - wanted).argmin())
        return NotApplicable(
            f"chain {chain} of S_0 or S_t has {have[chain]} tokens, not {wanted[chain]}; give "
            "tokens, a number that all generations have"
        )
    generated, beside = view.once(
        ("equal tokens", tokens),
        lambda: (text_ngrams.first_tokens(x, wanted), text_ngrams.first_tokens(rows, wanted)),
    )
    return generated, beside, reality.tokeniser


def defined(values: Floats, lacking: str) -> Floats | NotApplicable:
    """Return values (C,) or (C, K), or that a chain has none."""
    missing = np.isnan(values).reshape(len(values), -1).any(axis=1)
    if missing.any():
        return NotApplicable(f"chain {int(np.argmax(missing))} has no {lacking}")
    return values


class AtEqualTokens(NamedMetric, ABC):
    """Base class of the metrics of S_t and S_0, both cut to the same number of tokens.

    Subclasses implement `of`.
    """

    lacking: ClassVar[str] = "n-gram of that length"

    @property
    @abstractmethod
    def tokens(self) -> int:
        """Tokens of each chain that count; 0: those of S_0."""

    def __post_init__(self) -> None:
        checked_count(self.tokens, f"{self.name}: tokens", 0)
        checked_count(self.least, f"{self.name}: n")

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return one value per chain (C,), or why there is none."""
        texts = beside_real_text(view, self.tokens)
        if isinstance(texts, NotApplicable):
            return texts
        x, real, _ = texts
        if x.shape[2] < self.least or real.shape[2] < self.least:
            return NotApplicable(f"rows are shorter than {self.least} tokens")
        return defined(self.of(x, real), self.lacking)

    @property
    def least(self) -> int:
        """Tokens of a row that the metric needs."""
        n: int = getattr(self, "n", 1)
        return n

    @abstractmethod
    def of(self, x: Ints, real: Ints) -> Floats:
        """Return (C,) from tokens (C, n, T) of S_t and of S_0."""


@dataclass(frozen=True)
class DistinctN(AtEqualTokens):
    """Different n-grams over all n-grams of the whole corpus; n = 1 is the type-token ratio."""

    about = About(
        "distinct_n",
        "Distinct n-grams",
        "Different n-grams over all n-grams, at as many tokens as real text.",
        ("li-2016", "guo-2023"),
        aspect=Aspect.SPREAD,
    )
    n: int = 2
    tokens: int = 0
    base: ClassVar[str] = "distinct_n"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def of(self, x: Ints, real: Ints) -> Floats:
        """Return the ratio (C,), in (0, 1]."""
        return text_ngrams.distinct_n(x, self.n)


@dataclass(frozen=True)
class TypeTokenRatio(AtEqualTokens):
    """Different tokens over all tokens."""

    about = About(
        "type_token_ratio",
        "Type-token ratio",
        "Different tokens over all tokens, at as many tokens as real text.",
        ("guo-2023",),
        aspect=Aspect.SPREAD,
    )
    tokens: int = 0
    base: ClassVar[str] = "type_token_ratio"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def of(self, x: Ints, real: Ints) -> Floats:
        """Return the ratio (C,), in (0, 1]."""
        return text_ngrams.distinct_n(x, 1)


@dataclass(frozen=True)
class SurvivingVocabulary(AtEqualTokens):
    """Share of S_0's tokens that still occur (Suresh et al. 2024)."""

    about = About(
        "surviving_vocabulary",
        "Surviving vocabulary",
        "Share of real text's tokens that are still written.",
        ("suresh-2024",),
        headline=True,
        aspect=Aspect.TAIL,
    )
    tokens: int = 0
    base: ClassVar[str] = "surviving_vocabulary"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.HIGHER

    def of(self, x: Ints, real: Ints) -> Floats:
        """Return the share (C,), in [0, 1]; 1 for S_0 itself, less for other real text."""
        return text_ngrams.surviving_share(x, real, 1)


@dataclass(frozen=True)
class SurvivingNGrams(AtEqualTokens):
    """Share of S_0's n-grams of a frequency band that still occur.

    band: by the count in S_0, 'hapax' 1, 'rare' 2 to 10, 'common' above, or 'all'.
    """

    about = About(
        "surviving_ngrams",
        "Surviving n-grams",
        "Share of real text's n-grams that are still written.",
        ("suresh-2024",),
        aspect=Aspect.TAIL,
    )
    n: int = 2
    band: Literal["all", "hapax", "rare", "common"] = "all"
    tokens: int = 0
    lacking: ClassVar[str] = "n-gram of that length and band in S_0"
    base: ClassVar[str] = "surviving_ngrams"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.HIGHER

    def __post_init__(self) -> None:
        super().__post_init__()
        text_ngrams.checked_band(self.band)

    def of(self, x: Ints, real: Ints) -> Floats:
        """Return the share (C,), in [0, 1]; 1 for S_0 itself, less for other real text."""
        return text_ngrams.surviving_share(x, real, self.n, self.band)


@dataclass(frozen=True)
class GoodTuringMissingMass(AtEqualTokens):
    """Good and Turing's estimate of the mass of n-grams that S_t does not show."""

    about = About(
        "good_turing_missing_mass",
        "Good-Turing missing mass",
        "Estimated mass of what the generated text does not show.",
        ("good-1953",),
    )
    n: int = 1
    tokens: int = 0
    base: ClassVar[str] = "good_turing_missing_mass"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def of(self, x: Ints, real: Ints) -> Floats:
        """Return the mass (C,), in [0, 1]."""
        return text_ngrams.missing_mass(x, self.n)


@dataclass(frozen=True)
class RareTokenShare(AtEqualTokens):
    """Share of generated tokens from the rarest that hold `mass` of S_0.

    S_0's own share, at t = 0, is just below `mass`; other real text of its size has another one.
    """

    about = About(
        "rare_token_share",
        "Rare token share",
        "Share of generated tokens that are among real text's rarest.",
    )
    mass: float = 0.05
    tokens: int = 0
    base: ClassVar[str] = "rare_token_share"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def __post_init__(self) -> None:
        super().__post_init__()
        open_fraction(self.mass, "rare_token_share: mass")

    def of(self, x: Ints, real: Ints) -> Floats:
        """Return the share (C,), in [0, 1]; just below `mass` for S_0."""
        return text_ngrams.rare_share(x, real, self.mass)


@dataclass(frozen=True)
class CompressionRatio(NamedMetric):
    """Bytes of the text of S_t over those left by zlib, at as many tokens as S_0."""

    about = About(
        "compression_ratio",
        "Compression ratio",
        "How many times smaller text becomes when compressed.",
    )
    tokens: int = 0
    base: ClassVar[str] = "compression_ratio"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the ratio (C,), above 0; higher is more repetitive."""
        pair = beside_real_text(view, self.tokens)
        if isinstance(pair, NotApplicable):
            return pair
        x, _, tokeniser = pair
        texts = ["\n".join(tokeniser.decode(row) for row in rows if row[0] >= 0) for rows in x]
        if not all(texts):
            return NotApplicable("a chain whose tokens have no text")
        return text_rows.compression_ratio(texts)


@dataclass(frozen=True)
class RarefiedTypes(NamedMetric):
    """Expected number of different n-grams among `tokens` drawn from S_t (Hurlbert 1971).

    Raises:
        DataError, SpecError: no number of tokens, one below 1, or some that do not increase.
    """

    about = About(
        "rarefied_types",
        "Rarefied types",
        "Different tokens to expect among a fixed number of generated ones.",
        ("hurlbert-1971",),
        figure="rarefaction",
    )
    tokens: tuple[int, ...] = field(default=(1000,), repr=False)
    n: int = 1
    base: ClassVar[str] = "rarefied_types"
    direction: ClassVar[Direction] = Direction.START

    def __post_init__(self) -> None:
        for m in self.tokens:
            checked_count(m, "rarefied_types: tokens")
        checked_count(self.n, "rarefied_types: n")
        if not self.tokens or list(self.tokens) != sorted(set(self.tokens)):
            raise SpecError(
                f"rarefied_types: tokens is {self.tokens}; expected numbers that increase"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The numbers of tokens."""
        return tuple(map(str, self.tokens))

    @property
    def unit(self) -> str:
        """What is counted."""
        return "different tokens" if self.n == 1 else f"different {self.n}-grams"

    def __call__(self, view: View) -> Partial | NotApplicable:
        """Return the numbers (C, K), in [1, tokens]; absent where S_t has fewer n-grams."""
        text = text_of(view)
        if isinstance(text, NotApplicable):
            return text
        x = text[0]
        have = int((x[:, :, self.n - 1 :] >= 0).sum(axis=(1, 2)).min())
        absent = {
            str(m): f"asked for {m} n-grams; a chain of S_t has {have}"
            for m in self.tokens
            if m > have
        }
        if len(absent) == len(self.tokens):
            return NotApplicable(absent[self.labels[0]])
        values = np.full((len(x), len(self.tokens)), np.nan)
        for k, m in enumerate(self.tokens):
            if m <= have:
                values[:, k] = text_ngrams.rarefied_types(x, m, self.n)
        return Partial(values, absent)
