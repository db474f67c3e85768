"""Scores: by what rows are valued; higher is better. Curators choose by them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from genloss.core.abilities import DensityModel, MomentLaw
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, checked_count
from genloss.core.curators.rarity import distance_from, moments_of
from genloss.core.curators.reference import Reference
from genloss.core.curators.share import check_share
from genloss.core.roles import Model
from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.text import SequenceModel
from genloss.errors import DataError, SpecError


@runtime_checkable
class Score(Protocol):
    """By what rows are valued."""

    def scores(self, rows: Samples, reference: Reference) -> Floats:
        """Return a number per row (C, m), higher is better; a row's depends on no other row."""
        ...


Judge = Literal["reality", "first", "writer"]
"""p_0, p_1 or the model that wrote the rows."""


@dataclass(frozen=True)
class Likelihood:
    """log p(x) in nats; of text per token: how likely a model finds a row.

    under: 'reality', p_0; 'first', p_1; 'writer', the model that wrote the rows, which then judges
    itself, and of which a D_t that is judged as a whole has none.

    Raises:
        DataError: a model without density or token probabilities.
    """

    about = About("likelihood", "Likelihood", "Rows are valued by how likely a model finds them.")
    under: Judge = "first"

    def __post_init__(self) -> None:
        if self.under not in ("reality", "first", "writer"):
            raise SpecError(
                f"likelihood: under is {self.under!r}; expected 'reality', 'first' or 'writer'"
            )

    @property
    def uses_first(self) -> bool:
        """Whether it looks through p_1."""
        return self.under == "first"

    def scores(self, rows: Samples, reference: Reference) -> Floats:
        """Return log p per row, or per token: (C, m)."""
        return log_likelihood(self.judge(reference), rows.x)

    def judge(self, reference: Reference) -> Model:
        """Return the model that judges; raises DataError where there is none."""
        models = {"reality": reference.p_0, "first": reference.first, "writer": reference.writer}
        if (model := models[self.under]) is None:
            raise DataError(
                "likelihood: there is no writer of rows that several models made; let the curator "
                "cover 'generated' rows, or judge under 'first' or 'reality'"
                if self.under == "writer"
                else "likelihood: there is no p_1 before generation 1; judge under 'reality', or "
                "let the curator cover 'generated' rows or 'training' sets"
            )
        return model


def log_likelihood(model: Model, x: Array) -> Floats:
    """Return log p(x) in nats per row, of text the mean per token: (C, m).

    Raises:
        DataError: a model without either.
    """
    if isinstance(model, SequenceModel):
        x = _begun(x)
        scored = (x[:, :, 1:] != NO_TOKEN).sum(axis=2)
        return np.asarray(model.token_log_probs(x).sum(axis=2) / np.maximum(scored, 1))
    if not isinstance(model, DensityModel):
        raise DataError(
            f"{type(model).__name__} has no density; value rows by score = "
            "'reference_distance' or 'nearest_real'"
        )
    return model.log_prob(x)


def _begun(x: Array) -> Array:
    """Return rows that all have a first token, which models ask for and which is not scored."""
    begun = x.copy()
    begun[..., 0] = np.maximum(begun[..., 0], 0)
    return begun


@dataclass(frozen=True)
class ReferenceDistance:
    """Minus the Mahalanobis distance from a centre, in units of `width` times reality's spread.

    The centre is reality's mean, moved by a draw of N(0, shift^2) in each of `dims` coordinates
    that are chosen at random (0: all), once per chain: shift = 0 is an honest reference, more a
    biased one (Qiao et al. 2026). width < 1 is a narrow one, which weighted choice feels and a
    choice of the nearest does not.

    Raises:
        SpecError, DataError: a negative shift, a width of 0 or below, more dims than there are.
    """

    about = About(
        "reference_distance",
        "Distance to a reference",
        "Rows are valued by how near they are to a centre, which may be biased.",
        ("qiao-2026",),
    )
    shift: float = 0.0
    dims: int = 0
    width: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.shift < np.inf:
            raise SpecError(f"reference_distance: shift is {self.shift}; expected 0 or more")
        if not 0 < self.width < np.inf:
            raise SpecError(f"reference_distance: width is {self.width}; expected more than 0")
        checked_count(self.dims, "reference_distance: dims", 0)

    def scores(self, rows: Samples, reference: Reference) -> Floats:
        """Return minus the distance (C, m)."""
        distance = reference.once(("reference_distance", self), lambda: self._distance(reference))
        return np.asarray(-distance(_numbers(rows.x, "reference_distance")) / self.width)

    def _distance(self, reference: Reference) -> Callable[[Array], Floats]:
        p_0 = reference.p_0
        if isinstance(p_0, MomentLaw):
            mean, cov = p_0.moments()
        else:
            mean, cov = moments_of(_numbers(reference.real.x, "reference_distance"))
        (c, d), rng = mean.shape, reference.streams.rng(0, "curator_reference")
        if self.dims > d:
            raise DataError(f"reference_distance: dims is {self.dims}; rows have {d} coordinates")
        place = np.argsort(rng.random((c, d)), axis=1)
        move = self.shift * rng.standard_normal((c, d)) * (place < (self.dims or d))
        return distance_from(mean + move, cov)


