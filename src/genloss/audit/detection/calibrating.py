"""A calibration from records that are certainly human, tried on records that machines wrote."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from genloss import __version__
from genloss.audit.conformal.answers import answered
from genloss.audit.conformal.calibration import (
    Calibration,
    Name,
    Scored,
    Trial,
    groups_of,
)
from genloss.audit.conformal.lengths import CUTS, Shortest, cut, shortest
from genloss.audit.conformal.thresholds import CONFIDENCE, fewest, threshold
from genloss.audit.conformal.units import one_per_source
from genloss.audit.detection.generators import released
from genloss.audit.detection.scoring import LENGTH, batches, group_of, joined, scored_texts
from genloss.core.arrays import Floats
from genloss.core.scorer import Scorer, TaughtScorer, scored
from genloss.corpus.record.record import UNKNOWN, Record
from genloss.errors import DataError
from genloss.spec.build import describe

BY = ("domain", "language", "length")
LEVELS = (0.01, 0.005)

MOST = 300
"""Texts of each origin with which the power of lengths is measured."""


@dataclass(frozen=True)
class Plan:
    """How to calibrate: keys of groups, key of the exchangeable unit, levels, seed.

    least_words: the fewest words that are judged; None: measured on machine text, if there is any.
    """

    by: tuple[str, ...] = BY
    unit: str = "source"
    levels: tuple[float, ...] = LEVELS
    seed: int = 0
    least_words: int | None = None


@dataclass(frozen=True)
class Read:
    """What was read for a calibration: texts passed over by origin, and those without a source."""

    human: int
    machine: int
    passed_over: Mapping[str, int] = field(default_factory=dict)
    without_source: int = 0


def calibrate(
    human: Iterable[Record],
    scorer: Scorer,
    machine: Iterable[Record] = (),
    plan: Plan | None = None,
) -> tuple[Calibration, Read]:
    """Return the calibration of a scorer, and what was read for it.

    human: only records of origin 'human' count. machine: those of origin 'machine', or of which
    nobody says, show the power at every length and what is caught. Memory: texts of 2 x `MOST`,
    scores of all.

    Raises:
        DataError: no human record, texts that the scorer has learned from, or every group has fewer
            sources than the least strict threshold needs.
    """
    plan = plan or Plan()
    passed: Counter[str] = Counter()
    own, kept = _scored(human, scorer, plan, ("human",), passed)
    _check_taught(scorer, own.ids)
    other, written = _scored(machine, scorer, plan, ("machine", UNKNOWN), passed)
    least = plan.least_words
    if least is not None:
        short = Shortest(least, "given")
    else:
        short = _measured(scorer, own, kept, written, plan)
    found = Calibration(
        scorer=describe(scorer),
        identity=identity_of(scorer),
        by=plan.by,
        unit=plan.unit,
        levels=plan.levels,
        confidence=CONFIDENCE,
        seed=plan.seed,
        shortest=short,
        groups=groups_of(own, short, plan.seed),
        texts=frozenset(own.ids),
        made_by={"genloss": __version__, "numpy": np.__version__},
        made_on=date.today().isoformat(),
    )
    _check_enough(found)
    found = replace(found, tested=_tested(found, other, written))
    alone = sum(not source for source in own.sources)
    return found, Read(len(own.ids), len(other.ids), dict(passed), alone)


def identity_of(scorer: Scorer) -> str:
    """Return the SHA-256 of all that the scores of a scorer depend on, as far as it tells."""
    told = json.dumps(describe(scorer, identity=True), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class OneForAll:
    """What a single threshold, made from the other groups, would do to a group's human texts."""

    name: Name
    sources: int
    flagged: int


def one_for_all(calibration: Calibration, level: float) -> list[OneForAll]:
    """Return the groups under one threshold for all, made without them, the worst first."""
    out, groups = [], calibration.groups
    for name, group in groups.items():
        others = np.concatenate([np.zeros(0), *(g.scores for n, g in groups.items() if n != name)])
        bound = threshold(others, level, "marginal")
        if len(group.scores) and not bound.is_refused:
            flagged = int((group.scores > bound.value).sum())
            out.append(OneForAll(name, len(group.scores), flagged))
    return sorted(out, key=lambda g: (-g.flagged / g.sources, g.name))


