"""Targets: a published number beside ours, and the band that decides.

A target takes a statistic over chains of one metric of one run at one time. The time picks one
number per chain: its value at a generation or at the "last" one, or with "first_below:X" the first
measured generation at which it is below X. `minus` subtracts the same statistic at another place,
so that "A equals B" is a target too.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from typing import Any, get_type_hints

from genloss.core.over_chains import MEAN, Statistic, statistic_from
from genloss.core.view import column_names
from genloss.errors import SpecError
from genloss.judge.expected import Expected, Formula, expected_from
from genloss.spec.toml import checked_keys, checked_number
from genloss.spec.wording import nearest
from genloss.study.study import Study

FIRST_BELOW = "first_below"


@dataclass(frozen=True)
class Place:
    """Where one number per chain stands: a run, a metric, and a time of it."""

    run: str
    metric: str
    t: int | str


@dataclass(frozen=True)
class Law:
    """An expected value of theory, within 4 standard errors of our ensemble.

    variance: that of one chain, where heavy tails make the sample's own error too small.
    """

    expected: Expected
    variance: Expected | None = None


@dataclass(frozen=True)
class Bounds:
    """Proven bounds of theory (or 0, 1), each with 4 standard errors of ours."""

    lower: Expected
    upper: Expected


@dataclass(frozen=True)
class Ensemble:
    """A published mean over chains: 4 standard errors of both, added in quadrature, and rounding.

    sd: that of one published chain, with which a single chain of ours may be judged; error: that of
    the published mean. Without either, their chains spread as ours do.
    """

    chains: int = 1
    sd: float | None = None
    error: float | None = None
    rounding: float = 0.0


@dataclass(frozen=True)
class OneDraw:
    """A published single draw: its quantile among our chains must lie in the central 99 %."""


@dataclass(frozen=True)
class Readoff:
    """A number read off a figure: its reading error and 4 standard errors of ours.

    chains: how many the figure shows the mean of; 4 standard errors of that mean are added.
    """

    reading: float
    chains: int | None = None


@dataclass(frozen=True)
class Interval:
    """A range that the source itself states."""

    low: float
    high: float


@dataclass(frozen=True)
class Between:
    """Above the same statistic at one place and below it at another.

    Each by 4 standard errors of the difference.
    """

    lower: Place
    upper: Place


Band = Law | Bounds | Ensemble | OneDraw | Readoff | Interval | Between

BANDS: Mapping[str, type[Band]] = {
    "law": Law,
    "bounds": Bounds,
    "ensemble": Ensemble,
    "one_draw": OneDraw,
    "readoff": Readoff,
    "interval": Interval,
    "between": Between,
}
LEAST = {"chains": 1, "sd": 0, "error": 0, "rounding": 0, "reading": 0}
"""The least that a number of a band may be."""

PUBLISHED = (Ensemble, OneDraw, Readoff)
"""Bands around the published number."""


@dataclass(frozen=True)
class Target:
    """A claim (what), where it is measured (at, statistic), and what decides (band)."""

    id: str
    what: str
    at: Place
    band: Band
    source: str
    statistic: Statistic = MEAN
    published: float | None = None
    minus: Place | None = None


def target_from(table: Mapping[str, Any], where: str) -> Target:
    """Read a target from a table of id, what, run, metric, t, band and source.

    Optional are statistic (else "mean"), published and minus. A place (minus, and the sides of a
    `between`) is the name of another run, or a table that replaces some of run, metric and t.

    Raises:
        SpecError: a key too many or too few, a value of another type, a band without its number, or
            an unknown statistic, time or kind of band.
    """
    needed = ("id", "what", "run", "metric", "t", "band", "source")
    checked_keys(table, where, needed, ("statistic", "published", "minus"))
    where = f"{where}: target {table['id']}"
    for key in ("id", "what", "run", "metric", "source"):
        if not isinstance(table[key], str) or not table[key].strip():
            raise SpecError(f"{where}: {key} is {table[key]!r}; expected text")
    at = _place({k: table[k] for k in ("run", "metric", "t")}, None, f"{where}: place")
    published, minus = table.get("published"), table.get("minus")
    band = band_from(table["band"], at, f"{where}: band")
    if published is not None:
        checked_number(published, f"{where}: published")
    elif isinstance(band, PUBLISHED):
        raise SpecError(f"{where}: a band of kind {kind_of(band)} needs a published number")
    try:
        over = statistic_from(table.get("statistic", str(MEAN)))
    except SpecError as error:
        raise SpecError(f"{where}: {error}") from error
    return Target(
        id=table["id"],
        what=table["what"],
        at=at,
        band=band,
        source=table["source"],
        statistic=over,
        published=published,
        minus=None if minus is None else _place(minus, at, f"{where}: minus"),
    )


def band_from(table: Any, at: Place, where: str) -> Band:
    """Read a band from {kind = "...", fields...}; places in it say how they differ from `at`."""
    kind = table.get("kind") if isinstance(table, Mapping) else table
    if not isinstance(table, Mapping) or kind not in list(BANDS):
        raise SpecError(
            f"{where}: unknown kind {kind!r}{nearest(str(kind), BANDS)}; "
            f"expected one of {', '.join(BANDS)}"
        )
    cls = BANDS[str(kind)]
    needed = [f.name for f in fields(cls) if f.default is MISSING]
    optional = [f.name for f in fields(cls) if f.default is not MISSING]
    checked_keys(table, where, ("kind", *needed), optional)
    hints = get_type_hints(cls)
    band = cls(
        **{k: _read(hints[k], v, at, f"{where}.{k}") for k, v in table.items() if k != "kind"}
    )
    if isinstance(band, Interval) and band.low > band.high:
        raise SpecError(f"{where}: low is {band.low} and high {band.high}; nothing lies between")
    return band


def kind_of(band: Band) -> str:
    """Return the name of a band's kind."""
    return next(kind for kind, cls in BANDS.items() if type(band) is cls)


