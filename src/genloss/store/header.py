"""The header of a run: what run.json holds, and what it means to be the same run."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from genloss.core.code import Code
from genloss.core.view import Direction
from genloss.errors import StoreError
from genloss.store.files import read_sealed, sync_folder, write_sealed
from genloss.store.fingerprint import fingerprint
from genloss.store.schema import expect

HEADER = "run.json"

SHAPE = {
    "name": str,
    "fingerprint": str,
    "earlier": [str],
    "identity": {str: object},
    "spec": {"generations": int, "chains": int, "chains_per_block": int},
    "metrics": [
        {"name": str, "unit": (str, [str]), "direction": (str, [str]), "labels?": [str]},
    ],
    "data": str,
    "code": [{"modules": {str: str}, "packages": {str: str}, "unchecked": [str]}],
}


@dataclass(frozen=True)
class Header:
    """What run.json holds.

    identity: what the fingerprint covers. spec: the full description, from which the study is
    rebuilt. metrics: name, unit and direction of each, and the labels of its components, if it has
    any. data: what was found in the data, in one line; empty where there is nothing to say.
    earlier: the fingerprints that the folder had before it was continued, the first one first.
    code: of other people's classes, when the folder began; then every other one that was accepted.
    """

    name: str
    identity: Mapping[str, Any]
    spec: Mapping[str, Any]
    metrics: tuple[Mapping[str, Any], ...]
    data: str = ""
    earlier: tuple[str, ...] = ()
    code: tuple[Code, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """Return the 16 hex digits of the identity."""
        return fingerprint(self.identity)

    @property
    def origin(self) -> str:
        """Return the fingerprint that the folder began with, which its tables are chained to."""
        return self.earlier[0] if self.earlier else self.fingerprint

    @property
    def accepted(self) -> tuple[str, ...]:
        """Return the fingerprints that files of the folder may name."""
        return (self.fingerprint, *self.earlier)

    @property
    def n_blocks(self) -> int:
        """Return the number of blocks of chains."""
        return -(-int(self.spec["chains"]) // int(self.spec["chains_per_block"]))


DIRECTIONS = tuple(direction.value for direction in Direction)


def read_header(run: Path) -> Header:
    """Read run.json; raises StoreError if it is missing, of another version, or damaged."""
    path = run / HEADER
    if not path.is_file():
        raise StoreError(f"{run} is not a run folder: it has no {HEADER}; see `genloss ls`")
    value = read_sealed(path)
    expect(value, SHAPE, path)
    if min(value["spec"][k] for k in ("generations", "chains", "chains_per_block")) < 1:
        raise StoreError(f"{path}: spec has a count below 1; it is foreign; run the study again")
    for about in value["metrics"]:
        _check_metric(path, about)
    header = Header(
        value["name"],
        value["identity"],
        value["spec"],
        tuple(value["metrics"]),
        value["data"],
        tuple(value["earlier"]),
        tuple(Code(c["modules"], c["packages"], tuple(c["unchecked"])) for c in value["code"]),
    )
    if header.fingerprint != value["fingerprint"]:
        raise StoreError(
            f"{path}: the description hashes to {header.fingerprint}, the file says "
            f"{value['fingerprint']}; it was written by hand; run the study again"
        )
    return header


def _check_metric(path: Path, about: Mapping[str, Any]) -> None:
    for key in ("unit", "direction"):
        values = about[key]
        count = len(about.get("labels", ()))
        each = [values] if isinstance(values, str) else values
        if not isinstance(values, str) and len(values) != count:
            raise StoreError(
                f"{path}: metric {about['name']} has {len(values)} of {key} for {count} labels; it "
                "is foreign; run the study again"
            )
        if key == "direction" and (odd := [one for one in each if one not in DIRECTIONS]):
            raise StoreError(
                f"{path}: metric {about['name']} has direction {odd[0]!r}; expected "
                f"{', '.join(DIRECTIONS)}; it is foreign; run the study again"
            )


def write_header(run: Path, header: Header) -> None:
    """Write run.json, durably with all that was written beside it before."""
    value = {
        "name": header.name,
        "fingerprint": header.fingerprint,
        "earlier": list(header.earlier),
        "identity": header.identity,
        "spec": header.spec,
        "metrics": list(header.metrics),
        "data": header.data,
        "code": [asdict(code) for code in header.code],
    }
    write_sealed(run / HEADER, value)
    sync_folder(run)


def check_same(run: Path, there: Header, here: Header) -> None:
    """Raise StoreError, with both sides, where a folder holds another config."""
    if there.fingerprint == here.fingerprint:
        return
    theirs, ours = there.identity, here.identity
    rows = [
        f"  {key:<16} there {theirs.get(key)!r:<40} here {ours.get(key)!r}"
        for key in sorted({*theirs, *ours})
        if theirs.get(key) != ours.get(key)
    ]
    listing = os.linesep.join(rows)
    raise StoreError(f"{run} holds another config; a run folder has one.{os.linesep}{listing}")
