"""From a row of fields to a record, by a map of fields; doubts about a field go aside."""

from collections.abc import Callable, Mapping
from typing import Any

from genloss.corpus.origins import MACHINES, PEOPLE
from genloss.corpus.record.dated import Dated, dated
from genloss.corpus.record.field_map import LONGEST, MADE, TRUTHS, WRITTEN, FieldMap
from genloss.corpus.record.licence import spdx_of
from genloss.corpus.record.line import ID, is_finite
from genloss.corpus.record.record import (
    Evidence,
    Generator,
    Origin,
    Record,
    Value,
    id_of,
)
from genloss.errors import DataError

EDITED = frozenset(("edited", "mixed", "hybrid", "assisted", "polished", "collaborative", "both"))
"""Names of text that people and machines made together."""

EMPTY: tuple[Any, ...] = (None, "", [])
"""Values that say nothing."""

CLEAR = frozenset(
    (
        *("human", "humans", "human-written", "machine", "machine-generated", "machine-made"),
        *("ai", "ai-generated", "ai-written", "llm", "llm-generated", "chatgpt", "gpt-4", "gpt4"),
    )
)
"""Values that say who wrote a text, in whatever field they stand."""

LABELS = ("label", "labels", "class", "target")
"""Fields whose 0 and 1 may say who wrote a text."""

LONGEST_NAME = 20

MOST_DIGITS = 9
"""Of a depth: a longer number is none."""

PLAIN = (str, int, float)
"""Types of attributes."""

Doubt = Callable[[str, str], None]
"""Takes the kind and the reason of a field that is left out."""


def record_of_row(
    row: Mapping[str, Any], text: str, fields: FieldMap, where: str, doubt: Doubt
) -> Record:
    """Return the record of a row whose text is known.

    where: stands for the source where no field does. A date that is none, a licence that is no
    SPDX expression and the like leave their field unknown, and the doubt is handed on.
    """
    given = _given(row, fields).get
    attributes = _attributes(row, fields)
    origin, evidence = _origin(given, fields, attributes, doubt)
    generator = given("generator")
    if generator is not None and str(generator).strip().lower() in PEOPLE:
        generator = None
    licence = _licence(given("licence"), attributes, doubt)
    return Record(
        id=id_of(text),
        text=text,
        source=str(given("source") or where),
        claimed=_date(given("claimed"), fields.claimed_grade, "claimed date", attributes, doubt),
        captured=_date(given("captured"), fields.captured_grade, "captured", attributes, doubt),
        licence=licence,
        consent=_listed(given("consent")),
        origin=origin,
        evidence=evidence,
        generator=_generator(generator, given),
        parents=_parents(given("parents"), doubt),
        depth=_depth(given("depth"), origin, doubt),
        grounded=value if isinstance(value := given("grounded"), bool) else None,
        attributes=attributes,
    )


def _given(row: Mapping[str, Any], fields: FieldMap) -> dict[str, Any]:
    """Return the values of the fields of a record that a row or the map has."""
    values: dict[str, Any] = {}
    for key, name in fields.sources:
        # Rows without a value hold nothing, or (tables of numbers) no number.
        if (key in row or "." in key) and (value := _at(row, key)) not in EMPTY and value == value:
            values.setdefault(name, value)
    values.update(fields.fixed)
    return values


def origin_named(name: object) -> Origin:
    """Return the origin that a name of a field or tag stands for, 'unknown' for any other."""
    word = as_word(name)
    if word in EDITED:
        return "edited"
    return "human" if word in PEOPLE else "machine" if word in MACHINES else "unknown"


def as_word(value: object) -> str:
    """Return a value of a row as names and truths are listed."""
    # Tables write whole numbers with a fraction where any row has none.
    return str(value).strip().lower().replace("_", "-").removesuffix(".0")


def settled(evidence: tuple[Evidence, ...]) -> Origin:
    """Return the one origin that all evidence names; 'unknown' for none or for several."""
    said = {e.says for e in evidence if e.says != "unknown"}
    return said.pop() if len(said) == 1 else "unknown"


def _origin(
    given: Callable[[str], Any], fields: FieldMap, attributes: dict[str, Value], doubt: Doubt
) -> tuple[Origin, tuple[Evidence, ...]]:
    evidence = []
    for name in ("origin", "synthetic", "human"):
        value = given(name)
        if value is None or as_word(value) in ("unknown", "none", "null", "nan"):
            continue
        if (says := _said(name, value, fields)) != "unknown":
            how = "for all records" if name in fields.fixed else f"field {name}"
            evidence.append(Evidence("declared", says, f"{how}: {str(value)[:80]}"))
        elif name == "origin" or name in fields.fields:
            attributes[f"{name}_as_given"] = str(value)[:LONGEST]
            doubt("origin is none", _no_origin(name, value, fields))
    maker = given("generator")
    if not evidence and maker is not None:
        says = "human" if str(maker).strip().lower() in PEOPLE else "machine"
        evidence.append(Evidence("declared", says, f"field generator: {str(maker)[:80]}"))
    if not evidence and given("origin") is None:
        _hinted({**attributes, "source": given("source")}, doubt)
    return settled(tuple(evidence)), tuple(evidence)


