"""What changed between an earlier audit and this one."""

from collections.abc import Iterator, Mapping
from typing import Any

from genloss.audit.profile.proportions import difference
from genloss.errors import DataError

Audit = Mapping[str, Any]


def drift(before: Audit, now: Audit) -> list[dict[str, Any]]:
    """Return the shares of both audits with the interval of their difference.

    Intervals take the texts of both as drawn independently from something larger.

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
    return rows


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
