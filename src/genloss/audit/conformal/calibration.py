"""A calibration: what a scorer says of human texts whose origin is certain, group by group."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from genloss.audit.conformal.guarantee import share_between
from genloss.audit.conformal.lengths import POWER, Shortest
from genloss.audit.conformal.thresholds import CONFIDENCE, Guarantee, Threshold, threshold
from genloss.audit.conformal.units import one_per_source
from genloss.core.arrays import Floats, Ints
from genloss.errors import DataError

Name = tuple[str, ...]
"""The values of a group, in the order of the keys that texts are grouped by."""


@dataclass(frozen=True, eq=False)
class Scored:
    """Scored texts (n,): ids, source and group of each, words, scores (nan: not judged)."""

    ids: Sequence[str]
    sources: Sequence[str]
    groups: Sequence[Name]
    words: Ints
    scores: Floats


@dataclass(frozen=True, eq=False)
class Group:
    """The human texts of one group.

    texts, sources: how many there were; too_short, not_judged: of those texts. least_words: fewer
    are not judged. scores: ascending, of one text of each source.
    """

    name: Name
    texts: int
    sources: int
    too_short: int
    not_judged: int
    least_words: int
    scores: Floats

    def threshold(
        self, level: float, guarantee: Guarantee, confidence: float = CONFIDENCE
    ) -> Threshold:
        """Return the threshold of the group with this promise."""
        return threshold(self.scores, level, guarantee, confidence)


@dataclass(frozen=True)
class Trial:
    """What is caught of a generator's text: caught of n that were judged, at one level.

    released: the year of the generator, 0 where unknown.
    """

    generator: str
    released: int
    level: float
    n: int
    caught: int


@dataclass(frozen=True, eq=False)
class Calibration:
    """Thresholds of one scorer, by group.

    scorer: its description, from which it can be built again. identity: SHA-256 of what its scores
    depend on. by: the keys that texts are grouped by, 'length' among them. unit: the key of what is
    exchangeable. texts: ids of all calibration texts. tested: what was tried on machine text.
    """

    scorer: Mapping[str, Any]
    identity: str
    by: tuple[str, ...]
    unit: str
    levels: tuple[float, ...]
    confidence: float
    seed: int
    shortest: Shortest
    groups: Mapping[Name, Group]
    texts: frozenset[str]
    tested: tuple[Trial, ...] = ()
    made_by: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    made_on: str = ""

    @property
    def is_weak(self) -> bool:
        """Whether nothing says that it catches a tenth of the machine text, at 95 % confidence.

        Neither at any length to which texts were cut, nor of the whole texts that were tried.
        """
        caught, n = sum(t.caught for t in self.tested), sum(t.n for t in self.tested)
        return self.shortest.ground == "no power" and share_between(caught, n)[0] < POWER

    def thresholds(self, level: float, guarantee: Guarantee) -> dict[Name, Threshold]:
        """Return the threshold of every group with this promise, refused ones too."""
        named = self.groups.items()
        return {name: group.threshold(level, guarantee, self.confidence) for name, group in named}


def groups_of(texts: Scored, shortest: Shortest, seed: int = 0) -> dict[Name, Group]:
    """Return the groups of human texts, each with the scores of one text of every source.

    A text below the least length, or that the scorer cannot judge, is left out and counted.

    Raises:
        DataError: no text at all.
    """
    if not len(texts.ids):
        raise DataError("there is no human text to calibrate on; expected 99 sources at least")
    members: dict[Name, list[int]] = defaultdict(list)
    for i, name in enumerate(texts.groups):
        members[name].append(i)
    return {
        name: _group(name, np.array(own), texts, shortest, seed) for name, own in members.items()
    }


def _group(name: Name, own: Ints, texts: Scored, shortest: Shortest, seed: int) -> Group:
    long = texts.words[own] >= shortest.words
    judged = own[long & ~np.isnan(texts.scores[own])]
    sources = [texts.sources[i] for i in judged]
    chosen = judged[one_per_source(sources, [texts.ids[i] for i in judged], seed)]
    own_least = int(texts.words[judged].min()) if len(judged) else 0
    least = own_least if not shortest.words else shortest.words
    n_short = int((~long).sum())
    return Group(
        name,
        len(own),
        len(chosen),
        n_short,
        len(own) - n_short - len(judged),
        least,
        np.sort(texts.scores[chosen]),
    )
