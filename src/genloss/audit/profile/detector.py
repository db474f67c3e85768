"""What a calibrated detector says of the sample: flags by group, refusals, and the share."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from math import isfinite
from typing import Any

import numpy as np

from genloss.audit.conformal.answers import JUDGED
from genloss.audit.conformal.calibration import Calibration, Name
from genloss.audit.conformal.guarantee import Held, share_between
from genloss.audit.detection import findings as flags
from genloss.audit.detection.detecting import detected
from genloss.audit.detection.scoring import group_of
from genloss.audit.detection.tallies import Tallies
from genloss.audit.profile.sample import Sample
from genloss.audit.share.bound import FEWEST, bound_over_groups
from genloss.audit.share.findings import Findings, findings
from genloss.audit.share.judged import judged
from genloss.core.arrays import Floats
from genloss.core.scorer import Scorer, scored
from genloss.corpus.record.record import Record
from genloss.errors import DataError

SCORE = "score"
"""The attribute that a record's score is written to, in the place of any that it brought."""

LEVEL = 0.95
"""Of the share's interval and bound."""


@dataclass(frozen=True, eq=False)
class DetectorBeside:
    """A calibration and its scorer; human and machine texts, if the share is to be an interval."""

    calibration: Calibration
    scorer: Scorer
    human: Iterable[Record] | None = None
    machine: Iterable[Record] | None = None


def detector_table(
    taken: Sequence[Record], beside: DetectorBeside, size: int, seed: int
) -> dict[str, Any]:
    """Return flags by group, the worst first, groups without a promise, and the share.

    Texts are judged at the calibration's first level, by the marginal promise. size: human and
    machine texts that are looked into, at most.

    Raises:
        DataError: a text that the calibration was made on.
    """
    known, tallies = beside.calibration, Tallies()
    level = known.levels[0]
    bare = (replace(r, attributes=_without_score(r.attributes)) for r in taken)
    shown = list(detected(bare, known, beside.scorer, level, "marginal", tallies))
    found = flags.findings(known, tallies, level, "marginal")
    return {
        "scorer": str(known.scorer["kind"]),
        "made_on": known.made_on,
        "calibrated_by": _calibrated_by(known, size),
        "by": list(known.by),
        "level": level,
        "texts": len(shown),
        "answers": found.answers,
        **_groups(shown, found, known),
        "weak": known.is_weak,
        "card": list(found.card),
        "share": _share(shown, beside, size, seed),
    }


def _calibrated_by(known: Calibration, size: int) -> str:
    """Return a digest of the calibrated scores and of how much text the share stands on."""
    digest = sha256(repr((known.scorer, known.levels, known.unit, size)).encode())
    for name in sorted(known.groups):
        digest.update(repr(name).encode() + np.asarray(known.groups[name].scores).tobytes())
    return digest.hexdigest()[:16]


def _without_score(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if key != SCORE}


def _group(record: Record, known: Calibration) -> Name:
    return group_of(record, int(record.attributes["words"]), known.by)


def _groups(
    shown: Sequence[Record], found: flags.Findings, known: Calibration
) -> dict[str, list[dict[str, Any]]]:
    """Return groups with a promise, each with its flags, and groups without one."""
    counts: dict[Name, Counter[str]] = defaultdict(Counter)
    for record in shown:
        counts[_group(record, known)][str(record.attributes["answer"])] += 1
    people = {f.group: f.held for f in found.false_positives}
    rows = [_row(name, a, people.get(name)) for name, a in counts.items() if _judged(a)]
    refused = [
        {"group": list(name), "texts": n, **_calibrated(found.refused.get(name))}
        for name, a in counts.items()
        if (n := a["refused"] + a["no group"])
    ]
    return {
        "groups": sorted(rows, key=lambda row: (-row["share"], -row["judged"], row["group"])),
        "refused": sorted(refused, key=lambda row: (-row["texts"], row["group"])),
    }


def _judged(answers: Counter[str]) -> int:
    return sum(answers[answer] for answer in JUDGED)


