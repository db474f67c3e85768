"""A mixture of records: its file, and the exact counts that weights and a budget give."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, inf
from pathlib import Path
from typing import Any

from genloss.audit.selection.rules import AnyRule, rule_from
from genloss.corpus.hub import beside
from genloss.corpus.record.record import Record
from genloss.errors import SpecError


@dataclass(frozen=True)
class Part:
    """Records of files that pass all rules; weight of the whole, or a count; price of a record.

    epochs: how often one record may occur at most.
    """

    name: str
    paths: tuple[Path, ...]
    rules: tuple[AnyRule, ...] = ()
    weight: float = 0.0
    count: int | None = None
    price: float = 0.0
    epochs: int = 1

    def takes(self, record: Record) -> bool:
        """Return whether a record belongs to it."""
        return not any(rule.refusal(record) for rule in self.rules)


@dataclass(frozen=True)
class Floor:
    """At least this share of the mixture passes the rule."""

    rule: AnyRule
    share: float


@dataclass(frozen=True)
class Mixture:
    """Parts, the number of records (or a budget that decides it), floors, and a seed."""

    parts: tuple[Part, ...]
    total: int | None = None
    budget: float | None = None
    floors: tuple[Floor, ...] = ()
    seed: int = 0


def read_mixture(file: Path) -> Mixture:
    """Return the mixture in a TOML file; paths count from its folder.

    Raises:
        SpecError: no TOML, an unknown key, or neither counts, a total nor a budget.
    """
    try:
        table = tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SpecError(f"{file}: cannot be read as TOML: {error}") from error
    _known(table, ("parts", "total", "budget", "floors", "seed"), str(file))
    entries = table.get("parts") or []
    parts = tuple(_part(entry, file, i) for i, entry in enumerate(entries, 1))
    if not parts:
        raise SpecError(
            f"{file}: no part; expected tables [[parts]] with paths and a weight or count"
        )
    floors = []
    for i, entry in enumerate(table.get("floors", []), 1):
        where = f"{file}: floor {i}"
        share = entry.get("share") if isinstance(entry, dict) else None
        if not isinstance(share, int | float) or not 0 <= share <= 1:
            raise SpecError(f"{where}: share is {share!r}; expected 0 to 1")
        rule = rule_from({k: v for k, v in entry.items() if k != "share"}, where)
        floors.append(Floor(rule, float(share)))
    rest = {k: table[k] for k in ("total", "budget", "seed") if k in table}
    for key, value in rest.items():
        _check_number(value, key, str(file))
    return Mixture(parts, floors=tuple(floors), **rest)


def counts_of(mixture: Mixture) -> tuple[int, ...]:
    """Return how many records each part gives: its count, or its weight's share of the rest.

    Shares are rounded by largest remainder, so that they add up. A budget gives as many records as
    it pays for at these weights.

    Raises:
        SpecError: counts above the total, no total for weights, or a budget that pays for nothing.
    """
    fixed = sum(p.count or 0 for p in mixture.parts)
    weights = [Fraction(str(p.weight)) if p.count is None else Fraction(0) for p in mixture.parts]
    whole = sum(weights)
    if not whole:
        if mixture.total not in (None, fixed):
            raise SpecError(
                f"the total is {mixture.total:,}, and the counts of the parts add up to {fixed:,}; "
                "leave the total out, or give a part a weight"
            )
        return _affordable(tuple(p.count or 0 for p in mixture.parts), mixture)
    total = mixture.total
    if total is None:
        if mixture.budget is None:
            raise SpecError("weights need a total or a budget; expected total = 10000, for example")
        paid = sum(Fraction(str(p.price)) * (p.count or 0) for p in mixture.parts)
        each = sum(
            Fraction(str(p.price)) * w / whole for p, w in zip(mixture.parts, weights, strict=True)
        )
        if not each:
            raise SpecError("a budget needs prices; expected price = 0.01 in a part, or a total")
        total = fixed + floor((Fraction(str(mixture.budget)) - paid) / each)
    if total < fixed:
        raise SpecError(f"the total is {total:,}, below the counts of its parts, {fixed:,}")
    counts = _rounded(mixture.parts, [w / whole for w in weights], total - fixed)
    # Rounding may favour a dear part: as many fewer records as the budget then asks for.
    while mixture.total is None and total > fixed and _cost(counts, mixture) > _budget(mixture):
        total -= 1
        counts = _rounded(mixture.parts, [w / whole for w in weights], total - fixed)
    return _affordable(counts, mixture)


def _rounded(parts: Sequence[Part], weights: Sequence[Fraction], rest: int) -> tuple[int, ...]:
    """Fixed counts, and the rest by largest remainder."""
    shares = [w * rest for w in weights]
    counts = [floor(s) if p.count is None else p.count for s, p in zip(shares, parts, strict=True)]
    left = sorted(range(len(parts)), key=lambda i: (floor(shares[i]) - shares[i], i))
    for i in left[: rest - sum(floor(s) for s in shares)]:
        counts[i] += 1
    return tuple(counts)


def _cost(counts: Sequence[int], mixture: Mixture) -> Fraction:
    each = zip(counts, mixture.parts, strict=True)
    return sum((n * Fraction(str(p.price)) for n, p in each), Fraction(0))


def _budget(mixture: Mixture) -> Fraction:
    return Fraction(str(mixture.budget or 0))


def _affordable(counts: tuple[int, ...], mixture: Mixture) -> tuple[int, ...]:
    if mixture.budget is not None and (cost := _cost(counts, mixture)) > _budget(mixture):
        raise SpecError(
            f"these counts cost {float(cost):g}, above the budget of {mixture.budget:g}"
        )
    return counts


def _part(entry: Any, file: Path, i: int) -> Part:
    where = f"{file}: part {i}"
    if not isinstance(entry, dict) or not entry.get("paths"):
        raise SpecError(f"{where}: expected paths and a weight or count")
    _known(entry, ("name", "paths", "where", "weight", "count", "price", "epochs"), where)
    if ("weight" in entry) == ("count" in entry):
        raise SpecError(f"{where}: expected a weight or a count, one of the two")
    for key in ("weight", "count", "price", "epochs"):
        value = entry.get(key, 1)
        _check_number(value, key, where)
    paths = entry["paths"] if isinstance(entry["paths"], list) else [entry["paths"]]
    rules = tuple(
        rule_from(rule, f"{where}: rule {j}") for j, rule in enumerate(entry.get("where", []), 1)
    )
    rest = {k: entry[k] for k in ("weight", "count", "price", "epochs") if k in entry}
    return Part(
        str(entry.get("name", i)), tuple(beside(file.parent, Path(p)) for p in paths), rules, **rest
    )


WHOLE = {"count": 0, "epochs": 1, "total": 1, "seed": 0}
"""Keys of whole numbers, and the least of each; others may be any number from 0 on."""


def _check_number(value: object, key: str, where: str) -> None:
    kind = "whole number" if key in WHOLE else "number"
    least = WHOLE.get(key, 0)
    fits = isinstance(value, int if key in WHOLE else int | float) and not isinstance(value, bool)
    if not (fits and isinstance(value, int | float) and least <= value < inf):
        raise SpecError(f"{where}: {key} is {value!r}; expected a {kind} from {least} on")


def _known(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    if unknown := [key for key in table if key not in keys]:
        raise SpecError(f"{where}: no key {unknown[0]!r}; expected {', '.join(keys)}")
