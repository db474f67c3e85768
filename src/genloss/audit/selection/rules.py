"""Rules over records: fields, attributes and dates."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from genloss.audit.conformal.lengths import n_words
from genloss.corpus.record.dated import GRADES, Dated, Grade
from genloss.corpus.record.record import UNKNOWN, Record
from genloss.errors import SpecError

TESTS = ("at_least", "at_most", "one_of", "none_of")
DATES = ("before", "from", "evidence")
WORDS = "words"


@dataclass(frozen=True)
class Rule:
    """A record passes if its field passes every test that is given.

    field: a field, an attribute, or 'month', 'domain' (`Record.key`); 'words' is counted where no
    attribute says it. keep_unknown: whether a record without the field passes.
    """

    name: str
    field: str
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] = ()
    keep_unknown: bool = False

    def refusal(self, record: Record) -> str:
        """Return why a record does not pass, or ''."""
        value = record.key(self.field)
        if value == UNKNOWN and self.field == WORDS and record.text is not None:
            value = str(n_words(record.text))
        if value == UNKNOWN and UNKNOWN not in (self.one_of or ()):
            return "" if self.keep_unknown else f"{self.field} is unknown"
        if self.one_of is not None and value not in self.one_of:
            return f"{self.field} is {value}, not {' or '.join(self.one_of)}"
        if value in self.none_of:
            return f"{self.field} is {value}"
        return self._outside(value)

    def _outside(self, value: str) -> str:
        if self.at_least is None and self.at_most is None:
            return ""
        try:
            number = float(value)
        except ValueError:
            return f"{self.field} is {value}, not a number"
        if self.at_least is not None and not number >= self.at_least:
            return f"{self.field} is {number:g}, below {self.at_least:g}"
        if self.at_most is not None and not number <= self.at_most:
            return f"{self.field} is {number:g}, above {self.at_most:g}"
        return ""


@dataclass(frozen=True)
class DateRule:
    """A record passes if all of its date lies in [start, end), on evidence of a grade or better.

    Both ends of the interval count: a text that may be younger than `end` does not pass. Captured
    and claimed dates are both looked at; one of sufficient grade inside is enough: what was
    captured in time was there, whatever it claims.
    """

    name: str
    end: date | None = None
    start: date | None = None
    evidence: Grade = "claimed"

    def refusal(self, record: Record) -> str:
        """Return why a record does not pass, or ''."""
        dates = [d for d in (record.captured, record.claimed) if d is not None]
        good = [d for d in dates if d.is_as_good_as(self.evidence)]
        if not good:
            return f"no date on evidence as good as '{self.evidence}'"
        reasons = [self._outside(d) for d in good]
        return "" if "" in reasons else reasons[0]

    def _outside(self, when: Dated) -> str:
        if self.end is not None and when.last >= self.end:
            return f"may be as late as {when.last}, not before {self.end}"
        if self.start is not None and when.first < self.start:
            return f"may be as early as {when.first}, before {self.start}"
        return ""


AnyRule = Rule | DateRule

UNASKED = {
    "license": "spell it licence",
    "claimed": "ask for year or month, or rules with before and from",
    "captured": "ask for year or month, or rules with before and from",
    "consent": "a policy asks for it (--policy)",
    "evidence": "ask for origin",
    "parents": "ask for grounded or depth",
    "text": "ask for words, or an attribute",
    "attributes": "name one of them",
}
"""Fields of a record that have no one value, or are spelt otherwise, and what to ask for instead:
for every record they would be unknown."""


def check_field(field: str, where: str) -> None:
    """Raise SpecError for a field that no record answers for."""
    if field in UNASKED:
        raise SpecError(f"{where}: no record has one value of {field!r}; {UNASKED[field]}")


def read_rules(file: Path) -> tuple[AnyRule, ...]:
    """Return the rules of a TOML file: a list of tables [[rules]].

    Raises:
        SpecError: no TOML, an unknown key, a name twice, or a value that a key cannot have.
    """
    table = read_toml(file)
    if unknown := set(table) - {"rules"}:
        raise SpecError(f"{file}: no table {sorted(unknown)[0]!r}; expected [[rules]]")
    rules = tuple(rule_from(entry, f"{file}: rule {i}") for i, entry in enumerate(rows(table), 1))
    names = [rule.name for rule in rules]
    if len(set(names)) < len(names):
        raise SpecError(f"{file}: two rules have one name; expected a name of its own for each")
    return rules


def read_toml(file: Path) -> dict[str, Any]:
    """Return a TOML file as a table; raises SpecError if it is none."""
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SpecError(f"{file}: cannot be read as TOML: {error}") from error


def rows(table: Mapping[str, Any]) -> Sequence[Any]:
    """Return the entries under 'rules'; raises SpecError if it is no list."""
    entries = table.get("rules", [])
    if not isinstance(entries, list):
        raise SpecError("rules is no list; expected tables [[rules]]")
    return entries


def rule_from(entry: Any, where: str) -> AnyRule:
    """Return the rule that a table describes.

    Raises:
        SpecError: not a rule; the message begins with `where`.
    """
    if not isinstance(entry, dict):
        raise SpecError(f"{where} is no table; expected [[rules]]")
    of_date = any(key in entry for key in DATES)
    known = {"name", *DATES} if of_date else {"name", "field", "missing", *TESTS}
    if unknown := [key for key in entry if key not in known]:
        raise SpecError(f"{where} has {unknown[0]!r}; expected {', '.join(sorted(known))}")
    return _date_rule(entry, where) if of_date else _field_rule(entry, where)


def _field_rule(entry: Mapping[str, Any], where: str) -> Rule:
    field = entry.get("field")
    if not isinstance(field, str) or not any(test in entry for test in TESTS):
        raise SpecError(f"{where}: expected a field and one of {', '.join(TESTS)}")
    check_field(field, where)
    for test in TESTS[:2]:
        if test in entry and not isinstance(entry[test], int | float):
            raise SpecError(f"{where}: {test} is {entry[test]!r}; expected a number")
    lists = {}
    for test in TESTS[2:]:
        if test in entry:
            values = entry[test]
            if not isinstance(values, list):
                raise SpecError(f'{where}: {test} is {values!r}; expected a list such as ["human"]')
            lists[test] = tuple(str(value) for value in values)
    missing = entry.get("missing", "refuse")
    if missing not in ("refuse", "keep"):
        raise SpecError(f"{where}: missing is {missing!r}; expected refuse or keep")
    return Rule(
        str(entry.get("name", field)),
        field,
        entry.get("at_least"),
        entry.get("at_most"),
        lists.get("one_of"),
        lists.get("none_of", ()),
        missing == "keep",
    )


def _date_rule(entry: Mapping[str, Any], where: str) -> DateRule:
    grade = entry.get("evidence", "claimed")
    if grade not in GRADES:
        raise SpecError(f"{where}: evidence is {grade!r}; expected one of {', '.join(GRADES)}")
    ends = [day(entry[key], f"{where}: {key}") if key in entry else None for key in DATES[:2]]
    return DateRule(str(entry.get("name", "dates")), ends[0], ends[1], grade)


def day(value: Any, where: str) -> date:
    """Return a day, of a date or of text such as 2022-11-30; raises SpecError."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise SpecError(f"{where} is {value!r}; expected a day such as 2022-11-30") from None
