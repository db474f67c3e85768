"""Sweep: many studies that differ in the fields of a grid, from one spec, text or run's spec."""

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genloss.core.arrays import checked_count
from genloss.core.places import Place
from genloss.errors import SpecError
from genloss.spec.toml import changes_of, merged, overridden, parsed, read_spec, value_at
from genloss.store.machine_file import short_paths, shortened
from genloss.store.sweep import GRID
from genloss.study.grid import KEYS, Grid, Options
from genloss.study.own_text import is_text, name_of, own_text_spec
from genloss.study.study import Study, checked_name, study_from

TABLE = GRID
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
    overrides: of what cells share; "chains=8" sets a number of seeds in the grid.

    Raises:
        SpecError: a spec that cannot be read, a grid that is laid out otherwise, an unknown field,
            an override that every cell undoes.
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
    if "seeds" in (given := _with_options({}, vary)) and "chains" in changes_of(overrides):
        raise SpecError(
            f"chains is overridden, and --vary seeds={given['seeds']} sets it; drop one of them"
        )
    grid = with_chains(_with_options(table, vary), overrides)
    sweep = sweep_from(overridden(spec, overrides), grid, f"{path}: {TABLE}")
    check_overrides(sweep, overrides)
    return sweep


def with_chains(grid: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Return a grid whose number of seeds, which is one of chains, is that of chains=N."""
    changes = changes_of(overrides)
    if "chains" not in changes or not isinstance(grid.get("seeds"), int):
        return dict(grid)
    return {**grid, "seeds": checked_count(changes["chains"], "chains")}


@dataclass(frozen=True)
class Undone:
    """An override and the key of the grid that sets it otherwise, in so many cells."""

    override: str
    key: str
    cells: int


def undone(sweep: Sweep, overrides: Sequence[str]) -> Iterator[Undone]:
    """Yield the overrides of what cells share that some cells of a sweep undo."""
    fixed = isinstance(sweep.grid.get("seeds"), int)
    for text in overrides:
        [(name, value)] = changes_of([text]).items()
        if name == "chains" and fixed:
            continue
        name = name.removesuffix("+")
        leaves = [f"{name}.{k}" for k in value] if isinstance(value, Mapping) else [name]
        found = [_undoing(sweep.spec, options, leaves) for options, _ in sweep.cells]
        if keys := [key for key in found if key]:
            yield Undone(text, keys[0], len(keys))


def _undoing(spec: Mapping[str, Any], options: Options, leaves: Sequence[str]) -> str:
    """Return the key of a cell that sets one of these of the spec, or drops it; else nothing."""
    for key in (key for key in options if not key.endswith("+")):
        part = key.removesuffix(".kind")
        if part in leaves or f"{part}.kind" in leaves:
            return key
        if within := [leaf for leaf in leaves if leaf.startswith(f"{part}.")]:
            # The same kind keeps its fields.
            cell = merged(spec, options) if part != key else {}
            if any(value_at(cell, leaf) is None for leaf in within):
                return key
    return ""


def check_overrides(sweep: Sweep, overrides: Sequence[str]) -> None:
    """Raise SpecError where every cell of a sweep undoes an override."""
    for lost in undone(sweep, overrides):
        if lost.cells == len(sweep.cells):
            raise SpecError(
                f"override {lost.override}: {_setting(sweep, lost.key)} in the sweep's table, "
                f"which undoes it in every cell; {_instead(sweep, lost)}"
            )


def _setting(sweep: Sweep, key: str) -> str:
    if key == "seed" and "seeds" in sweep.grid:
        return f"seeds is {sweep.grid['seeds']!r}"
    values = sweep.grid.get("vary", {}).get(key)
    return f"{key} is set" if values is None else f"{key} varies over {reprlib.repr(values)}"


def _instead(sweep: Sweep, lost: Undone) -> str:
    """Return what to try: a key of its own on the command line, where that would hold."""
    key, _, value = lost.override.partition("=")
    key, value = key.strip(), value.strip()
    if lost.key == "seed":
        return f"try --vary seeds=[{value}]"
    alone = lost.key == key and key in sweep.grid.get("vary", {})
    if alone or (key.startswith(f"{lost.key}.") and key not in sweep.varying):
        return f"try --vary {key}={f'[{value}]' if ',' in value else value}"
    return "change it there"


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
    shorts, paths = _short_names(what.varying), short_paths(grid)
    cells: list[tuple[Options, Study]] = []
    for options in what.cells(where):
        said = shortened({shorts[k]: v for k, v in options.items() if k in shorts}, paths)
        called = _cell_name(said, len(cells))
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
            # One number is of chains.
            out["seeds"] = _listed(value.strip()) if "," in value else parsed(value)
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
