"""`genloss forecast`: what generation N of a run will show, as a table or as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Annotated, Any

import typer

from genloss.cli import console
from genloss.cli.console import number
from genloss.cli.options import Json


def forecast(
    run: Annotated[Path, typer.Argument(help="A run folder; it may be unfinished.")],
    at: Annotated[list[int], typer.Option(min=1, help="The generation asked for; repeatable.")],
    metric: Annotated[
        list[str] | None, typer.Option(help="Only this metric, or metric[component].")
    ] = None,
    seen: Annotated[
        int | None,
        typer.Option("--from", min=1, help="Look at generations up to this one only."),
    ] = None,
    json: Json = False,
) -> None:
    """Forecast generation N of a run from the generations so far; nothing is run."""
    from genloss.judge.forecast.forecasts import forecast as forecasted
    from genloss.store.reader import Run

    found = forecasted(Run(run), at, metrics=metric or [], seen=seen)
    if json:
        console.print_json(_known(asdict(found)))
        return
    first = found.values[0]
    console.print_prose(
        f"{run}: from generations up to {max(f.seen for f in found.values)} of {first.chains} "
        f"{'chain' if first.chains == 1 else 'chains'}. A median, and an interval that is to hold "
        "with 90 %, of the mean over these chains and of one further chain."
    )
    for n in at:
        _print([f for f in found.values if f.at == n], n)
    for name, why in found.refused.items():
        console.print_prose(f"{name}: no forecast ({why})")
    for doubt in found.doubts:
        console.print_prose(doubt)


def _median(value: float) -> str:
    return "not known" if isnan(value) else number(value)


def _known(value: Any) -> Any:
    """Return what JSON has, in which a number that is not known is null."""
    if isinstance(value, Mapping):
        return {key: _known(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_known(inner) for inner in value]
    return None if isinstance(value, float) and isnan(value) else value


def _print(values: Sequence[Any], at: int) -> None:
    title = f"generation {at:,}"
    columns = [title, "mean of these chains", "a further chain", "from"]
    rows = [
        [
            f"{f.metric}{'' if f.unit == '1' else f', {f.unit}'}",
            *(
                f"{_median(r.median)}\n[{number(r.low)}, {number(r.high)}]"
                for r in (f.mean, f.chain)
            ),
            f.source,
        ]
        for f in values
    ]
    console.print_table(columns, rows, folds=(title, "from"))
