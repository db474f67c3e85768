"""Scores under one causal model: perplexity, log-rank, curvature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats, checked_count
from genloss.models.torch.device import Device
from genloss.models.torch.lm.detection.judge import judge
from genloss.models.torch.lm.detection.token_laws import TokenLaws, token_laws
from genloss.models.torch.lm.hub import content_of

BASE = "smollm2-135m"
TOKENS = 512

FEWEST = 8
"""Tokens of a text below which a mean over them is no score."""


@dataclass(frozen=True)
class UnderOneModel:
    """What scorers under one model share.

    base: a folder, a name of `genloss fetch`, a GGUF file or a name on the hub. tokens: of a text,
    the first that are read; shorter than 8, it has no score.

    Raises:
        DataError: a base that cannot be read, fewer than 8 tokens.
        MissingExtra: torch or transformers is not installed.
    """

    base: str = field(default=BASE, metadata={"identity": False})
    revision: str = field(default="", metadata={"identity": False})
    tokens: int = TOKENS
    device: Device = field(default="auto", metadata={"identity": False})

    def __post_init__(self) -> None:
        checked_count(self.tokens, "tokens", FEWEST)

    def identity(self) -> dict[str, str]:
        """Return the content of the base."""
        return content_of(self.base, self.revision)

    def judged(self, texts: Sequence[str], score: Callable[[TokenLaws], float]) -> Floats:
        """Return a score per text (n,), nan of those with too few tokens."""
        own = judge(self.base, self.revision, self.device)
        return scores_from(token_laws(own, texts, self.tokens), score)


@dataclass(frozen=True)
class LogPerplexity(UnderOneModel):
    """Minus the log of perplexity, 1 / T sum ln p(x_i), nats per token."""

    about = About(
        "log_perplexity",
        "Log-perplexity",
        "How unsurprising a text is to a language model.",
        ("gehrmann-2019",),
    )

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return minus ln perplexity (n,)."""
        return self.judged(texts, log_likelihood)


@dataclass(frozen=True)
class LogRank(UnderOneModel):
    """Minus the mean of ln rank(x_i), the rank of the most probable token being 1."""

    about = About(
        "log_rank",
        "Log-rank",
        "How high up in the model's list the words of a text stand.",
        ("gehrmann-2019", "mitchell-2023"),
    )

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return minus the mean log-rank (n,)."""
        return self.judged(texts, log_rank)


@dataclass(frozen=True)
class Curvature(UnderOneModel):
    """Conditional probability curvature, (sum ln p(x_i) - sum mu_i) / sqrt(sum sigma_i^2).

    mu_i and sigma_i^2 are mean and variance of ln p of a token drawn from p; one model both draws
    and scores (Fast-DetectGPT in closed form, Bao et al. 2024).
    """

    about = About(
        "curvature",
        "Curvature",
        "How much likelier a text is than what the model itself would have written there.",
        ("bao-2024",),
    )

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the curvature (n,)."""
        return self.judged(texts, curvature)


def log_likelihood(laws: TokenLaws) -> float:
    """Return the mean of ln p, nats per token."""
    return float(laws.log_p.mean())


def log_rank(laws: TokenLaws) -> float:
    """Return minus the mean of ln rank."""
    return float(-np.log(laws.rank).mean())


def curvature(laws: TokenLaws) -> float:
    """Return the curvature; nan of a model that is certain of every token."""
    spread = np.sqrt(laws.variance.sum())
    return float((laws.log_p - laws.mean).sum() / spread) if spread else float("nan")


def scores_from(laws: Sequence[TokenLaws], score: Callable[[TokenLaws], float]) -> Floats:
    """Return a score per text (n,), nan of those with too few tokens."""
    long = [len(own.log_p) >= FEWEST - 1 for own in laws]
    return np.array([score(own) if ok else np.nan for own, ok in zip(laws, long, strict=True)])
