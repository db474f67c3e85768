"""Rules as plain values, as the plan of a work holds them, and back."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from genloss.audit.selection.policy import Clause, Policy
from genloss.audit.selection.rules import AnyRule, DateRule, Rule
from genloss.store.files import plain_value


def plain_rules(rules: Sequence[AnyRule | Policy]) -> list[dict[str, Any]]:
    """Return rules as plain values, in order."""
    return [{"kind": type(rule).__name__, **_plain(rule)} for rule in rules]


def rules_of(plain: Sequence[Mapping[str, Any]]) -> tuple[AnyRule | Policy, ...]:
    """Return the rules of such values."""
    return tuple(_rule(row) for row in plain)


def _plain(rule: AnyRule | Policy) -> dict[str, Any]:
    row: dict[str, Any] = plain_value(vars(rule))
    if isinstance(rule, Policy):
        # A table would be sorted, and the first clause that refuses is the ground.
        row["clauses"] = [[name, row["clauses"][name]] for name in rule.clauses]
    return row


def _rule(row: Mapping[str, Any]) -> AnyRule | Policy:
    kind, values = row["kind"], {key: value for key, value in row.items() if key != "kind"}
    if kind == Policy.__name__:
        lists = {name: {k: frozenset(v) for k, v in c.items()} for name, c in values["clauses"]}
        clauses = {name: Clause(**both) for name, both in lists.items()}
        return Policy(clauses, values["keep_unknown"])
    if kind == DateRule.__name__:
        days = {k: values[k] and date.fromisoformat(values[k]) for k in ("start", "end")}
        return DateRule(**{**values, **days})
    one_of = values["one_of"]
    return Rule(
        **{
            **values,
            "one_of": None if one_of is None else tuple(one_of),
            "none_of": tuple(values["none_of"]),
        }
    )
