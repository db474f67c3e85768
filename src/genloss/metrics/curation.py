"""Metrics of the curator: how much it accepts, of whose rows, of how rare ones, and why not."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np

from genloss.core.abilities import ModalLaw
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, checked_count
from genloss.core.curators.rarity import rarity
from genloss.core.curators.reference import Reference
from genloss.core.curators.rounds import Curation, Judged
from genloss.core.samples import FOREIGN, REAL
from genloss.core.view import Direction, NamedMetric, NotApplicable, Partial, View
from genloss.errors import SpecError

NO_CURATOR = NotApplicable("no curator stands between S_t and the next training sets")


@dataclass(frozen=True)
class AcceptanceRate(NamedMetric):
    """Rows accepted over rows seen, up to the last row that was needed."""

    about = About(
        "acceptance_rate",
        "Acceptance rate",
        "Share of the rows seen that the curator let in.",
    )
    base: ClassVar[str] = "acceptance_rate"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the rate (C,), in (0, 1]."""
        curation = view.curation
        return NO_CURATOR if curation is None else np.asarray(curation.accepted / curation.seen)


@dataclass(frozen=True)
class Shortfall(NamedMetric):
    """Share of the rows asked for that no round gave: 1 - accepted / asked."""

    about = About(
        "shortfall", "Shortfall", "Share of the rows asked for that the curator did not find."
    )
    base: ClassVar[str] = "shortfall"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.ZERO

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1)."""
        curation = view.curation
        return (
            NO_CURATOR if curation is None else np.asarray(1 - curation.accepted / curation.asked)
        )


@dataclass(frozen=True)
class CuratedRows(NamedMetric):
    """Rows that were asked for, seen, accepted and refused, per chain."""

    about = About(
        "curated_rows",
        "Rows through the curator",
        "Rows that were asked for, looked at, let in and refused.",
    )
    base: ClassVar[str] = "curated_rows"
    unit: ClassVar[str] = "rows"
    direction: ClassVar[Direction] = Direction.START
    labels: ClassVar[tuple[str, ...]] = ("asked", "seen", "accepted", "refused")

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the numbers (C, 4); refused is seen minus accepted."""
        curation = view.curation
        if curation is None:
            return NO_CURATOR
        asked = np.full(len(curation.seen), curation.asked)
        refused = curation.seen - curation.accepted
        numbers = [asked, curation.seen, curation.accepted, refused]
        return np.stack(numbers, axis=1).astype(np.float64)


class OfJudged(NamedMetric, ABC):
    """Base class of the shares accepted in each of several groups of rows.

    Subclasses name groups (`labels`) and say in which a row is (`place`).
    """

    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """The names of the groups."""

    @abstractmethod
    def place(self, view: View, judged: Judged) -> Array | NotApplicable:
        """Return the group of each row (C, m), below 0 for none, or why there are none."""

    def __call__(self, view: View) -> Floats | Partial | NotApplicable:
        """Return the rates (C, K), in [0, 1]; a group of which a chain saw no row is absent."""
        curation = view.curation
        if curation is None or curation.judged is None:
            return NO_CURATOR
        place = self.place(view, curation.judged)
        if isinstance(place, NotApplicable):
            return place
        judged = curation.judged
        of = [judged.seen & (place == k) for k in range(len(self.labels))]
        seen = np.stack([rows.sum(axis=1) for rows in of], axis=1)
        accepted = np.stack([(rows & judged.accepted).sum(axis=1) for rows in of], axis=1)
        absent = {
            label: "a chain's curator saw no row of it"
            for label, least in zip(self.labels, seen.min(axis=0), strict=True)
            if not least
        }
        if len(absent) == len(self.labels):
            return NotApplicable("a chain's curator saw no row of any group")
        rates = np.where(seen.min(axis=0) > 0, accepted / np.maximum(seen, 1), np.nan)
        return Partial(rates, absent) if absent else rates


@dataclass(frozen=True)
class AcceptedByOrigin(OfJudged):
    """Share accepted among the real rows that were seen, the generated ones, and foreign ones."""

    about = About(
        "accepted_by_origin",
        "Accepted by origin",
        "Share of real, generated and foreign rows that the curator let in.",
    )
    base: ClassVar[str] = "accepted_by_origin"

    @property
    def labels(self) -> tuple[str, ...]:
        """Who made the rows."""
        return ("real", "generated", "foreign")

    def place(self, view: View, judged: Judged) -> Array:
        """Return who made each row."""
        origin = np.asarray(judged.rows.origin)
        return np.where(origin == REAL, 0, np.where(origin == FOREIGN, 2, 1))


