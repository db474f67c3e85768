"""Entries of targets.toml, each of which stands for several targets.

    [names]                      # what {name} stands for in any text below; values of any type
    source = "A. Author 2024, arXiv:..."
    [target]                     # fields of all targets, see genloss.judge.targets
    statistic = "mean"
    [scale.smoke]                # ... at one scale, such as another horizon
    t = 30
    names = { last = "thirtieth" }

    [[targets]]                  # fields of its own, as texts in which {name} is filled in
    id = "trace.n={n},t={t}"
    vary = { n = [10, 32], t = [1, 100] }                          # every combination, or
    vary = { "n, t, published" = [[10, 1, 0.96], [32, 1, 0.98]] }  # together, as rows of a table
    smoke = { t = 5 }            # fields (and vary) that one scale replaces
    scales = ["smoke", "paper"]  # the scales that have these targets, else all

What varies sets the field of that name ("band.high" reaches into a table); any other name is only
filled in. "{scale}" is the scale, and the fields of a target that are one value are names too. A
text that is nothing but "{name}" becomes the value itself, of whatever type.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from genloss.errors import SpecError
from genloss.judge.targets import Target, target_from
from genloss.published.scales import KNOWN, SCALES, checked_scales
from genloss.spec.toml import checked_keys, merged
from genloss.spec.wording import nearest
from genloss.study.grid import combinations

FIELDS = (
    "id",
    "what",
    "published",
    "run",
    "metric",
    "t",
    "statistic",
    "band",
    "source",
    "minus",
)
NAME = re.compile(r"\{([\w.]+)\}")


def targets_of(spec: Mapping[str, Any], scale: str, where: str) -> tuple[Target, ...]:
    """Return the targets of one scale, in the order written.

    Raises:
        SpecError: an unknown key or {name}, something that varies and is used nowhere, a
            field of another type, or two targets of one id.
    """
    checked_keys(spec, where, ("targets",), ("names", "target", "scale"))
    checked_keys(spec.get("target", {}), f"{where}: target", optional=FIELDS)
    checked_keys(spec.get("scale", {}), f"{where}: scale", optional=KNOWN)
    for key, table in spec.get("scale", {}).items():
        checked_keys(table, f"{where}: scale.{key}", optional=(*FIELDS, "names"))
    if not isinstance(spec["targets"], list):
        raise SpecError(f"{where}: targets is {spec['targets']!r}; expected [[targets]]")
    targets: dict[str, Target] = {}
    for i, entry in enumerate(spec["targets"]):
        place = f"{where}: targets[{i}]"
        for table in _tables(spec, entry, scale, place):
            target = target_from(table, place)
            if target.id in targets:
                raise SpecError(f"{where}: two targets are called {target.id!r}")
            targets[target.id] = target
    return tuple(targets.values())


def _tables(
    spec: Mapping[str, Any], entry: Mapping[str, Any], scale: str, where: str
) -> Iterator[dict[str, Any]]:
    checked_keys(entry, where, optional=(*FIELDS, "vary", "scales", *KNOWN))
    for other in KNOWN:
        checked_keys(entry.get(other, {}), f"{where}.{other}", optional=(*FIELDS, "vary"))
    if scale not in checked_scales(entry.get("scales", SCALES), where):
        return
    at_scale = spec.get("scale", {}).get(scale, {})
    fields: dict[str, Any] = {}
    for layer in (spec.get("target", {}), at_scale, entry, entry.get(scale, {})):
        fields = merged(fields, {k: v for k, v in layer.items() if k in FIELDS})
    vary = {**entry.get("vary", {}), **entry.get(scale, {}).get("vary", {})}
    for values in combinations(vary, where):
        varied = merged(fields, {k: v for k, v in values.items() if k.split(".")[0] in FIELDS})
        names = {**spec.get("names", {}), **at_scale.get("names", {}), **values, "scale": scale}
        names |= {k: v for k, v in varied.items() if not isinstance(v, Mapping)}
        used: set[str] = set()
        yield {k: _filled(v, names, used, where) for k, v in varied.items()}
        idle = [k for k in values if k.split(".")[0] not in FIELDS and k not in used]
        if idle:
            raise SpecError(f"{where}: {idle[0]} varies, but no text holds {{{idle[0]}}}")


def _filled(value: Any, names: Mapping[str, Any], used: set[str], where: str) -> Any:
    if isinstance(value, Mapping):
        return {k: _filled(v, names, used, where) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, names, used, where) for v in value]
    if not isinstance(value, str):
        return value

    def named(match: re.Match[str]) -> Any:
        name = match.group(1)
        if name not in names:
            raise SpecError(f"{where}: nothing is called {match.group()}{nearest(name, names)}")
        used.add(name)
        # A name may be made of others, but not of itself.
        return _filled(names[name], {k: v for k, v in names.items() if k != name}, used, where)

    whole = NAME.fullmatch(value)
    return named(whole) if whole else NAME.sub(lambda match: str(named(match)), value)