def _scored(
    records: Iterable[Record],
    scorer: Scorer,
    plan: Plan,
    origins: tuple[str, ...],
    passed: Counter[str],
) -> tuple[Scored, dict[str, Record]]:
    """Return the scored texts of some origins, the first of which is told; some records by id."""
    origin, all_stay = origins[0], origins[0] == "machine"
    parts: list[Scored] = []
    kept: dict[str, Record] = {}
    for batch in batches(records):
        own = [record for record in batch if record.origin in origins]
        passed.update(f"{r.origin}, not {origin}" for r in batch if r.origin not in origins)
        if own:
            parts.append(scored_texts(own, scorer, plan.by, plan.unit))
        kept |= {record.id: record for record in own}
        kept = _thinned(kept, all_stay)
    if not parts and all_stay:
        return Scored([], [], [], np.zeros(0, np.int64), np.zeros(0)), {}
    if not parts:
        raise DataError(
            f"no record of origin 'human' among {sum(passed.values())}; text that is certainly "
            "human is declared so by its field origin, or for all by --fix origin=human"
        )
    return joined(parts), kept


def _thinned(kept: dict[str, Record], all_stay: bool) -> dict[str, Record]:
    """Return records of which `MOST` have their text: those with the least ids, a random choice.

    all_stay: the others without a text, for their generators.
    """
    held = sorted(i for i, record in kept.items() if record.text)
    if len(held) <= 2 * MOST:
        return kept
    gone = set(held[MOST:])
    rest = {i: replace(kept[i], text=None) for i in gone} if all_stay else {}
    return {i: record for i, record in kept.items() if i not in gone} | rest


def _measured(
    scorer: Scorer, own: Scored, kept: dict[str, Record], written: dict[str, Record], plan: Plan
) -> Shortest:
    """Return the least length by the power at lengths to which texts are cut, group by group.

    Groups are those of the calibration but for length, the largest first, as many as `MOST` human
    texts give a threshold.
    """
    level, by = plan.levels[0], tuple(key for key in plan.by if key != LENGTH)
    index = one_per_source(own.sources, own.ids, plan.seed)
    people, machines = defaultdict(list), defaultdict(list)
    for i in index:
        if (record := kept.get(own.ids[i])) is not None:
            people[group_of(record, 0, by)].append(record.text or "")
    for _, record in sorted(written.items()):
        if record.text:
            machines[group_of(record, 0, by)].append(record.text)
    needs = fewest(level, "marginal")
    both = [name for name, own in people.items() if len(own) >= needs and name in machines]
    both = sorted(both, key=lambda name: (-len(people[name]), name))[: max(1, MOST // needs)]
    if not both:
        return Shortest(0, "calibrated")
    most = MOST // len(both)
    cuts = [[_cut_scores(scorer, of[name][:most]) for of in (people, machines)] for name in both]
    return shortest([(human, machine) for human, machine in cuts], level)


def _cut_scores(scorer: Scorer, texts: Sequence[str]) -> dict[int, Floats]:
    """Return words to the scores of texts cut there, of all that are as long."""
    out = {}
    for words in CUTS:
        long = [c for text in texts if len((c := cut(text, words)).split()) == words]
        if long:
            out[words] = scored(scorer, long)
    return out


def _tested(
    calibration: Calibration, texts: Scored, written: dict[str, Record]
) -> tuple[Trial, ...]:
    level = calibration.levels[0]
    judged: Counter[tuple[str, int]] = Counter()
    caught: Counter[tuple[str, int]] = Counter()
    for i, answer in zip(
        texts.ids, answered(calibration, texts, level, "marginal").answers, strict=True
    ):
        key = written[i].key("generator"), released(written[i])
        judged[key] += answer in ("flagged", "not flagged")
        caught[key] += answer == "flagged"
    return tuple(Trial(*key, level, n, caught[key]) for key, n in sorted(judged.items()))


def _check_taught(scorer: Scorer, ids: Sequence[str]) -> None:
    if isinstance(scorer, TaughtScorer) and (both := scorer.taught_on() & set(ids)):
        raise DataError(
            f"{len(both)} of {len(ids)} calibration texts are among those that the scorer has "
            "learned from, whose scores are not like those of new texts; calibrate on others"
        )


def _check_enough(calibration: Calibration) -> None:
    level = max(calibration.levels)
    needs, most = fewest(level, "marginal"), max(calibration.groups.values(), key=_sources)
    if most.sources < needs:
        where = ", ".join(most.name)
        raise DataError(
            f"every group is refused: a threshold at {level:.1%} needs {needs} sources, and the "
            f"largest group ({where}) has {most.sources} that are judged; bring more human text, "
            "make groups coarser with --by, or raise --level"
        )


def _sources(group: Any) -> int:
    return int(group.sources)
