"""A figure: components as lines, and a band from the first to the last of them."""

from genloss.report.figures.drawing import Drawing


def draw(c):
    medians = zip(*(c.quantile(k) for k in range(len(c.labels))), strict=True)
    rows = [
        {"t": t, **{f"c{k}": v for k, v in enumerate(values)}}
        for t, values in zip(c.t.tolist(), medians, strict=True)
    ]
    x = {"field": "t", "type": "quantitative", "scale": {"domain": [0, c.last]}}
    y = {"type": "quantitative", "scale": {"domain": [c.low, c.high], "zero": False}}
    at = [{**y, "field": f"c{k}", "title": c.unit} for k in range(len(c.labels))]
    return {
        "description": f"{', '.join(c.titles)} over generations, {c.run}",
        "width": 320,
        "height": 240,
        "data": {"values": rows},
        "encoding": {"x": {**x, "title": "generation t", "axis": {"tickMinStep": 1}}},
        "layer": [
            {"mark": {"type": "area", "opacity": 0.2}, "encoding": {"y": at[0], "y2": at[-1]}},
            *(
                {"mark": {**LINE, "strokeDash": [1 + 4 * k, 3 * k]}, "encoding": {"y": one}}
                for k, one in enumerate(at)
            ),
        ],
    }


LINE = {"type": "line", "point": True}
RANGE = Drawing(draw, "solid: the first component; dashed: the next, ever longer", fewest=2)
