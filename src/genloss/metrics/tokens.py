"""Metrics of categorical laws: p_t over k symbols beside p_0."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.abilities import CategoricalLaw
from genloss.core.about import About, Aspect
from genloss.core.arrays import Floats, checked_count
from genloss.core.numbers import open_fraction
from genloss.core.view import Direction, NamedMetric, NotApplicable, View
from genloss.errors import SpecError
from genloss.metrics.arrays import categorical, support


def both_laws(view: View) -> tuple[Floats, Floats] | NotApplicable:
    """Return p_t and p_0, (C, k) each, or why there are none."""
    if isinstance(view.model, CategoricalLaw) and isinstance(view.p_0, CategoricalLaw):
        return view.model.probabilities(), view.p_0.probabilities()
    return NotApplicable(f"{type(view.model).__name__} on {type(view.p_0).__name__}: not symbols")


class OfSymbols(ABC):
    """Base class of the metrics of the probabilities of p_t and p_0; subclasses implement `of`."""

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return one value per chain (C,), or why these are not symbols."""
        laws = both_laws(view)
        return laws if isinstance(laws, NotApplicable) else self.of(*laws)

    @abstractmethod
    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return (C,) from probabilities (C, k) of p_t and p_0."""

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return what a model scores (C,) that always says reality's likeliest symbol."""
        laws = both_laws(view)
        if isinstance(laws, NotApplicable):
            return laws
        return self.of(np.eye(laws[1].shape[1])[laws[1].argmax(axis=1)], laws[1])


@dataclass(frozen=True)
class Entropy(OfSymbols):
    """Shannon entropy of p_t."""

    about = About(
        "entropy",
        "Entropy",
        "Entropy of the model over its symbols.",
        ("shannon-1948",),
        aspect=Aspect.SPREAD,
    )
    name: ClassVar[str] = "entropy"
    unit: ClassVar[str] = "nats"
    direction: ClassVar[Direction] = Direction.START

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the entropy (C,), in [0, ln k]."""
        return categorical.entropy(p)


@dataclass(frozen=True)
class EntropyRatio(OfSymbols):
    """Entropy of p_t over that of p_0 (Kazdan et al. 2024)."""

    about = About(
        "entropy_ratio",
        "Entropy ratio",
        "Entropy of the model, as a share of reality's.",
        ("kazdan-2024", "shannon-1948"),
        headline=True,
        aspect=Aspect.SPREAD,
    )
    name: ClassVar[str] = "entropy_ratio"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.ONE

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the ratio (C,), >= 0."""
        return categorical.entropy_ratio(p, p_0)


@dataclass(frozen=True)
class CollisionProbability(OfSymbols):
    """sum_i p_i^2, the chance that two draws agree (Seddik et al. 2024)."""

    about = About(
        "collision_probability",
        "Collision probability",
        "Chance that two draws are the same symbol; 1 is total collapse.",
        ("seddik-2024",),
    )
    name: ClassVar[str] = "collision_probability"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the probability (C,), in [1/k, 1]."""
        return categorical.collision_probability(p)


@dataclass(frozen=True)
class Diversity(OfSymbols):
    """1 - sum_i p_i^2, the chance that two draws differ; its mean decays by 1 - 1/n a step."""

    about = About(
        "diversity",
        "Diversity",
        "Chance that two draws differ; 0 is total collapse.",
        ("seddik-2024",),
        aspect=Aspect.SPREAD,
    )
    name: ClassVar[str] = "diversity"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the probability (C,), in [0, 1 - 1/k]."""
        return np.asarray(1.0 - categorical.collision_probability(p))


@dataclass(frozen=True)
class SurvivingSymbols(OfSymbols):
    """Number of symbols with p_t > 0."""

    about = About(
        "surviving_symbols",
        "Surviving symbols",
        "Number of symbols that the model can still produce.",
        ("suresh-2024",),
        aspect=Aspect.TAIL,
    )
    name: ClassVar[str] = "surviving_symbols"
    unit: ClassVar[str] = "symbols"
    direction: ClassVar[Direction] = Direction.HIGHER

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the number (C,), in [1, k]."""
        return support.surviving_symbols(p)


@dataclass(frozen=True)
class SurvivingFraction(OfSymbols):
    """Surviving symbols over those of p_0 (Suresh et al. 2024)."""

    about = About(
        "surviving_fraction",
        "Surviving fraction",
        "Share of reality's symbols that the model can still produce.",
        ("suresh-2024",),
        headline=True,
        aspect=Aspect.TAIL,
    )
    name: ClassVar[str] = "surviving_fraction"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.ONE

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the fraction (C,), in (0, 1]."""
        return support.surviving_fraction(p, p_0)


