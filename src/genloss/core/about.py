"""What a class says of itself: its short name, title, meaning and the works it comes from.

    @dataclass(frozen=True)
    class TraceRatio:
        about = About("trace_ratio", "Trace ratio", "Total variance ...", ("kazdan-2024",))

It is not a field, and so not part of a run's identity; a class without one works as well. Reports
read it from the about.json of a run, never from the class.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Protocol, runtime_checkable

from genloss.errors import SpecError


@dataclass(frozen=True)
class Work:
    """A published work; key is its first author and year; genloss itself never follows the link.

    Another package cites works of its own by passing them to `About`; ours are in works.toml.

    Raises:
        SpecError: a link that is not an https address.
    """

    key: str
    authors: str
    year: int
    title: str
    venue: str = ""
    link: str = ""

    def __post_init__(self) -> None:
        # It becomes a link on a page, where an address of another kind could run a script.
        if self.link and not self.link.startswith("https://"):
            raise SpecError(f"{self.key}: link is {self.link!r}; expected https://... or none")


class Aspect(StrEnum):
    """Which question about a model a metric answers; verdicts ask for one, never for a metric."""

    RISK = "risk"
    """How wrong the model is about reality."""
    SPREAD = "spread"
    """How much variety is left, 0 for a model that says one thing only."""
    TAIL = "tail"
    """How much of what is rare is left, 0 where all of it is lost."""
    MODES = "modes"
    """How many of reality's modes are left, counted."""
    NOVELTY = "novelty"
    """Share of rows unlike anything real."""
    GROUP = "group"
    """Share of rows that belong to one named group, such as a minority; no verdict of its own."""


@dataclass(frozen=True)
class Component:
    """What a metric of several numbers says of one of them; see `About`."""

    label: str
    title: str
    meaning: str = ""
    headline: bool = False


@dataclass(frozen=True)
class About:
    """What a class says of itself.

    kind: the short name in specs. title: a heading. meaning: one sentence for a reader who has
    never seen it. works: keys of works.toml, or works that the package brings. headline: whether a
    metric says enough at a glance to open a report. components: what differs between the numbers of
    a metric that has several; those that it leaves out are titled by the metric's title and their
    label. figure: how a report draws them together ('area', 'fan', 'rarefaction', 'path', or one
    of another package, see `genloss.spec.figures`), else each has lines of its own. images: whether
    the rows of a reality are square grey images, which reports show as such. aspect: which question
    a metric answers, if it is one that verdicts ask. finite: whether a reality owns a set of rows,
    which all chains share, so that no interval over chains holds the draw of that set.
    """

    kind: str
    title: str
    meaning: str = ""
    works: tuple[str | Work, ...] = ()
    headline: bool = False
    components: tuple[Component, ...] = ()
    figure: str = ""
    images: bool = False
    aspect: Aspect | None = None
    finite: bool = False


@dataclass(frozen=True)
class Entry:
    """What about.json says of one part of a run, resolved, so that a report needs no class.

    trains_on: what a generation trains on in words, where the part is a regime that says so.
    """

    kind: str
    title: str
    meaning: str = ""
    works: tuple[Work, ...] = ()
    trains_on: str = ""
    headline: bool = False
    components: tuple[Component, ...] = ()
    figure: str = ""
    images: bool = False
    aspect: str = ""
    finite: bool = False


Entries = Mapping[str, Mapping[str, Entry]]
"""Role to kind, or to the name of a metric, to what is said of it."""


@runtime_checkable
class AboutOptions(Protocol):
    """A class whose title and meaning depend on its fields, such as which of four scores it is."""

    def about_options(self) -> About:
        """Return what there is to say of the class with these options."""
        ...


def about_class(cls: type) -> About | None:
    """Return what a class says of itself, or None; what its bases say is about them."""
    about = cls.__dict__.get("about")
    return about if isinstance(about, About) else None


def about_object(value: Any) -> About | None:
    """Return what the class of an object says, with its options where they matter."""
    own = about_class(type(value))
    return value.about_options() if own and isinstance(value, AboutOptions) else own


def words_of(kind: str) -> str:
    """Return a kind in words: 'two moons', also for package.module:TwoMoons."""
    last = kind.rpartition(":")[2]
    if last == kind:
        return kind.replace("_", " ")
    return "".join(f" {c.lower()}" if c.isupper() else c for c in last).strip()


@cache
def works() -> Mapping[str, Work]:
    """Return the works of works.toml by key."""
    text = resources.files("genloss.core").joinpath("works.toml").read_text(encoding="utf-8")
    return {key: Work(key, **fields) for key, fields in tomllib.loads(text).items()}


def cited(about: About) -> list[Work]:
    """Return the works that a class cites.

    Raises:
        SpecError: a key that is not in works.toml.
    """
    return [work if isinstance(work, Work) else _ours(work, about) for work in about.works]


def _ours(key: str, about: About) -> Work:
    if key not in works():
        raise SpecError(
            f"{about.kind} cites {key!r}, which is not in works.toml; add it there, or pass a Work"
        )
    return works()[key]