def as_table(target: Target) -> dict[str, Any]:
    """Return the table of a target, every place written out; `target_from` reads it back."""
    band = {"kind": kind_of(target.band)} | _written(target.band)
    rest = {f.name: getattr(target, f.name) for f in fields(target) if f.name not in ("at", "band")}
    written = asdict(target.at) | rest | {"band": band}
    return {k: _written(v) for k, v in written.items() if v is not None}


def check_measured(target: Target, studies: Mapping[str, Study]) -> None:
    """Raise SpecError for a place of a target that the studies do not measure."""
    places = [target.at, target.minus]
    if isinstance(target.band, Between):
        places += [target.band.lower, target.band.upper]
    for place in places:
        if place is not None:
            _check_place(place, studies, f"target {target.id}")


def _check_place(place: Place, studies: Mapping[str, Study], where: str) -> None:
    study = studies.get(place.run)
    if study is None:
        raise SpecError(f"{where}: no run {place.run!r}{nearest(place.run, studies)}")
    names = [name for metric in study.metrics for name in column_names(metric)]
    if place.metric not in names:
        raise SpecError(
            f"{where}: run {place.run!r} measures no {place.metric!r}{nearest(place.metric, names)}"
        )
    times = study.measure.times(study.generations) | {study.generations}
    if isinstance(place.t, int) and place.t not in times:
        raise SpecError(
            f"{where}: run {place.run!r} does not measure generation {place.t}; "
            f"it measures {', '.join(map(str, sorted(times)))}"
        )


def _read(hint: Any, value: Any, at: Place, where: str) -> Any:
    if hint is Place:
        return _place(value, at, where)
    if Formula in getattr(hint, "__args__", ()):
        return expected_from(value, where)
    number, least = checked_number(value, where), LEAST.get(where.rpartition(".")[2])
    if least is not None and number < least:
        raise SpecError(f"{where} is {number!r}; expected {least} or more")
    return number


def _place(given: Any, at: Place | None, where: str) -> Place:
    table = {"run": given} if isinstance(given, str) else given
    checked_keys(table, where, optional=("run", "metric", "t"))
    place = Place(**{**({} if at is None else asdict(at)), **table})
    if not all(isinstance(name, str) for name in (place.run, place.metric)):
        raise SpecError(f"{where} is {given!r}; expected the names of a run and a metric")
    if not _is_time(place.t):
        raise SpecError(
            f'{where}: t is {place.t!r}; expected a generation, "last" or first_below:X'
        )
    return place


def _is_time(t: Any) -> bool:
    if not isinstance(t, str):
        return isinstance(t, int) and not isinstance(t, bool) and t >= 0
    return t == "last" or threshold(t) is not None


def threshold(t: int | str) -> float | None:
    """Return X of the time "first_below:X"; None for another time, or an X that is not finite."""
    kind, _, x = str(t).partition(":")
    try:
        value = float(x)
    except ValueError:
        return None
    return value if kind == FIRST_BELOW and math.isfinite(value) else None


def _written(value: Any) -> Any:
    if isinstance(value, Statistic):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        defaults = {f.name: f.default for f in fields(value)}
        values = {k: getattr(value, k) for k in defaults}
        return {k: _written(v) for k, v in values.items() if v is not None and v != defaults[k]}
    return value