def _numbers(x: Array, name: str) -> Array:
    if x.dtype.kind != "f":
        raise DataError(
            f"{name}: rows are symbols or tokens, which have no distance; use score = 'likelihood'"
        )
    return x


@dataclass(frozen=True)
class NearestReal:
    """Minus the Euclidean distance to the nearest real row of S_0, in units of the data.

    narrow: the share of those rows that is known, the ones nearest to their mean; below 1 the
    reference is a narrow one. O(m n d) per chain.

    Raises:
        SpecError: narrow outside (0, 1].
    """

    about = About(
        "nearest_real",
        "Nearest real row",
        "Rows are valued by how near the nearest real row is.",
    )
    narrow: float = 1.0

    def __post_init__(self) -> None:
        check_share(self.narrow, "nearest_real: narrow")

    def scores(self, rows: Samples, reference: Reference) -> Floats:
        """Return minus the distance (C, m)."""
        known = reference.once(("nearest_real", self), lambda: self._known(reference))
        x = _flat(_numbers(rows.x, "nearest_real"))
        return -np.stack([_nearest(row, real) for row, real in zip(x, known, strict=True)])

    def _known(self, reference: Reference) -> Floats:
        real = _flat(_numbers(reference.real.x, "nearest_real"))
        if self.narrow == 1:
            return real
        away = ((real - real.mean(axis=1, keepdims=True)) ** 2).sum(axis=2)
        n = max(1, round(self.narrow * real.shape[1]))
        index = np.argsort(away, axis=1, kind="stable")[:, :n]
        return real[np.arange(len(real))[:, None], index]


BLOCK_FLOATS = 1 << 20
"""Differences held at once while the nearest row is looked for."""


def _nearest(x: Floats, real: Floats) -> Floats:
    """Return the distance of each row x (m, d) to the nearest of real (n, d)."""
    step = max(1, BLOCK_FLOATS // real.size)
    blocks = [x[i : i + step, None] - real for i in range(0, len(x), step)]
    return np.concatenate([np.sqrt((b * b).sum(axis=2).min(axis=1)) for b in blocks])


def _flat(x: Array) -> Floats:
    return np.asarray(x, dtype=np.float64).reshape(*x.shape[:2], -1)


@dataclass(frozen=True)
class EntropyUnderFirst:
    """Mean entropy of the next token along a row under p_1, in nats (Shi et al. 2025).

    Rows after which much can follow are valued: the opposite of what is most probable.

    Raises:
        DataError: rows or a p_1 without next tokens.
    """

    about = About(
        "entropy_under_first",
        "Entropy under the first model",
        "Rows are valued by how open the first model finds what comes next.",
    )
    uses_first: ClassVar[bool] = True

    def scores(self, rows: Samples, reference: Reference) -> Floats:
        """Return the mean entropy (C, m)."""
        model = reference.first
        if not isinstance(model, SequenceModel):
            raise DataError(
                f"entropy_under_first: {type(model).__name__} has no next tokens; value rows by "
                "score = 'likelihood', or 'nearest_real'"
                if model is not None
                else "entropy_under_first: there is no p_1 before generation 1; let the curator "
                "cover 'generated' rows or 'training' sets"
            )
        x = _begun(rows.x)
        scored = x[:, :, 1:] != NO_TOKEN
        total = (model.token_entropies(x) * scored).sum(axis=2)
        return np.asarray(total / np.maximum(scored.sum(axis=2), 1))
