"""Metrics of generated text under a model that learned from real text: p_1, or the base."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from genloss.core.about import About, Component
from genloss.core.arrays import Array, Floats, Ints
from genloss.core.samples import NO_TOKEN
from genloss.core.text import SequenceModel
from genloss.core.view import Direction, NamedMetric, NotApplicable, View
from genloss.errors import SpecError
from genloss.metrics.arrays import text_likelihood
from genloss.metrics.text import defined, text_of

Judge = Literal["first", "base"]
"""p_1, the first model fitted, to real text alone; or the pretrained model that fits begin at."""

TAIL = 0.05
"""The share of real rows in a tail, by default."""

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Of the perplexities of generated rows."""


def judge_of(view: View, under: Judge) -> SequenceModel | NotApplicable:
    """Return the model that judges, or why there is none."""
    if under == "first" and view.t == 0:
        return NotApplicable("the judge is p_1, which does not exist yet")
    if under == "base" and view.base is None:
        return NotApplicable("fits begin at no pretrained model; give the learner a base")
    judge = view.first if under == "first" else view.base
    if isinstance(judge, SequenceModel):
        return judge
    return NotApplicable(f"{type(judge).__name__} gives tokens no probabilities")


def perplexities_under(view: View, under: Judge) -> tuple[Floats, Floats] | NotApplicable:
    """Return the perplexities of S_t's rows (C, n) and of held-out rows (C, m) under the judge.

    A judge of one chain judges the rows of all chains.
    """
    judge, text = judge_of(view, under), text_of(view)
    if isinstance(judge, NotApplicable):
        return judge
    if isinstance(text, NotApplicable):
        return text
    if view.held_out is None:
        return NotApplicable("no held-out rows; set held_out")
    x, real = text[0], view.held_out

    def of(rows: Ints) -> Floats:
        together = _begun(rows).reshape(judge.n_chains, -1, rows.shape[2])
        log_probs = judge.token_log_probs(together).reshape(*rows.shape[:2], -1)
        return text_likelihood.sequence_perplexities(log_probs, rows[:, :, 1:] != NO_TOKEN)

    generated: Floats = view.once(("rows under", under), lambda: of(x))
    return generated, view.once_for_all(("held-out rows under", under), lambda: of(real))


def _begun(rows: Ints) -> Ints:
    """Return rows that all have a first token, which models ask for and which is not scored."""
    begun = rows.copy()
    begun[..., 0] = np.maximum(begun[..., 0], 0)
    return begun


