"""A policy of one's own: may a record be trained on? Its answer is no legal advice."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genloss.audit.selection.rules import check_field, read_toml
from genloss.corpus.record.licence import spdx_of
from genloss.corpus.record.record import ORIGINS, UNKNOWN, Record
from genloss.errors import SpecError

Verdict = Literal["allowed", "refused", "unknown"]

CONSENT = "consent"

LISTS = ("allowed", "refused")


@dataclass(frozen=True)
class Clause:
    """Values of one field that are allowed, and ones that are refused."""

    allowed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """A verdict and its ground: the field and value that decided."""

    verdict: Verdict
    ground: str


@dataclass(frozen=True)
class Policy:
    """Clauses by field; a record of which one refuses is refused, of which all allow is allowed.

    keep_unknown: whether a record that no clause decides may pass.
    """

    clauses: Mapping[str, Clause]
    keep_unknown: bool = False

    name = "policy"

    def answer(self, record: Record) -> Answer:
        """Return the verdict on a record: refused before unknown before allowed."""
        answers = [_asked(record, field, clause) for field, clause in self.clauses.items()]
        for verdict in ("refused", "unknown"):
            for answer in answers:
                if answer.verdict == verdict:
                    return answer
        return Answer("allowed", "; ".join(a.ground for a in answers))

    def refusal(self, record: Record) -> str:
        """Return why a record does not pass, or ''."""
        answer = self.answer(record)
        if answer.verdict == "allowed" or (answer.verdict == "unknown" and self.keep_unknown):
            return ""
        return f"{answer.verdict}: {answer.ground}"


def read_policy(file: Path) -> Policy:
    """Return the policy in a TOML file: a table per field with `allowed` and `refused`.

    unknown = "keep" lets records pass that no clause decides.

    Raises:
        SpecError: no TOML, an unknown key, no clause, a field that no record answers for, a value
            on both lists, or a licence that is no SPDX expression.
    """
    table = read_toml(file)
    unknown = table.pop("unknown", "refuse")
    if unknown not in ("refuse", "keep"):
        raise SpecError(f"{file}: unknown is {unknown!r}; expected refuse or keep")
    if not table:
        raise SpecError(
            f"{file}: no clause; expected a table such as [licence] with allowed = [..]"
        )
    clauses = {}
    for field, entry in table.items():
        where = f"{file}: [{field}]"
        if field != CONSENT:
            check_field(field, where)
        clauses[field] = _as_records_have_it(_clause(entry, where), field, where)
    return Policy(clauses, unknown == "keep")


def _clause(entry: object, where: str) -> Clause:
    if not isinstance(entry, dict) or not entry or set(entry) - set(LISTS):
        raise SpecError(f"{where}: expected allowed = [..] and refused = [..]")
    lists = {}
    for key, values in entry.items():
        if not isinstance(values, list):
            raise SpecError(f"{where}: {key} is {values!r}; expected a list")
        lists[key] = frozenset(str(value) for value in values)
    clause = Clause(**lists)
    if both := clause.allowed & clause.refused:
        raise SpecError(f"{where}: {sorted(both)[0]!r} is allowed and refused; choose one")
    return clause


def _of_licences(clause: Clause, where: str) -> Clause:
    """Return the clause with licences as records have them, SPDX identifiers.

    Raises:
        SpecError: one that is none, which no record could ever have.
    """
    lists = {}
    for key, values in vars(clause).items():
        found = {value: spdx_of(value) for value in values}
        if wrong := sorted(value for value, known in found.items() if not known):
            raise SpecError(
                f"{where}: {key} has {wrong[0]!r}, which is no SPDX expression, as licences of "
                "records are; expected such as CC-BY-4.0"
            )
        lists[key] = frozenset(found.values())
    return Clause(**lists)


def _as_records_have_it(clause: Clause, field: str, where: str) -> Clause:
    """Return the clause with values spelt as records spell them.

    Raises:
        SpecError: an origin or licence that no record could have.
    """
    values = clause.allowed | clause.refused
    if field == "licence":
        return _of_licences(clause, where)
    if field == "origin" and (wrong := sorted(values.difference(ORIGINS))):
        raise SpecError(f"{where}: got {wrong[0]!r}; expected one of {', '.join(ORIGINS)}")
    if field == "grounded":
        return Clause(*(frozenset(v.capitalize() for v in vars(clause)[k]) for k in LISTS))
    if field == "domain":
        # An attribute may answer for it in any spelling, and the host of an address in this one.
        return Clause(*(vars(clause)[k] | {_host(v) for v in vars(clause)[k]} for k in LISTS))
    return clause


def _host(name: str) -> str:
    return name.lower().removeprefix("www.")


def _asked(record: Record, field: str, clause: Clause) -> Answer:
    if field == "licence":
        return _licensed(record.licence, clause)
    if field == CONSENT:
        return _consented(record.consent, clause)
    return _valued(record.key(field), field, clause)


def _consented(signals: Sequence[str], clause: Clause) -> Answer:
    allowed, refused = ({v.lower() for v in vars(clause)[k]} for k in LISTS)
    if against := [signal for signal in signals if refused & _spellings(signal)]:
        return Answer("refused", f"consent signal {against[0]}")
    if not allowed:
        return Answer("allowed", "no consent signal against it")
    for signal in signals:
        if allowed & _spellings(signal):
            return Answer("allowed", f"consent signal {signal}")
    return Answer("unknown", "no consent signal that allows it")


def _spellings(signal: str) -> set[str]:
    """Return what a policy may call a signal such as 'robots: noai': the whole, and its value.

    Of 'robots.txt: gptbot disallowed' that is also the collector, 'gptbot'.
    """
    whole = signal.strip().lower()
    value = whole.partition(": ")[2] or whole
    return {whole, value, value.removesuffix(" disallowed")}


def _valued(value: str, field: str, clause: Clause) -> Answer:
    if value in clause.refused:
        return Answer("refused", f"{field} {value}")
    if value in clause.allowed or (not clause.allowed and value != UNKNOWN):
        return Answer("allowed", f"{field} {value}")
    return Answer(
        "unknown", f"{field} {value} is on neither list" if value != UNKNOWN else f"no {field}"
    )


def _licensed(licence: str, clause: Clause) -> Answer:
    """Judge an SPDX expression: of OR one alternative is enough, of AND all are needed."""
    if not licence:
        return Answer("unknown", "no licence")
    # A file of records may have it in another spelling.
    licence = spdx_of(licence) or licence
    if licence in clause.refused or licence in clause.allowed:
        return _valued(licence, "licence", clause)
    if "(" in licence:
        return Answer("unknown", f"licence {licence}: alternatives within one another")
    alternatives = [
        [_valued(part.strip(), "licence", clause) for part in re.split(r"\s+AND\s+", choice)]
        for choice in re.split(r"\s+OR\s+", licence)
    ]
    worst = [
        next((a for v in ("refused", "unknown") for a in parts if a.verdict == v), parts[0])
        for parts in alternatives
    ]
    for verdict in ("allowed", "unknown"):
        for answer in worst:
            if answer.verdict == verdict:
                return answer
    return worst[0]
