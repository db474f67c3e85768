"""Sweep: many studies that differ in the fields of a grid, from one spec, text or run's spec."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genloss.core.places import Place
from genloss.errors import SpecError
from genloss.spec.toml import merged, overridden, parsed, read_spec
from genloss.study.grid import KEYS, Grid, Options
from genloss.study.own_text import is_text, name_of, own_text_spec
from genloss.study.study import Study, checked_name, study_from

TABLE = "sweep"
"""The table of a spec that holds its grid."""

LONGEST = 120
"""Bytes of a cell's name, which becomes a part of its folder's."""


@dataclass(frozen=True)
class Sweep:
    """Studies by what is set in each.

    spec: all that they share. grid: what varies, as written. varying: the keys that do.
    """

    name: str
    spec: Mapping[str, Any]
    grid: Mapping[str, Any]
    varying: tuple[str, ...]
    cells: tuple[tuple[Options, Study], ...]


def load_sweep(
    path: Place, overrides: Sequence[str] = (), vary: Sequence[str] = (), model: str = ""
) -> Sweep:
    """Return the sweep of a TOML spec with a table [sweep], or of a text.

    vary: KEY=LIST each, which are added to the grid of the spec, such as "n_real=[10, 100]", or
    "regime=replace,accumulate"; "seeds=8" sets chains. model: see `own_text_spec`.

    Raises:
        SpecError: a spec that cannot be read, a grid that is laid out otherwise, an unknown field.
    """
    path = Path(path)
    if not path.exists():
        raise SpecError(f"{path}: no such spec or text; check the path")
    if is_text(path):
        spec = {"name": name_of(path), **own_text_spec(path, model, overrides)}
    elif model:
        raise SpecError(f"a model was given, but {path} is not text; name the model in the spec")
    else:
        spec = {"name": path.stem, **read_spec(path)}
    table = spec.pop(TABLE, {})
    if not isinstance(table, Mapping):
        raise SpecError(f"{path}: {TABLE} is {table!r}; expected a table with {', '.join(KEYS)}")
    return sweep_from(overridden(spec, overrides), _with_options(table, vary), f"{path}: {TABLE}")


def sweep_from(spec: Mapping[str, Any], grid: Mapping[str, Any], where: str = TABLE) -> Sweep:
    """Build a sweep from the spec that its cells share and the table of its grid.

    Raises:
        SpecError: nothing varies, two cells are one run, or a cell has an unknown or unfit field.
    """
    name = checked_name(spec.get("name", TABLE))
    what = Grid.of(grid, where)
    if not what.varying:
        raise SpecError(
            f"{where}: nothing varies; give lists in vary, such as vary = {{ n_real = [10, 100] }}"
            " (on the command line: --vary n_real=10,100)"
        )
    if "name" in what.varying:
        raise SpecError(f"{where}: name varies, which is no part of what a run does; drop it")
    shorts = _short_names(what.varying)
    cells: list[tuple[Options, Study]] = []
    for options in what.cells(where):
        called = _cell_name({shorts[k]: v for k, v in options.items() if k in shorts}, len(cells))
        study = study_from({**merged(spec, options), "name": called})
        cells.append((options, study))
    if not cells:
        raise SpecError(
            f"{where}: no cell is left; exclude matches all of them, or a list is empty"
        )
    return Sweep(name, spec, grid, tuple(what.varying), tuple(cells))


def _with_options(table: Mapping[str, Any], vary: Sequence[str]) -> dict[str, Any]:
    """Return a grid's table with KEY=LIST entries of the command line."""
    out = {**table, "vary": dict(table.get("vary", {}))} if vary else dict(table)
    for text in vary:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise SpecError(f"--vary {text!r}; expected KEY=LIST, such as n_real=100,1000")
        if key.strip() == "seeds":
            out["seeds"] = parsed(value)
        else:
            out["vary"][key.strip()] = _listed(value.strip())
    return out


def _listed(text: str) -> Any:
    """Return a list of TOML, its brackets left out or not, or of words between commas."""
    if text.startswith("["):
        return parsed(text)
    try:
        return parsed(f"[{text}]")
    except SpecError:
        return [parsed(each.strip()) for each in text.split(",")]


def _short_names(keys: Sequence[str]) -> dict[str, str]:
    """Return the last part of every dotted key, or all of it where two end alike."""
    last = [key.rpartition(".")[2] for key in keys]
    return {k: k if last.count(short) > 1 else short for k, short in zip(keys, last, strict=True)}


def _cell_name(options: Mapping[str, Any], number: int) -> str:
    name = ",".join(f"{_word(key)}={_word(value)}" for key, value in options.items())
    # A file system counts bytes.
    cut = name.encode()[: LONGEST - 7].decode(errors="ignore")
    return name if len(name.encode()) <= LONGEST else f"{cut}-{number:06d}"


def _word(value: Any) -> str:
    """Return a value as part of a name: letters, digits and - _ . ="""
    if isinstance(value, Mapping):
        inner = [f"{k}={_word(v)}" for k, v in value.items() if k != "kind"]
        return "-".join([_word(value.get("kind", "")), *inner]).strip("-")
    if isinstance(value, list | tuple):
        return "-".join(_word(v) for v in value)
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in str(value))
