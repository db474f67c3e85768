"""One metric over generations and chains."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.view import Direction


@dataclass(frozen=True, eq=False)
class Series:
    """One metric over generations: t (T,), values (T, C) over the chains of all blocks.

    values are (T, C, K) for a metric with K labels, NaN where a component does not apply;
    series[label] is (T, C).
    """

    name: str
    unit: str | tuple[str, ...]
    direction: Direction | tuple[Direction, ...]
    t: Ints
    values: Floats
    labels: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return name and sizes; the numbers themselves would fill the screen."""
        return _sizes("Series", self.name, self.t, self.values)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a row per generation."""
        from genloss.store.notebook_html import series_html

        return series_html(self)

    def __getitem__(self, label: str) -> Floats:
        """Return the values (T, C) of one component; raises KeyError with the labels."""
        if label not in self.labels:
            raise KeyError(f"{self.name} has no component {label!r}; it has {list(self.labels)}")
        return self.values[:, :, self.labels.index(label)]


@dataclass(frozen=True, eq=False)
class Column:
    """One number per chain over generations: t (T,), values (T, C).

    name: the metric, or 'metric[label]' of one of its components.
    """

    name: str
    unit: str
    direction: Direction
    t: Ints
    values: Floats
    metric: str
    label: str = ""

    def __repr__(self) -> str:
        """Return name and sizes."""
        return _sizes("Column", self.name, self.t, self.values)


def _sizes(what: str, name: str, t: Ints, values: Floats) -> str:
    ends = f"t = {t[0]} to {t[-1]}, " if len(t) else ""
    return f"{what}({name!r}, {ends}values {values.shape})"


def columns(series: Mapping[str, Series]) -> dict[str, Column]:
    """Return the columns of some metrics by name, at the generations where all chains have them.

    A component is there where it applies; `left_out` has the rest.
    """
    return {column.name: column for one in series.values() for column in _columns(one)}


def left_out(series: Mapping[str, Series]) -> dict[str, str]:
    """Return why components have no value at some generations where some chains have one."""
    out = {}
    for one in series.values():
        for k, label in enumerate(one.labels):
            lacking = np.isnan(one.values[:, :, k]).sum(axis=1)
            n = one.values.shape[1]
            some = (lacking > 0) & (lacking < n)
            if some.any():
                low, high = (f"{v:,}" for v in (lacking[some].min(), lacking[some].max()))
                many = low if low == high else f"{low} to {high}"
                times = ", ".join(f"{t:,}" for t in one.t[some].tolist())
                out[f"{one.name}[{label}]"] = (
                    f"at t = {times}: {many} of {n:,} chains have none, and it is left out there"
                )
    return out


def _columns(one: Series) -> Iterator[Column]:
    if not one.labels:
        assert isinstance(one.unit, str)
        assert isinstance(one.direction, Direction)
        yield Column(one.name, one.unit, one.direction, one.t, one.values, one.name)
    for k, label in enumerate(one.labels):
        values = one.values[:, :, k]
        there = ~np.isnan(values).any(axis=1)
        if there.any():
            unit = one.unit if isinstance(one.unit, str) else one.unit[k]
            direction = one.direction if isinstance(one.direction, Direction) else one.direction[k]
            name = f"{one.name}[{label}]"
            yield Column(name, unit, direction, one.t[there], values[there], one.name, label)


def joined(
    about: Mapping[str, Any], times: Sequence[int], blocks: Sequence[Mapping[int, Floats]]
) -> Series:
    """Return the series of a metric from its values per block and generation.

    about: what the header says of it.
    """
    values = np.array([np.concatenate([block[t] for block in blocks]) for t in times])
    labels = tuple(about.get("labels", ()))
    t = np.array(times, dtype=np.int64)
    unit, direction = about["unit"], about["direction"]
    units = tuple(unit) if isinstance(unit, list) else unit
    directions = (
        tuple(map(Direction, direction)) if isinstance(direction, list) else Direction(direction)
    )
    return Series(about["name"], units, directions, t, values, labels)
