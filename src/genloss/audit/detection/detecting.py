"""A calibration asked about a corpus: every record gets its score, p-value and answer beside it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import isnan
from typing import Any

from genloss.audit.conformal.answers import answered
from genloss.audit.conformal.calibration import Calibration
from genloss.audit.conformal.lengths import band
from genloss.audit.conformal.thresholds import Guarantee
from genloss.audit.detection.calibrating import identity_of
from genloss.audit.detection.scoring import LENGTH, batches, scored_texts
from genloss.audit.detection.tallies import Tallies
from genloss.audit.scorers.tells import Tell, tells
from genloss.core.scorer import Scorer, evidence_of
from genloss.corpus.record.record import Evidence, Kind, Record
from genloss.errors import DataError
from genloss.spec.build import build

KEYS = ("domain", "language", "source")
"""By which the cost of a filter is shown, beside words, lengths and the keys of groups."""


def scorer_of(calibration: Calibration) -> Scorer:
    """Return the scorer that a calibration is for.

    Raises:
        SpecError: its class is not here. DataError: a file or model that it needs is not here, or
            is another one than at calibration.
    """
    scorer: Scorer = build("scorer", dict(calibration.scorer))
    if identity_of(scorer) != calibration.identity:
        raise DataError(
            f"the scorer {calibration.scorer['kind']} is not the one that was calibrated: a file "
            "or model that it reads has changed; calibrate again"
        )
    return scorer


def detected(
    records: Iterable[Record],
    calibration: Calibration,
    scorer: Scorer,
    level: float,
    guarantee: Guarantee,
    tallies: Tallies,
    keys: Sequence[str] = KEYS,
) -> Iterator[Record]:
    """Yield every record with what was said of it; count it in the tallies.

    Attributes `score`, `p_value` (where judged), `answer`, `words` and `length` lie beside the
    text; a flag is evidence of the kind of its scorer ('watermark' or 'detector'), a tell of the
    kind 'detector', and both leave the origin as it was.
    Memory: one batch, and what the tallies hold.

    Raises:
        DataError: a record that the calibration was made on.
    """
    keys = [*dict.fromkeys((*keys, *calibration.by, LENGTH))]
    for batch in batches(records):
        _check_new(batch, calibration)
        texts = scored_texts(batch, scorer, calibration.by, calibration.unit)
        answers = answered(calibration, texts, level, guarantee)
        for i, record in enumerate(batch):
            answer, found = answers.answers[i], tells(record.text or "")
            said = _attributes(float(texts.scores[i]), float(answers.p[i]), answer)
            said |= {"words": int(texts.words[i]), LENGTH: band(int(texts.words[i]))}
            said = {**record.attributes, **said}
            shown = replace(record, attributes=said)
            tallies.count(shown, texts.groups[i], answer, keys)
            tallies.mark(shown, found)
            new = _evidence(said, calibration, evidence_of(scorer), found)
            yield replace(shown, evidence=(*record.evidence, *new))


def _attributes(score: float, p: float, answer: str) -> dict[str, Any]:
    out: dict[str, Any] = {"answer": answer}
    if not isnan(score):
        out["score"] = score
    if not isnan(p):
        out["p_value"] = p
    return out


def _evidence(
    said: dict[str, Any], calibration: Calibration, kind: Kind, found: Sequence[Tell]
) -> Iterator[Evidence]:
    if said["answer"] == "flagged":
        scorer = calibration.scorer["kind"]
        yield Evidence(kind, "machine", f"{scorer}: p = {said['p_value']:.4f}")
    for tell in found:
        yield Evidence("detector", "machine", f"{tell.sort}: {tell.name}")


def _check_new(batch: Sequence[Record], calibration: Calibration) -> None:
    known = [record for record in batch if record.id in calibration.texts]
    if known:
        raise DataError(
            "the corpus holds texts that the scorer was calibrated on, the first "
            f"{known[0].id[:19]} ({known[0].source or 'no source'}); nothing is promised about "
            "them; take them out of one of the two"
        )
