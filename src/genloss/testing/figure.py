"""Laws of drawings: a whole chart for all that a run may have, on white and on black paper."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genloss.core.extras import optional
from genloss.core.view import Direction
from genloss.errors import MissingExtra
from genloss.report import theme
from genloss.report.figures import chart_rules
from genloss.report.figures.chart_rules import Rule
from genloss.report.figures.drawing import Components, Drawing, chart_of
from genloss.report.figures.size import COLUMN, sized
from genloss.report.vega import VEGA_LITE
from genloss.testing.laws import Law, Outcome, Skipped, check, require, rng

Chart = dict[str, Any]

TRIED = (("0.05", "0.5", "0.95"), ("10", "100", "1000"), ("near", "a.b[c]", "'<far>'"), ("",))
"""Labels: shares, whole numbers, texts that trip up whoever names fields after them, none."""

COLOUR = re.compile(r'(?:fill|stroke)="(#\w+|rgb[^"]*|[a-z]+)"')

INVISIBLE = re.compile(r'<path [^>]*d="(?:M[-\d.,]+Z?)?"[^>]*/>')
"""A line through a single point."""

MARK = re.compile(r'<(?:path|text|image) role="graphics-symbol"')


@dataclass(frozen=True, eq=False)
class FigureCase:
    """A drawing and the labels that it is tried on."""

    drawing: Drawing
    labels: tuple[str, ...]

    def tried(self) -> Iterator[tuple[str, Components]]:
        """Yield what a run may have measured, with a name."""
        yield "thirty generations of forty chains", components(self.labels)
        yield "one chain", components(self.labels, chains=1)
        yield "one generation", components(self.labels, last=0)
        yield "one generation of one chain", components(self.labels, chains=1, last=0)
        yield "generations from 1 on", replace(components(self.labels), t=np.arange(1, 31), last=30)
        late = components(self.labels)
        late = replace(late, t=late.t * 70, last=2030)
        yield "two thousand generations", late
        for name, value in (("absent", np.nan), ("infinite", np.inf)):
            yield f"a component that is {name} in the end", _spoilt(self.labels, value, 20)
            yield f"a component that is {name} throughout", _spoilt(self.labels, value, 0)
        yield "equal values", _frozen(components(self.labels), np.full((30, 40, self.k), 2.0))

    @property
    def k(self) -> int:
        """The number of components."""
        return len(self.labels)

    def charts(self) -> Iterator[tuple[str, Chart]]:
        """Yield what it draws, as it is."""
        for name, given in self.tried():
            yield name, self.drawing.draw(given)


def components(labels: Sequence[str], chains: int = 40, last: int = 29) -> Components:
    """Return components that drift apart: values (last + 1, chains, K), positive."""
    k = len(labels)
    t = np.arange(last + 1)
    noise = 0.1 * rng().standard_normal((last + 1, chains, k))
    values = np.exp(np.arange(k) - 0.05 * t[:, None, None] + noise)
    titles = tuple(f"Component {label}" for label in labels)
    start = Components(
        "replace · n = 100", t, values, tuple(labels), titles, "1", Direction.START, last, 0.0, 1.0
    )
    return _frozen(start, values)


def _frozen(start: Components, values: Any) -> Components:
    finite = values[np.isfinite(values)]
    values.flags.writeable = start.t.flags.writeable = False
    return replace(start, values=values, low=float(finite.min()), high=float(finite.max()))


def _spoilt(labels: Sequence[str], value: float, since: int) -> Components:
    start = components(labels)
    values = start.values.copy()
    values[since:, :, -1] = value
    if not np.isfinite(values).any():
        values[0, :, -1] = 1.0
    return _frozen(start, values)


def check_figure(drawing: Drawing, labels: Sequence[str] | None = None) -> Outcome:
    """Hold a drawing of the group genloss.figures to the laws of its role.

    labels: what it is tried on; by default three shares, whole numbers or texts, or a metric of one
    number, whichever it takes first. What it looks like in the end is for your own eyes.

    Raises:
        ContractError: with all laws that do not hold.
    """
    tried = [tuple(labels)] if labels is not None else list(TRIED)
    taken = [some for some in tried if _takes(drawing, some)]
    return check("the drawing", FIGURE_LAWS, FigureCase(drawing, (taken or tried)[0]))


def _takes(drawing: Any, labels: Sequence[str]) -> bool:
    if not isinstance(drawing, Drawing):
        return False
    return len(labels) >= drawing.fewest and all(map(drawing.takes, labels))


def it_is_a_drawing_that_takes_its_labels(case: FigureCase) -> None:
    """A Drawing with a key, that places the labels it is tried on."""
    drawing = case.drawing
    require(isinstance(drawing, Drawing), f"a {type(drawing).__name__}", "a Drawing")
    require(drawing.key.strip(), "no key", "a sentence on how to read it")
    require(drawing.fewest >= 1, f"fewest = {drawing.fewest}", "1 or more")
    taken = _takes(drawing, case.labels)
    require(taken, f"no drawing of {list(case.labels)}", "one; give labels that it takes")


def it_draws_all_that_a_run_may_have(case: FigureCase) -> None:
    """One chain, one generation, absent and infinite values: a run may stop anywhere."""
    for name, given in case.tried():
        try:
            case.drawing.draw(given)
        except Exception as error:
            require(False, f"{type(error).__name__} ({error}) for {name}", "a chart")


def _obeys(case: FigureCase, rule: Rule) -> None:
    for name, chart in case.charts():
        fault, _, expected = rule(chart).partition("; expected ")
        require(not fault, f"{fault} for {name}", expected)


def it_is_one_chart(case: FigureCase) -> None:
    """One view or layers, plain JSON without NaN, sized and described."""
    _obeys(case, chart_rules.it_is_one_chart)


def it_needs_nothing_from_elsewhere(case: FigureCase) -> None:
    """Its data are inside: a page works without network."""
    _obeys(case, chart_rules.it_needs_nothing_from_elsewhere)


def it_leaves_colours_to_the_theme(case: FigureCase) -> None:
    """No colour, so that the theme's stand out on white and on black paper."""
    _obeys(case, chart_rules.it_leaves_colours_to_the_theme)


