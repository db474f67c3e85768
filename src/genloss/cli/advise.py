"""The command that says how much real data is needed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genloss.cli import console
from genloss.cli.options import RUNS, Json, Overrides, Root, Workers
from genloss.errors import SpecError

if TYPE_CHECKING:
    from genloss.plan.advise.frontier import Prices
    from genloss.plan.advise.supplies import Axis, Dial, Supply
    from genloss.study.study import Study

AXES: "dict[str, tuple[Axis, ...]]" = {
    "share": ("share",),
    "count": ("count",),
    "both": ("share", "count"),
}

QUICK_LEARNER = ["learner.kind=ngram"]
"""What a text is advised on at once; its advice on others is another question."""


def command(
    spec: Annotated[Path, typer.Argument(help="A TOML spec, a run folder, or text of yours.")],
    overrides: Overrides = None,
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
    mean: Annotated[
        bool, typer.Option("--mean", help="Ask for the mean over chains, not for a new chain.")
    ] = False,
    level: Annotated[float, typer.Option(help="In which share of new chains it must hold.")] = 0.95,
    search: Annotated[
        bool, typer.Option("--search", help="Leave closed forms aside: search by small runs.")
    ] = False,
    chains: Annotated[
        int, typer.Option(help="Of every small run; 0: as the spec has them, 20 at least.", min=0)
    ] = 0,
    minutes: Annotated[
        float, typer.Option(help="After which a search adds no more runs.", min=0)
    ] = 8.0,
    prices: Annotated[
        str, typer.Option(help="REAL,SYNTHETIC: of a row; also show risk against budget.")
    ] = "",
    figure: Annotated[
        Path | None, typer.Option(help="Draw the frontier, or the runs: .svg, .pdf or .png.")
    ] = None,
    root: Root = RUNS,
    workers: Workers = 0,
    json: Json = False,
) -> None:
    """Say how many real rows hold a metric where it is wanted, and on what evidence."""
    from genloss.cli.advice import as_json, check_figure, save, shown
    from genloss.cli.progress import progress
    from genloss.plan.advise.advice import Effort, advise, best_setting
    from genloss.plan.advise.frontier import frontier
    from genloss.plan.advise.question import question_of, target_of
    from genloss.plan.advise.supplies import RealRows
    from genloss.study.load import load_study
    from genloss.study.own_text import is_text

    if not target:
        raise SpecError('--target is missing; such as --target "trace_ratio >= 0.9 at 20"')
    wanted = target_of(target)
    if count_as not in AXES:
        raise SpecError(f"--as {count_as!r}; expected {', '.join(AXES)}")
    if chains == 1:
        raise SpecError("--chains 1 says nothing of other chains; expected 2 or more")
    if mean and level != 0.95:
        raise SpecError("--mean and --level exclude each other: a mean has no share of chains")
    if wanted.best and not vary:
        raise SpecError(
            f"--target {target!r} needs --vary: more real rows are always as good; expected a field"
        )
    text, asked = spec.exists() and is_text(spec), overrides or []
    own_learner = any(word.startswith("learner") for word in asked)
    study = load_study(spec, [*(QUICK_LEARNER if text and not own_learner else []), *asked])
    question = question_of(study, wanted, "mean" if mean else "chain", level)
    assumed, dials = _dials(question.study, text, supply, count_as, vary)
    paid = _prices(prices, vary)
    if figure is not None:
        check_figure(figure)
    with progress(f"advice on {study.name}") as show:
        effort = Effort(root, chains, 60 * minutes, workers, show)
        if wanted.best:
            advice = best_setting(question, dials[0], effort)
        else:
            advice = advise(question, dials, effort, theory=not search)
        found = None
        if paid is not None:
            dial = dials[0]
            assert isinstance(dial, RealRows)
            found = frontier(advice.question, dial.supply, paid, effort, theory=not search)
    if json:
        console.print_json(as_json(advice, found))
    else:
        shown(advice, assumed, found)
    if figure is not None:
        save(advice, found, figure)
        console.print_hint(f"drawn: {figure}")


def _dials(
    study: "Study", text: bool, supply: str, count_as: str, vary: str
) -> "tuple[str, list[Dial]]":
    """Return what is searched, and what was assumed of the supply of real rows, in words."""
    from genloss.plan.advise.fields import field_dial
    from genloss.plan.advise.supplies import MEANING, real_rows

    if vary:
        if supply or count_as != "both":
            raise SpecError("--vary excludes --supply and --as: it leaves the regime as it is")
        return "as the regime of the study has them", [field_dial(study, vary)]
    chosen, why = _supply(supply, study, text)
    return (
        f"{chosen}, {MEANING[chosen]} ({why})",
        [real_rows(study, axis, chosen) for axis in AXES[count_as]],
    )


def _prices(words: str, vary: str) -> "Prices | None":
    from genloss.plan.advise.frontier import Prices

    if not words:
        return None
    if vary:
        raise SpecError("--prices and --vary exclude each other: prices are of real rows")
    try:
        real, synthetic = map(float, words.split(","))
    except ValueError:
        raise SpecError(f"--prices {words!r}; expected REAL,SYNTHETIC, such as 1,0.01") from None
    return Prices(real, synthetic)


def _supply(word: str, study: "Study", text: bool) -> "tuple[Supply, str]":
    from genloss.plan.advise.supplies import SUPPLIES, supply_of

    if not word:
        return supply_of(study, text)
    for supply in SUPPLIES:
        if word == supply:
            return supply, "as --supply says"
    raise SpecError(f"--supply {word!r}; expected {', '.join(SUPPLIES)}")
