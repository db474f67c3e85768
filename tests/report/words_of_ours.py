"""What our own classes say of themselves, for run folders that no study wrote."""

from typing import Any

from genloss.errors import SpecError
from genloss.metrics.laws import ComponentStd
from genloss.spec.build import build, find_class
from genloss.spec.parts import entry_of, parts
from genloss.spec.registry import CATALOG

SEVERAL = {
    **{f"{which}_component_std": ComponentStd(which) for which in ("smallest", "largest")},
}
"""Metrics whose class has several names."""


def words(spec: dict[str, Any], metrics: list[str]) -> dict[str, dict[str, Any]]:
    """Return the entries of a described study, and of metrics by name."""
    out: dict[str, dict[str, Any]] = {"metric": {}}
    for role in ("reality", "learner", "regime", "sampler", "form", "curator"):
        if role not in spec:
            continue
        try:
            part = build(role, spec[role])
        except SpecError:
            continue
        for inner, found in ((role, part), *parts(part)):
            kind = find_kind(inner, found)
            out.setdefault(inner, {})[kind] = entry_of(found, kind)
    for name in metrics:
        base = name.partition("(")[0]
        if base in SEVERAL:
            out["metric"][name] = entry_of(SEVERAL[base], name)
        elif base in CATALOG["metric"]:
            cls = find_class("metric", base, "")
            out["metric"][name] = entry_of(object.__new__(cls), name)
    return out


def find_kind(role: str, part: Any) -> str:
    return next(k for k in CATALOG[role] if find_class(role, k, "") is type(part))
