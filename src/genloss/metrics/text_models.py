"""Metrics of language models: p_t on real text."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.about import About, Aspect
from genloss.core.arrays import Array, Floats, Ints, checked_count
from genloss.core.samples import NO_TOKEN
from genloss.core.text import SequenceModel, TextModel
from genloss.core.view import Direction, NamedMetric, NotApplicable, Partial, View
from genloss.errors import SpecError
from genloss.metrics.arrays import text_likelihood
from genloss.metrics.text import defined


class OfTest(NamedMetric, ABC):
    """Base class of the metrics of p_t on the test text; subclasses implement `of`."""

    direction: ClassVar[Direction] = Direction.LOWER

    @property
    @abstractmethod
    def stride(self) -> int:
        """0: every block alone, all its tokens but the first; else windows of T tokens."""

    @property
    @abstractmethod
    def blocks(self) -> int:
        """How many blocks; 0: all."""

    def __post_init__(self) -> None:
        checked_count(self.stride, f"{self.base}: stride", 0)
        checked_count(self.blocks, f"{self.base}: blocks", 0)

    def __call__(self, view: View) -> Floats | Partial | NotApplicable:
        """Return one value per chain (C,), or why there is none."""
        model, p_0 = view.model, view.p_0
        if not isinstance(p_0, TextModel):
            return NotApplicable(f"{type(p_0).__name__} is not text")
        width = p_0.test.shape[1]
        if self.stride >= width > 1:
            # Said at t = 0, before anything is trained.
            raise SpecError(
                f"{self.name}: stride is {self.stride}; expected 1 to {width - 1}, or 0, for "
                f"blocks of {width} tokens"
            )
        if not isinstance(model, SequenceModel):
            return NotApplicable(f"{type(model).__name__} gives tokens no probabilities")
        if not (p_0.test[: self.blocks or None, 1:] != NO_TOKEN).any():
            return NotApplicable("the test blocks have no token with one before it")
        scored = view.once(
            ("scored test", self.stride, self.blocks),
            lambda: scored_text(model, p_0.test[: self.blocks or None], self.stride),
        )
        return self.of(*scored, p_0)

    @abstractmethod
    def of(
        self, log_probs: Floats, scored: Array, text: TextModel
    ) -> Floats | Partial | NotApplicable:
        """Return (C,) or (C, K) from ln p_t (C, m, T - 1) and which tokens count (m, T - 1)."""


def scored_text(model: SequenceModel, blocks: Ints, stride: int) -> tuple[Floats, Array]:
    """Return ln p of blocks (m, T), or of windows of them, and which tokens count."""
    rows, scored = blocks, blocks[:, 1:] != NO_TOKEN
    if stride:
        rows, scored = text_likelihood.sliding_windows(blocks, stride)
    chains = np.broadcast_to(rows, (model.n_chains, *rows.shape))
    return model.token_log_probs(chains), scored


@dataclass(frozen=True)
class Perplexity(OfTest):
    """exp of the mean negative log-likelihood of a token of the test text under p_t.

    stride 0: every block alone, T - 1 of its T tokens scored (Shumailov et al. 2024); else a window
    of T tokens slides on by `stride`, and each token is scored once. blocks: how many (0: all).
    """

    about = About(
        "perplexity",
        "Perplexity",
        "How many tokens the model hesitates between on real test text.",
        ("shumailov-2024",),
        headline=True,
        aspect=Aspect.RISK,
    )
    stride: int = 0
    blocks: int = 0
    base: ClassVar[str] = "perplexity"
    unit: ClassVar[str] = "tokens"

    def of(self, log_probs: Floats, scored: Array, text: TextModel) -> Floats:
        """Return the perplexity (C,), in [1, inf]."""
        return text_likelihood.perplexity(log_probs, scored)


@dataclass(frozen=True)
class BitsPerByte(OfTest):
    """Bits that p_t needs for a byte of the test text; see `Perplexity` for the options.

    Bytes are those of the documents as they stand. Where a tokeniser loses some of them the value
    is a lower bound: what is lost need not be predicted.

    Bytes of a scored token: the mean over all test blocks, so that neither the first tokens of
    blocks, which are not scored, nor blocks left out (`blocks`) need bytes of their own.
    """

    about = About(
        "bits_per_byte",
        "Bits per byte",
        "Bits the model needs for a byte of real test text.",
        aspect=Aspect.RISK,
    )
    stride: int = 0
    blocks: int = 0
    base: ClassVar[str] = "bits_per_byte"
    unit: ClassVar[str] = "bits per byte"

    def of(self, log_probs: Floats, scored: Array, text: TextModel) -> Floats:
        """Return the bits (C,), in [0, inf]."""
        size = text.test_bytes / (text.test != NO_TOKEN).sum()
        return text_likelihood.bits_per_byte(log_probs, scored, size * scored.sum())


@dataclass(frozen=True)
class PredictiveEntropy(NamedMetric):
    """Mean entropy of p_t's next token on held-out text, with `rows` rows (0: all)."""

    about = About(
        "predictive_entropy",
        "Predictive entropy",
        "How undecided the model is about the next token of held-out text.",
    )
    rows: int = 200
    base: ClassVar[str] = "predictive_entropy"
    unit: ClassVar[str] = "nats"
    direction: ClassVar[Direction] = Direction.START

    def __post_init__(self) -> None:
        checked_count(self.rows, "predictive_entropy: rows", 0)

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