def _said(name: str, value: object, fields: FieldMap) -> Origin:
    """Return what a field says of the origin; 'unknown' where that cannot be told."""
    truth = TRUTHS.get(as_word(value))
    if name == "human":
        return "unknown" if truth is None else "human" if truth else "machine"
    # A field of another name may say 1 of people as well as of machines.
    if name == "origin" and truth is not None and fields.fields.get(name, name) != name:
        return "unknown"
    return origin_named(value)


def _no_origin(name: str, value: object, fields: FieldMap) -> str:
    key = fields.fields.get(name, name)
    said = f"{key} is {str(value)[:40]!r}, which says not who wrote the text"
    if as_word(value) in TRUTHS:
        return (
            f"{said}; if {str(value)[:40]} is a machine's, or people's, name the field by "
            f"--field synthetic={key}, or --field human={key}"
        )
    return f"{said}; where it names a machine, --field generator={key} takes it"


def _hinted(attributes: Mapping[str, Any], doubt: Doubt) -> None:
    """Say which field may tell the origin, where none does that is taken for it."""
    for name, value in attributes.items():
        if not isinstance(value, str | int | float) or len(word := as_word(value)) > LONGEST_NAME:
            continue
        if word in CLEAR or (name.lower() in LABELS and word in TRUTHS):
            ways = "synthetic or human" if word in TRUTHS else "origin or generator"
            reason = f"{name} is {str(value)!r}; if it says who wrote the text, name it by --field"
            doubt(f"{name} may say who wrote it", f"{reason}: {ways}={name}")
            return


def _generator(name: Any, given: Callable[[str], Any]) -> Generator | None:
    if name is None:
        return None
    if isinstance(name, Mapping):
        parts = {k: str(v) for k, v in name.items() if k in ("name", "revision", "sampling") and v}
        return Generator(**parts) if "name" in parts else None
    return Generator(str(name), str(given("revision") or ""), str(given("sampling") or ""))


def _date(
    value: Any, grade: Any, name: str, attributes: dict[str, Value], doubt: Doubt
) -> Dated | None:
    if value is None:
        return None
    try:
        return dated(value, grade)
    except DataError as error:
        doubt(f"{name} is no date", str(error))
        attributes[f"{name.partition(' ')[0]}_as_given"] = str(value)[:LONGEST]
        return None


def _licence(value: Any, attributes: dict[str, Value], doubt: Doubt) -> str:
    if value is None:
        return ""
    # Cards list several where all of them hold.
    text = " AND ".join(map(str, value)) if isinstance(value, list) else str(value)
    if text.strip().lower() in ("", "unknown", "other", "none", "n/a"):
        return ""
    if not (found := spdx_of(text)):
        doubt("licence is no SPDX expression", f"licence {text[:80]!r} is no SPDX expression")
        attributes["licence_as_given"] = text[:LONGEST]
    return found


def _parents(value: Any, doubt: Doubt) -> tuple[str, ...]:
    parents = _listed(value)
    if wrong := [parent for parent in parents if not ID.fullmatch(parent)]:
        doubt("parent is no id", f"parent {wrong[0][:80]!r}; expected sha256: and 64 hex digits")
    return tuple(parent for parent in parents if ID.fullmatch(parent))


def _depth(value: Any, origin: Origin, doubt: Doubt) -> int | None:
    if value is None:
        return 0 if origin == "human" else None
    text = str(value).removesuffix(".0")
    too_long = len(text) > MOST_DIGITS
    if too_long or isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        doubt("depth is no number", f"depth {text[:40]!r}; expected a whole number from 0 on")
        return None
    return int(text)


def _listed(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _at(row: Mapping[str, Any], path: str) -> Any:
    if path in row or "." not in path:
        return row.get(path)
    first, _, rest = path.partition(".")
    inner = row.get(first)
    return _at(inner, rest) if isinstance(inner, Mapping) else None


def _attributes(row: Mapping[str, Any], fields: FieldMap) -> dict[str, Value]:
    if fields.attributes is not None:
        named = ((name, _at(row, name)) for name in fields.attributes)
        found = {name: v for name, v in named if v not in EMPTY and v == v}
        return {name: v if isinstance(v, PLAIN) else str(v) for name, v in found.items()}
    taken = fields.mapped
    return {
        name: value
        for name, value in row.items()
        if (name not in taken or (name in (*MADE, *WRITTEN) and as_word(value) not in TRUTHS))
        and isinstance(value, PLAIN)
        and (0 < len(value) <= LONGEST if isinstance(value, str) else is_finite(value))
    }
