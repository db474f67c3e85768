"""What changed between an earlier audit and this one."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from genloss.audit.conformal.answers import JUDGED
from genloss.audit.profile.proportions import change, difference
from genloss.audit.profile.snapshot import Snapshot
from genloss.corpus.record.record import UNKNOWN
from genloss.errors import DataError

Audit = Mapping[str, Any]

SHOWN = 5
"""Values of a table that are compared: the commonest then, and now."""

WHOLE = {
    "exact duplicates": ("duplicates", "exact"),
    "near duplicates": ("duplicates", "near"),
    "refused by a rule": ("rules", "any"),
    "personal data": ("personal", "any"),
}
"""Single shares, and where they stand."""

WORDS = {
    "origin": "origin {}",
    "licence": "licence {}",
    "claimed year": "claimed date {}",
    "languages": "language {}",
    **{name: name for name in WHOLE},
}


def drift(before: Audit, now: Audit) -> list[dict[str, Any]]:
    """Return the shares of both audits with the interval of their difference.

    Intervals take the texts of both as drawn independently from something larger. What a detector
    says is compared where both were judged by one calibration; the share of machines, where no
    alarm stood in either.

    Raises:
        DataError: what stands before is no audit.
    """
    try:
        told = dict.fromkeys((*_told(now), *_told(before)))
        counts = {key: (_counted(before, *key), _counted(now, *key)) for key in told}
    except (KeyError, TypeError) as error:
        raise _no_audit(str(error)) from error
    rows = [
        {"what": WORDS[table].format(value), **difference(*old, *new)}
        for (table, value), (old, new) in counts.items()
        if old and new and old[1] and new[1]
    ]
    return [*rows, *_detected(before.get("detector"), now.get("detector"))]


def earlier_snapshot(before: Audit) -> Snapshot:
    """Return the snapshot in an earlier audit; raises DataError where it has none."""
    try:
        return Snapshot.of_json(before["snapshot"])
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise _no_audit("its snapshot") from error


def _no_audit(lacking: str) -> DataError:
    return DataError(
        f"the earlier audit lacks {lacking}; expected the .json beside the page of an audit of "
        "this version; make it again"
    )


def _detected(before: Audit | None, now: Audit | None) -> Iterator[dict[str, Any]]:
    if not (before and now) or before.get("calibrated_by") != now["calibrated_by"]:
        return
    (k, n), (k2, n2) = (_flags(table["answers"]) for table in (before, now))
    if n and n2:
        yield {"what": "flagged by the detector", **difference(k, n, k2, n2)}
    shares = [table["share"] for table in (before, now)]
    same = all(shares[0].get(sort) == shares[1].get(sort) for sort in ("human", "machine"))
    if same and all(share["kind"] == "interval" and share["told"] for share in shares):
        ends = [(share["estimate"], share["low"], share["high"]) for share in shares]
        yield {"what": "by machines, as estimated", **change(*ends)}


def _flags(answers: Mapping[str, int]) -> tuple[int, int]:
    return answers.get("flagged", 0), sum(answers.get(answer, 0) for answer in JUDGED)


def _told(audit: Audit) -> Iterator[tuple[str, str]]:
    """Yield the shares that are told of an audit: table, and value or ''."""
    for table in ("origin", "licence"):
        yield table, UNKNOWN
        yield from ((table, entry["value"]) for entry in audit["counts"][table]["values"][:SHOWN])
    yield "claimed year", UNKNOWN
    yield from ((table, "") for table in WHOLE)
    yield from (("languages", entry["value"]) for entry in audit["languages"]["values"][:SHOWN])


def _counted(audit: Audit, table: str, value: str) -> tuple[int, int] | None:
    """Return how many of how many; None where an audit does not tell, as it names too few."""
    if table in WHOLE:
        entry = audit[WHOLE[table][0]][WHOLE[table][1]]
        return entry["count"], entry["of"]
    if table == "languages":
        found, n = audit[table], audit[table]["sample"]
        rest = n - sum(entry["count"] for entry in found["values"])
    else:
        found, n = audit["counts"][table], audit["sizes"]["records"]
        rest = found["rest"]
        if value == UNKNOWN:
            return found["unknown"]["count"], n
    named = {entry["value"]: entry["count"] for entry in found["values"]}
    return (named.get(value, 0), n) if value in named or not rest else None
