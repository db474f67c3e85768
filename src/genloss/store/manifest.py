"""The manifest of one block: written last, it vouches for everything else in the block's folder."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genloss.errors import StoreError
from genloss.store.digest_chain import Mark
from genloss.store.files import read_sealed, write_sealed
from genloss.store.schema import expect

MANIFEST = "manifest.json"

SHAPE = {
    "run": str,
    "block": int,
    "t": int,
    "real_rows_drawn": int,
    "table": {"bytes": int, "lines": int, "chain": str},
    "checkpoint": (None, {"bytes": int, "sha256": str}),
    "kept": {str: {str: str}},
    "threads": int,
    "instructions": str,
    "versions": {str: str},
    "earlier?": [{"t": int, "instructions": str, "versions": {str: str}}],
    "shortfall?": {"t": int, "share": float},
    "vocabulary?": int,
}

LIBRARIES = ("transformers", "tokenizers", "peft", "accelerate")
"""Packages whose versions stand in the manifests of those runs alone that use them."""

NUMERIC = ("numpy", "scipy", "numba", "scikit-learn", "torch", *LIBRARIES)
"""Packages whose other versions may give other last bits, or other tokens."""

GENERATION = re.compile(r"[0-9]{6,8}")
PART = re.compile(r"[a-z_]+")


@dataclass(frozen=True)
class Earlier:
    """A machine that made a block up to generation t."""

    t: int
    instructions: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Machine:
    """What the bits of a block may depend on: threads of a fit, processor, and package versions.

    earlier: other machines that the block was on before, in their order.
    """

    threads: int
    instructions: str
    versions: Mapping[str, str]
    earlier: tuple[Earlier, ...] = ()

    def unlike(self, here: "Machine", packages: Collection[str] = NUMERIC) -> list[str]:
        """Return what differs on a machine that would go on, in words; nothing where bits hold."""
        pairs = [("instruction sets", self.instructions, here.instructions)]
        shared = [p for p in packages if p in self.versions and p in here.versions]
        pairs += [(p, self.versions[p], here.versions[p]) for p in shared]
        return [f"{what}: {there}, here {now}" for what, there, now in pairs if there != now]

    def moved_to(self, here: "Machine", t: int) -> "Machine":
        """Return the machine that goes on after generation t, with the threads of this one."""
        if not self.unlike(here):
            return self
        last = Earlier(t, self.instructions, self.versions)
        return replace(here, threads=self.threads, earlier=(*self.earlier, last))


@dataclass(frozen=True)
class Shortfall:
    """The largest share of its rows that a chain lacked since its curator refused too many.

    t: the first generation at which a chain lacked any.
    """

    t: int
    share: float


@dataclass(frozen=True)
class Digest:
    """Length and SHA-256 of a file."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Block `block` of run `run`, finished up to generation t.

    run: the fingerprint. real_rows_drawn: rows of reality used up, per chain. checkpoint: what
    the chain goes on from; None where nothing goes on. kept: by generation and part, SHA-256.
    shortfall: None where every chain had all its rows. vocabulary: entries of the tokeniser of
    a text, None of other data.
    """

    run: str
    block: int
    t: int
    real_rows_drawn: int
    table: Mark
    checkpoint: Digest | None
    kept: Mapping[int, Mapping[str, str]]
    machine: Machine = field(repr=False)
    shortfall: Shortfall | None = None
    vocabulary: int | None = None


def read_manifest(folder: Path, runs: tuple[str, ...], block: int) -> Manifest | None:
    """Read the manifest of a block's folder; None where there is none.

    runs: the fingerprints that it may name.

    Raises:
        StoreError: it is damaged, or belongs to another run or block.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    value = read_sealed(path)
    expect(value, SHAPE, path)
    if value["run"] not in runs or value["block"] != block:
        raise StoreError(
            f"{path} belongs to block {value['block']} of run {value['run']}; expected block "
            f"{block} of {runs[0]}; it was copied from elsewhere; remove {folder} and run again"
        )
    names = [(t, name) for t, parts in value["kept"].items() for name in ("", *parts)]
    if odd := [f"{t}/{n}" for t, n in names if not (GENERATION.fullmatch(t) and _part(n))]:
        raise StoreError(f"{path}: kept has {odd[0]!r}; expected generations and names of parts")
    stored, short = value["checkpoint"], value.get("shortfall")
    return Manifest(
        value["run"],
        value["block"],
        value["t"],
        value["real_rows_drawn"],
        Mark(**_only(value["table"], SHAPE["table"])),
        None if stored is None else Digest(stored["bytes"], stored["sha256"]),
        {int(t): parts for t, parts in value["kept"].items()},
        Machine(
            value["threads"],
            value["instructions"],
            value["versions"],
            tuple(
                Earlier(e["t"], e["instructions"], e["versions"]) for e in value.get("earlier", ())
            ),
        ),
        None if short is None else Shortfall(short["t"], short["share"]),
        value.get("vocabulary"),
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a block's folder, by one rename."""
    stored = manifest.checkpoint
    value = {
        "run": manifest.run,
        "block": manifest.block,
        "t": manifest.t,
        "real_rows_drawn": manifest.real_rows_drawn,
        "table": vars(manifest.table),
        "checkpoint": None if stored is None else vars(stored),
        "kept": {f"{t:06d}": dict(parts) for t, parts in sorted(manifest.kept.items())},
        "threads": manifest.machine.threads,
        "instructions": manifest.machine.instructions,
        "versions": dict(manifest.machine.versions),
    }
    if manifest.machine.earlier:
        value["earlier"] = [
            {"t": e.t, "instructions": e.instructions, "versions": dict(e.versions)}
            for e in manifest.machine.earlier
        ]
    if manifest.shortfall is not None:
        value["shortfall"] = vars(manifest.shortfall)
    if manifest.vocabulary is not None:
        value["vocabulary"] = manifest.vocabulary
    write_sealed(folder / MANIFEST, value)


def _part(name: str) -> bool:
    return not name or PART.fullmatch(name) is not None


def _only(value: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    return {key: value[key] for key in shape}
