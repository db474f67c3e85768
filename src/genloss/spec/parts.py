"""The parts of a study: every object that fills a role, and what it says of itself."""

import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Protocol, runtime_checkable

from genloss.core.about import Entry, about_object, cited, words_of
from genloss.core.extras import NeedsExtras
from genloss.spec.build import ROLES, hints_of, kind_of
from genloss.spec.figures import check_figure_name


@runtime_checkable
class DescribesTraining(Protocol):
    """A regime that says in words what a generation trains on, with its options."""

    def trains_on(self) -> str:
        """Return what D_t is for t > 1, such as "the last 3 sets of rows"."""
        ...


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield (role, object) of everything in the fields of a dataclass, outer parts first."""
    hints = hints_of(type(value))
    for f in fields(value):
        if f.init:
            yield from _below(getattr(value, f.name), _role(hints[f.name]))


def check_extras(study: Any) -> None:
    """Raise MissingExtra where a part of a study needs a package that is not installed."""
    for _, part in parts(study):
        if isinstance(part, NeedsExtras):
            part.check_extras()


def entries(study: Any) -> dict[str, dict[str, Entry]]:
    """Return {role: {kind, or a metric's name: what is said of it}} of all parts of a study.

    A part that says nothing of itself is called after its key.

    Raises:
        SpecError: a work cited, or a figure, that is not known.
    """
    out: dict[str, dict[str, Entry]] = {}
    for role, part in parts(study):
        key = part.name if role == "metric" else kind_of(type(part))
        out.setdefault(role, {}).setdefault(key, entry_of(part, key))
    return out


def entry_of(part: Any, key: str) -> Entry:
    """Return what a part says of itself; key: what it is called if it says nothing.

    Raises:
        SpecError: a work cited, or a figure, that is not known.
    """
    kind, about = kind_of(type(part)), about_object(part)
    trains_on = part.trains_on() if isinstance(part, DescribesTraining) else ""
    if about is None:
        return Entry(kind, words_of(key.partition("(")[0]).capitalize(), trains_on=trains_on)
    if about.figure:
        check_figure_name(about.figure, f"about of {about.kind}")
    return Entry(
        kind,
        about.title,
        about.meaning,
        tuple(cited(about)),
        trains_on,
        about.headline,
        about.components,
        about.figure,
        about.images,
        str(about.aspect or ""),
        about.finite,
    )


def _below(value: Any, role: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (list, tuple)):
        for inner in value:
            yield from _below(inner, role)
    elif is_dataclass(value) and not isinstance(value, type):
        if role:
            yield role, value
        yield from parts(value)


def _role(hint: Any) -> str:
    """Return the role that a hint names: Regime, tuple[Metric, ...], Curator | None."""
    named = (h for h in (hint, *typing.get_args(hint)) if isinstance(h, typing.Hashable))
    return next((ROLES[h] for h in named if h in ROLES), "")
