"""Classes of other packages, found by their entry points when our own index lacks a name.

    [project.entry-points."genloss.learners"]
    student_t = "genloss_student.learner:StudentLearner"

Only metadata are read until a spec names a class, so that a package that cannot be imported
troubles nobody who does not ask for it.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from genloss.core.about import about_class
from genloss.errors import SpecError
from genloss.spec.loaded import MAIN, note
from genloss.spec.registry import CATALOG

GROUPS: Mapping[str, str] = {
    "reality": "genloss.realities",
    "learner": "genloss.learners",
    "regime": "genloss.regimes",
    "sampler": "genloss.samplers",
    "form": "genloss.forms",
    "curator": "genloss.curators",
    "score": "genloss.scores",
    "scorer": "genloss.scorers",
    "features": "genloss.features",
    "metric": "genloss.metrics",
    "experiment": "genloss.experiments",
    "figure": "genloss.figures",
}
"""Role to the group of entry points for it; an experiment's is a folder inside a package, a
figure's a `report.figures.drawing.Drawing`."""


@dataclass(frozen=True)
class Plugin:
    """One name that another distribution brings; path is "package.module:Class"."""

    role: str
    kind: str
    path: str
    distribution: str
    version: str

    @property
    def origin(self) -> str:
        """The distribution and its version, as identities have them."""
        return f"{self.distribution} {self.version}"

    def folder(self) -> Path:
        """Return the folder inside a package that "package:folder" names, without importing it.

        Raises:
            SpecError: there is none.
        """
        from importlib.util import find_spec

        package, _, inside = self.path.partition(":")
        spec = find_spec(package) if package.isidentifier() else None
        for place in (spec.submodule_search_locations or ()) if spec else ():
            if (folder := Path(place) / inside).is_dir():
                return folder
        raise SpecError(
            f"{self.origin} says that {self.kind!r} lies in {self.path}, where no folder is; "
            "expected package:folder"
        )


@cache
def plugins(role: str) -> Mapping[str, tuple[Plugin, ...]]:
    """Return all names that other distributions bring for a role, with everybody who brings them.

    A distribution whose metadata cannot be read brings nothing.
    """
    out: dict[str, tuple[Plugin, ...]] = {}
    for plugin in _installed():
        if plugin.role == role:
            out[plugin.kind] = (*out.get(plugin.kind, ()), plugin)
    return out


def plugin_named(role: str, kind: str, where: str) -> Plugin | None:
    """Return who brings a name, or None.

    Raises:
        SpecError: two distributions bring it.
    """
    known = plugins(role).get(kind, ())
    if len(known) > 1:
        listing = " and ".join(f"{p.origin} ({p.path})" for p in known)
        raise SpecError(
            f"{where}: {kind!r} is a {role} of {listing}; uninstall one of them, or name the class "
            "as package.module:Class"
        )
    return known[0] if known else None


def is_declared(path: str) -> bool:
    """Return whether "package.module:Class" is ours, or an entry point of an installed package."""
    package = path.partition(":")[0].partition(".")[0]
    return package == "genloss" or any(plugin.path == path for plugin in _installed())


def module_of(cls: type) -> str:
    """Return the module that defines a class; of a script, `__main__` in its workers too."""
    return MAIN[0] if cls.__module__ in MAIN else cls.__module__


def loaded(path: str) -> Any:
    """Import a module and return what "package.module:Name" names in it; it may raise anything."""
    name, _, attribute = path.partition(":")
    module = import_module(name)
    if name.partition(".")[0] != "genloss":
        note(module)
    return getattr(module, attribute)


def reach_current_folder(path: str) -> None:
    """Let the module of "package.module:Class" be found in the current folder, after all others.

    A console script does not look there; worker processes inherit the path.
    """
    top, here = path.partition(":")[0].partition(".")[0], os.getcwd()
    if top in sys.modules or here in sys.path or find_spec(top) is not None:
        return
    if PathFinder.find_spec(top, [here]) is not None:
        sys.path.append(here)


def plugin_of(cls: type) -> Plugin | None:
    """Return the entry point under which a class is installed, or None."""
    if cls.__module__.partition(".")[0] == "genloss":
        return None
    path, about = f"{cls.__module__}:{cls.__qualname__}", about_class(cls)
    for role in CATALOG:
        for kind, known in plugins(role).items():
            if len(known) > 1:
                continue
            # A package may name its class by another module that imports it.
            again = about is not None and about.kind == kind and _is(known[0], cls)
            if known[0].path == path or again:
                return known[0]
    return None


def _is(plugin: Plugin, cls: type) -> bool:
    try:
        return loaded(plugin.path) is cls
    except Exception:
        return False


@cache
def _installed() -> tuple[Plugin, ...]:
    return tuple(_entries())


def _entries() -> Iterator[Plugin]:
    from importlib.metadata import distributions

    roles = {group: role for role, group in GROUPS.items()}
    names = {"genloss"}
    for distribution in distributions():
        try:
            name, version = distribution.metadata["Name"], distribution.version
            # The first one on the path is the one that imports.
            if name.lower() in names:
                continue
            names.add(name.lower())
            ours = [e for e in distribution.entry_points if e.group in roles]
        except Exception:
            continue
        for entry in ours:
            yield Plugin(roles[entry.group], entry.name, entry.value, name, version)
