"""Verdicts: targets beside our numbers, with the band that decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from genloss.report.formatting import count, number, percent

BANDS = {
    "law": "an exact law: it must lie within 4 standard errors of our chains",
    "bounds": "between proven bounds, each with 4 standard errors of our chains",
    "ensemble": "a published mean over chains: ours may differ by 4 standard errors of both",
    "one_draw": "one published chain: the share of our chains below it must lie in the middle 99 %",
    "readoff": "read off a figure: its reading error, and 4 standard errors of ours",
    "interval": "a range that the source states, or a rise or fall of at least that much",
    "between": "above one of our runs and below another, by 4 standard errors of the difference",
}
"""What each kind of band means to a reader."""

CLAIMS = ("interval", "between")
"""Kinds of band that hold a claim of the source in words, where it prints no number."""

OPEN, BEYOND = 1e6, 1e3
"""An end of a band as far out as the first, and as many times farther than the other as the second,
is none: a claim that something rises has no upper end."""

STRIP = (96.0, 26.0, 70.0)
"""A picture of a band: width, and where the band begins and ends."""


@dataclass(frozen=True)
class VerdictRow:
    """One target as the table shows it; strip places the band, our value and the published one."""

    what: str
    run: str
    published: str
    band: str
    ours: str
    passed: bool
    kind: str
    source: str
    chains: str
    strip: Mapping[str, float | None]


def verdict_rows(targets: Mapping[str, Any]) -> tuple[list[VerdictRow], list[VerdictRow]]:
    """Return the targets missed, which are always shown, and those met."""
    sources = source_marks(targets)
    rows = [_verdict_row(v, sources) for v in targets["targets"]]
    return [row for row in rows if not row.passed], [row for row in rows if row.passed]


def source_marks(targets: Mapping[str, Any]) -> dict[str, str]:
    """Return a mark for every source, in the order in which they occur: a, b, ... z, aa."""
    sources = dict.fromkeys(v["source"] for v in targets["targets"])
    letters = "abcdefghijklmnopqrstuvwxyz"
    return {s: letters[i % 26] * (i // 26 + 1) for i, s in enumerate(sources)}


def band_words(targets: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the kinds of band that an experiment uses, in words."""
    kinds = dict.fromkeys(v["band"] for v in targets["targets"])
    return [(kind.replace("_", " "), BANDS.get(kind, kind)) for kind in kinds]


def sorts_of_targets(targets: Mapping[str, Any]) -> str:
    """Return of what sort the targets of an experiment are, in words; nothing without any."""
    published = sum(v["published"] is not None for v in targets["targets"])
    others = len(targets["targets"]) - published
    parts = [count(published, "published number")] if published else []
    parts += [count(others, "claim or exact law", "claims or exact laws")] if others else []
    return " and ".join(parts)


def _verdict_row(v: Mapping[str, Any], sources: Mapping[str, str]) -> VerdictRow:
    share = v["band"] == "one_draw"
    low, high, ours = float(v["low"]), float(v["high"]), float(v["measured"])
    digits = _digits(low, high)

    def text(x: float) -> str:
        return percent(x) if share else number(x, digits)

    return VerdictRow(
        what=v["what"],
        run="" if v["run"] in v["what"] else v["run"],
        published=_published(v, max(digits, 5)),
        band=_band(low, high, text),
        ours=f"{text(ours)} below" if share else text(ours),
        passed=bool(v["passed"]),
        kind=v["band"].replace("_", " "),
        source=sources[v["source"]],
        chains=f"{v['chains']:,}",
        strip=_strip(low, high, ours, None if share else v["published"]),
    )


def _published(v: Mapping[str, Any], digits: int) -> str:
    if v["published"] is not None:
        return number(float(v["published"]), digits)
    return "claim" if v["band"] in CLAIMS else "–"


def _band(low: float, high: float, text: Callable[[float], str]) -> str:
    if _no_top(low, high):
        return f"{text(low)} or more"
    return f"{text(high)} or less" if _no_top(-high, -low) else f"{text(low)} to {text(high)}"


def _no_top(low: float, high: float) -> bool:
    return high >= max(OPEN, BEYOND * abs(low))


def _digits(low: float, high: float) -> int:
    """Return the significant digits that show the width of a band with two of its own."""
    if _no_top(low, high) or _no_top(-high, -low):
        return 3
    largest, width = max(abs(low), abs(high)), high - low
    if not width > 0:
        return 6
    return int(np.clip(2 + np.ceil(np.log10(largest / width)), 3, 9))


def _strip(low: float, high: float, ours: float, published: Any) -> dict[str, float | None]:
    width, left, right = STRIP
    no_top, no_bottom = _no_top(low, high), _no_top(-high, -low)
    start, end = (0.0 if no_bottom else left), (width if no_top else right)
    # An open band has no width: it is drawn so wide that ours, where it is met, lies well inside.
    if no_top:
        high = low + 2 * (max(abs(ours - low), abs(low)) or 1.0)
    elif no_bottom:
        low = high - 2 * (max(abs(ours - high), abs(high)) or 1.0)

    def place(x: float) -> float:
        share = (x - low) / (high - low) if high > low else float(np.sign(x - low)) + 0.5
        return round(float(np.clip(left + share * (right - left), 5.0, width - 5.0)), 1)

    theirs = None if published is None else place(published)
    return {"start": start, "end": end, "ours": place(ours), "published": theirs}
