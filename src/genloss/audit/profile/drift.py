"""What changed between an earlier audit and this one."""

from collections.abc import Iterator, Mapping
from typing import Any

from genloss.audit.conformal.answers import JUDGED
from genloss.audit.profile.proportions import change, difference
from genloss.errors import DataError

Audit = Mapping[str, Any]


def drift(before: Audit, now: Audit) -> list[dict[str, Any]]:
    """Return the shares of both audits with the interval of their difference.

    Intervals take the texts of both as drawn independently from something larger. What a detector
    says is compared where both were judged by one calibration; the share of machines, where no
    alarm stood in either.

    Raises:
        DataError: what stands before is no audit.
    """
    try:
        old = dict(_shares(before))
        new = dict(_shares(now))
    except (KeyError, TypeError) as error:
        raise DataError(f"the earlier audit lacks {error}; make it again") from error
    rows = []
    for name in new:
        (k, n), (k2, n2) = old.get(name, (0, next(iter(old.values()))[1])), new[name]
        if n and n2:
            rows.append({"what": name, **difference(k, n, k2, n2)})
    return [*rows, *_detected(before.get("detector"), now.get("detector"))]


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


def _shares(audit: Audit) -> Iterator[tuple[str, tuple[int, int]]]:
    n = audit["sizes"]["records"]
    for key, words in (("origin", "origin {}"), ("licence", "licence {}")):
        counts = audit["counts"][key]
        yield words.format("unknown"), (counts["unknown"]["count"], n)
        for entry in counts["values"][:5]:
            yield words.format(entry["value"]), (entry["count"], n)
    yield "claimed date unknown", (audit["counts"]["claimed year"]["unknown"]["count"], n)
    for name, path in (
        ("exact duplicates", ("duplicates", "exact")),
        ("near duplicates", ("duplicates", "near")),
        ("refused by a rule", ("rules", "any")),
        ("personal data", ("personal", "any")),
    ):
        entry = audit[path[0]][path[1]]
        yield name, (entry["count"], entry["of"])
    for entry in audit["languages"]["values"][:5]:
        yield f"language {entry['value']}", (entry["count"], entry["of"])
