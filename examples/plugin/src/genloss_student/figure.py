"""A figure: components as lines, and a band from low values of the first to high of the last."""

from genloss.report.figures.drawing import Drawing

LINE = {"type": "line", "point": True}


def draw(c):
    names = [f"c{k}" for k in range(len(c.labels))]
    columns = {name: c.quantile(k) for k, name in enumerate(names)}
    columns |= {"t": c.t.tolist(), "low": c.quantile(0, 0.05), "high": c.quantile(-1, 0.95)}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    x = {"field": "t", "type": "quantitative", "scale": {"domain": [0, c.last]}}
    y = {"type": "quantitative", "scale": {"domain": [c.low, c.high], "zero": False}}
    band = {"y": {**y, "field": "low", "title": c.unit}, "y2": {"field": "high"}}
    lines = (
        {
            "mark": {**LINE, "strokeDash": [1 + 4 * k, 3 * k]},
            "encoding": {"y": {**y, "field": name, "title": c.unit}},
        }
        for k, name in enumerate(names)
    )
    return {
        "description": f"{', '.join(c.titles)} over generations, {c.run}",
        "width": 320,
        "height": 240,
        "data": {"values": rows},
        "encoding": {"x": {**x, "title": "generation t", "axis": {"tickMinStep": 1}}},
        "layer": [{"mark": {"type": "area", "opacity": 0.2}, "encoding": band}, *lines],
    }


RANGE = Drawing(
    draw,
    "medians, the first solid, the next dashed; band: 5 % of the chains lie beyond either end",
    fewest=2,
)