def _row(name: Name, answers: Counter[str], people: Held | None) -> dict[str, Any]:
    flagged, n = answers["flagged"], _judged(answers)
    low, high = share_between(flagged, n)
    of_people = people and {
        "flagged": people.flagged,
        "judged": people.n,
        "verdict": people.verdict,
    }
    row = {"group": list(name), "flagged": flagged, "judged": n, "share": flagged / n}
    return {**row, "low": low, "high": high, "people": of_people}


def _calibrated(refused: tuple[int, int] | None) -> dict[str, Any]:
    """Return how many sources were calibrated and are needed; 0 and None: no text like these."""
    sources, needs = refused or (0, None)
    return {"sources": sources, "needs": needs}


def _share(shown: Sequence[Record], beside: DetectorBeside, size: int, seed: int) -> dict[str, Any]:
    """Return the share: an interval, a lower bound, or why there is none."""
    try:
        if beside.human is not None and beside.machine is not None:
            return _interval(_findings(shown, beside, size, seed))
        return _bound(shown, beside.calibration, seed)
    except DataError as error:
        return {"kind": "none", "why": str(error)}


def _findings(shown: Sequence[Record], beside: DetectorBeside, size: int, seed: int) -> Findings:
    unit = beside.calibration.unit
    sets = []
    for records in (beside.human or (), beside.machine or ()):
        sample = Sample(size)
        for record in records:
            sample.add(record)
        texts = judged(sample.records(), SCORE, unit)
        sets.append(replace(texts, scores=scored(beside.scorer, texts.texts)))
    corpus = judged(shown, SCORE, unit)
    kind = str(beside.calibration.scorer["kind"])
    if np.isnan(corpus.scores).all():
        raise DataError(f"{kind} has no score for any text; another scorer may judge shorter ones")
    return findings(corpus, sets[0], sets[1], None, kind, LEVEL, seed)


def _interval(found: Findings) -> dict[str, Any]:
    pair = found.pair
    assert pair is not None
    return {
        "kind": "interval",
        **asdict(pair.share),
        "told": not any(alarm.raised for alarm in found.alarms),
        "human": pair.human,
        "machine": pair.machine,
        "texts": pair.texts,
        "words": asdict(found.words) if found.words else None,
        "left_out": [asdict(x) for x in pair.left_out if isfinite(x.factor)],
        "disagree": bool(found.disagreement),
        "in_both": found.in_both,
        "alarms": [asdict(alarm) for alarm in found.alarms],
        "powers": [asdict(power) for power in found.powers],
        "unseen": list(found.unseen),
        "one_each": found.one_each and asdict(found.one_each),
    }


def _bound(shown: Sequence[Record], known: Calibration, seed: int) -> dict[str, Any]:
    """Return the bound over groups, of one text of every unit: calibrations hold one, too."""
    scores: dict[Name, dict[str, float]] = defaultdict(dict)
    several = False
    for i in np.random.default_rng([seed, 1]).permutation(len(shown)):
        record, score = shown[i], shown[i].attributes.get(SCORE)
        if isinstance(score, float) and record.attributes["answer"] != "too short":
            unit = record.key(known.unit)
            own = scores[_group(record, known)]
            several |= unit in own
            own.setdefault(record.id if unit == "unknown" else unit, score)
    corpus: dict[Name, Floats] = {name: np.array([*s.values()]) for name, s in scores.items()}
    human = {name: group.scores for name, group in known.groups.items()}
    low, told = bound_over_groups(human, corpus, LEVEL)
    whole = sum(map(len, corpus.values()))
    if not told:
        raise DataError(
            f"no group has {FEWEST} texts here and {FEWEST} calibrated ones"
            f"{f', one of every {known.unit}' if several else ''}; a lower bound takes as many; "
            "add texts, or give --human and --machine"
        )
    found = {"kind": "bound", "low": low, "level": LEVEL, "texts": whole, "of_groups": told}
    return {**found, "one_each": known.unit if several else None}
