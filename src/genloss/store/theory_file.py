"""theory.json: what theory expects of a run, kept so that it is computed once."""

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from genloss.errors import StoreError
from genloss.store.files import read_sealed, write_sealed
from genloss.store.folder import THEORY
from genloss.store.header import Header
from genloss.store.schema import expect

SHAPE = {
    "run": str,
    "genloss": str,
    "lines": {str: {"label": str, "t": [int], "value": [float], "statistic?": str}},
}

Lines = Mapping[str, Mapping[str, Any]]
"""{metric: {label, t, value}}: dashed lines."""


def read_theory(run: Path, header: Header) -> Lines | None:
    """Return the lines; None where they must be computed (again).

    They are derived from the header: a damaged file, another run's, or another version's is as
    good as none.
    """
    path = run / THEORY
    if not path.is_file():
        return None
    try:
        value = read_sealed(path)
        expect(value, SHAPE, path)
    except StoreError:
        return None
    if (value["run"], value["genloss"]) != (header.fingerprint, metadata.version("genloss")):
        return None
    lines: Lines = value["lines"]
    return lines


def write_theory(run: Path, header: Header, lines: Lines) -> None:
    """Write the lines; raises StoreError where the folder cannot be written."""
    value = {"run": header.fingerprint, "genloss": metadata.version("genloss"), "lines": lines}
    write_sealed(run / THEORY, value)
