"""All that is said of the share of a corpus, in the mode that calibration texts allow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from genloss.audit.share.bound import Bound, lower_bound
from genloss.audit.share.groups import GroupShares, shares_by
from genloss.audit.share.pair import PairShare, Share, machine_share
from genloss.audit.share.power import Power, alarm_powers
from genloss.audit.share.shift import BLIND_SPOTS, Alarm, alarms
from genloss.audit.share.ternary import Ternary, ternary_share
from genloss.audit.share.words import log_ratios, occurrences, vocabulary, word_share
from genloss.core.arrays import Array, Floats
from genloss.corpus.record.record import Record
from genloss.errors import DataError

Mode = Literal["human texts only", "human and machine texts", "human, edited and machine texts"]

WORDS = "words"
"""The score that is made here where records bring none: log Q / P of word occurrences."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Texts (n,) of a corpus or a calibration, their scores (nan: none), sources and generators."""

    texts: tuple[str, ...]
    scores: Floats
    sources: tuple[str, ...]
    generators: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.texts)

    def where(self, chosen: Array) -> "Judged":
        """Return the chosen ones (n,)."""

        def cut(values: Sequence[str]) -> tuple[str, ...]:
            return tuple(v for v, keep in zip(values, chosen, strict=True) if keep)

        groups = {name: cut(values) for name, values in self.groups.items()}
        parts = (cut(self.sources), cut(self.generators), groups)
        return Judged(cut(self.texts), self.scores[chosen], *parts)


@dataclass(frozen=True)
class Findings:
    """What was found; None where the mode does not have it. disagreement: '' or in words.

    powers: of the alarm on scores.
    """

    mode: Mode
    score: str
    texts: int
    unscored: int
    bound: Bound | None = None
    pair: PairShare | None = None
    words: Share | None = None
    ternary: Ternary | None = None
    disagreement: str = ""
    alarms: tuple[Alarm, ...] = ()
    powers: tuple[Power, ...] = ()
    by: Mapping[str, GroupShares] = field(default_factory=lambda: MappingProxyType({}))
    unseen: tuple[str, ...] = BLIND_SPOTS

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        plain = asdict(replace(self, by={}))
        plain["by"] = {name: asdict(groups) for name, groups in self.by.items()}
        return plain


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
    )


def findings(
    corpus: Judged,
    human: Judged,
    machine: Judged | None,
    edited: Judged | None,
    score: str,
    level: float = 0.95,
    seed: int = 0,
) -> Findings:
    """Measure the share by all that the calibration texts allow.

    Without machine texts a lower bound; with them an interval, words beside it, alarms and groups;
    with edited ones three shares as well. A corpus without scores is scored by words, taught on
    half of the calibration sources and calibrated on the others.

    Raises:
        DataError: too few texts; no scores and no machine texts; edited texts without machine ones.
    """
    if machine is None:
        if edited is not None:
            raise DataError("got edited texts and no machine texts; expected both; add --machine")
        if np.isnan(corpus.scores).all():
            raise DataError(
                f"no record has a number as {score!r}; expected scores where there are no machine "
                "texts; write them by `genloss corpus detect --out`, or add --machine"
            )
        unscored = int(np.isnan(corpus.scores).sum())
        bound = lower_bound(human.scores, corpus.scores, level)
        return Findings("human texts only", score, len(corpus), unscored, bound)
    words = _words(corpus, human, machine, level, seed)
    if np.isnan(corpus.scores).all():
        score, (human, machine, edited, corpus) = WORDS, _scored(human, machine, edited, corpus)
    return _with_machines(corpus, human, machine, edited, score, level, words)


def _with_machines(
    corpus: Judged,
    human: Judged,
    machine: Judged,
    edited: Judged | None,
    score: str,
    level: float,
    words: Share,
) -> Findings:
    names = list(dict.fromkeys(machine.generators))
    place = np.array(machine.generators)
    by_generator = {name: machine.scores[place == name] for name in names}
    owners = tuple(s for name in names for s in machine.where(place == name).sources)
    units = (human.sources, owners, corpus.sources)
    pair = machine_share(human.scores, by_generator, corpus.scores, level, units)
    lengths = [np.array([len(t) for t in s.texts], float) for s in (human, machine, corpus)]
    looked = {"length in characters": (lengths[0], lengths[1], lengths[2])}
    raised = alarms(human.scores, machine.scores, corpus.scores, looked)
    each = 0.05 / len(raised)
    return Findings(
        "human and machine texts" if edited is None else "human, edited and machine texts",
        score,
        len(corpus),
        int(np.isnan(corpus.scores).sum()),
        lower_bound(human.scores, corpus.scores, level) if _enough(human, corpus) else None,
        pair,
        words,
        ternary_share(human.scores, edited.scores, machine.scores, corpus.scores, level)
        if edited
        else None,
        _disagreement(pair.share, words),
        raised,
        alarm_powers(human.scores, machine.scores, pair.texts, pair.share.estimate, each),
        {
            name: shares_by(human.scores, by_generator, corpus.scores, groups, level, units)
            for name, groups in corpus.groups.items()
        },
    )


def _enough(human: Judged, corpus: Judged) -> bool:
    return all((~np.isnan(s.scores)).sum() >= 200 for s in (human, corpus))


def _disagreement(by_score: Share, by_words: Share) -> str:
    if by_score.low <= by_words.high and by_words.low <= by_score.high:
        return ""
    higher = "words" if by_words.estimate > by_score.estimate else "scores"
    return (
        f"the two estimators disagree: their intervals do not meet, and {higher} say more; at "
        "least one of them is wrong here, by another domain or another generator"
    )


def _words(corpus: Judged, human: Judged, machine: Judged, level: float, seed: int) -> Share:
    known = vocabulary(human.texts, machine.texts)
    sets = [occurrences(s.texts, known) for s in (human, machine, corpus)]
    return word_share(sets[0], sets[1], sets[2], np.random.default_rng(seed), level)


def _scored(
    human: Judged, machine: Judged, edited: Judged | None, corpus: Judged
) -> tuple[Judged, Judged, Judged | None, Judged]:
    """Score by words: taught on every other source, so that no text is scored by what it taught."""
    taught = [_every_other(s.sources) for s in (human, machine)]
    lessons = [s.where(t) for s, t in zip((human, machine), taught, strict=True)]
    known = vocabulary(lessons[0].texts, lessons[1].texts)
    found = [occurrences(s.texts, known) for s in lessons]
    ones = [np.ones((1, len(s))) for s in lessons]

    def scored(own: Judged) -> Judged:
        values = log_ratios(found[0], found[1], occurrences(own.texts, known), ones[0], ones[1])[0]
        # Longer texts say more; per word, lengths do not make scores.
        per = np.maximum(1, [len(t.split()) for t in own.texts])
        return Judged(own.texts, values / per, own.sources, own.generators, own.groups)

    others = [scored(s.where(~t)) for s, t in zip((human, machine), taught, strict=True)]
    return others[0], others[1], scored(edited) if edited else None, scored(corpus)


def _every_other(sources: Sequence[str]) -> Array:
    """Whole sources, alternating in their order by name."""
    return np.unique(sources, return_inverse=True)[1] % 2 == 0
