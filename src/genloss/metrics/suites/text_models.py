"""Metrics of language models: p_t on real text, and generated text under p_1."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from genloss.core.arrays import Array, Floats, Ints, checked_count
from genloss.core.text import NO_TOKEN, SequenceModel, TextModel
from genloss.errors import SpecError
from genloss.metrics import text_likelihood
from genloss.metrics.suites.text import defined, tokens_of
from genloss.metrics.view import Direction, NotApplicable, View, named


def scored_test(view: View, stride: int, blocks: int) -> tuple[Floats, Array] | NotApplicable:
    """Return ln p_t of the test text (C, m, T - 1) and which tokens count (m, T - 1).

    stride 0: every block alone, all its tokens but the first; else windows of T tokens.
    """
    model, p_0 = view.model, view.p_0
    if not isinstance(p_0, TextModel):
        return NotApplicable(f"{type(p_0).__name__} is no text")
    if not isinstance(model, SequenceModel):
        return NotApplicable(f"{type(model).__name__} gives tokens no probabilities")
    text = p_0.test[: blocks or None]

    def cut() -> tuple[Ints, Array]:
        if stride:
            return text_likelihood.sliding_windows(text, stride)
        return text, text[:, 1:] != NO_TOKEN

    def compute() -> tuple[Floats, Array]:
        rows, scored = cut()
        chains = np.broadcast_to(rows, (model.n_chains, *rows.shape))
        return model.token_log_probs(chains), scored

    return view.once(("scored test", stride, blocks), compute)


@dataclass(frozen=True)
class Perplexity:
    """exp of the mean negative log-likelihood of a token of the test text under p_t.

    stride 0: every block alone, T - 1 of its T tokens scored (Shumailov et al. 2024); else a window
    of T tokens slides on by `stride`, and each token is scored once. blocks: how many (0: all).
    """

    stride: int = 0
    blocks: int = 0
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "lower is closer"

    def __post_init__(self) -> None:
        checked_count(self.stride, "perplexity: stride", 0)
        checked_count(self.blocks, "perplexity: blocks", 0)

    @property
    def name(self) -> str:
        """The name, perplexity, and its options."""
        return named("perplexity", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the perplexity (C,), in [1, inf]."""
        found = scored_test(view, self.stride, self.blocks)
        return found if isinstance(found, NotApplicable) else text_likelihood.perplexity(*found)


@dataclass(frozen=True)
class BitsPerByte:
    """Bits that p_t needs for a byte of the test text; see `Perplexity` for the options.

    The bytes of the tokens that are not scored (the first of a block) are taken as average ones.
    """

    stride: int = 0
    blocks: int = 0
    unit: ClassVar[str] = "bits per byte"
    direction: ClassVar[Direction] = "lower is closer"

    def __post_init__(self) -> None:
        checked_count(self.stride, "bits_per_byte: stride", 0)
        checked_count(self.blocks, "bits_per_byte: blocks", 0)

    @property
    def name(self) -> str:
        """bits_per_byte and its options."""
        return named("bits_per_byte", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the bits (C,), in [0, inf]."""
        found = scored_test(view, self.stride, self.blocks)
        if isinstance(found, NotApplicable) or not isinstance(view.p_0, TextModel):
            return found if isinstance(found, NotApplicable) else NotApplicable("no text")
        log_probs, scored = found
        size = view.p_0.test_bytes / (view.p_0.test != NO_TOKEN).sum()
        return text_likelihood.bits_per_byte(log_probs, scored, size * scored.sum())


@dataclass(frozen=True)
class PredictiveEntropy:
    """Mean entropy of p_t's next token on held-out text, with `rows` rows (0: all)."""

    rows: int = 200
    unit: ClassVar[str] = "nats"
    direction: ClassVar[Direction] = "compare with t = 0"

    def __post_init__(self) -> None:
        checked_count(self.rows, "predictive_entropy: rows", 0)

    @property
    def name(self) -> str:
        """predictive_entropy and its options."""
        return named("predictive_entropy", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the entropy (C,), in [0, ln V]."""
        if not isinstance(view.model, SequenceModel):
            return NotApplicable(f"{type(view.model).__name__} gives tokens no probabilities")
        if view.held_out is None:
            return NotApplicable("no held-out rows; set held_out")
        rows = view.held_out[:, : self.rows or None]
        scored = rows[:, :, 1:] != NO_TOKEN
        total = np.where(scored, view.model.token_entropies(rows), 0.0).sum(axis=(1, 2))
        with np.errstate(invalid="ignore"):
            return defined(total / scored.sum(axis=(1, 2)), "token with one before it")


def under_first(view: View) -> tuple[Floats, Floats] | NotApplicable:
    """Return the perplexities of S_t's rows (C, n) and of held-out rows (C, m) under p_1."""
    if view.t == 0:
        return NotApplicable("the judge is p_1, which does not exist yet")
    judge = view.first
    if not isinstance(judge, SequenceModel):
        return NotApplicable(f"{type(judge).__name__} gives tokens no probabilities")
    x, real = tokens_of(view), view.held_out
    if isinstance(x, NotApplicable):
        return x
    if real is None:
        return NotApplicable("no held-out rows; set held_out")

    def of(rows: Ints) -> Floats:
        scored = rows[:, :, 1:] != NO_TOKEN
        return text_likelihood.sequence_perplexities(judge.token_log_probs(rows), scored)

    made: Floats = view.once("rows under p_1", lambda: of(x))
    return made, view.once_for_all("held-out rows under p_1", lambda: of(real))


@dataclass(frozen=True)
class SequencePerplexity:
    """Quantile q of the perplexities of generated rows under p_1, which learned from real text.

    The histograms of Shumailov et al. 2024 in numbers: small q and large q are their two tails.
    """

    q: float = 0.5
    uses_first: ClassVar[bool] = True
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "compare with t = 0"

    def __post_init__(self) -> None:
        _check_inside(self.q, "sequence_perplexity: q")

    @property
    def name(self) -> str:
        """sequence_perplexity and its options."""
        return named("sequence_perplexity", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the perplexity (C,), in [1, inf]."""
        found = under_first(view)
        if isinstance(found, NotApplicable):
            return found
        return defined(text_likelihood.quantiles(found[0], self.q), "row of two tokens")


@dataclass(frozen=True)
class PerplexityTail:
    """Share of generated rows in a tail of real rows' perplexity under p_1, over q.

    tail 'low': rows more probable than the q most probable of the held-out ones; 'high': less
    probable than the q least probable, the improbable tail that grows in Shumailov et al. 2024.
    """

    tail: Literal["low", "high"]
    q: float = 0.05
    uses_first: ClassVar[bool] = True
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "1 is reality"

    def __post_init__(self) -> None:
        _check_inside(self.q, "perplexity_tail: q")
        if self.tail not in ("low", "high") or self.q > 0.5:
            raise SpecError(
                f"perplexity_tail: got tail {self.tail!r}, q {self.q}; expected 'low' or 'high' "
                "and q of at most 0.5"
            )

    @property
    def name(self) -> str:
        """low_ or high_perplexity_tail, and q."""
        option = "" if self.q == 0.05 else f"(q={self.q})"
        return f"{self.tail}_perplexity_tail{option}"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the ratio (C,), in [0, 1/q]."""
        found = under_first(view)
        if isinstance(found, NotApplicable):
            return found
        share = text_likelihood.tail_share(*found, self.q, self.tail)
        return defined(share / self.q, "row of two tokens")


def _check_inside(q: float, what: str) -> None:
    if not 0.0 < q < 1.0:
        raise SpecError(f"{what} is {q}; expected a number between 0 and 1")
