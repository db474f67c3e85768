"""theory.json: what theory expects of a run, kept so that it is computed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from genloss.core.over_chains import Statistic, statistic_from
from genloss.errors import SpecError, StoreError
from genloss.store.files import read_sealed, write_sealed
from genloss.store.folder import THEORY
from genloss.store.header import Header
from genloss.store.schema import expect


@lru_cache(maxsize=1)
def _version() -> str:
    return metadata.version("genloss")


SHAPE = {
    "run": str,
    "genloss": str,
    "lines": {str: {"label": str, "statistic": str, "t": [int], "value": [float]}},
    "trivial": {str: float},
}


@dataclass(frozen=True)
class TheoryLine:
    """A dashed line: a closed form at generations t (T,), value (T,) in the metric's units.

    statistic: what it predicts over chains.

    Raises:
        SpecError: t and value of unequal lengths, or a statistic that is no value of the metric.
    """

    label: str
    statistic: Statistic
    t: tuple[int, ...]
    value: tuple[float, ...]

    def __post_init__(self) -> None:
        check_location(self.label, self.statistic)
        if len(self.t) != len(self.value):
            raise SpecError(
                f"the line {self.label!r} has {len(self.value)} values at {len(self.t)} "
                "generations; expected one for each"
            )

    def at(self, t: int) -> float | None:
        """Return the value at a generation, or None."""
        return self.value[self.t.index(t)] if t in self.t else None


def check_location(label: str, statistic: Statistic) -> None:
    """Raise SpecError for a statistic that cannot be drawn on the metric's own axis."""
    if not statistic.is_location:
        raise SpecError(
            f"the line {label!r} predicts {statistic}; expected mean, median or quantile:Q, which "
            "are values of the metric itself"
        )


Lines = Mapping[str, TheoryLine]
"""By metric, or metric[component]."""


class Theory(NamedTuple):
    """What is expected of a run: lines, and what predictors score that have learnt nothing."""

    lines: Lines
    trivial: Mapping[str, float]


def read_theory(run: Path, header: Header) -> Theory | None:
    """Return what the file says; None where they must be computed (again).

    They are derived from the header: a damaged file, another run's, or another version's is as
    good as none.
    """
    path = run / THEORY
    if not path.is_file():
        return None
    try:
        value = read_sealed(path)
        expect(value, SHAPE, path)
        lines = {
            name: TheoryLine(
                line["label"],
                statistic_from(line["statistic"]),
                tuple(line["t"]),
                tuple(line["value"]),
            )
            for name, line in value["lines"].items()
        }
    except (StoreError, SpecError):
        return None
    if (value["run"], value["genloss"]) != (header.fingerprint, _version()):
        return None
    return Theory(lines, value["trivial"])


def write_theory(
    run: Path, header: Header, lines: Lines, trivial: Mapping[str, float] | None = None
) -> None:
    """Write lines and trivial scores; raises StoreError where the folder cannot be written."""
    plain = {
        name: {"label": x.label, "statistic": str(x.statistic), "t": x.t, "value": x.value}
        for name, x in lines.items()
    }
    value = {
        "run": header.fingerprint,
        "genloss": _version(),
        "lines": plain,
        "trivial": dict(trivial or {}),
    }
    write_sealed(run / THEORY, value)
