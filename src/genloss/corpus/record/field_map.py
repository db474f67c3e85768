"""FieldMap: which field of a row becomes which field of a record; from TOML, flags, or guessed."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from genloss.corpus.record.dated import GRADES, Grade
from genloss.errors import SpecError

MADE = ("generated", "is_generated", "machine_generated", "ai_generated", "is_synthetic", "is_ai")
WRITTEN = ("is_human", "human_written", "human")
"""Fields that say by true or false, or 1 or 0, whether a machine or people wrote a text. With any
other value they are attributes."""

TRUTHS: Mapping[str, bool] = MappingProxyType(
    {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
)
"""What stands for true and false, in lower case."""

GUESSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "source": ("source", "url", "uri"),
        "claimed": (
            *("date", "published", "publish_date", "publication_date", "date_published"),
            *("pub_date", "created", "created_at", "created_utc", "timestamp", "year"),
        ),
        "captured": ("captured", "crawled", "fetched", "date_download", "fetch_time"),
        "licence": ("licence", "license"),
        "consent": ("consent",),
        "origin": ("origin",),
        "synthetic": ("synthetic", *MADE),
        "human": WRITTEN,
        "generator": ("generator",),
        "revision": ("revision",),
        "sampling": ("sampling",),
        "parents": ("parents",),
        "depth": ("depth", "generation"),
        "grounded": ("grounded",),
    }
)
"""Names under which rows have a field, the first that a row has; a map overrides them."""

LISTS = ("attributes", "me")
"""Keys of a map that are lists of text."""

FIXABLE = ("source", "claimed", "captured", "licence", "origin", "generator", "depth", "grounded")
"""Fields of which one value may stand for all records."""

KEYS = ("text", "fields", "fixed", "attributes", "grades", "me", "third_party")

LONGEST = 200
"""Characters of a field that becomes an attribute without being named."""


@dataclass(frozen=True)
class FieldMap:
    """Which field of a row (with dots into inner ones) is which field of a record.

    text: as in `field_among`. fields: record field to row field; '' takes none. fixed: one value
    for all records. attributes: row fields that become attributes; None: every other field that is
    a number or a text of at most 200 characters. grades: evidence of the two dates. me: names and
    addresses, in lower case, whose mail and chats are one's own; those of everybody else are left
    out unless third_party.
    """

    text: str = "text"
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    fixed: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    attributes: tuple[str, ...] | None = None
    claimed_grade: Grade = "claimed"
    captured_grade: Grade = "crawl"
    me: frozenset[str] = frozenset()
    third_party: bool = False

    def names(self, name: str) -> tuple[str, ...]:
        """Return the row fields that may hold this field of a record."""
        return self._names[name]

    @cached_property
    def _names(self) -> Mapping[str, tuple[str, ...]]:
        named = {name: (field,) if field else () for name, field in self.fields.items()}
        return {**GUESSES, **named}

    @cached_property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """Every row field beside the record field that it is for; the first that is there wins."""
        named = ((key, name) for name in GUESSES for key in self.names(name))
        return tuple((key, name) for key, name in named if key != self.text)

    @cached_property
    def mapped(self) -> frozenset[str]:
        """Every row field that some field of a record may be taken from."""
        return frozenset(key for key, _ in self.sources) | {self.text}


def read_field_map(file: Path) -> FieldMap:
    """Return the map in a TOML file: text, [fields], [fixed], attributes, [grades].

    Raises:
        SpecError: no such file, no TOML, a key that is none of a map's, or a value of another type.
    """
    try:
        table = tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SpecError(f"{file}: no map of fields ({error}); see docs/record.md") from error
    _check(
        table, ("text", "fields", "fixed", "attributes", "grades", "me", "third_party"), str(file)
    )
    _check(table.get("fields", {}), GUESSES, f"{file}, fields")
    _check(table.get("fixed", {}), FIXABLE, f"{file}, fixed")
    grades = table.get("grades", {})
    _check(grades, ("claimed", "captured"), f"{file}, grades")
    for grade in grades.values():
        if grade not in GRADES:
            raise SpecError(f"{file}: no grade {grade!r}; there are {', '.join(GRADES)}")
    _check_types(table, str(file))
    attributes = table.get("attributes")
    return FieldMap(
        text=table.get("text", "text"),
        fields=table.get("fields", {}),
        fixed=table.get("fixed", {}),
        attributes=None if attributes is None else tuple(attributes),
        claimed_grade=grades.get("claimed", "claimed"),
        captured_grade=grades.get("captured", "crawl"),
        me=frozenset(str(name).lower() for name in table.get("me", ())),
        third_party=bool(table.get("third_party", False)),
    )


def _check_types(table: Mapping[str, Any], where: str) -> None:
    texts = {"text": table.get("text", ""), **table.get("fields", {})}
    texts |= {f"{key}[{i}]": x for key in LISTS for i, x in enumerate(_list(table, key, where))}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise SpecError(f"{where}: {name} is {value!r}; expected text")
    if not isinstance(third := table.get("third_party", False), bool):
        raise SpecError(f"{where}: third_party is {third!r}; expected true or false")


def _list(table: Mapping[str, Any], key: str, where: str) -> list[Any]:
    if not isinstance(found := table.get(key, []), list):
        raise SpecError(f'{where}: {key} is {found!r}; expected a list, such as ["name"]')
    return found


def with_flags(fields: FieldMap, named: Iterable[str], fixed: Iterable[str]) -> FieldMap:
    """Return the map with what --field claimed=published and --fix licence=CC0-1.0 say.

    Raises:
        SpecError: no such field, or no equals sign.
    """
    for flag in named:
        name, value = _pair(flag, "--field", (*GUESSES, "text"))
        if name == "text":
            fields = replace(fields, text=value)
        else:
            fields = replace(fields, fields={**fields.fields, name: value})
    for flag in fixed:
        name, value = _pair(flag, "--fix", FIXABLE)
        fields = replace(fields, fixed={**fields.fixed, name: value})
    return fields


def _pair(flag: str, option: str, known: Iterable[str]) -> tuple[str, str]:
    name, equals, value = flag.partition("=")
    if not equals:
        raise SpecError(f"{option} {flag!r} has no equals sign; expected such as claimed=published")
    _check({name: value}, known, option)
    return name, value


def _check(table: Any, known: Iterable[str], where: str) -> None:
    if not isinstance(table, Mapping):
        raise SpecError(f"{where}: is {type(table).__name__}; expected a table")
    for name in table:
        if name not in known:
            near = get_close_matches(str(name), list(known), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise SpecError(f"{where}: no field {name!r}; there are {', '.join(known)}{hint}")
