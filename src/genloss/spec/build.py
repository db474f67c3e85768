"""Names and fields become objects, and objects become names and fields again.

This is the one place where a spec meets classes; modules load only when a spec names them.
"""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import numpy as np

from genloss.core.about import about_class
from genloss.core.consent import ask
from genloss.core.curators.scores import Score
from genloss.core.curators.selection import Curator
from genloss.core.features import Features
from genloss.core.roles import Form, Learner, Reality, Regime, Sampler
from genloss.core.scorer import Scorer
from genloss.core.view import Metric
from genloss.errors import MissingExtra, SpecError
from genloss.spec.plugins import (
    Plugin,
    is_declared,
    loaded,
    module_of,
    plugin_named,
    plugin_of,
    plugins,
    reach_current_folder,
)
from genloss.spec.registry import CATALOG
from genloss.spec.wording import nearest, offered, type_words


@runtime_checkable
class Identified(Protocol):
    """Something whose identity is more than its fields, such as the content of a file."""

    def identity(self) -> dict[str, str]:
        """Return what the fingerprint covers beside the fields."""
        ...


ROLES: Mapping[Any, str] = {
    Reality: "reality",
    Learner: "learner",
    Regime: "regime",
    Sampler: "sampler",
    Form: "form",
    Metric: "metric",
    Features: "features",
    Curator: "curator",
    Score: "score",
    Scorer: "scorer",
}

REVISION = "numbers_revision"
"""The attribute of a class whose numbers moved: 2 after the first time; part of its identity.

A class derived from it inherits it, as it does the numbers."""

UNLOADABLE = (ImportError, AttributeError, ValueError, TypeError)

HINTS: Mapping[str, Any] = {role: hint for hint, role in ROLES.items()}

PROTOCOLS: Mapping[str, Any] = {**HINTS, "metric": Callable}


def build(role: str, part: Any, where: str = "") -> Any:
    """Return the object of a role from "kind", from {kind = "...", fields...}, or as it is.

    Raises:
        SpecError: an unknown kind or field, or an object that does not fill the role.
    """
    where = where or role
    part_spec = {"kind": part} if isinstance(part, str) else part
    if isinstance(part_spec, Mapping) and isinstance(part_spec.get("kind"), str):
        cls = find_class(role, part_spec["kind"], where)
        part = construct(cls, {k: v for k, v in part_spec.items() if k != "kind"}, where)
    elif isinstance(part, type):
        raise SpecError(f"{where} is the class {part.__name__}; expected {part.__name__}(...)")
    elif not is_dataclass(part):
        raise SpecError(
            f"{where} is {part!r}; expected a name or a table with a kind, such as "
            f'{where} = {{ kind = "{next(iter(CATALOG[role]))}" }}; in Python also a dataclass'
        )
    else:
        part = _completed(part, where)
    if lacking := _lacking(part, HINTS[role]):
        raise SpecError(
            f"{where}: {type(part).__name__} is no {role}, it lacks {', '.join(lacking)}; one of "
            f"your own needs all of {HINTS[role].__name__}; {listing(role)} lists ours"
        )
    return part


def _lacking(part: Any, protocol: Any) -> list[str]:
    members = [name for name in dir(protocol) if name[:1] != "_"]
    members += ["__call__"] if protocol is Metric else []
    return [name for name in members if getattr(part, name, MISSING) is MISSING]


def kinds(role: str) -> list[str]:
    """Return the names that a spec may use for a role: ours, then those of other packages."""
    return list(dict.fromkeys([*CATALOG[role], *plugins(role)]))


def listing(role: str) -> str:
    """Return the command that lists the kinds of a role."""
    return f"`genloss kinds {role}`"


