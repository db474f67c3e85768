"""Texts of a corpus or of a calibration: scores, generators, and whose texts are alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from genloss.core.arrays import Array, Floats
from genloss.corpus.record.record import Record


@dataclass(frozen=True, eq=False)
class Judged:
    """Texts (n,) of a corpus or a calibration, their scores (nan: none), sources and generators.

    unit: the name of what sources are, such as author.
    """

    texts: tuple[str, ...]
    scores: Floats
    sources: tuple[str, ...]
    generators: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    unit: str = "source"

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.texts)

    def where(self, chosen: Array) -> "Judged":
        """Return the chosen ones (n,)."""

        def cut(values: Sequence[str]) -> tuple[str, ...]:
            return tuple(v for v, keep in zip(values, chosen, strict=True) if keep)

        groups = {name: cut(values) for name, values in self.groups.items()}
        parts = (cut(self.sources), cut(self.generators), groups)
        return Judged(cut(self.texts), self.scores[chosen], *parts, self.unit)

    def scored(self) -> int:
        """Return how many have a score."""
        return int((~np.isnan(self.scores)).sum())

    def one_each(self, rng: np.random.Generator) -> "Judged":
        """Return one text of every source, drawn at random, of those with a score if there are."""
        drawn = rng.permutation(len(self))
        drawn = drawn[np.argsort(np.isnan(self.scores[drawn]), kind="stable")]
        first = np.unique(np.array(self.sources)[drawn], return_index=True)[1]
        chosen = np.zeros(len(self), bool)
        chosen[drawn[first]] = True
        return self.where(chosen)


def judged(
    records: Iterable[Record], score: str, unit: str = "source", by: Sequence[str] = ()
) -> Judged:
    """Read texts with the attribute `score` and the groups of each; records without text: out."""
    rows = [r for r in records if r.text]
    scores = [r.attributes.get(score) for r in rows]
    return Judged(
        tuple(r.text or "" for r in rows),
        np.array([s if isinstance(s, int | float) else np.nan for s in scores], dtype=float),
        tuple(r.id if r.key(unit) == "unknown" else r.key(unit) for r in rows),
        tuple(r.key("generator") for r in rows),
        {name: tuple(r.key(name) for r in rows) for name in by},
        unit,
    )
