"""Experiments as folders: those shipped with the package, under genloss/published, and anybody's.

spec.toml holds a title, a base [study], overrides per [scale.NAME] and [[runs]]: each with a name
template, `set` (dotted overrides), a grid (`vary`, `cases`, `exclude`, `seeds`, see
`genloss.study.grid`) and optional tables named after a scale that replace entries of `set` and
`vary`; `scales` limits a run to some scales. targets.toml holds the targets (see
genloss.published.target_entries).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from genloss.errors import MissingExtra, SpecError
from genloss.judge.targets import Target
from genloss.published.scales import KNOWN, SCALES, SMOKE, checked_scales, scales_of
from genloss.published.target_entries import targets_of
from genloss.spec.consent import consent
from genloss.spec.parts import check_extras
from genloss.spec.plugins import plugin_named, plugins
from genloss.spec.toml import checked_keys, merged, overridden, read_spec
from genloss.spec.wording import nearest
from genloss.study.grid import KEYS, Grid, filled
from genloss.study.study import Study, study_from

SPEC = "spec.toml"
TARGETS = "targets.toml"
YOURS = "if it is yours, or you trust where it comes from"


@dataclass(frozen=True)
class Experiment:
    """One experiment at one scale: its studies by run name, and its targets.

    address: what `genloss reproduce` takes, a name of ours or path/to/NAME.
    """

    name: str
    address: str
    scale: str
    title: str
    studies: Mapping[str, Study]
    targets: tuple[Target, ...]


def published_folder() -> Path:
    """Return the folder of the shipped experiments."""
    return Path(str(resources.files("genloss"))) / "published"


def published_names() -> list[str]:
    """Return the names of the shipped experiments."""
    return sorted(p.parent.name for p in published_folder().glob(f"*/{SPEC}"))


def experiment_titles() -> dict[str, str]:
    """Return the titles of ours and of other packages' experiments by name, without any extra.

    Of a broken one, what is wrong.
    """
    ours, titles = published_names(), {}
    for name in (*ours, *sorted(set(plugins("experiment")) - set(ours))):
        try:
            titles[name] = str(read_spec(experiment_folder(name) / SPEC)["title"])
        except (SpecError, KeyError) as error:
            titles[name] = f"cannot be run: {error}"
    return titles


def tour_experiments() -> tuple[list[Experiment], list[str]]:
    """Return what `genloss demo` runs, at smoke scale, and why some is left out (a missing extra).

    The demo's own studies come first, as an experiment without targets.
    """
    spec = read_spec(published_folder() / "tour.toml")
    loads: dict[str, Callable[[], Experiment]] = {
        "tour": lambda: Experiment("tour", "tour", SMOKE, "", named(studies_of(spec, SMOKE)), ())
    }
    loads |= {name: partial(load_experiment, name, SMOKE) for name in published_names()}
    experiments: list[Experiment] = []
    left_out: list[str] = []
    for name, load in loads.items():
        try:
            experiment = load()
        except MissingExtra as error:
            left_out.append(f"{name}: {error}")
            continue
        studies, lacking = _with_extras(experiment.studies)
        # Targets are judged on all runs of an experiment.
        whole = bool(experiment.targets)
        left_out += [f"{name}{'' if whole else f' ({n})'}: {why}" for why, n in lacking.items()]
        if studies and not (whole and lacking):
            experiments.append(replace(experiment, studies=studies))
    return experiments, left_out


def _with_extras(studies: Mapping[str, Study]) -> tuple[dict[str, Study], dict[str, str]]:
    """Return the studies whose packages are installed, and {why others are left out: which}."""
    complete: dict[str, Study] = {}
    lacking: dict[str, list[str]] = {}
    for name, study in studies.items():
        try:
            check_extras(study)
            complete[name] = study
        except MissingExtra as error:
            lacking.setdefault(str(error), []).append(name)
    return complete, {why: "; ".join(names) for why, names in lacking.items()}


def load_experiment(
    name: str, scale: str, overrides: Sequence[str] = (), *, trust: bool = False
) -> Experiment:
    """Load an experiment of ours or of another package by name, or one in a folder by path.

    A name of ours wins; overrides "a.b=value" change all studies alike. trust: whether a folder may
    name classes of its own, whose code then runs; what is installed is trusted.

    Raises:
        CodeRefused: a folder by path names such a class, without trust.
        SpecError: an unknown experiment or scale, a folder without spec.toml, one that is called
            like a shipped experiment, or a file that is laid out otherwise.
    """
    folder = experiment_folder(name)
    spec = checked_spec(read_spec(folder / SPEC), str(folder / SPEC))
    if scale not in scales_of(spec):
        raise SpecError(
            f"unknown scale {scale!r}; expected one of {', '.join(scales_of(spec))} for {name}"
        )
    by_name = name in (*published_names(), *plugins("experiment"))
    with consent(folder, spec, trust=trust or by_name, command="reproduce", remedy=YOURS):
        studies = named(studies_of(spec, scale, overrides))
    targets = targets_of(read_spec(folder / TARGETS), scale, str(folder / TARGETS))
    called, address = (name, name) if by_name else (folder.name, f"path/to/{folder.name}")
    return Experiment(called, address, scale, spec["title"], studies, targets)


def experiment_folder(name: str) -> Path:
    """Return the folder of a shipped experiment, of another package's, or `name` as a path.

    Raises:
        SpecError: neither; or a folder of your own under the name of a shipped experiment.
    """
    known = published_names()
    if name in known:
        return published_folder() / name
    if (plugin := plugin_named("experiment", name, "experiment")) is not None:
        return plugin.folder()
    folder = Path(name).resolve()
    if not folder.is_dir():
        every = [*known, *plugins("experiment")]
        raise SpecError(
            f"unknown experiment {name!r}{nearest(name, every)}; `genloss reproduce` lists those "
            f"shipped, and a folder with {SPEC} is one also"
        )
    if not (folder / SPEC).is_file():
        raise SpecError(
            f"{name} holds no {SPEC}, so it is not an experiment; see docs/extending.md"
        )
    ours = published_folder() / folder.name
    if folder.name in known and folder != ours.resolve():
        raise SpecError(
            f"{name} is called like a shipped experiment; rename the folder, since its verdicts "
            "would stand for those of the other"
        )
    return folder


def named(studies: Iterable[Study]) -> dict[str, Study]:
    """Return studies by name; raises SpecError where two share one."""
    by_name: dict[str, Study] = {}
    for study in studies:
        if study.name in by_name:
            raise SpecError(f"two runs are called {study.name!r}; put what varies into the name")
        by_name[study.name] = study
    return by_name


def checked_spec(spec: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Return an experiment's spec; raises SpecError where it is laid out otherwise."""
    checked_keys(spec, where, ("title", "study"), ("runs", "scale"))
    checked_keys(spec.get("scale", {}), f"{where}: scale", optional=KNOWN)
    if not isinstance(spec.get("runs"), list):
        raise SpecError(f"{where}: runs is {spec.get('runs')!r}; expected [[runs]]")
    for i, entry in enumerate(spec["runs"]):
        place = f"{where}: runs[{i}]"
        checked_keys(entry, place, ("name",), ("set", *KEYS, "scales", *KNOWN))
        checked_scales(entry.get("scales", SCALES), place)
        for scale in KNOWN:
            checked_keys(entry.get(scale, {}), f"{place}.{scale}", optional=("set", "vary"))
    return spec


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
        where = f"run {entry['name']!r}"
        table = {key: entry[key] for key in KEYS if key in entry}
        table["vary"] = {**entry.get("vary", {}), **at_scale.get("vary", {})}
        for options in Grid.of(table, where).cells(where):
            name = filled(entry["name"], options)
            yield study_from({**overridden(merged(fixed, options), overrides), "name": name})