@dataclass(frozen=True)
class AcceptedByRarity(OfJudged):
    """Share accepted in each band of rarity: 0 the most typical row of reality, 1 the rarest.

    bounds: the inner bounds of the bands, shares of reality. Symbols and tokens are rare by their
    frequency, so that bands of rarity are bands of frequency (`genloss.core.curators.rarity`).

    Raises:
        SpecError: bounds that do not rise within (0, 1).
    """

    about = About(
        "accepted_by_rarity",
        "Accepted by rarity",
        "Share of typical and of rare rows that the curator let in; equal where it has no tilt.",
    )
    bounds: tuple[float, ...] = (0.5, 0.9, 0.99)
    base: ClassVar[str] = "accepted_by_rarity"

    def __post_init__(self) -> None:
        ends = (0.0, *self.bounds, 1.0)
        if not self.bounds or not all(a < b for a, b in pairwise(ends)):
            raise SpecError(
                f"accepted_by_rarity: bounds are {self.bounds}; expected shares that rise within "
                "(0, 1)"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The bands."""
        ends = (0.0, *self.bounds, 1.0)
        return tuple(f"{a:g}-{b:g}" for a, b in pairwise(ends))

    def place(self, view: View, judged: Judged) -> Array:
        """Return the band of each row, by the middle of its interval."""
        n_real = 1 if view.real is None else view.real.shape[1]
        reference = Reference(view.p_0, view.streams, n_real)
        ranks = view.once_for_all(("rarity", n_real), lambda: rarity(reference))
        low, high = ranks.of(judged.rows.x)
        return np.searchsorted(np.array(self.bounds), (low + high) / 2, side="right")


@dataclass(frozen=True)
class AcceptedByGroup(OfJudged):
    """Share accepted in each of `groups` groups: classes of rows, or the modes nearest to them.

    Raises:
        SpecError, DataError: no group, or another kind of group.
    """

    about = About(
        "accepted_by_group",
        "Accepted by group",
        "Share of the rows of each class or mode that the curator let in.",
    )
    groups: int = 10
    by: Literal["class", "mode"] = "class"
    base: ClassVar[str] = "accepted_by_group"

    def __post_init__(self) -> None:
        checked_count(self.groups, "accepted_by_group: groups")
        if self.by not in ("class", "mode"):
            raise SpecError(f"accepted_by_group: by is {self.by!r}; expected 'class' or 'mode'")

    @property
    def labels(self) -> tuple[str, ...]:
        """The groups, 0 first."""
        return tuple(map(str, range(self.groups)))

    def place(self, view: View, judged: Judged) -> Array | NotApplicable:
        """Return the class of each row, or its mode."""
        if self.by == "class":
            label = judged.rows.label
            return NotApplicable("rows have no classes") if label is None else label
        if not isinstance(view.p_0, ModalLaw):
            return NotApplicable(f"{type(view.p_0).__name__} has no named modes")
        centres, radius = view.p_0.modes()
        away = np.sqrt(((judged.rows.x[:, :, None] - centres) ** 2).sum(axis=3))
        return np.where(away.min(axis=2) <= radius, away.argmin(axis=2), -1)


@dataclass(frozen=True)
class RefusalReasons(NamedMetric):
    """Share of the rows seen that were refused for each of `reasons`, and for others.

    A curator's documentation names its reasons.

    Raises:
        SpecError: no reason, or one twice.
    """

    about = About(
        "refusal_reasons",
        "Reasons of refusal",
        "Share of the rows seen that the curator refused, by its reasons.",
    )
    reasons: tuple[str, ...]
    base: ClassVar[str] = "refusal_reasons"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def __post_init__(self) -> None:
        if not self.reasons or len({*self.reasons, "other"}) <= len(self.reasons):
            raise SpecError(
                f"refusal_reasons: reasons are {self.reasons}; expected some, each once, without "
                "'other'"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The reasons, and all others."""
        return (*self.reasons, "other")

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the shares (C, K), in [0, 1]."""
        curation = view.curation
        if curation is None:
            return NO_CURATOR
        named = [_refused(curation, why) for why in self.reasons]
        other = curation.seen - curation.accepted - np.sum(named, axis=0)
        return np.stack([*named, other], axis=1) / curation.seen[:, None]


def _refused(curation: Curation, why: str) -> Array:
    return np.asarray(curation.refused.get(why, np.zeros_like(curation.seen)))
