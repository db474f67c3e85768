"""All that is said of the share of a corpus, in the mode that calibration texts allow."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from genloss.audit.share.bound import FEWEST as FEWEST_OF_BOUND
from genloss.audit.share.bound import Bound, lower_bound
from genloss.audit.share.groups import GroupShares, shares_by
from genloss.audit.share.independent import Independent, OneEach
from genloss.audit.share.judged import Judged
from genloss.audit.share.pair import FEWEST, PairShare, Share, machine_share
from genloss.audit.share.power import Power
from genloss.audit.share.shift import BLIND_SPOTS, Alarm
from genloss.audit.share.ternary import Ternary
from genloss.audit.share.words import log_ratios, occurrences, vocabulary, word_share
from genloss.core.arrays import Array
from genloss.errors import DataError

Mode = Literal["human texts only", "human and machine texts", "human, edited and machine texts"]

WORDS = "words"
"""The score that is made here where records bring none: log Q / P of word occurrences."""


@dataclass(frozen=True)
class Findings:
    """What was found; None where the mode does not have it. disagreement: '' or in words.

    in_both: texts of the corpus that calibrate it as well, byte for byte; all intervals take the
    two as independent. powers: of the alarm on scores. one_each: bound, ternary, alarms and powers
    took one text of every unit; with few units there are none of them, and no words.
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
    one_each: OneEach | None = None
    in_both: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        plain = asdict(replace(self, by={}))
        plain["by"] = {name: asdict(groups) for name, groups in self.by.items()}
        return plain


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
    given = {text for s in (human, machine, edited) if s is not None for text in s.texts}
    in_both = sum(text in given for text in corpus.texts)
    found = _found(corpus, human, machine, edited, score, level, seed)
    return replace(found, in_both=in_both)


def _found(
    corpus: Judged,
    human: Judged,
    machine: Judged | None,
    edited: Judged | None,
    score: str,
    level: float,
    seed: int,
) -> Findings:
    if machine is None:
        if edited is not None:
            raise DataError("got edited texts and no machine texts; expected both; add --machine")
        if np.isnan(corpus.scores).all():
            raise DataError(
                f"no record has a number as {score!r}; expected scores where there are no machine "
                "texts; write them by `genloss corpus detect --out`, or add --machine"
            )
        return _without_machines(corpus, human, score, level, seed)
    words = _words(corpus, human, machine, level, seed)
    if np.isnan(corpus.scores).all():
        score, (human, machine, edited, corpus) = WORDS, _scored(human, machine, edited, corpus)
    return _with_machines(corpus, human, machine, edited, score, level, words, seed)


def _without_machines(
    corpus: Judged, human: Judged, score: str, level: float, seed: int
) -> Findings:
    apart = Independent.drawn(corpus, human, None, None, seed)
    bound = apart.bound(level)
    if bound is None and (left := apart.one_each) is not None:
        raise DataError(
            f"got {left.human} human texts and {left.corpus} of the corpus with a score, one of "
            f"every {left.unit}; expected {FEWEST_OF_BOUND} or more, as a lower bound takes "
            f"independent texts; add {left.unit}s, or name another --unit"
        )
    bound = bound or lower_bound(human.scores, corpus.scores, level)
    unscored = len(corpus) - corpus.scored()
    return Findings(
        "human texts only", score, len(corpus), unscored, bound, one_each=apart.one_each
    )


def _with_machines(
    corpus: Judged,
    human: Judged,
    machine: Judged,
    edited: Judged | None,
    score: str,
    level: float,
    words: Share | None,
    seed: int,
) -> Findings:
    names = list(dict.fromkeys(machine.generators))
    place = np.array(machine.generators)
    by_generator = {name: machine.scores[place == name] for name in names}
    owners = tuple(s for name in names for s in machine.where(place == name).sources)
    units = (human.sources, owners, corpus.sources)
    pair = machine_share(human.scores, by_generator, corpus.scores, level, units)
    apart = Independent.drawn(corpus, human, machine, edited, seed)
    return Findings(
        "human and machine texts" if edited is None else "human, edited and machine texts",
        score,
        len(corpus),
        len(corpus) - corpus.scored(),
        apart.bound(level),
        pair,
        words,
        apart.ternary(level),
        _disagreement(pair.share, words),
        apart.alarms(),
        apart.powers(pair.share.estimate),
        {
            name: shares_by(human.scores, by_generator, corpus.scores, groups, level, units)
            for name, groups in corpus.groups.items()
        },
        one_each=apart.one_each,
    )


def _disagreement(by_score: Share, by_words: Share | None) -> str:
    if by_words is None:
        return ""
    if by_score.low <= by_words.high and by_words.low <= by_score.high:
        return ""
    higher = "words" if by_words.estimate > by_score.estimate else "scores"
    return (
        f"the two estimators disagree: their intervals do not meet, and {higher} say more; at "
        "least one of them is wrong here, by another domain or another generator"
    )


def _words(corpus: Judged, human: Judged, machine: Judged, level: float, seed: int) -> Share | None:
    """Return the share by words; None where a bootstrap would draw too few units again."""
    given = (human, machine, corpus)
    if any(len(set(s.sources)) < FEWEST <= len(s) for s in given):
        return None
    known = vocabulary(human.texts, machine.texts)
    people, made, own = (occurrences(s.texts, known) for s in given)
    units = (human.sources, machine.sources, corpus.sources)
    return word_share(people, made, own, np.random.default_rng(seed), level, units=units)


def _scored(
    human: Judged, machine: Judged, edited: Judged | None, corpus: Judged
) -> tuple[Judged, Judged, Judged | None, Judged]:
    """Score by words: taught on every other source, so that no text is scored by what it taught."""
    taught = [_every_other(s.sources) for s in (human, machine)]
    for name, t in zip(("human", "machine"), taught, strict=True):
        if t.all():
            raise DataError(
                f"all {name} texts are of one {human.unit}; expected two or more, as one half "
                "teaches a score and the other calibrates it; name another unit, such as --unit id"
            )
    lessons = [s.where(t) for s, t in zip((human, machine), taught, strict=True)]
    known = vocabulary(lessons[0].texts, lessons[1].texts)
    found = [occurrences(s.texts, known) for s in lessons]
    ones = [np.ones((1, len(s))) for s in lessons]

    def scored(own: Judged) -> Judged:
        values = log_ratios(found[0], found[1], occurrences(own.texts, known), ones[0], ones[1])[0]
        # Longer texts say more; per word, lengths do not make scores.
        per = np.maximum(1, [len(t.split()) for t in own.texts])
        return replace(own, scores=values / per)

    others = [scored(s.where(~t)) for s, t in zip((human, machine), taught, strict=True)]
    return others[0], others[1], scored(edited) if edited else None, scored(corpus)


def _every_other(sources: Sequence[str]) -> Array:
    """Whole sources, alternating in their order by name."""
    return np.unique(sources, return_inverse=True)[1] % 2 == 0