def find_class(role: str, kind: str, where: str) -> type:
    """Return the class behind a kind: ours, one of another package, or package.module:Class.

    Raises:
        SpecError: no such name (with the nearest), two packages with it, or a class that cannot be
            loaded.
    """
    path, plugin = CATALOG[role].get(kind, kind if ":" in kind else ""), None
    if not path and (plugin := plugin_named(role, kind, where)):
        path = plugin.path
    if not path:
        raise SpecError(
            f"{where}: unknown {role} {kind!r}{offered(kind, kinds(role), listing(role))}"
        )
    cls = _loaded(path, plugin, where)
    if not (isinstance(cls, type) and is_dataclass(cls)):
        raise SpecError(f"{where}: {path} is not a dataclass")
    about = about_class(cls)
    if plugin and about and about.kind != kind:
        raise SpecError(
            f"{where}: {plugin.origin} installs {kind!r}, but {path} calls itself {about.kind!r}; "
            "its entry point and its about must agree"
        )
    return cls


def entry_of_kind(role: str, kind: str) -> tuple[str, str]:
    """Return what the class behind a kind is called and what it means; its name if it says nothing.

    Raises:
        SpecError, MissingExtra: it cannot be loaded.
    """
    about = about_class(find_class(role, kind, role))
    return (about.title, about.meaning) if about else (kind, "")


def _loaded(path: str, plugin: Plugin | None, where: str) -> Any:
    if plugin is None:
        if not is_declared(path):
            ask(path)
        reach_current_folder(path)
    try:
        return loaded(path)
    except MissingExtra:
        raise
    except Exception as error:
        # A class of your own shows its own bugs; an installed package's are a broken package.
        if plugin is None and not isinstance(error, UNLOADABLE):
            raise
        whose = f" of {plugin.origin}" if plugin else ""
        tried = "" if plugin else "; looked among installed packages and in the current folder"
        missing = isinstance(error, ModuleNotFoundError)
        raise SpecError(
            f"{where}: cannot load {path}{whose} ({error}){tried if missing else ''}"
        ) from error


def hints_of(cls: type) -> Mapping[str, Any]:
    """Return the types of a class's fields; read once, as a sweep describes each cell often."""
    # The type checker takes no class for hashable, but any callable.
    return _hints_of(cls)


@lru_cache(maxsize=1024)
def _hints_of(cls: Callable[..., Any]) -> Mapping[str, Any]:
    return typing.get_type_hints(cls)


def describe(value: Any, *, identity: bool = False) -> Any:
    """Return the spec of an object: kinds and all fields, defaults filled in.

    A whole study fills no role, so it has no kind. identity: only what a fingerprint covers.
    """
    fills_a_role = any(isinstance(value, protocol) for protocol in PROTOCOLS.values())
    return _described(value, identity, choice=fills_a_role)


def construct(cls: type, options: Any, where: str) -> Any:
    """Build cls from a table of its fields; where: how errors call the table.

    Raises:
        SpecError: an unknown key or kind (with the nearest name), a missing key, a wrong type.
    """
    if not isinstance(options, Mapping):
        raise SpecError(f"{where} is {options!r}; expected a table of {cls.__name__}'s fields")
    known: dict[str, Field[Any]] = {f.name: f for f in fields(cls) if f.init}
    for key in options:
        if key not in known:
            listing = ", ".join(known) or "none"
            raise SpecError(
                f"{where}: unknown key {key!r}{nearest(key, known)}; {cls.__name__} takes {listing}"
            )
    for name, f in known.items():
        if name not in options and f.default is MISSING and f.default_factory is MISSING:
            raise SpecError(f"{where}: {name} is missing; {cls.__name__} needs it")
    hints = hints_of(cls)
    values = {k: _typed(hints[k], v, f"{where}.{k}") for k, v in options.items()}
    return cls(**values)


def parts_of(whole: Any, where: str = "") -> dict[str, Any]:
    """Return the parts in the fields of an object, those built that were only named.

    Raises:
        SpecError: an unknown name, or something that does not fill the role of its field.
    """
    hints, dot = hints_of(type(whole)), f"{where}." if where else ""
    return {
        f.name: _typed(hints[f.name], getattr(whole, f.name), f"{dot}{f.name}")
        for f in fields(whole)
        if f.init and _takes_part(hints[f.name])
    }


