"""The command that says how much real data is needed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genloss.cli import console
from genloss.cli.options import RUNS, Json, Root, Workers
from genloss.errors import SpecError

if TYPE_CHECKING:
    from genloss.cli.asked import Told
    from genloss.cli.measured import RealShare


def command(
    spec: Annotated[Path, typer.Argument(help="A TOML spec, a run folder, or text of yours.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="key=value overrides; and further texts, to compare their advice."),
    ] = None,
    target: Annotated[
        str, typer.Option(help='"METRIC <= VALUE at GENERATION"; also >=.', show_default=False)
    ] = "",
    supply: Annotated[
        str, typer.Option(help="Real rows: fresh, redrawn or kept; none: as the study has them.")
    ] = "",
    count_as: Annotated[
        str, typer.Option("--as", help="share (of N rows), count (beside synthetic ones) or both.")
    ] = "both",
    vary: Annotated[
        str, typer.Option(help="KEY=START:END: seek this field of the spec, not real rows.")
    ] = "",
    weighted: Annotated[
        bool | None,
        typer.Option(
            "--weighted/--pooled",
            help="Fresh rows by the best weight too, or pooled alone; none: both if time permits.",
            show_default=False,
        ),
    ] = None,
    mean: Annotated[
        bool, typer.Option("--mean", help="Ask for the mean over chains, not for a new chain.")
    ] = False,
    level: Annotated[float, typer.Option(help="In which share of new chains it must hold.")] = 0.95,
    search: Annotated[
        bool, typer.Option("--search", help="Leave closed forms aside: search by small runs.")
    ] = False,
    chains: Annotated[
        int,
        typer.Option(help="Of every small run; 0: the spec's, 20 at least, of text 8.", min=0),
    ] = 0,
    minutes: Annotated[
        float, typer.Option(help="After which a search adds no more runs.", min=0)
    ] = 8.0,
    against: Annotated[
        list[str] | None,
        typer.Option(help="KEY=VALUE: advise another learner too, and compare; or: transformer."),
    ] = None,
    prices: Annotated[
        str, typer.Option(help="REAL,SYNTHETIC: of a row; also show risk against budget.")
    ] = "",
    measured: Annotated[
        Path | None, typer.Option(help="A share of `genloss corpus share --out`, to hold beside.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the frontier, or the runs: .svg, .pdf or .png.")
    ] = None,
    root: Root = RUNS,
    workers: Workers = 0,
    json: Json = False,
) -> None:
    """Say how many real rows hold a metric where it is wanted, and on what evidence."""
    from genloss.cli import folders
    from genloss.cli.advice import check_figure, save
    from genloss.cli.asked import asked_of
    from genloss.cli.measured import read_real_share
    from genloss.cli.progress import progress
    from genloss.plan.advise.advice import Effort

    if chains == 1:
        raise SpecError("--chains 1 says nothing of other chains; expected 2 or more")
    if mean and level != 0.95:
        raise SpecError("--mean and --level exclude each other: a mean has no share of chains")
    more, changes = folders.split(overrides or [])
    places = [spec, *more]
    if more:
        folders.check(places)
        if vary or figure is not None or measured is not None:
            raise SpecError("--vary, --figure and --measured are of one text; got several")
    every = [
        asked_of(
            place,
            changes,
            target,
            supply=supply,
            count_as=count_as,
            vary=vary,
            estimand="mean" if mean else "chain",
            level=level,
            prices=prices,
            against=against or [],
            weighted=False if more and weighted is None else weighted,
        )
        for place in places
    ]
    if figure is not None:
        check_figure(figure)
    share = read_real_share(measured) if measured is not None else None
    answered = []
    for asked in every:
        with progress(f"advice on {asked.question.study.name}") as show:
            effort = Effort(root, chains, 60 * minutes, workers, show)
            answered.append(asked.advised(effort, not search))
    if more:
        names = [asked.question.study.name for asked in every]
        if json:
            console.print_json(folders.as_json(names, answered))
        else:
            folders.shown(names, answered, [asked.assumed for asked in every])
        return
    [asked], [told] = every, answered
    _print(told, asked.assumed, share, json)
    if figure is not None:
        save(told, figure)
        console.print_hint(f"drawn: {figure}")


def _print(told: "Told", assumed: str, share: "RealShare | None", json: bool) -> None:
    """Print advice on one study, beside a measured share where there is one."""
    from genloss.cli.advice import shown
    from genloss.cli.advice_json import as_json
    from genloss.cli.measured import beside

    said = [] if share is None else beside(share, told.advice)
    if json:
        console.print_json(as_json(told) | ({} if share is None else {"measured": said}))
        return
    shown(told, assumed)
    for line in said:
        console.print_prose(line)