@dataclass(frozen=True)
class ZeroProportion(OfSymbols):
    """Share of the k symbols with p_t = 0."""

    about = About(
        "zero_proportion",
        "Zero proportion",
        "Share of symbols that the model has lost.",
        ("kazdan-2024",),
    )
    name: ClassVar[str] = "zero_proportion"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the share (C,), in [0, 1)."""
        return support.zero_proportion(p)


@dataclass(frozen=True)
class SquaredProbabilityError(OfSymbols):
    """||p_t - p_0||^2, the sum of squared errors of all probabilities (Bakshi et al. 2026)."""

    about = About(
        "squared_probability_error",
        "Squared error of probabilities",
        "How far the probabilities of the symbols have wandered from reality's, squared.",
        ("bakshi-2026",),
        aspect=Aspect.RISK,
    )
    name: ClassVar[str] = "squared_probability_error"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the error (C,), in [0, 2]."""
        return np.asarray(((p - p_0) ** 2).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class SupportLoss(OfSymbols):
    """Reality's probability of the symbols that p_t has lost."""

    about = About(
        "support_loss",
        "Support loss",
        "Mass of reality on symbols that the model can no longer produce.",
        ("suresh-2024",),
        aspect=Aspect.RISK,
    )
    name: ClassVar[str] = "support_loss"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the probability (C,), in [0, 1)."""
        return support.support_loss(p, p_0)


@dataclass(frozen=True)
class ForwardKL(NamedMetric, OfSymbols):
    """KL(p_0 || p_t) with additive smoothing: what of reality p_t fails to expect."""

    about = About(
        "forward_kl",
        "KL divergence, reality to model",
        "KL divergence from reality to model (smoothed): blind spots cost most.",
        ("kullback-1951",),
        aspect=Aspect.RISK,
    )
    smoothing: float = 1e-6
    base: ClassVar[str] = "forward_kl"
    unit: ClassVar[str] = "nats"
    direction: ClassVar[Direction] = Direction.LOWER

    def __post_init__(self) -> None:
        _check_smoothing(self.base, self.smoothing)

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the divergence (C,), >= 0; read support_loss beside it."""
        return categorical.kl(p_0, p, self.smoothing)


@dataclass(frozen=True)
class BackwardKL(NamedMetric, OfSymbols):
    """KL(p_t || p_0) with additive smoothing: what p_t overdoes or invents."""

    about = About(
        "backward_kl",
        "KL divergence, model to reality",
        "KL divergence from model to reality (smoothed): inventions cost most.",
        ("kullback-1951",),
    )
    smoothing: float = 1e-6
    base: ClassVar[str] = "backward_kl"
    unit: ClassVar[str] = "nats"
    direction: ClassVar[Direction] = Direction.LOWER

    def __post_init__(self) -> None:
        _check_smoothing(self.base, self.smoothing)

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the divergence (C,), >= 0."""
        return categorical.kl(p, p_0, self.smoothing)


@dataclass(frozen=True)
class RareMass(NamedMetric, OfSymbols):
    """p_t of reality's rarest symbols, those that hold `mass` under p_0, relative to p_0's."""

    about = About(
        "rare_mass",
        "Rare mass",
        "Mass that the model leaves on reality's rarest symbols, against reality's.",
        ("suresh-2024",),
    )
    mass: float = 0.05
    base: ClassVar[str] = "rare_mass"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.ONE

    def __post_init__(self) -> None:
        open_fraction(self.mass, "rare_mass: mass")

    def of(self, p: Floats, p_0: Floats) -> Floats:
        """Return the ratio (C,), >= 0."""
        return support.tail_mass_ratio(p, p_0, mass=self.mass)


@dataclass(frozen=True)
class SymbolProbability:
    """p_t of one symbol: its mean is a martingale, its end is 0 or 1."""

    about = About(
        "symbol_probability",
        "Symbol probability",
        "Probability of one symbol; its mean over chains never changes.",
        ("suresh-2024",),
    )
    symbol: int

    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def __post_init__(self) -> None:
        checked_count(self.symbol, "symbol_probability: symbol", 0)

    @property
    def name(self) -> str:
        """symbol_probability and which symbol."""
        return f"symbol_probability({self.symbol})"

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the probability (C,), in [0, 1]."""
        laws = both_laws(view)
        if isinstance(laws, NotApplicable):
            return laws
        if self.symbol >= laws[0].shape[1]:
            return NotApplicable(f"there are only {laws[0].shape[1]} symbols")
        return np.ascontiguousarray(laws[0][:, self.symbol])


def _check_smoothing(what: str, smoothing: float) -> None:
    if not (np.isfinite(smoothing) and smoothing >= 0):
        raise SpecError(f"{what}: smoothing is {smoothing}; expected a finite number of at least 0")