def _completed(part: Any, where: str) -> Any:
    own = parts_of(part, where)
    same = all(getattr(part, name) is built for name, built in own.items())
    return part if same else replace(part, **own)


def _takes_part(hint: Any) -> bool:
    table = is_dataclass(hint) and isinstance(hint, type)
    return hint in ROLES or is_optional_role(hint) or _is_tuple_of_roles(hint) or table


def _is_tuple_of_roles(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple and typing.get_args(hint)[0] in ROLES


def _typed(hint: Any, value: Any, where: str) -> Any:
    if is_optional_role(hint):
        return None if value is None else build(ROLES[hint.__args__[0]], value, where)
    if hint in ROLES:
        return build(ROLES[hint], value, where)
    if is_dataclass(hint) and isinstance(hint, type):
        return value if isinstance(value, hint) else construct(hint, value, where)
    if _is_tuple_of_roles(hint):
        role = ROLES[typing.get_args(hint)[0]]
        if not isinstance(value, (list, tuple)):
            raise SpecError(f"{where} is {value!r}; expected a list, such as [{value!r}]")
        built = tuple(build(role, v, f"{where}[{i}]") for i, v in enumerate(value))
        same = all(old is new for old, new in zip(value, built, strict=True))
        return value if same and isinstance(value, tuple) else built
    return _validated(hint, value, where)


def is_optional_role(hint: Any) -> bool:
    """Whether a field holds an object of a role or None, which a spec leaves out."""
    return isinstance(hint, types.UnionType) and hint.__args__[0] in ROLES


def _validated(hint: Any, value: Any, where: str) -> Any:
    from pydantic import ValidationError

    # JSON and TOML have lists only; everything else must have its type, "5" is not 5.
    value = _tuples(value)
    try:
        # A type that holds something without a hash is made anew every time.
        made = _adapter if isinstance(hint, typing.Hashable) else _adapter.__wrapped__
        return made(hint).validate_python(value)
    except ValidationError:
        raise SpecError(f"{where} is {value!r}; expected {type_words(hint)}") from None


@lru_cache(maxsize=1024)
def _adapter(hint: Any) -> Any:
    from pydantic import ConfigDict, TypeAdapter

    return TypeAdapter(hint, config=ConfigDict(strict=True))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, (list, tuple)) else value


def _described(value: Any, identity: bool, choice: bool = True) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        kind = kind_of(type(value)) if choice else ""
        out: dict[str, Any] = {"kind": kind} if kind else {}
        hints = hints_of(type(value))
        for f in fields(value):
            empty = getattr(value, f.name) is None and is_optional_role(hints[f.name])
            if f.init and not empty and not (identity and f.metadata.get("identity") is False):
                # A field of one class says nothing by naming it; a field of a role does.
                is_choice = not is_dataclass(hints[f.name])
                out[f.name] = _described(getattr(value, f.name), identity, is_choice)
        if identity and (revision := getattr(type(value), REVISION, 1)) != 1:
            out[REVISION] = revision
        if identity and kind and (plugin := plugin_of(type(value))):
            # No field can have this name.
            out["from"] = plugin.origin
        if identity and isinstance(value, Identified):
            out |= value.identity()
        return out
    if isinstance(value, (list, tuple)):
        return [_described(v, identity) for v in value]
    if isinstance(value, (types.FunctionType, type)):
        raise SpecError(f"{value!r} cannot be written into a spec; give it a class with fields")
    # A number that came out of an array is the number.
    return value.item() if isinstance(value, np.generic) else value


def kind_of(cls: type) -> str:
    """Return the name by which specs call a class: its short one, or "package.module:Class"."""
    path = f"{module_of(cls)}:{cls.__qualname__}"
    for names in CATALOG.values():
        for kind, home in names.items():
            if home == path:
                return kind
    plugin = plugin_of(cls)
    return plugin.kind if plugin and plugin.kind not in CATALOG[plugin.role] else path