class UnderJudge(ABC):
    """Base class of the metrics of perplexities, of generated and of held-out rows.

    Subclasses implement `of`. It is `Binned`: histograms of both are kept, so that both tails can
    be seen.
    """

    unit: ClassVar[str] = "1"

    @property
    @abstractmethod
    def under(self) -> Judge:
        """Which model judges."""

    @property
    def uses_first(self) -> bool:
        """Whether p_1 judges."""
        return self.under == "first"

    @property
    def uses_base(self) -> bool:
        """Whether the base judges."""
        return self.under == "base"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return what `of` says, or why there is nothing."""
        perplexities = perplexities_under(view, self.under)
        if isinstance(perplexities, NotApplicable):
            return perplexities
        generated, real = perplexities
        return self.lacks(real) or defined(self.of(generated, real), "row of two tokens")

    def lacks(self, real: Floats) -> NotApplicable | None:
        """Return why perplexities (C, m) of held-out rows do not suffice, or None."""
        return None

    @abstractmethod
    def of(self, generated: Floats, real: Floats) -> Floats:
        """Return (C, K) from the perplexities of generated rows (C, n) and held-out ones (C, m)."""

    def histogram(self, view: View) -> Mapping[str, Array]:
        """Return what `text_likelihood.histograms` counts, under names that begin with the judge.

        The same for all metrics of one judge.
        """
        perplexities = perplexities_under(view, self.under)
        if isinstance(perplexities, NotApplicable):
            return {}
        counted = text_likelihood.histograms(*perplexities, TAIL)
        return {f"{self.under}.{name}": value for name, value in counted.items()}


@dataclass(frozen=True)
class SequencePerplexity(NamedMetric, UnderJudge):
    """Quantiles q of the perplexities of generated rows under p_1 or the base.

    The histograms of Shumailov et al. 2024 in numbers: small q and large q are their two tails.

    Raises:
        SpecError: a q outside (0, 1), or q that do not increase.
    """

    about = About(
        "sequence_perplexity",
        "Sequence perplexity",
        "How surprising each generated text is: tame ones low, odd ones high.",
        ("shumailov-2024",),
        figure="fan",
    )
    q: tuple[float, ...] = field(default=QUANTILES, repr=False)
    under: Judge = "first"
    base: ClassVar[str] = "sequence_perplexity"
    unit: ClassVar[str] = "tokens"
    direction: ClassVar[Direction] = Direction.START

    def __post_init__(self) -> None:
        for q in self.q:
            _check("sequence_perplexity", q, self.under)
        if not self.q or list(self.q) != sorted(set(self.q)):
            raise SpecError(f"sequence_perplexity: q is {self.q}; expected numbers that increase")

    @property
    def labels(self) -> tuple[str, ...]:
        """The quantiles."""
        return tuple(f"{q:g}" for q in self.q)

    def of(self, generated: Floats, real: Floats) -> Floats:
        """Return the perplexities (C, K), in [1, inf]."""
        return np.stack([text_likelihood.quantiles(generated, q) for q in self.q], axis=1)


@dataclass(frozen=True)
class PerplexityTail(NamedMetric, UnderJudge):
    """Shares of generated rows in both tails of real rows' perplexity, each over q.

    'low': rows more probable than the q most probable of the held-out ones; 'high': less probable
    than the q least probable, the improbable tail that grows in Shumailov et al. 2024.
    It takes 1 / q held-out rows of two tokens or more. For equal laws the mean is k / (m + 1) / q,
    m of them, k = q m rounded up: 0.99 at 100 rows, but 1.29 at 30, so take a multiple of 1 / q.

    Raises:
        SpecError: q outside (0, 0.5].
    """

    about = About(
        "perplexity_tail",
        "Perplexity tail",
        "Texts as tame or as odd as few real ones, against their share.",
        ("shumailov-2024",),
        components=(
            Component(
                "low",
                "Low perplexity tail",
                "Texts more probable than nearly all real ones, against their share.",
            ),
            Component(
                "high",
                "High perplexity tail",
                "Texts less probable than nearly all real ones, against their share.",
            ),
        ),
    )
    q: float = TAIL
    under: Judge = "first"
    base: ClassVar[str] = "perplexity_tail"
    direction: ClassVar[Direction] = Direction.ONE
    labels: ClassVar[tuple[str, ...]] = ("low", "high")

    def __post_init__(self) -> None:
        _check("perplexity_tail", self.q, self.under)
        if self.q > 0.5:
            raise SpecError(f"perplexity_tail: q is {self.q}; expected at most 0.5")

    def lacks(self, real: Floats) -> NotApplicable | None:
        """Return that too few real rows have a perplexity to say where a share q of them ends."""
        have = int((~np.isnan(real)).sum(axis=1).min())
        if have * self.q < 1.0 - 1e-9:
            return NotApplicable(f"a tail of {self.q} takes {1 / self.q:.0f} held-out rows: {have}")
        return None

    def of(self, generated: Floats, real: Floats) -> Floats:
        """Return the ratios (C, 2), in [0, 1/q]."""
        low = text_likelihood.tail_share(generated, real, self.q, "low")
        high = text_likelihood.tail_share(generated, real, self.q, "high")
        return np.stack([low, high], axis=1) / self.q


def _check(what: str, q: float, under: str) -> None:
    if not 0.0 < q < 1.0:
        raise SpecError(f"{what}: q is {q}; expected a number between 0 and 1")
    if under not in ("first", "base"):
        raise SpecError(f"{what}: under is {under!r}; expected 'first' or 'base'")
