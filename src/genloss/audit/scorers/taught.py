"""The labelled texts that a scorer learns from, read once."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from genloss.core.places import digest_of, regular_file
from genloss.corpus.record.reading import read_records
from genloss.errors import DataError


@dataclass(frozen=True)
class Lessons:
    """Texts whose origin is known: human and machine, and the ids of both."""

    human: tuple[str, ...]
    machine: tuple[str, ...]
    ids: frozenset[str]


def lessons(file: str) -> Lessons:
    """Return the records of a file whose origin is human or machine; others are passed over.

    Raises:
        DataError: no such file, or no human text in it.
    """
    return _lessons(file, digest_of(regular_file(Path(file).expanduser())))


@lru_cache(maxsize=4)
def _lessons(file: str, digest: str) -> Lessons:
    by_origin: dict[str, list[str]] = {"human": [], "machine": []}
    ids = set()
    for record in read_records([Path(file).expanduser()]):
        if record.origin in by_origin and record.text:
            by_origin[record.origin].append(record.text)
            ids.add(record.id)
    if not by_origin["human"]:
        raise DataError(
            f"{file}: no record of origin 'human' to learn from; give each line an origin, human "
            "or machine"
        )
    return Lessons(tuple(by_origin["human"]), tuple(by_origin["machine"]), frozenset(ids))
