"""Tables: verdicts, numbers, what did not apply, and how every run came to be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genloss.judge.estimates import quantiles
from genloss.report.figures.bands import predicts, spread
from genloss.report.reading import Measured
from genloss.report.toml import toml_text
from genloss.report.wording import title_of
from genloss.report.words import count, number, percent
from genloss.store.reader import Run
from genloss.store.series import Column

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

AT_ONCE = 14
"""More verdicts than this are folded away, the missed ones never."""

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


@dataclass(frozen=True)
class NumberTable:
    """One metric in numbers: headings, and per run a label and its cells."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Origin:
    """How one run came to be."""

    name: str
    fingerprint: str
    status: str
    spec: str
    facts: tuple[tuple[str, str], ...]


def verdict_rows(targets: Mapping[str, Any]) -> tuple[list[VerdictRow], list[VerdictRow]]:
    """Return the verdicts to show at once, and the rest.

    At once: all if they are few, else the missed ones and the first with a published number.
    """
    sources = source_marks(targets)
    rows = [(v, _verdict_row(v, sources)) for v in targets["targets"]]
    if len(rows) <= AT_ONCE:
        return [row for _, row in rows], []
    missed = [row for _, row in rows if not row.passed]
    published = [row for v, row in rows if row.passed and v["published"] is not None]
    others = [row for v, row in rows if row.passed and v["published"] is None]
    chosen = {id(row) for row in missed + (published + others)[: max(AT_ONCE - len(missed), 0)]}
    ordered = [row for _, row in rows]
    return (
        [row for row in ordered if id(row) in chosen],
        [row for row in ordered if id(row) not in chosen],
    )


def source_marks(targets: Mapping[str, Any]) -> dict[str, str]:
    """Return a mark for every source, in the order in which they occur: a, b, ... z, aa."""
    sources = dict.fromkeys(v["source"] for v in targets["targets"])
    letters = "abcdefghijklmnopqrstuvwxyz"
    return {s: letters[i % 26] * (i // 26 + 1) for i, s in enumerate(sources)}


def band_words(targets: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the kinds of band that an experiment uses, in words."""
    kinds = dict.fromkeys(v["band"] for v in targets["targets"])
    return [(kind.replace("_", " "), BANDS.get(kind, kind)) for kind in kinds]


def judged(targets: Mapping[str, Any]) -> str:
    """Return of what sort the targets of an experiment are, in words; nothing without any."""
    published = sum(v["published"] is not None for v in targets["targets"])
    others = len(targets["targets"]) - published
    said = [count(published, "published number")] if published else []
    said += [count(others, "claim or exact law", "claims or exact laws")] if others else []
    return " and ".join(said)


def number_table(rows: Sequence[tuple[str, Measured, str]]) -> NumberTable:
    """Return medians with the spread of the chains at the first, middle and last generation.

    rows: a label, a run, and the metric of it that the row is about.
    """
    found = [(label, data, data.series[metric]) for label, data, metric in rows]
    times = [_three(series) for _, _, series in found]
    same = len(set(times)) == 1
    heads = [f"t = {t:,}" for t in times[0]] if same else ["first", "middle", "last"]
    law = any(series.name in data.theory for _, data, series in found)
    out = []
    for (label, data, series), chosen in zip(found, times, strict=True):
        cells = [_cell(series, t, "" if same else f"t = {t:,}: ") for t in chosen]
        cells += [""] * (len(heads) - len(cells)) + ([_law_cell(data, series)] if law else [])
        out.append((label, (f"{series.values.shape[1]:,}", *cells)))
    last = ("last generation: theory / measured",) if law else ()
    return NumberTable(("chains", *heads, *last), tuple(out))


def not_applicable(runs: Sequence[Measured]) -> list[tuple[str, str, str]]:
    """Return (metric, reason, which runs) for metrics that had no value somewhere."""
    found: dict[tuple[str, str], list[str]] = {}
    for data in runs:
        for name, why in data.not_applicable.items():
            found.setdefault((name, why), []).append(data.run.header.name)
    return [
        (
            title_of(name, runs[0].about),
            why,
            "all runs" if len(who) == len(runs) else "; ".join(who),
        )
        for (name, why), who in found.items()
    ]


def origin(run: Run) -> Origin:
    """Return spec, fingerprint and provenance of a run."""
    sessions = [line for line in run.provenance() if line.get("event") == "start"]
    ends = [line["time"] for line in run.provenance() if line.get("event") == "done"]
    facts = [("seed", str(run.spec["seed"]))]
    if sessions:
        last = sessions[-1]
        versions = ", ".join(f"{k} {v}" for k, v in last.get("versions", {}).items())
        facts += [("versions", versions), ("commit", str(last.get("commit") or "not known"))]
        facts += [("processor", f"{last.get('cores')} cores")]
        facts += [("system", str(last.get("platform"))), ("started", str(sessions[0]["time"]))]
    if ends:
        facts.append(("finished", str(ends[-1])))
    if len(sessions) > 1:
        facts.append(("sessions", str(len(sessions))))
    return Origin(
        name=run.header.name,
        fingerprint=run.header.fingerprint,
        status=_status(run),
        spec=toml_text(run.spec),
        facts=tuple(facts),
    )


def _verdict_row(v: Mapping[str, Any], sources: Mapping[str, str]) -> VerdictRow:
    share = v["band"] == "one_draw"
    low, high, ours = float(v["low"]), float(v["high"]), float(v["measured"])
    digits = _digits(low, high)

    def said(x: float) -> str:
        return percent(x) if share else number(x, digits)

    return VerdictRow(
        what=v["what"],
        run="" if v["run"] in v["what"] else v["run"],
        published=_published(v, max(digits, 5)),
        band=_band(low, high, said),
        ours=f"{said(ours)} below" if share else said(ours),
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


def _band(low: float, high: float, said: Callable[[float], str]) -> str:
    if _no_top(low, high):
        return f"{said(low)} or more"
    return f"{said(high)} or less" if _no_top(-high, -low) else f"{said(low)} to {said(high)}"


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


def _three(series: Column) -> tuple[int, ...]:
    middle = int(np.abs(series.t - series.t[-1] / 2).argmin())
    return tuple(dict.fromkeys(int(series.t[i]) for i in (0, middle, len(series.t) - 1)))


def _cell(series: Column, t: int, prefix: str) -> str:
    at = int(np.flatnonzero(series.t == t)[0])
    low, median, high = spread(series.values[at])
    if series.values.shape[1] == 1:
        return prefix + number(median)
    return f"{prefix}{number(median)} [{number(low)}, {number(high)}]"


def _law_cell(data: Measured, series: Column) -> str:
    law = data.theory.get(series.name, {"t": [], "value": []})
    expected = dict(zip(law["t"], law["value"], strict=True)).get(int(series.t[-1]))
    if expected is None:
        return "–"
    statistic, last = predicts(law), series.values[-1]
    ours = float(quantiles(last, (0.5,))[0] if statistic == "median" else last.mean())
    return f"{number(float(expected))} / {number(ours)} ({statistic})"


def _status(run: Run) -> str:
    if run.is_complete:
        return "complete"
    done = 0 if run.missing else min(run.progress(), default=0)
    text = f"unfinished: generation {done:,} of {run.spec['generations']:,}"
    if run.unvouched is not None:
        text += "; later ones are not yet checkpointed"
    if run.blocks and run.missing:
        text += f"; {len(run.missing)} of {run.header.n_blocks} blocks have not begun or are gone"
    return text
