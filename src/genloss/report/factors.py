"""What differs between runs, as factors: from their names where those say it, else from specs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from genloss.core.about import words_of
from genloss.report.measured import Measured
from genloss.store.fingerprint import canonical_json

Row = Mapping[str, str]
"""Factor to what a label says of it for one run; a factor that a run lacks is left out."""

SILENT = (
    "name",
    "metrics",
    "measure",
    "keep",
    "checkpoint_every",
    "controls",
    "chains_per_block",
    "form",
)
"""Spec keys that do not make a run different for a reader."""

LAST = ("seed", "chains", "generations", "held_out", "n_synthetic")
"""Spec keys that name a run only where nothing else does."""

WORDS = {
    "n_real": "n",
    "regime.n_real": "fresh n",
    "n_synthetic": "n synthetic",
    "regime.real_fraction": "real share",
    "sampler.lam": "λ",
    "lam": "λ",
    "bandwidth": "h",
}
"""How labels say a key."""

TOKEN = re.compile(r"([^=]+)=(.+)")

ROLES = ("reality", "learner", "regime", "sampler", "curator")
"""Keys whose value in a name is a kind, with its fields behind it."""


def factors(runs: Sequence[Measured]) -> list[Row]:
    """Return the factors that tell runs apart, one row per run, most important first.

    Names such as "replace,d=10,n=100" say what their author varied; other names say nothing, and
    then the specs are compared. A bare word is a factor as a kind is, see `is_kind`.
    """
    names = [run.run.header.name for run in runs]
    if all("=" in name for name in names) and len(set(names)) == len(names):
        return _telling([_from_name(name) for name in names])
    return _telling([_from_spec(run.run.spec) for run in runs])


def kind_of(part: Any) -> str:
    """Return a described object's kind in words: 'two moons', also for package.module:TwoMoons."""
    return words_of(str(part.get("kind", "")) if isinstance(part, Mapping) else str(part))


def is_kind(factor: str) -> bool:
    """Whether a factor is what something is, such as a regime, and not how large."""
    return factor.rpartition(".")[2] == "kind"


def part_in_words(token: str) -> str:
    """Return what a part of a run's name says: n_real=10 that n = 10.

    Cells of a sweep have parts such as regime=mix-real_fraction=0.1: mix, real share = 0.1.
    """
    found = TOKEN.fullmatch(token)
    if found is None:
        return token.replace("_", " ")
    key, value = found.groups()
    if key not in ROLES:
        return _equation(key, value)
    kind, *inner = re.split(r"-(?=\w+=)", value)
    fields = [field.partition("=") for field in inner]
    said = [_equation(f"{key}.{name}", number) for name, _, number in fields]
    return ", ".join([kind.replace("_", " "), *said])


def flat(spec: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested spec with dotted keys."""
    out: dict[str, Any] = {}
    for key, value in spec.items():
        if isinstance(value, Mapping):
            out |= flat(value, f"{prefix}{key}.")
        else:
            out[prefix + key] = value
    return out


def _from_name(name: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for token in name.split(","):
        if found := TOKEN.fullmatch(token):
            out[found[1]] = part_in_words(token)
        else:
            bare = sum(is_kind(key) for key in out)
            out[f"{bare}.kind" if bare else "kind"] = token.replace("_", " ")
    return out


def _from_spec(spec: Mapping[str, Any]) -> dict[str, str]:
    values = {k: v for k, v in flat(spec).items() if k.partition(".")[0] not in SILENT}
    return {k: _value_text(k, v) for k, v in values.items() if v is not None and v != []}


def _telling(rows: Sequence[Row]) -> list[Row]:
    """Drop factors that are the same everywhere, split the runs as an earlier one does, or say 0.

    The last are options of one kind alone, which it does not use: a subsample whose size is 0.
    """
    known = dict.fromkeys(k for row in rows for k in row)
    ordered = [k for k in known if k not in LAST] + [k for k in LAST if k in known]
    kept: list[str] = []
    seen: set[tuple[int, ...]] = set()
    for key in ordered:
        column = [row.get(key) for row in rows]
        pattern = tuple(column.index(value) for value in column)
        unused = f"{key.rpartition('.')[0]}.kind" in kept and _says_zero(column)
        same = len(set(pattern)) < 2 or pattern in seen
        if same or unused or (key in LAST and _unique(rows, kept)):
            continue
        seen.add(pattern)
        kept.append(key)
    return [{k: row[k] for k in kept if k in row} for row in rows]


def _says_zero(column: Sequence[str | None]) -> bool:
    values = {value for value in column if value is not None}
    return len(values) == 1 and values.pop().endswith(" = 0")


def _unique(rows: Sequence[Row], keys: Sequence[str]) -> bool:
    return len({tuple(row.get(k) for k in keys) for row in rows}) == len(rows)


def _value_text(key: str, value: Any) -> str:
    last = key.rpartition(".")[2]
    if last == "kind":
        return kind_of(value)
    if isinstance(value, bool):
        return last.replace("_", " ") if value else f"no {last.replace('_', ' ')}"
    return _equation(key, canonical_json(value).strip('"'))


def _equation(key: str, value: str) -> str:
    last = key.rpartition(".")[2]
    word = WORDS.get(key, WORDS.get(last, last.replace("_", " ")))
    return f"{word} = {int(value):,}" if value.isdigit() else f"{word} = {value}"
