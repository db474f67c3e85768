"""Runs as `genloss ls` lists and `genloss show` shows them: as JSON or as tables."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genloss.cli import beside, console, opening, profiles
from genloss.cli.console import number
from genloss.core.chain_quantiles import quantiles, spread
from genloss.errors import StoreError
from genloss.judge.estimates import NoInterval, chain_range
from genloss.report.figures.bands import FEWEST
from genloss.report.formatting import count, direction_words
from genloss.report.profiles import ProfiledRun
from genloss.report.run_rows import shortfall_words
from genloss.spec.wording import listed
from genloss.store.reader import Run
from genloss.store.series import Column, left_out

SHOWN_BLOCKS = 5
"""Missing blocks that are named, at most."""

LEAST_NAME = 24
"""Columns of a narrow terminal that stay for the names of metrics."""


def several(found: Sequence[Run], folder: Path, json: bool) -> None:
    """Show the runs of a folder: what they answer together, then one after another.

    A damaged one does not hide the others.

    Raises:
        StoreError: what is wrong with the first damaged one, after the others.
    """
    if json:
        console.print_json([_run_json(each) for each in found])
        return
    profiled = opening.show(folder)
    damaged: StoreError | None = None
    for each in found:
        console.print_line("")
        try:
            _head(each)
            profile = profiled.get(each.path.resolve()) or profiles.profile_in_words(each)
            if profile:
                console.print_prose(profile.sentence)
            _numbers(each, profile)
        except StoreError as error:
            console.print_prose(f"{each.path}  damaged: {error}")
            damaged = damaged or error
    if damaged:
        raise damaged


def one(found: Run, json: bool) -> None:
    """Show one run."""
    if json:
        console.print_json(_run_json(found))
        return
    profile = profiles.profile_in_words(found)
    console.print_prose(opening.asked(found))
    if profile:
        console.print_prose(profile.sentence)
    console.print_line("")
    _head(found)
    _numbers(found, profile)


def _head(found: Run) -> None:
    header = found.header
    console.print_prose(f"{found.path}  {'complete' if found.is_complete else 'unfinished'}")
    console.print_prose(
        f"{_kind(found.spec['learner'])} on {_kind(found.spec['reality'])}, "
        f"{_regime(found.spec)}, "
        f"{count(found.spec['chains'], 'chain')}, "
        f"{count(found.spec['generations'], 'generation')}, "
        f"seed {found.spec['seed']}, {header.fingerprint}"
    )
    if header.data:
        console.print_prose(f"data: {header.data}")
    for line in _gaps(found):
        console.print_prose(line)
    if short := shortfall_words(found):
        console.print_prose(f"The curator left {short}: it trains on fewer.")


def _numbers(found: Run, profile: ProfiledRun | None) -> None:
    if profile:
        profiles.show(profile)
    _print_metrics(found)
    beside.show(found)
    for name, why in found.not_applicable.items():
        console.print_prose(f"{name}: not applicable ({why})")
    for name, why in left_out(found.series).items():
        console.print_prose(f"{name}: {why}")


def _print_metrics(found: Run) -> None:
    """Print the medians and ranges of the first, the middle and the last generation measured.

    In a narrow terminal ranges stand below their medians, units and directions below the names, and
    the middle is left out where three do not fit.
    """
    series, width = found.columns, console.narrow_width()
    measured = sorted({int(t) for s in series.values() for t in s.t})
    times = sorted({measured[i] for i in (0, len(measured) // 2, -1)}) if measured else []
    ends = "5 %, 95 % of chains" if found.spec["chains"] >= FEWEST else "lowest, highest chain"
    title = f"metric: median [{ends}]"
    if width is None:
        rows = [[name, *_cells(s, times), s.unit, _direction(s)] for name, s in series.items()]
        columns = [title, *(f"t = {t}" for t in times), "unit", "direction"]
        console.print_table(columns, rows, folds=(title, "unit", "direction"))
        return
    cells = {name: _cells(s, times, "\n") for name, s in series.items()}
    lines = (len(line) for row in cells.values() for cell in row for line in cell.split("\n"))
    if len(times) * (max(lines, default=0) + 2) > width - LEAST_NAME:
        times = [times[0], times[-1]]
        cells = {name: _cells(s, times, "\n") for name, s in series.items()}
    rows = [
        [f"{name}\n{'' if s.unit == '1' else f'{s.unit}; '}{_direction(s)}", *cells[name]]
        for name, s in series.items()
    ]
    console.print_table([title, *(f"t = {t}" for t in times)], rows, folds=(title,))


def _direction(series: Column) -> str:
    return direction_words(series.direction, int(series.t[0]))


def _gaps(found: Run) -> Iterator[str]:
    """Yield what is not there, or not vouched for yet."""
    if missing := found.missing:
        have, n = len(found.blocks), found.header.n_blocks
        yield f"blocks: {have} of {n}; {_blocks(missing)} not begun or {_are(missing)} gone"
    if (t := found.unvouched) is not None:
        yield f"generations after {t} are not yet checkpointed; they are verified line by line"
    for block in found.blocks:
        for before in block.manifest.machine.earlier if block.manifest else ():
            yield f"block {block.number:04d}: made on another machine up to generation {before.t}"


def _blocks(missing: Sequence[int]) -> str:
    names = [f"{i:04d}" for i in missing[:SHOWN_BLOCKS]]
    if more := len(missing) - len(names):
        names.append(f"{more:,} more")
    return f"{listed(names, 'and')} {'has' if len(missing) == 1 else 'have'}"


def _are(things: Sequence[Any]) -> str:
    return "is" if len(things) == 1 else "are"


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
        "shortfall": None if found.shortfall is None else vars(found.shortfall),
        "not_yet_checkpointed_after": found.unvouched,
        "data": found.header.data,
        "spec": found.spec,
        "profile": profiles.as_json(found),
        "beside": beside.as_json(found),
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


def _cells(series: Column, times: Sequence[int], gap: str = " ") -> list[str]:
    """Return a cell for each time; the first is that of the first generation that there is.

    gap: stands between a median and the range.
    """
    first = int(series.t[0])
    cells = [_cell(series, t, gap) for t in times]
    if first in times[:1]:
        return cells
    return [f"t = {first}:{gap}{_cell(series, first, gap)}", *cells[1:]]


def _cell(series: Column, t: int, gap: str) -> str:
    place = np.flatnonzero(series.t == t)
    if not place.size:
        return ""
    low, middle, high = spread(series.values[place[0]])
    if series.values.shape[1] == 1:
        # One chain has no spread to show.
        return number(middle)
    return f"{number(middle)}{gap}[{number(low)}, {number(high)}]"


def _regime(spec: Mapping[str, Any]) -> str:
    """Return what the next generation trains on: the regime, and the curator if there is one."""
    regime, curator = _kind(spec["regime"]), spec.get("curator")
    return f"{regime} through {_kind(curator)}" if curator else regime


def _kind(part: Any) -> str:
    return str(part["kind"]) if isinstance(part, Mapping) else str(part)
