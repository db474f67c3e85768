"""Metrics of generated rows: repetition in them and between them, ends, what they look like."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from genloss.core.arrays import Floats, checked_count
from genloss.core.text import TextModel
from genloss.metrics import text_bleu, text_mauve, text_ngrams, text_rows
from genloss.metrics.suites.text import defined, tokens_of
from genloss.metrics.view import Direction, NotApplicable, View, named


@dataclass(frozen=True)
class Repetition:
    """Mean over rows of 1 - different n-grams / n-grams (rep-n, Welleck et al. 2020)."""

    n: int = 3
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    def __post_init__(self) -> None:
        checked_count(self.n, "repetition: n")

    @property
    def name(self) -> str:
        """The name, repetition, and its options."""
        return named("repetition", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1); it grows with the length of rows."""
        x = tokens_of(view)
        if isinstance(x, NotApplicable):
            return x
        if x.shape[2] < self.n:
            return NotApplicable(f"rows are shorter than {self.n} tokens")
        return defined(text_ngrams.repetition(x, self.n), f"row of {self.n} tokens")


@dataclass(frozen=True)
class TextDiversity:
    """Product over n = 2, 3, 4 of 1 - rep-n (Su et al. 2022)."""

    name: ClassVar[str] = "text_diversity"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the product (C,), in (0, 1]."""
        x = tokens_of(view)
        if isinstance(x, NotApplicable):
            return x
        if x.shape[2] < 4:
            return NotApplicable("rows are shorter than 4 tokens")
        return defined(text_ngrams.diversity(x), "row of 4 tokens")


@dataclass(frozen=True)
class SelfBleu:
    """Mean BLEU-4 of each of the first `rows` rows of S_t against the others."""

    rows: int = 200
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    def __post_init__(self) -> None:
        checked_count(self.rows, "self_bleu: rows", 2)

    @property
    def name(self) -> str:
        """self_bleu and its options."""
        return named("self_bleu", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the score (C,), in [0, 1]; higher is less varied."""
        x = tokens_of(view, self.rows)
        if isinstance(x, NotApplicable):
            return x
        if x.shape[1] < self.rows:
            return NotApplicable(f"asked for {self.rows} rows; S_t has {x.shape[1]}")
        return text_bleu.self_bleu(x)


@dataclass(frozen=True)
class DuplicateRows:
    """Share of generated rows that repeat an earlier one."""

    name: ClassVar[str] = "duplicate_rows"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1)."""
        x = tokens_of(view)
        return x if isinstance(x, NotApplicable) else text_rows.duplicate_share(x)


@dataclass(frozen=True)
class EmptyRows:
    """Share of generated rows that end before their first token."""

    name: ClassVar[str] = "empty_rows"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1]."""
        x = tokens_of(view)
        if isinstance(x, NotApplicable) or not isinstance(view.p_0, TextModel):
            return x if isinstance(x, NotApplicable) else NotApplicable("no text")
        return text_rows.empty_share(x, view.p_0.tokeniser.end)


@dataclass(frozen=True)
class TruncatedRows:
    """Share of generated rows that reach the greatest length without an end token."""

    name: ClassVar[str] = "truncated_rows"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1]."""
        x = tokens_of(view)
        if isinstance(x, NotApplicable) or not isinstance(view.p_0, TextModel):
            return x if isinstance(x, NotApplicable) else NotApplicable("no text")
        return text_rows.truncated_share(x, view.p_0.tokeniser.end)


@dataclass(frozen=True)
class MeanLength:
    """Mean number of tokens of a generated row."""

    name: ClassVar[str] = "mean_length"
    unit: ClassVar[str] = "tokens"
    direction: ClassVar[Direction] = "compare with t = 0"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the number (C,), in [0, T]."""
        x = tokens_of(view)
        return x if isinstance(x, NotApplicable) else text_rows.mean_length(x)


@dataclass(frozen=True)
class Mauve:
    """MAUVE-style area under the divergence frontier of S_t and held-out text.

    Of hashed tokens and pairs, not of a language model's states: the method of Pillutla et al.
    2021, not its numbers. bound: the mean over five clusterings, or an end of its 95 % interval.
    """

    rows: int = 1000
    bound: Literal["mean", "low", "high"] = "mean"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "higher is closer"

    def __post_init__(self) -> None:
        checked_count(self.rows, "mauve: rows", 2)

    @property
    def name(self) -> str:
        """The name, mauve, and its options."""
        return named("mauve", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the area (C,), in (0, 1]; the three bounds of one size are computed once."""
        x, real = tokens_of(view, self.rows), view.held_out
        if isinstance(x, NotApplicable):
            return x
        if real is None:
            return NotApplicable("no held-out rows; set held_out")
        real = real[:, : self.rows]

        def compute() -> text_mauve.Frontier:
            rng = view.shared_rng("mauve")
            return text_mauve.mauve(*text_mauve.bag_features(x, real), rng)

        found: Floats = getattr(view.once(("mauve", self.rows), compute), self.bound)
        return found
