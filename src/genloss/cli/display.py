"""How commands show runs, plans and verdicts: as JSON or as tables."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from genloss.cli import console
from genloss.cli.durations import duration
from genloss.core.chain_quantiles import quantiles, spread
from genloss.errors import StoreError
from genloss.judge.estimates import NoInterval, chain_range
from genloss.judge.verdicts import Verdict
from genloss.plan.cost import Cost
from genloss.plan.extrapolation import Range
from genloss.plan.timing import Timing
from genloss.published.experiments import installed_titles, load_experiment, published_names
from genloss.published.scales import SMOKE
from genloss.report.figures.bands import FEWEST
from genloss.report.formatting import count, direction_words
from genloss.report.verdict_rows import CLAIMS, OPEN
from genloss.store.reader import Run
from genloss.store.series import Column


def experiments(json: bool) -> None:
    """List the published experiments."""
    ours = [load_experiment(name, SMOKE) for name in published_names()]
    titles = {e.name: e.title for e in ours} | installed_titles()
    if json:
        console.print_json([{"experiment": k, "title": title} for k, title in titles.items()])
        return
    console.print_table(["experiment", "what"], [list(row) for row in titles.items()])
    console.print_line("Run one: genloss reproduce NAME --scale smoke|laptop|paper")


def verdicts(summary: Mapping[str, Any], found: Sequence[Verdict], json: bool) -> None:
    """Show targets with their bands."""
    if json:
        console.print_json(summary)
        return
    rows = [
        [
            v.id,
            v.what,
            _source(v) if v.published is None else _number(v.published),
            _band(v.low, v.high),
            _number(v.measured),
            "pass" if v.passed else "FAIL",
        ]
        for v in found
    ]
    console.print_table(["target", "what", "published", "band", "ours", ""], rows)
    total = summary["passed"] + summary["failed"]
    console.print_line(
        f"{summary['experiment']} ({summary['scale']}): {summary['passed']} of {total} targets met"
    )


def _source(v: Verdict) -> str:
    return "claim" if v.band in CLAIMS else "law"


def _band(low: float, high: float) -> str:
    if high >= OPEN:
        return f">= {_number(low)}"
    return f"<= {_number(high)}" if low <= -OPEN else f"{_number(low)} .. {_number(high)}"


def plan(cost: Cost, json: bool) -> None:
    """Show a plan; as JSON by the names of its fields, without the points that were timed."""
    if json:
        out = asdict(replace(cost, timing=replace(cost.timing, points={})))
        del out["timing"]["points"]
        console.print_json(out)
        return
    rows = {
        "data": cost.data,
        "chains": _number(cost.chains),
        "blocks": _number(cost.blocks),
        "generations": _number(cost.generations),
        "rows of S_0": _number(cost.rows_of_s_0),
        "rows of D_T": _number(cost.rows_of_d_last),
        "rows of S_T": _number(cost.rows_of_s_last),
        "real rows per chain": _number(cost.real_rows_per_chain),
        "measured generations": _number(cost.measured_generations),
        "kept generations": _number(cost.kept_generations),
        "disk": f"{cost.disk_bytes / 1e6:.3g} MB",
        "time, one process": _time(cost.seconds),
    }
    console.print_table(["plan", ""], [[k, v] for k, v in rows.items() if v])
    console.print_line(_timed(cost.timing))


def _time(seconds: Range) -> str:
    low = duration(seconds.low)
    if seconds.high is None:
        return f"at least {low}"
    high = duration(seconds.high)
    return low if low == high else f"{low} to {high}"


def _timed(timing: Timing) -> str:
    """Say what the time was measured on."""
    what = f"{count(timing.chains, 'chain')} of {count(timing.rows, 'row')}"
    fit = f", one epoch of {timing.epochs}" if timing.epochs > 1 else ""
    more = "" if timing.whole else "; more is extrapolated"
    return (
        f"Timed for {duration(timing.seconds)} on this machine at its present load: "
        f"{what}{fit}{more}."
    )


def runs(found: Sequence[Run], root: Path, json: bool) -> None:
    """List runs with their progress; a damaged folder is one row with the reason."""
    rows = [row for r in found if (row := _listed(r, root)) is not None]
    if json:
        console.print_json(rows)
        return
    if not rows:
        console.print_line(f"no runs below {root}; start with: genloss demo")
        return
    words = {"True": "yes", "False": "no"}
    columns = [key for key in rows[0] if key != "problem" or any(row["problem"] for row in rows)]
    if console.is_narrow():
        columns = [key for key in columns if key not in ("regime", "learner", "reality")]
    shown = [[words.get(str(row[key]), str(row[key])) for key in columns] for row in rows]
    # A path can be cut in two and still be read; "comple/te" cannot.
    console.print_table(columns, shown, folds=("run", "problem"))


def _listed(r: Run, root: Path) -> dict[str, Any] | None:
    """Return the row of a run; None where it has vanished meanwhile."""
    place = str(r.path) if r.path == root else os.path.relpath(r.path, root)
    try:
        for block in r.blocks:
            block.check_sizes()
        return {
            "run": place,
            "generations": r.spec["generations"],
            "chains": r.spec["chains"],
            "regime": _regime(r.spec),
            "learner": _kind(r.spec["learner"]),
            "reality": _kind(r.spec["reality"]),
            "complete": r.is_complete,
            "problem": "",
        }
    except (StoreError, OSError) as error:
        if not r.path.exists():
            return None
        blank = dict.fromkeys(("generations", "chains", "regime", "learner", "reality"), "")
        return {"run": place, **blank, "complete": False, "problem": str(error)}


def run(found: Run, json: bool) -> None:
    """Show one run."""
    if json:
        console.print_json(_run_json(found))
        return
    header = found.header
    console.print_line(f"{found.path}  {'complete' if found.is_complete else 'unfinished'}")
    console.print_line(
        f"{_kind(found.spec['learner'])} on {_kind(found.spec['reality'])}, "
        f"{_regime(found.spec)}, "
        f"{count(found.spec['chains'], 'chain')}, "
        f"{count(found.spec['generations'], 'generation')}, "
        f"seed {found.spec['seed']}, {header.fingerprint}"
    )
    if header.data:
        console.print_line(f"data: {header.data}")
    for line in _gaps(found):
        console.print_line(line)
    measured = sorted({int(t) for series in found.columns.values() for t in series.t})
    times = sorted({measured[i] for i in (0, len(measured) // 2, -1)}) if measured else []
    rows = [
        [name, *_cells(s, times), s.unit, direction_words(s.direction, int(s.t[0]))]
        for name, s in found.columns.items()
    ]
    ends = "5 %, 95 % of chains" if found.spec["chains"] >= FEWEST else "lowest, highest chain"
    columns = [f"metric: median [{ends}]", *(f"t = {t}" for t in times), "unit", "direction"]
    console.print_table(columns, rows)
    for name, why in found.not_applicable.items():
        console.print_line(f"{name}: not applicable ({why})")


def _gaps(found: Run) -> Iterator[str]:
    """Yield what is not there, or not vouched for yet."""
    if missing := found.missing:
        listing = ", ".join(f"{i:04d}" for i in missing[:5]) + (", ..." if len(missing) > 5 else "")
        have, n = len(found.blocks), found.header.n_blocks
        yield f"blocks: {have} of {n}; {listing} has not begun or is gone"
    if (t := found.unvouched) is not None:
        yield f"generations after {t} are not yet checkpointed; they are verified line by line"
    for block in found.blocks:
        for before in block.manifest.machine.earlier if block.manifest else ():
            yield f"block {block.number:04d}: made on another machine up to generation {before.t}"


def _run_json(found: Run) -> dict[str, Any]:
    series = {
        name: {
            "unit": s.unit,
            "direction": s.direction,
            "t": s.t.tolist(),
            **_range_json(s),
        }
        for name, s in found.columns.items()
    }
    return {
        "run": str(found.path),
        "fingerprint": found.header.fingerprint,
        "complete": found.is_complete,
        "missing_blocks": found.missing,
        "not_yet_checkpointed_after": found.unvouched,
        "data": found.header.data,
        "spec": found.spec,
        "metrics": series,
        "not_applicable": found.not_applicable,
        "kept": found.kept(),
        "provenance": found.provenance(),
    }


def _range_json(s: Column) -> dict[str, Any]:
    """Return the median of each generation and the range of chains, or why there is none."""
    found = chain_range(s.values.T)
    median = [_finite(v) for v in quantiles(s.values.T, (0.5,))[0]]
    if isinstance(found, NoInterval):
        return {"median": median, "low": None, "high": None, "range": str(found)}
    low, high = ([_finite(v) for v in end] for end in (found.low, found.high))
    return {"median": median, "low": low, "high": high, "range": "90 % of the chains"}


def _finite(value: float) -> float | str:
    return float(value) if np.isfinite(value) else str(value)


def _cells(series: Column, times: Sequence[int]) -> list[str]:
    """Return a cell for each time; the first is that of the first generation that there is."""
    first = int(series.t[0])
    cells = [_cell(series, t) for t in times]
    return cells if first in times[:1] else [f"t = {first}: {_cell(series, first)}", *cells[1:]]


def _cell(series: Column, t: int) -> str:
    place = np.flatnonzero(series.t == t)
    if not place.size:
        return ""
    low, middle, high = spread(series.values[place[0]])
    if series.values.shape[1] == 1:
        # One chain has no spread to show.
        return _number(middle)
    return f"{_number(middle)} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _regime(spec: Mapping[str, Any]) -> str:
    """Return what the next generation trains on: the regime, and the curator if there is one."""
    regime, curator = _kind(spec["regime"]), spec.get("curator")
    return f"{regime} through {_kind(curator)}" if curator else regime


def _kind(part: Any) -> str:
    return str(part["kind"]) if isinstance(part, Mapping) else str(part)
