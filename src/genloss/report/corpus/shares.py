"""Shares, intervals and dates as readers of the page see them."""

from collections.abc import Mapping
from typing import Any

from genloss.report.formatting import number


def percent(x: float | None) -> str:
    """Return a share for reading: none, under 0.1 %, 12 %, nearly all, all."""
    if x is None:
        return "unknown"
    if x == 0:
        return "none"
    if x == 1:
        return "all"
    if x < 0.001:
        return "under 0.1 %"
    if x > 0.999:
        return "over 99.9 %"
    return f"{number(100 * x, 2 if x < 0.1 else 3)} %"


def interval(entry: Mapping[str, Any]) -> str:
    """Return the interval of a share, '' where all was counted."""
    if entry.get("low") is None:
        return ""
    low, high = (max(0.0, 100 * entry[name]) for name in ("low", "high"))
    return f"{low:.1f} to {high:.1f} %" if high < 10 else f"{low:.0f} to {high:.0f} %"


def points(x: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{'+' if x > 0 else '−' if x < 0 else ''}{abs(100 * x):.1f}"


def periods(values: list[Mapping[str, Any]], most: int = 24) -> list[dict[str, Any]]:
    """Return counts by year as at most `most` rows: decades or centuries where years are too many.

    Rows that no period has are left out.
    """
    years = [v for v in values if str(v["value"]).isdigit()]
    others = [dict(v) for v in values if not str(v["value"]).isdigit()]
    for size in (1, 10, 100):
        rows: dict[int, int] = {}
        for entry in years:
            start = int(entry["value"]) // size * size
            rows[start] = rows.get(start, 0) + entry["count"]
        if len(rows) <= most:
            break
    words = {1: "{0}", 10: "{0} to {1}", 100: "{0} to {1}"}[size]
    named = [
        {"value": words.format(start, start + size - 1), "count": rows[start]}
        for start in sorted(rows)
    ]
    return named + others
