"""Metrics of generated rows: repetition in them and between them, ends, what they look like."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from genloss.core.about import About, Aspect
from genloss.core.arrays import Floats, Ints, checked_count
from genloss.core.text import Tokeniser
from genloss.core.view import Direction, NamedMetric, NotApplicable, View
from genloss.errors import SpecError
from genloss.metrics.arrays import text_bleu, text_mauve, text_ngrams, text_rows
from genloss.metrics.text import defined, text_of


class OfRows(NamedMetric, ABC):
    """Base class of the metrics of the rows of S_t alone; subclasses implement `of`."""

    direction: ClassVar[Direction] = Direction.START

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return one value per chain (C,), or why there is none."""
        rows = text_of(view)
        if isinstance(rows, NotApplicable):
            return rows
        x, text = rows
        if x.shape[2] < self.least:
            return NotApplicable(f"rows are shorter than {self.least} tokens")
        return defined(self.of(x, text.tokeniser), f"row of {self.least} tokens")

    @property
    def least(self) -> int:
        """Tokens of a row that the metric needs."""
        return 1

    @abstractmethod
    def of(self, x: Ints, tokeniser: Tokeniser) -> Floats:
        """Return (C,) from tokens (C, n, T); NaN for a chain whose rows are all too short."""


@dataclass(frozen=True)
class Repetition(OfRows):
    """Mean over rows of 1 - different n-grams / n-grams (rep-n, Welleck et al. 2020).

    The number of rows does not matter, their length does: read `mean_length` beside it.
    """

    about = About(
        "repetition",
        "Repetition",
        "Share of n-grams that repeat within a generated text.",
        ("welleck-2020",),
    )
    n: int = 3
    base: ClassVar[str] = "repetition"
    unit: ClassVar[str] = "1"

    def __post_init__(self) -> None:
        checked_count(self.n, "repetition: n")

    @property
    def least(self) -> int:
        """Those of an n-gram."""
        return self.n

    def of(self, x: Ints, tokeniser: Tokeniser) -> Floats:
        """Return the share (C,), in [0, 1); it grows with the length of rows."""
        return text_ngrams.repetition(x, self.n)


@dataclass(frozen=True)
class TextDiversity(OfRows):
    """Product over n = 2, 3, 4 of 1 - rep-n (Su et al. 2022)."""

    about = About(
        "text_diversity",
        "Text diversity",
        "Texts free of repeated 2-, 3- and 4-grams, multiplied.",
        ("su-2022",),
        aspect=Aspect.SPREAD,
    )
    base: ClassVar[str] = "text_diversity"
    unit: ClassVar[str] = "1"

    @property
    def least(self) -> int:
        """Those of the longest n-gram."""
        return 4

    def of(self, x: Ints, tokeniser: Tokeniser) -> Floats:
        """Return the product (C,), in (0, 1]."""
        return text_ngrams.diversity(x)


@dataclass(frozen=True)
class SelfBleu(NamedMetric):
    """Mean BLEU-4 of each of the first `rows` rows of S_t against the others.

    Longer rows have more to match: read `mean_length` beside it.
    """

    about = About(
        "self_bleu",
        "Self-BLEU",
        "How much generated texts repeat one another; higher is less varied.",
        ("zhu-2018", "papineni-2002"),
    )
    rows: int = 200
    base: ClassVar[str] = "self_bleu"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def __post_init__(self) -> None:
        checked_count(self.rows, "self_bleu: rows", 2)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the score (C,), in [0, 1]; higher is less varied."""
        text = text_of(view, self.rows)
        if isinstance(text, NotApplicable):
            return text
        x = text[0]
        if x.shape[1] < self.rows:
            return NotApplicable(f"asked for {self.rows} rows; S_t has {x.shape[1]}")
        return text_bleu.self_bleu(x)


@dataclass(frozen=True)
class DuplicateRows(OfRows):
    """Share of generated rows that repeat an earlier one."""

    about = About(
        "duplicate_rows",
        "Duplicate rows",
        "Share of generated texts that repeat an earlier one.",
    )
    base: ClassVar[str] = "duplicate_rows"
    unit: ClassVar[str] = "1"

    def of(self, x: Ints, tokeniser: Tokeniser) -> Floats:
        """Return the share (C,), in [0, 1)."""
        return text_rows.duplicate_share(x)


@dataclass(frozen=True)
class EmptyRows(OfRows):
    """Share of generated rows that end before their first token."""

    about = About("empty_rows", "Empty rows", "Share of generated texts that end at once.")
    base: ClassVar[str] = "empty_rows"
    unit: ClassVar[str] = "1"

    def of(self, x: Ints, tokeniser: Tokeniser) -> Floats:
        """Return the share (C,), in [0, 1]."""
        return text_rows.empty_share(x, tokeniser.end)


@dataclass(frozen=True)
class TruncatedRows(OfRows):
    """Share of generated rows that reach the greatest length without an end token."""

    about = About(
        "truncated_rows",
        "Truncated rows",
        "Share of generated texts that reach the greatest length without an end.",
    )
    base: ClassVar[str] = "truncated_rows"
    unit: ClassVar[str] = "1"

    def of(self, x: Ints, tokeniser: Tokeniser) -> Floats:
        """Return the share (C,), in [0, 1]."""
        return text_rows.truncated_share(x, tokeniser.end)


@dataclass(frozen=True)
class MeanLength(OfRows):
    """Mean number of tokens of a generated row."""

    about = About("mean_length", "Mean length", "Mean number of tokens of a generated text.")
    base: ClassVar[str] = "mean_length"
    unit: ClassVar[str] = "tokens"

    def of(self, x: Ints, tokeniser: Tokeniser) -> Floats:
        """Return the number (C,), in [0, T]."""
        return text_rows.mean_length(x)


@dataclass(frozen=True)
class Mauve(NamedMetric):
    """MAUVE-style area under the divergence frontier of S_t and held-out text.

    Of hashed tokens and pairs, not of a language model's states: the method of Pillutla et al.
    2021, not its numbers. bound: the mean over five clusterings, or the least or greatest of them:
    how far the clusters matter, not the rows; the median over all clusterings lies between with
    94 %. rows: of each at most.
    """

    about = About(
        "mauve",
        "MAUVE-style area",
        "Overlap of generated and held-out text by words and pairs; 1 is reality.",
        ("pillutla-2021",),
    )
    rows: int = 1000
    bound: Literal["mean", "low", "high"] = "mean"
    numbers_revision: ClassVar[int] = 3
    base: ClassVar[str] = "mauve"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.HIGHER

    def __post_init__(self) -> None:
        checked_count(self.rows, "mauve: rows", 2)
        if self.bound not in ("mean", "low", "high"):
            raise SpecError(f"mauve: bound is {self.bound!r}; expected 'mean', 'low' or 'high'")

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the area (C,), in (0, 1]; the three bounds of one size are computed once."""
        text = text_of(view, self.rows)
        if isinstance(text, NotApplicable):
            return text
        if view.held_out is None:
            return NotApplicable("no held-out rows; set held_out")
        x, real = text[0], view.held_out[:, : self.rows]

        def compute() -> text_mauve.Frontier:
            rng = view.shared_rng("mauve")
            return text_mauve.mauve(*text_mauve.bag_features(x, real), rng)

        area: Floats = getattr(view.once(("mauve", self.rows), compute), self.bound)
        return area
