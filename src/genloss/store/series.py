"""One metric over generations and chains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genloss.core.arrays import Floats, Ints


@dataclass(frozen=True, eq=False)
class Series:
    """One metric over generations: t (T,), values (T, C) over the chains of all blocks.

    values are (T, C, K) for a metric with K labels, NaN where a component does not apply;
    series[label] is (T, C).
    """

    name: str
    unit: str
    direction: str
    t: Ints
    values: Floats
    labels: tuple[str, ...] = ()

    def __getitem__(self, label: str) -> Floats:
        """Return the values (T, C) of one component; raises KeyError with the labels."""
        if label not in self.labels:
            raise KeyError(f"{self.name} has no component {label!r}; it has {list(self.labels)}")
        return self.values[:, :, self.labels.index(label)]


def joined(
    about: Mapping[str, Any], times: Sequence[int], blocks: Sequence[Mapping[int, Floats]]
) -> Series:
    """Return the series of a metric from its values per block and generation.

    about: what the header says of it.
    """
    values = np.array([np.concatenate([block[t] for block in blocks]) for t in times])
    labels = tuple(about.get("labels", ()))
    t = np.array(times, dtype=np.int64)
    return Series(about["name"], about["unit"], about["direction"], t, values, labels)
