"""Record: one text (or file of any other sort), and all that is known of where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from genloss.corpus.record.dated import Dated

Origin = Literal["human", "machine", "edited", "unknown"]
"""Who made it: people, a machine, both, or nobody can say."""

ORIGINS: tuple[Origin, ...] = get_args(Origin)

Kind = Literal["declared", "ledger", "watermark", "detector"]
"""How evidence of an origin came about: a card, tag or field says so; whoever generated it kept a
record; a watermark was found; a detector inferred it."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Value = str | float | int
"""An attribute."""

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence for an origin: its kind, what it says, and in which words."""

    kind: Kind
    says: Origin
    detail: str = ""


@dataclass(frozen=True)
class Generator:
    """The machine that made a text: name, revision, and how it was sampled."""

    name: str
    revision: str = ""
    sampling: str = ""


@dataclass(frozen=True)
class Record:
    """One item of a corpus and its provenance (docs/record.md).

    id: see `id_of`. text, or the path of a file of any sort. depth: generations between it and
    people's work, 0 for that itself. grounded: whether one of its parents is real. attributes lie
    beside the text and never rewrite it.
    """

    id: str
    text: str | None = None
    path: str = ""
    source: str = ""
    claimed: Dated | None = None
    captured: Dated | None = None
    licence: str = ""
    consent: tuple[str, ...] = ()
    origin: Origin = "unknown"
    evidence: tuple[Evidence, ...] = ()
    generator: Generator | None = None
    parents: tuple[str, ...] = ()
    depth: int | None = None
    grounded: bool | None = None
    attributes: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, text: str, **fields: Any) -> "Record":
        """Return the record of a text, with its id; fields: the other ones."""
        return cls(id=id_of(text), text=text, **fields)

    @property
    def contradictory(self) -> bool:
        """Whether its evidence names two origins."""
        return len({e.says for e in self.evidence if e.says != UNKNOWN}) > 1

    def key(self, name: str) -> str:
        """Return a field or an attribute as text, to group by; 'unknown' where there is none.

        An attribute goes before a field, but for those of `OWN`. 'month' and 'year' are those of
        the claimed date, else of the captured one, where the interval lies in one. 'domain' is the
        attribute, else the host of the source.
        """
        if name in self.attributes and name not in OWN:
            return str(self.attributes[name])
        if name in PERIODS:
            when = self.claimed or self.captured
            return (when.within(PERIODS[name]) if when else "") or UNKNOWN
        if name == "domain":
            return host_of(self.source) or UNKNOWN
        if name == "generator":
            return self.generator.name if self.generator else UNKNOWN
        if name not in KEYS:
            return UNKNOWN
        value = getattr(self, name)
        return UNKNOWN if value is None or value == "" else str(value)


PERIODS = {"month": "%Y-%m", "year": "%Y"}

KEYS = ("id", "source", "licence", "origin", "depth", "grounded", "path")
"""Fields that are one value, which a corpus can be grouped by."""

OWN = ("id", "origin", "generator", "depth", "licence", "grounded")
"""Keys that an attribute of the same name cannot answer for: it is no evidence."""


def id_of(content: str | bytes) -> str:
    """Return "sha256:" and the SHA-256 of the exact bytes (of text: in UTF-8) as hex digits.

    Nothing is normalised first: two texts that differ in one space have two ids.
    """
    exact = content.encode() if isinstance(content, str) else content
    return f"sha256:{sha256(exact).hexdigest()}"


def host_of(source: str) -> str:
    """Return the host of an address of the web, without 'www.', or ''."""
    if "://" not in source:
        return ""
    try:
        return (urlsplit(source).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
