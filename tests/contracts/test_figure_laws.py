"""Every law of drawings rejects a drawing that was made to break it; honest ones keep them all."""

import copy
from itertools import count

import numpy as np
import pytest

from genloss.report.figures.combined import FigureKind
from genloss.report.figures.drawing import Drawing
from genloss.spec import figures
from genloss.testing import ContractError, check_figure
from genloss.testing.figure import FIGURE_LAWS

from .table import FIGURES

WRONG = []
NUMBERS = count()


def honest(c):
    """Draw a line and points for each component, told apart by colour and shape."""
    names = [f"{k} {label}" for k, label in enumerate(c.labels)]
    rows = [
        {"t": t, "of": name, "value": value}
        for k, name in enumerate(names)
        for t, value in zip(c.t.tolist(), c.quantile(k), strict=True)
    ]
    of = {"field": "of", "type": "nominal"}
    return {
        "description": f"{', '.join(c.titles)}, {c.run}",
        "width": 300,
        "height": 200,
        "data": {"values": rows},
        "encoding": {
            "x": {"field": "t", "type": "quantitative", "scale": {"domain": [0, c.last]}},
            "y": {"field": "value", "type": "quantitative"},
            "color": of,
        },
        "layer": [{"mark": "line"}, {"mark": "point", "encoding": {"shape": of}}],
    }


@pytest.mark.slow
def test_an_honest_drawing_keeps_the_laws_for_whatever_labels():
    for labels in (None, ("",), tuple(map(str, range(8)))):
        assert not check_figure(Drawing(honest, "a line for each"), labels).skipped


def test_every_figure_of_ours_is_in_the_table():
    assert [line.kind for line in FIGURES] == list(figures.FIGURES)


@pytest.mark.parametrize("line", FIGURES, ids=str)
def test_every_figure_of_ours_keeps_the_laws(line):
    figure = figures.find_figure(line.kind, "the contract table")
    if isinstance(figure, Drawing):
        assert not check_figure(figure, line.labels).skipped
    else:
        assert isinstance(figure, FigureKind)
        assert figure.fewest >= 1


def breaks(law, **options):
    """Plant a wrong drawing: it must be rejected by this law."""

    def planted(draw):
        WRONG.append((law, Drawing(draw, **{"key": "a line for each", **options})))
        return draw

    return planted


WRONG.append(("it is a drawing that takes its labels", honest))
breaks("it is a drawing that takes its labels", key=" ")(honest)
breaks("it is a drawing that takes its labels", fewest=0)(honest)
breaks("it is a drawing that takes its labels", takes=lambda label: False)(honest)


@breaks("it draws all that a run may have")
def needs_two_generations(c):
    assert len(c.t) > 1
    return honest(c)


@breaks("it draws all that a run may have")
def needs_chains(c):
    np.asarray([np.std(x, ddof=1) for x in c.values[:, :, 0]]).tolist()
    return honest(c) if c.values.shape[1] > 1 else 1 / 0


@breaks("it is one chart")
def nan(c):
    chart = honest(c)
    chart["data"]["values"].append({"t": 0, "of": "x", "value": float("nan")})
    return chart


@breaks("it is one chart")
def arrays(c):
    return honest(c) | {"height": np.int64(3)}


@breaks("it is one chart")
def undescribed(c):
    return honest(c) | {"description": ""}


@breaks("it is one chart")
def several(c):
    return {"hconcat": [honest(c), honest(c)]}


@breaks("it is one chart")
def unsized(c):
    return {k: v for k, v in honest(c).items() if k != "width"}


@breaks("it is one chart")
def nothing(c):
    return None


@breaks("it needs nothing from elsewhere")
def fetches(c):
    return honest(c) | {"data": {"url": "https://example.org/data.csv"}}


@breaks("it needs nothing from elsewhere")
def links(c):
    chart = honest(c)
    chart["layer"][1]["encoding"]["href"] = {"value": "https://example.org"}
    return chart


@breaks("it needs nothing from elsewhere")
def named_data(c):
    return honest(c) | {"data": {"name": "mine"}}


@breaks("it leaves colours to the theme")
def black(c):
    chart = honest(c)
    chart["layer"][0]["mark"] = {"type": "line", "color": "black"}
    return chart


@breaks("it leaves colours to the theme")
def conditional(c):
    chart = honest(c)
    red = {"condition": {"test": "datum.t > 3", "value": "#f00"}}
    chart["layer"][0]["encoding"] = {"stroke": red}
    return chart


@breaks("it leaves colours to the theme")
def own_scale(c):
    chart = honest(c)
    chart["encoding"]["color"] = {**chart["encoding"]["color"], "scale": {"scheme": "set1"}}
    return chart


@breaks("it leaves colours to the theme")
def own_config(c):
    return honest(c) | {"config": {"background": "white"}}


@breaks("it is drawn on white and on black paper")
@breaks("it leaves colours to the theme")
def unknown_style(c):
    chart = honest(c)
    chart["layer"][0]["mark"] = {"type": "line", "style": "mine"}
    return chart


@breaks("colour is never its only code")
def colour_alone(c):
    chart = honest(c)
    chart["layer"][1]["encoding"] = {}
    return chart


@breaks("colour is never its only code")
def layers_by_colour(c):
    chart = honest(c)
    del chart["encoding"]["color"]
    chart["layer"] = [
        {"mark": "line", "encoding": {"color": {"datum": name}}} for name in ("one", "two")
    ]
    return chart


@breaks("the same numbers give the same chart")
def another_each_time(c):
    return honest(c) | {"name": f"chart {next(NUMBERS)}"}


@breaks("the same numbers give the same chart")
def sorts_in_place(c):
    c.values.sort(axis=1)
    return honest(c)


@breaks("it is drawn on white and on black paper")
def unknown_mark(c):
    chart = honest(c)
    chart["layer"][0]["mark"] = "wobble"
    return chart


@breaks("every component shows")
def only_the_first(c):
    chart = honest(c)
    first = chart["data"]["values"][: len(c.t)]
    return chart | {"data": {"values": first}}


@breaks("every component shows")
def lines_alone(c):
    """A line through one point shows nothing."""
    chart = honest(c)
    dash = {"field": "of", "type": "nominal"}
    chart["layer"] = [{"mark": "line", "encoding": {"strokeDash": dash}}]
    return chart


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "drawing"), WRONG, ids=[f"{i}-{law}" for i, (law, _) in enumerate(WRONG)]
)
def test_a_wrong_drawing_is_rejected_by_its_law(law, drawing):
    with pytest.raises(ContractError) as error:
        check_figure(drawing, ("", "a") if getattr(drawing, "fewest", 1) == 2 else None)
    assert law in {v.law for v in error.value.violations}, str(error.value)


def test_every_law_has_a_wrong_drawing():
    assert {law for law, _ in WRONG} == {m.__name__.replace("_", " ") for m in FIGURE_LAWS}


@pytest.mark.slow
def test_a_checked_drawing_is_left_alone():
    chart = {}
    before = copy.deepcopy(chart)

    def once(c):
        chart.update(honest(c))
        return chart

    check_figure(Drawing(once, "a line for each"), ("a",))
    assert before != chart
    assert chart["layer"][0]["mark"] == "line"
