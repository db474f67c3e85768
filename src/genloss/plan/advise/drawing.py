"""Pictures of advice: the runs and where the bound is crossed; risk against budget."""

from typing import Any

from genloss.plan.advise.advice import Answer
from genloss.plan.advise.evidence import reached
from genloss.plan.advise.frontier import Frontier
from genloss.plan.advise.question import Question

Spec = dict[str, Any]

BEST, DEARER = "on the frontier", "dearer than one as good"

SIZE = {"width": 460, "height": 300, "view": {"stroke": None}}


def frontier_chart(question: Question, found: Frontier) -> Spec:
    """Return risk over budget: every mixture a dot, the best ones joined."""
    target = question.target
    rows = [
        {"cost": m.cost, "risk": m.risk, "real": m.real, "synthetic": m.synthetic}
        | {"best": BEST if m.on_frontier else DEARER}
        for m in found.mixtures
    ]
    x = _axis("cost", "budget over all generations", [m.cost for m in found.mixtures])
    y = _axis("risk", f"{target.metric} at generation {target.t}", [m.risk for m in found.mixtures])
    best = [{"filter": f"datum.best == '{BEST}'"}]
    return SIZE | {
        "title": f"{target.metric}: risk against budget, {found.supply} real rows",
        "data": {"values": rows},
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "size": 24, "opacity": 0.5},
                "encoding": {
                    "color": {
                        "field": "best",
                        "type": "nominal",
                        "scale": {"domain": [BEST, DEARER]},
                        "legend": LEGEND,
                    }
                },
            },
            {"mark": {"type": "line", "strokeWidth": 1.75}, "transform": best},
            *_bound(question),
        ],
    }


def evidence_chart(question: Question, answer: Answer) -> Spec:
    """Return the runs of a search: every chain a dot, the estimand a line, and the bound."""
    target = question.target
    values = [
        {"x": answer.dial.value(c.dial), "y": float(v), "reached": reached(question, c)}
        for c in answer.cells
        for v in c.values
    ]
    title = "real rows a generation" if answer.rows is not None else answer.axis
    kept = [v for v in values if v["x"] > 0] or values
    x = _axis("x", title, [v["x"] for v in kept])
    y = _axis("y", f"{target.metric} at generation {target.t}", [v["y"] for v in kept])
    return SIZE | {
        "title": f"{target.metric}: what small runs reach",
        "data": {"values": kept},
        "encoding": {"x": x},
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "size": 14, "opacity": 0.35},
                "encoding": {"y": y},
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.75},
                "encoding": {"y": {**y, "field": "reached"}},
            },
            *_bound(question),
        ],
    }


LEGEND = {"title": None, "orient": "bottom"}


def _axis(name: str, title: str, values: list[float]) -> Spec:
    log = min(values) > 0 and max(values) / min(values) > 10
    scale = {"type": "log" if log else "linear", "zero": False, "nice": False, "padding": 12}
    axis = {"title": title, "labelOverlap": True, "tickCount": 5}
    return {"field": name, "type": "quantitative", "scale": scale, "axis": axis}


def _bound(question: Question) -> list[Spec]:
    target = question.target
    if target.value != target.value:
        return []
    rule = {"type": "rule", "strokeDash": [4, 4], "strokeWidth": 1.5}
    return [{"mark": rule, "encoding": {"x": None, "y": {"datum": target.value}}}]