def colour_is_never_its_only_code(case: FigureCase) -> None:
    """Categories have a shape, a dash, a text or a place as well."""
    _obeys(case, chart_rules.colour_is_never_its_only_code)


def the_same_numbers_give_the_same_chart(case: FigureCase) -> None:
    """A report is pure, to the byte."""
    for name, given in case.tried():
        before = given.values.tobytes()
        one, two = (_bytes(case.drawing.draw(given)) for _ in range(2))
        require(one == two, f"two charts for {name}", "the same one")
        require(given.values.tobytes() == before, f"other values after {name}", "the same ones")


def _bytes(chart: Chart) -> str:
    return json.dumps(chart, default=str)


def it_is_drawn_on_white_and_on_black_paper(case: FigureCase) -> None:
    """On the screen and in print; nothing has the same colour on both."""
    for name, given in case.tried():
        chart = chart_of("tried", case.drawing, given)
        light, dark = (_svg(chart, mode) for mode in theme.MODES)
        _svg(sized(chart, COLUMN * 72 / 25.4, 7.0), "light")
        same = {c for c in COLOUR.findall(light) if c in set(COLOUR.findall(dark))}
        fixed = sorted(same - {"none", "transparent"})
        require(not fixed, f"{', '.join(fixed)} on both for {name}", "the theme's colours")


def every_component_shows(case: FigureCase) -> None:
    """Other numbers give another picture, also of one generation, where a line shows nothing."""
    for last in (29, 0):
        given = components(case.labels, last=last)
        before = _svg(chart_of("tried", case.drawing, given), "light")
        seen = MARK.search(before)
        require(seen, f"nothing to be seen of {last + 1} generations", "a mark, such as points")
        for k, label in enumerate(case.labels):
            values = given.values.copy()
            values[:, :, k] *= 1.5
            after = _svg(chart_of("tried", case.drawing, replace(given, values=values)), "light")
            what = f"the same picture for other values of {label!r} at {last + 1} generations"
            require(after != before, what, "another one")


def _svg(chart: Chart, mode: theme.Mode) -> str:
    try:
        convert = optional("vl_convert", "a chart")
    except MissingExtra as error:
        raise Skipped(str(error)) from error
    svg = convert.vegalite_to_svg(vl_spec=chart, vl_version=VEGA_LITE, config=theme.config(mode))
    # Readers of screens hear the numbers; this is about what is seen.
    return INVISIBLE.sub("", re.sub(r' aria-\w+="[^"]*"', "", str(svg)))


FIGURE_LAWS: tuple[Law[FigureCase], ...] = (
    it_is_a_drawing_that_takes_its_labels,
    it_draws_all_that_a_run_may_have,
    it_is_one_chart,
    it_needs_nothing_from_elsewhere,
    it_leaves_colours_to_the_theme,
    colour_is_never_its_only_code,
    the_same_numbers_give_the_same_chart,
    it_is_drawn_on_white_and_on_black_paper,
    every_component_shows,
)
