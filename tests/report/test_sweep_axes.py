"""Axes, legends and marks of figures over what varies, from ends that are written down here."""

import numpy as np
import pytest

from genloss.report.figures import doses, explorer, heat
from genloss.report.figures.doses import Point


def end(x, run="", low=1.0, high=3.0, control=None, apart=None):
    return Point(x, run, 5, 20, (low + high) / 2, low, high, control, apart)


def test_an_axis_over_decades_has_its_powers_of_ten_and_no_line_between():
    y = explorer.upright(np.array([0.003, 0.2, 8.0]))
    assert y["scale"]["type"] == "log"
    assert y["axis"]["values"] == pytest.approx([0.01, 0.1, 1.0])
    assert explorer.upright(np.array([0.1, 8.0])) is None
    assert explorer.upright(np.array([0.0, 8.0])) is None
    rows = [{"y": v} for v in (0.003, 8.0)]
    assert explorer.scale_of(rows) == explorer.upright(np.array([0.003, 8.0]))
    [over] = {str(layer["encoding"]["y"]) for layer in drawn(low=0.001, high=9.0)["layer"][-1:]}
    assert "'log'" in over


def drawn(last=100.0, **ends):
    points = [end(x, run, **ends) for run in ("a", "b", "c") for x in (5.0, last)]
    return doses.chart(points, ("a", "b", "c"), "n", "title", doses._upright(points))


@pytest.mark.parametrize("last", [100.0, 1000.0])
def test_bars_of_settings_at_one_dose_stand_side_by_side(last):
    spec = drawn(last)
    rows = [row for row in spec["data"]["values"] if row["x"] == 5.0]
    at = [row["at"] for row in rows]
    assert at == sorted(at)
    assert len(set(at)) == 3
    assert at[1] == pytest.approx(5.0)
    x = spec["encoding"]["x"]
    assert (x["field"], x["axis"]["values"]) == ("at", [5.0, last])
    assert x["scale"]["type"] == ("log" if last > 150 else "linear")


def test_colour_and_shape_share_one_legend():
    """Where they differ in their columns, a browser warns and takes one of both."""
    spec = drawn()
    [shape] = [x["encoding"]["shape"] for x in spec["layer"] if "shape" in x["encoding"]]
    assert shape["legend"] == spec["encoding"]["color"]["legend"]


def test_a_cell_that_meets_its_control_says_that_it_cannot_be_told():
    ends = [end(1.0, control=2.0, apart=False), end(2.0, control=9.0, apart=True), end(3.0)]
    spec = heat.chart([(7.0, "", p) for p in ends], ("n_real", "generations"), "title", [1.0, 3.0])
    said = [row["median"] for row in spec["data"]["values"]]
    assert said == ["2 ?", "2", "2"]


def test_colours_of_a_map_over_decades_are_spread_by_their_logarithm():
    def colour(domain):
        rows = [(1.0, "", end(1.0))]
        return heat.chart(rows, ("a", "b"), "t", domain)["layer"][0]["encoding"]["color"]["scale"]

    assert colour([0.001, 5.0])["type"] == "log"
    assert "type" not in colour([1.0, 5.0])
    assert heat._middle([0.01, 100.0]) == pytest.approx(1.0)
