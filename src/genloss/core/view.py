"""View: what a metric may look at, and what it answers."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np

from genloss.core.arrays import Array, Floats
from genloss.core.curators.rounds import Curation
from genloss.core.roles import Data, Model
from genloss.core.streams import Streams
from genloss.errors import SpecError

T = TypeVar("T")


class Direction(StrEnum):
    """Which way a metric is closer to reality; the values are what run folders hold."""

    LOWER = "lower"
    HIGHER = "higher"
    ONE = "one"
    """Reality is 1."""
    ZERO = "zero"
    """Reality is 0."""
    START = "start"
    """Reality is the value at t = 0."""


@dataclass(frozen=True, eq=False)
class View:
    """Generation t of one block of chains, beside reality.

    p_0 is reality; model is p_t (p_0 at t = 0); train is D_t (None at t = 0); samples is S_t in
    the form the chain carries; held_out are real rows (C, m, ...) that no generation trains on, or
    None; rng is a stream of this metric alone. memo is shared by the metrics of one generation,
    lasting by those of all generations of a block (what depends on reality alone).
    first is p_1, the only model trained on real rows alone, if a metric is a `UsesFirst`; else
    None. base is the pretrained model that fits begin at, one chain for all, if a metric is a
    `UsesBase` and the learner has one; else None. streams are those of the block, see `shared_rng`.
    real are rows of S_0 (C, m, ...), no more than a generation writes, or None without rows.
    curation is what a curator made of S_t, or None without one.
    """

    t: int
    p_0: Model
    model: Model
    train: Data | None
    samples: Data
    held_out: Array | None
    rng: np.random.Generator
    memo: dict[Hashable, Any] = field(default_factory=dict)
    first: Model | None = None
    lasting: dict[Hashable, Any] = field(default_factory=dict)
    streams: Streams = field(default_factory=lambda: Streams(0))
    base: Model | None = None
    real: Array | None = None
    curation: Curation | None = None

    def shared_rng(self, role: str, t: int | None = None) -> np.random.Generator:
        """Return a stream of this generation, or of t, that no metric owns.

        What metrics draw together comes from it, so that it does not matter which one asks first.
        """
        return self.streams.rng(self.t if t is None else t, f"shared:{role}")

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return compute(), done once per generation however many metrics ask under this key."""
        if key not in self.memo:
            self.memo[key] = compute()
        value: T = self.memo[key]
        return value

    def once_for_all(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return compute(), done once per block of chains: a function of reality and its rows."""
        if key not in self.lasting:
            self.lasting[key] = compute()
        value: T = self.lasting[key]
        return value


@dataclass(frozen=True)
class NotApplicable:
    """Why a metric has no value here; recorded instead of NaN."""

    why: str


class Metric(Protocol):
    """How far from reality? A thin binding of an array function to a View.

    One number per chain, unless it is `Labelled`.
    """

    @property
    def name(self) -> str:
        """The name in tables and figures; it contains the options that differ from the default."""
        ...

    @property
    def unit(self) -> str:
        """The unit, '1' for a ratio or share."""
        ...

    @property
    def direction(self) -> Direction:
        """Which way is closer to reality."""
        ...

    def __call__(self, view: View) -> "Floats | Partial | NotApplicable":
        """Return one value per chain (C,), K of a labelled metric (C, K), or why there is none."""
        ...


@dataclass(frozen=True, eq=False)
class Partial:
    """Values (C, K) of which some components do not apply: `absent` says which, and why."""

    values: Floats
    absent: Mapping[str, str]


@runtime_checkable
class Labelled(Protocol):
    """A metric of K numbers: it returns (C, K), or `Partial`, or `NotApplicable`.

    Its unit and direction are those of all components, unless it is `Diverse`.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the components; they depend on nothing but the metric's fields."""
        ...


@runtime_checkable
class Diverse(Labelled, Protocol):
    """A metric whose components have units and directions of their own."""

    @property
    def units(self) -> tuple[str, ...]:
        """The unit of each."""
        ...

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The direction of each."""
        ...


@runtime_checkable
class UsesBase(Protocol):
    """A metric that looks through the pretrained model that the learner starts from."""

    @property
    def uses_base(self) -> bool:
        """Whether View.base is needed."""
        ...


@runtime_checkable
class KnowsTrivial(Protocol):
    """A metric of risk that knows what a predictor scores that has learnt nothing."""

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return that score (C,), from a view of generation 0, or why there is none."""
        ...


@runtime_checkable
class Binned(Protocol):
    """A metric of single rows, whose counts per bin are kept with the generations that are kept."""

    def histogram(self, view: View) -> Mapping[str, Array]:
        """Return arrays by name; none where the metric has no value."""
        ...


def entry_of(metric: Metric) -> dict[str, Any]:
    """Return what a run's header says of a metric: name, unit, direction, labels if it has any.

    Raises:
        SpecError: no such direction.
    """
    entry: dict[str, Any] = {
        "name": metric.name,
        "unit": metric.unit,
        "direction": _known(metric.direction, metric),
    }
    if isinstance(metric, Labelled):
        entry["labels"] = list(metric.labels)
    if isinstance(metric, Diverse):
        directions = [_known(direction, metric) for direction in metric.directions]
        entry |= {"unit": list(metric.units), "direction": directions}
    return entry


def _known(direction: str, metric: Metric) -> Direction:
    try:
        return Direction(direction)
    except ValueError:
        known = ", ".join(Direction)
        raise SpecError(
            f"metric {metric.name}: direction is {direction!r}; expected one of {known}"
        ) from None


def column_names(metric: Metric) -> list[str]:
    """Return what the numbers of a metric are called: its name, or name[label] for each label."""
    if not isinstance(metric, Labelled):
        return [metric.name]
    return [f"{metric.name}[{label}]" for label in metric.labels]


def stream_key(metric: Metric) -> str:
    """Return the role of a metric's own stream: its kind, so that options do not change draws."""
    return f"metric:{metric.name.partition('(')[0]}"


class NamedMetric:
    """A metric called `base`, with the options that differ from their defaults."""

    base: ClassVar[str]

    @property
    def name(self) -> str:
        """The name in tables."""
        return named(self.base, self)


def named(base: str, metric: Any, without: str = "") -> str:
    """Return base, followed by the options of the metric that differ from their defaults.

    without: an option that base shows already.
    """
    return bracketed(base, changed(metric, without))


def changed(metric: Any, without: str = "") -> list[str]:
    """Return the options of a metric that differ from their defaults, all but `without`."""
    return [
        f"{f.name}={_option_text(f, getattr(metric, f.name))}"
        for f in fields(metric)
        if f.repr and f.name != without and getattr(metric, f.name) != f.default
    ]


def bracketed(base: str, options: Sequence[str]) -> str:
    """Return base, with the options behind it if there are any."""
    return f"{base}({', '.join(options)})" if options else base


def _option_text(option: Field[Any], value: Any) -> str:
    # Where something lies differs between machines; its last part names it on all of them.
    elsewhere = option.metadata.get("identity") is False
    return PurePath(str(value)).name if elsewhere else option_name(value)


def option_name(value: Any) -> str:
    """Return an option as names show it; a recipe is its class's name and its own options."""
    if is_dataclass(value) and not isinstance(value, type):
        return named(_snake(type(value).__name__), value)
    return str(value)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
