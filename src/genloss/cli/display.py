"""How commands show plans and verdicts: as JSON or as tables."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from genloss.cli import console
from genloss.cli.console import number
from genloss.cli.durations import duration, size
from genloss.core.bases import Origin
from genloss.judge.profile.verdicts import FEWEST_CHAINS
from genloss.judge.verdicts import Verdict
from genloss.plan.cost import ControlCost, Cost
from genloss.plan.extrapolation import Range
from genloss.plan.timing import Timing
from genloss.published.experiments import experiment_titles
from genloss.report.formatting import count, percent
from genloss.report.verdict_rows import CLAIMS, OPEN


def experiments(json: bool) -> None:
    """List the published experiments."""
    titles = experiment_titles()
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
    numbers = [
        [
            _source(v) if v.published is None else number(v.published),
            _band(v.low, v.high),
            number(v.measured),
            "pass" if v.passed else "FAIL",
        ]
        for v in found
    ]
    columns = ["published", "band", "ours", ""]
    if console.narrow_width():
        stacked = [f"{v.id}\n{v.what}" for v in found]
        rows = [[what, *row] for what, row in zip(stacked, numbers, strict=True)]
        console.print_table(["target", *columns], rows, folds=("target",))
    else:
        rows = [[v.id, v.what, *row] for v, row in zip(found, numbers, strict=True)]
        console.print_table(["target", "what", *columns], rows, folds=("target", "what"))
    total = summary["passed"] + summary["failed"]
    console.print_prose(
        f"{summary['experiment']} ({summary['scale']}): {summary['passed']} of {total} targets met"
    )


def _source(v: Verdict) -> str:
    return "claim" if v.band in CLAIMS else "law"


def _band(low: float, high: float) -> str:
    if high >= OPEN:
        return f">= {number(low)}"
    return f"<= {number(high)}" if low <= -OPEN else f"{number(low)} .. {number(high)}"


def plan(cost: Cost, json: bool) -> None:
    """Show a plan; as JSON by the names of its fields, without the points that were timed."""
    if json:
        console.print_json(_plan_json(cost))
        return
    rows = {
        "data": cost.data,
        "chains": number(cost.chains),
        "blocks": number(cost.blocks),
        "generations": number(cost.generations),
        "rows of S_0 (real)": number(cost.rows_of_s_0),
        "rows of D_T (trained on last)": number(cost.rows_of_d_last),
        "rows of S_T (written last)": number(cost.rows_of_s_last),
        "real rows per chain": number(cost.real_rows_per_chain),
        "measured generations": number(cost.measured_generations),
        "kept generations": number(cost.kept_generations),
        "disk": size(cost.disk_bytes),
        "time, one process": span(cost.seconds),
    }
    rows |= {f"beside it: {c.kind} control": control(c) for c in cost.controls}
    if more := cost.more_chains:
        took = f"{span(more.seconds)}, {size(more.disk_bytes)}"
        rows["for verdicts, apart"] = f"{count(more.chains, 'more chain')}; {took}"
    console.print_table(["plan", ""], [[k, v] for k, v in rows.items() if v])
    console.print_prose(_timed(cost.timing))
    if more:
        console.print_prose(
            f"Of fewer than {FEWEST_CHAINS} chains no verdict is given, and "
            f"{cost.chains + more.chains} are a good number; chains={cost.chains + more.chains} "
            "adds them, with those of the controls."
        )
    if cost.controls:
        console.print_prose(
            "Controls are fits on real rows alone, shared by runs that lie side by side; "
            "--no-controls leaves them out."
        )
    observed = cost.timing.observed
    there = "" if cost.timing.whole else " in what was timed"
    for name, why in observed.not_applicable.items():
        console.print_prose(f"{name}: no value{there} ({why})")
    if observed.shortfall:
        again = "raise curator.rounds, " if cost.more_rounds else ""
        console.print_prose(
            f"The curator leaves a chain up to {percent(observed.shortfall)} short of its rows"
            f"{there}: it trains on fewer; loosen it, {again}or measure it with the metric "
            "shortfall."
        )


def control(cost: ControlCost) -> str:
    """Say what a control takes beside its study."""
    what = f"{count(cost.generations, 'generation')}, {count(cost.rows, 'row')} a chain"
    return f"{what}; {span(cost.seconds)}, {size(cost.disk_bytes)}"


def _plan_json(cost: Cost) -> dict[str, Any]:
    """Return the plan by the names of its fields; of files, their names in the corpus."""
    out = asdict(replace(cost, timing=replace(cost.timing, points={}), files=()))
    observed, timing = cost.timing.observed, out["timing"]
    del timing["points"], timing["observed"]
    files = [{"name": e.name, "split": e.split or None, "left_out": e.why} for e in cost.files]
    return out | {
        "files": files,
        "not_applicable": observed.not_applicable,
        "shortfall": observed.shortfall,
    }


def base(name: str, origin: Origin, json: bool) -> None:
    """Show a base that lies in the cache."""
    if json:
        console.print_json({"base": name, **asdict(origin), "folder": str(origin.folder)})
        return
    console.print_prose(
        f"{name}: {origin.title}, {origin.parameters / 1e6:.1f} million parameters, "
        f"licence {origin.licence}"
    )
    console.print_prose(f"from {origin.source}, {origin.quantisation}, SHA-256 {origin.sha256}")
    console.print_prose(f"in {origin.folder}, {sum(origin.sizes.values()) / 1e6:.0f} MB, float32")
    chat = "; its chat template is not applied: texts are plain" if origin.chat else ""
    console.print_prose(f"a document ends by {origin.end}{chat}")
    console.print_hint(f"next: genloss run FOLDER --model {shlex.quote(name)}")


def span(seconds: Range) -> str:
    """Return a range of times as a person says it."""
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
