"""Small multiples: a chart for each cell of a sweep, all on the same axes."""

from collections.abc import Iterator, Sequence

from genloss.report.figures.beside import WORDS
from genloss.report.figures.combined import Combined, Plate, having, numbers
from genloss.report.figures.explorer import LONGEST, chart, curves, headline, scale_of
from genloss.report.measured import Measured
from genloss.report.swept import Swept
from genloss.report.titles import meaning_of, title_of

KEY = (
    "line: median over chains; dashed: theory",
    "area: nine chains in ten; thin lines: each chain, where fewer than 19",
)


def figures(runs: Sequence[Measured], sweep: Swept) -> Iterator[Combined]:
    """Yield the curves of the metric that tells most, cell by cell."""
    metric = headline(runs)
    cells = [(i, run) for i, run in enumerate(runs) if metric in run.series]
    if len(cells) < 2 or not sweep.keys:
        return
    rows = {i: curves(i, run, metric, LONGEST) for i, run in cells}
    y = scale_of([row for part in rows.values() for row in part])
    last = max(int(run.series[metric].t[-1]) for _, run in cells)
    title, about = f"{title_of(metric, runs[0].about)}, cell by cell", runs[0].about
    plates = []
    for i, _ in cells:
        label = sweep.others(i, [])
        spec = {**chart(rows[i], y, last), "title": label, "description": f"{title}: {label}"}
        plates.append(Plate(label, spec))
    named = having([metric], runs)
    yield Combined(
        kind="multiple",
        metric=f"{metric} cell by cell",
        title=title,
        meaning=meaning_of(metric, about),
        panels=tuple(plates),
        key=(
            (*KEY, f"grey: {WORDS['constant']}") if any(run.controls for _, run in cells) else KEY
        ),
        numbers=numbers(named, {metric: title_of(metric, about)}),
        caption="median over chains, by generation",
    )
