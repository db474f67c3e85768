"""Who made a document: what rows say of it, and what that means for all of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from genloss.core.samples import FOREIGN, REAL
from genloss.corpus.document import Claims, Document
from genloss.errors import DataError

FIELDS = ("origin", "synthetic", "generator")
"""Fields of a row that say who made its text: `origin` and `generator` by a name, `synthetic` by
true or false."""

SYNTHETIC = ("is_synthetic", "is_generated", "ai_generated", "machine_generated", "is_ai")
ALSO = dict.fromkeys(SYNTHETIC, "synthetic")
"""Other names of such fields. Capitals and hyphens do not count."""

PEOPLE = frozenset(
    (
        "human",
        "humans",
        "human-written",
        "real",
        "natural",
        "organic",
        "authentic",
        "genuine",
        "person",
        "people",
        "original",
        "n/a",
        "na",
        "nan",
        "none",
        "null",
        "no",
        "false",
        "0",
    )
)
"""Names of people, of reality, and of nobody."""

MACHINES = frozenset(
    (
        "machine",
        "machines",
        "machine-generated",
        "machine-made",
        "synthetic",
        "generated",
        "artificial",
        "ai",
        "ai-generated",
        "ai-written",
        "llm",
        "lm",
        "model",
        "bot",
        "fake",
        "edited",
        "machine-edited",
        "mixed",
        "yes",
        "true",
        "1",
    )
)
"""Names of machines, and of texts by both, which are not real either. A name of neither list counts
as one of a machine where other rows of the same field name people."""

EVERYBODY = "*"
"""In `human`: whatever the fields say, all text counts as real."""


def claims_in(row: Mapping[str, Any], text_field: str) -> Claims:
    """Return what a row says of who made it, by field, in lower case; '' where it says nothing."""
    found = {
        (field, _as_text(value))
        for name, value in row.items()
        if name != text_field and (field := field_called(str(name)))
    }
    return tuple(sorted(found, key=lambda claim: (FIELDS.index(claim[0]), claim[1])))


def field_called(name: str) -> str:
    """Return which of `FIELDS` goes by a name, or ''."""
    plain = name.strip().lower().replace("-", "_")
    return plain if plain in FIELDS else ALSO.get(plain, "")


def with_origins(
    parts: Mapping[str, Sequence[Document]], human: Iterable[str] = ()
) -> tuple[dict[str, list[Document]], str]:
    """Return the documents of each split with their origins, and what was made of the fields.

    A document is machine-made (`FOREIGN`) if `synthetic` is true, if `generator` names anybody but
    people, or if `origin` names a machine. Unknown names in `origin` are machines where
    other rows name people, and say nothing where no row names either. human: names that stand for
    real text; given, all others are machines, and '*' makes all text real.

    Raises:
        DataError: names that may be either.
    """
    people = frozenset(name.strip().lower() for name in human)
    counts = Counter(claim for part in parts.values() for d in part for claim in d.claims)
    if not counts or EVERYBODY in people:
        return {part: list(documents) for part, documents in parts.items()}, ""
    machine = {claim for claim in counts if _is_machine(claim, counts, people)}
    marked = {
        part: [replace(d, origin=FOREIGN) if machine & set(d.claims) else d for d in documents]
        for part, documents in parts.items()
    }
    notes = []
    foreign = {part: _machine_made(documents) for part, documents in marked.items()}
    if any(foreign.values()):
        places = [
            f"{n:,} {'training documents' if part == 'train' else f'of {part} (left out)'}"
            for part, n in foreign.items()
            if n
        ]
        notes.append(f"machine-made by {_named(machine)}: {', '.join(places)}")
    silent = {c for c in counts if c not in machine and not _is_known(c, people)}
    if silent:
        notes.append(f"{_named(silent)} taken as real, as no row names a person or a machine")
    return marked, "; ".join(notes)


def check_reality(parts: Mapping[str, Sequence[Document]]) -> None:
    """Refuse splits without real documents.

    Raises:
        DataError: all of a split are machine-made, so that nothing stands for reality.
    """
    for part, documents in parts.items():
        if documents and _machine_made(documents) == len(documents):
            claims = {claim for d in documents for claim in d.claims if claim[1]}
            raise DataError(
                f"all {len(documents):,} documents of {part} are machine-made by {_named(claims)}, "
                "and nothing stands for reality; add real text, or take these as real by "
                "reality.human=['*']"
            )


def origin_digest(documents: Sequence[Document]) -> dict[str, str]:
    """Return the SHA-256 of the origins of documents, in their order; none where all are real."""
    origins = [str(d.origin) for d in documents]
    if set(origins) <= {str(REAL)}:
        return {}
    return {"train_origins_sha256": sha256(",".join(origins).encode()).hexdigest()}


def _machine_made(documents: Iterable[Document]) -> int:
    return sum(d.origin != REAL for d in documents)


def _as_text(value: Any) -> str:
    # An empty list or table says as little as null; 1.0 is what a column with gaps makes of 1.
    if value is None or value in ([], {}) or value != value:
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip().lower()


def _is_known(claim: tuple[str, str], people: frozenset[str]) -> bool:
    return not claim[1] or claim[1] in PEOPLE | MACHINES | people


def _is_machine(
    claim: tuple[str, str], counts: Mapping[tuple[str, str], int], people: frozenset[str]
) -> bool:
    field, value = claim
    if not value or value in PEOPLE | people:
        return False
    # Whoever names the people says that all others are machines.
    if people or value in MACHINES or field == "generator":
        return True
    beside = {v for f, v in counts if f == field}
    if field == "origin" and not beside & MACHINES:
        return bool(beside & PEOPLE)
    raise DataError(
        f"{field} is {value!r} in {counts[claim]:,} rows and says not whether people or a machine "
        "made them; expected human or machine"
        f"{', true or false' if field == 'synthetic' else ''}; name the values that stand for real "
        f"text by reality.human=['{value}', ...], or '*' for all"
    )


def _named(claims: Iterable[tuple[str, str]]) -> str:
    """Return fields with a few of their values: origin (gpt, markov)."""
    values: dict[str, list[str]] = {}
    for field, value in sorted(claims):
        values.setdefault(field, []).append(value[:40])
    return ", ".join(
        f"{field} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for field, names in values.items()
    )
