"""about.json: what the parts of a run said of themselves when it was made."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from genloss.core.about import Component, Entries, Entry, Work
from genloss.errors import SpecError, StoreError
from genloss.store.files import read_sealed, write_sealed
from genloss.store.schema import expect

ABOUT = "about.json"


def write_about(run: Path, fingerprint: str, entries: Entries) -> None:
    """Write about.json into the folder of a run, atomically; what is empty is left out."""
    kinds = {role: {k: _plain(e) for k, e in named.items()} for role, named in entries.items()}
    write_sealed(run / ABOUT, {"run": fingerprint, "about": kinds})


def read_about(run: Path, fingerprints: Sequence[str]) -> Entries:
    """Read about.json; none gives no entries.

    fingerprints: of the runs that it may be about.

    Raises:
        StoreError: it is damaged, of another shape, or about another run.
    """
    path = run / ABOUT
    if not path.is_file():
        return {}
    value = read_sealed(path)
    expect(value, {"run": str, "about": {str: {str: {str: object}}}}, path)
    if value["run"] not in fingerprints:
        raise StoreError(
            f"{path} is about run {value['run']}; expected {fingerprints[0]}; it was copied from "
            "elsewhere; delete it: the report then calls everything by its short name"
        )
    try:
        return {
            role: {key: _entry(content) for key, content in named.items()}
            for role, named in value["about"].items()
        }
    except (AttributeError, KeyError, TypeError, SpecError) as error:
        raise StoreError(
            f"{path} lacks or garbles {error}; it was damaged; delete it: the report then calls "
            "everything by its short name"
        ) from error


def _plain(value: Any) -> dict[str, Any]:
    out = {k: v for k, v in asdict(value).items() if v}
    return out | ({"works": [_plain_work(w) for w in value.works]} if value.works else {})


def _plain_work(work: Work) -> dict[str, Any]:
    return {k: v for k, v in asdict(work).items() if v}


def _entry(content: Mapping[str, Any]) -> Entry:
    works = tuple(_typed(Work, work) for work in content.get("works", ()))
    components = tuple(_typed(Component, part) for part in content.get("components", ()))
    entry: Entry = _typed(Entry, {**content, "works": works, "components": components})
    return entry


def _typed(cls: type[Any], content: Mapping[str, Any]) -> Any:
    made = cls(**content)
    for f in fields(made):
        value = getattr(made, f.name)
        if isinstance(f.type, type) and not isinstance(value, f.type):
            raise TypeError(f"{f.name} = {value!r}")
    return made
