"""The experiments shipped with the package: one folder each under genloss/published.

spec.toml holds a title, a base [study], overrides per [scale.NAME] and [[runs]]: each with a name
template, `set` (dotted overrides), `vary` (dotted keys with lists, expanded as a product) and
optional tables named after a scale that replace entries of `set` and `vary`; `scales` limits a run
to some scales. expected.json holds the targets (see genloss.judge.targets).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

from genloss.errors import MissingExtra, SpecError
from genloss.spec.build import nearest
from genloss.spec.toml import merged, overridden, read_spec
from genloss.study.study import Study, study_from

SMOKE = "smoke"
SCALES = (SMOKE, "laptop", "paper")


@dataclass(frozen=True)
class Experiment:
    """One published experiment at one scale: its studies by run name, and its targets."""

    name: str
    scale: str
    title: str
    studies: Mapping[str, Study]
    targets: tuple[Mapping[str, Any], ...]


def published_folder() -> Path:
    """Return the folder of the shipped experiments."""
    return Path(str(resources.files("genloss"))) / "published"


def published_names() -> list[str]:
    """Return the names of the shipped experiments."""
    return sorted(p.parent.name for p in published_folder().glob("*/spec.toml"))


def tour_experiments() -> tuple[list[Experiment], list[str]]:
    """Return what `genloss demo` runs, at smoke scale, and why some is left out (a missing extra).

    The demo's own studies come first, as an experiment without targets.
    """
    spec = read_spec(published_folder() / "tour.toml")
    loads: dict[str, Callable[[], Experiment]] = {
        "tour": lambda: Experiment("tour", SMOKE, "", named(studies_of(spec, SMOKE)), ())
    }
    loads |= {name: partial(load_experiment, name, SMOKE) for name in published_names()}
    found: list[Experiment] = []
    left_out: list[str] = []
    for name, load in loads.items():
        try:
            found.append(load())
        except MissingExtra as error:
            left_out.append(f"{name}: {error}")
    return found, left_out


def load_experiment(name: str, scale: str, overrides: Sequence[str] = ()) -> Experiment:
    """Load a shipped experiment; overrides "a.b=value" change all its studies alike.

    Raises:
        SpecError: an unknown experiment or scale; the message offers the nearest name.
    """
    known = published_names()
    if name not in known:
        raise SpecError(
            f"unknown experiment {name!r}{nearest(name, known)}; `genloss reproduce` lists all"
        )
    if scale not in SCALES:
        raise SpecError(f"unknown scale {scale!r}; expected one of {', '.join(SCALES)}")
    folder = published_folder() / name
    spec = read_spec(folder / "spec.toml")
    expected = json.loads((folder / "expected.json").read_text())
    studies = named(studies_of(spec, scale, overrides))
    targets = tuple(t for t in expected["targets"] if scale in t.get("scales", SCALES))
    return Experiment(name, scale, spec["title"], studies, targets)


def named(studies: Iterable[Study]) -> dict[str, Study]:
    """Return studies by name; raises SpecError where two share one."""
    found: dict[str, Study] = {}
    for study in studies:
        if study.name in found:
            raise SpecError(f"two runs are called {study.name!r}; put what varies into the name")
        found[study.name] = study
    return found


def studies_of(
    spec: Mapping[str, Any], scale: str, overrides: Sequence[str] = ()
) -> Iterator[Study]:
    """Yield the studies of an experiment's spec at one scale, in the order written."""
    base = merged(spec["study"], spec.get("scale", {}).get(scale, {}))
    for entry in spec["runs"]:
        if scale not in entry.get("scales", SCALES):
            continue
        at_scale = entry.get(scale, {})
        fixed = merged(base, {**entry.get("set", {}), **at_scale.get("set", {})})
        vary = {**entry.get("vary", {}), **at_scale.get("vary", {})}
        for values in product(*vary.values()):
            chosen = dict(zip(vary, values, strict=True))
            name = _filled(entry["name"], chosen)
            yield study_from({**overridden(merged(fixed, chosen), overrides), "name": name})


def _filled(template: str, values: Mapping[str, Any]) -> str:
    for key, value in values.items():
        template = template.replace("{" + key + "}", str(value))
    return template
