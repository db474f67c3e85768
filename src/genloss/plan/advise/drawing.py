"""Pictures of advice: the runs and where the bound is crossed; risk against budget."""

from collections.abc import Sequence
from typing import Any

from genloss.plan.advise.advice import Answer
from genloss.plan.advise.evidence import reached
from genloss.plan.advise.frontier import Frontier
from genloss.plan.advise.question import Question
from genloss.plan.advise.supplies import RealRows

Spec = dict[str, Any]

BEST, DEARER = "on the frontier", "dearer than one as good"
RULES = ("pooled", "best weight")

SIZE = {"width": 460, "height": 300, "view": {"stroke": None}}


def frontier_chart(question: Question, found: Frontier) -> Spec:
    """Return risk over budget: every mixture a dot, the best ones joined."""
    target = question.target
    rows = [
        {"cost": m.cost, "risk": m.risk, "real": m.real, "synthetic": m.synthetic}
        | {"best": BEST if m.on_frontier else DEARER, "rule": RULES[m.weighted]}
        for m in found.mixtures
    ]
    rules = {m.weighted for m in found.mixtures}
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
                    "color": _nominal("best", [BEST, DEARER]),
                    **({"shape": _nominal("rule", list(RULES))} if len(rules) > 1 else {}),
                },
            },
            {"mark": {"type": "line", "strokeWidth": 1.75}, "transform": best},
            *_bound(question),
        ],
    }


def evidence_chart(question: Question, answers: Sequence[Answer]) -> Spec:
    """Return the runs of searches of one dial: every chain a dot, the estimand a line, the bound.

    answers: by one rule, or by both of them, in two colours.
    """
    target = question.target
    values: list[Spec] = [
        {"x": a.dial.value(c.dial), "y": float(v), "reached": reached(question, c)}
        | {"rule": RULES[isinstance(a.dial, RealRows) and a.dial.weighted]}
        for a in answers
        for c in a.cells
        for v in c.values
    ]
    real = isinstance(answers[0].dial, RealRows)
    title = "real rows a generation" if real else answers[0].axis
    # Real rows mostly lie on a logarithmic axis, which has no 0.
    kept = [v for v in values if v["x"] > 0 or not real] or values
    x = _axis("x", title, [v["x"] for v in kept])
    y = _axis("y", f"{target.metric} at generation {target.t}", [v["y"] for v in kept])
    rules = {"color": _nominal("rule", list(RULES))} if len(answers) > 1 else {}
    return SIZE | {
        "title": f"{target.metric}: what small runs reach",
        "data": {"values": kept},
        "encoding": {"x": x},
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "size": 14, "opacity": 0.35},
                "encoding": {"y": y} | rules,
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.75},
                "encoding": {"y": {**y, "field": "reached"}} | rules,
            },
            *_bound(question),
        ],
    }


LEGEND = {"title": None, "orient": "bottom"}


def _nominal(name: str, domain: list[str]) -> Spec:
    return {"field": name, "type": "nominal", "scale": {"domain": domain}, "legend": LEGEND}


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
