"""Continuing a run folder with more chains or more generations, where what it holds stays true.

Blocks that are there go on from their last checkpoint, and new ones begin. What would come out
otherwise in a run that had been longer from the start is refused, with the reason.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from genloss.core.places import Place
from genloss.core.streams import Streams
from genloss.errors import GenlossError, RealityExhausted, SpecError, StoreError
from genloss.run.runner import header_of
from genloss.run.setup import reserve
from genloss.store.files import explained, sync_folder
from genloss.store.folder import itself, run_path
from genloss.store.header import Header, read_header, write_header
from genloss.store.lock import locked
from genloss.store.machine_file import local_spec, portable
from genloss.store.reader import Run
from genloss.store.sweep import sweeps_with
from genloss.study.study import Study, study_from

ASK = "run the spec in a folder of its own"


def continued(run: Place, study: Study, sweep: Path | None = None) -> Path:
    """Make a folder that of a longer study and return its new place; nothing runs yet.

    study: that of the folder with more generations, more chains, or both. The folder is renamed
    after its new fingerprint, and run.json notes the earlier ones. sweep: that which grows, and
    has seen to it that no other one loses its cells.

    Raises:
        SpecError: another study, fewer of them, or blocks and schedules that would differ.
        RealityExhausted: the rows of a finite reality do not last that long.
        StoreError: a block was finished without a checkpoint, the new place is taken, or a sweep
            has the folder as a cell.
    """
    run = itself(Path(run))
    with locked(run):
        there = read_header(run)
        here = header_of(study)
        if here.fingerprint == there.fingerprint and not is_half_renamed(run, there):
            return run
        if sweep is None:
            check_unshared([run])
        check_continued(run, study)
        place = run_path(run.parent, here)
        if here.fingerprint != there.fingerprint:
            write_header(run, _joined(there, here))
    _rename(run, place)
    return place


def _rename(run: Path, place: Path) -> None:
    with explained("rename", run):
        run.rename(place)
        sync_folder(place.parent)


def is_half_renamed(run: Path, header: Header) -> bool:
    """Return whether a folder still has an earlier name: a kill came before it was renamed."""
    return run.name.endswith(tuple(f"-{earlier}" for earlier in header.earlier))


def check_unshared(runs: Sequence[Path], sweep: Path | None = None) -> None:
    """Refuse to rename the folders of runs that are cells of sweeps, other than `sweep`.

    Raises:
        StoreError: a sweep beside them, or beside their folder, would lose them.
    """
    places = {place for run in runs for place in (run.parent, run.resolve().parent.parent)}
    mine = None if sweep is None else sweep.resolve()
    for other in sweeps_with(runs, places):
        if other == mine:
            continue
        elsewhere = f"run the spec under another name (name=...), or remove {other} first"
        if sweep is not None:
            raise StoreError(
                f"{sweep} cannot grow: folders of its cells are renamed, and the sweep {other}, "
                f"which has some of them, would lose them; {elsewhere}"
            )
        whole = f"let all of that grow (genloss sweep {other} generations=...)"
        raise StoreError(
            f"{runs[0]} cannot grow: the folder is renamed, and the sweep {other} would lose it; "
            + (whole if runs[0].resolve().parent == other else elsewhere)
        )


def check_continued(run: Path, study: Study) -> None:
    """Refuse what `continued` refuses; nothing is written."""
    before = study_from(local_spec(run, read_header(run).spec))
    check_longer(before, study)
    if study.generations > before.generations:
        _check_checkpoints(Run(run), before)
    place = run_path(run.parent, header_of(study))
    if place.exists():
        raise StoreError(f"{place} is there already; run that, or remove it first")


def check_longer(before: Study, study: Study) -> None:
    """Refuse a study that is not the first part of a longer one, number by number."""
    same = replace(study, generations=before.generations, chains=before.chains, name=before.name)
    if header_of(same).fingerprint != header_of(before).fingerprint:
        block = before.chains_per_block
        if (
            header_of(replace(same, chains_per_block=block)).fingerprint
            == header_of(before).fingerprint
        ):
            raise SpecError(
                f"blocks are of {study.chains_per_block} chains; the folder has blocks of {block}, "
                f"and more chains come in whole blocks, as those of a block share draws; {ASK}"
            )
        raise SpecError(f"more than generations and chains differ from the folder; {ASK}")
    for name in ("generations", "chains"):
        old, new = getattr(before, name), getattr(study, name)
        if new < old:
            raise SpecError(f"{name} is {new}; the folder has {old} already; {ASK}")
    part = before.chains % before.chains_per_block
    if study.chains > before.chains and part:
        raise SpecError(
            f"the last block of the folder has {part} chains of {before.chains_per_block}; more "
            f"chains come in whole blocks, and those of a block share their draws; {ASK}"
        )
    _check_schedule(before, study)
    _check_reality(study)


def _check_schedule(before: Study, study: Study) -> None:
    last = before.generations
    if study.generations == last or last in study.measure.times(study.generations):
        return
    raise SpecError(
        f"generation {last} was measured because it was the last one; a run of "
        f"{study.generations} would not measure it (measure.every = {study.measure.every}); {ASK}"
    )


def _check_reality(study: Study) -> None:
    """Raise RealityExhausted where a finite reality does not last; other refusals come later."""
    streams = Streams(study.seed)
    try:
        p_0 = study.reality.realise(1, streams.rng(0, "realise"))
        reserve(study, p_0, streams)
    except RealityExhausted as error:
        raise RealityExhausted(f"the folder cannot go on so long: {error}") from error
    except GenlossError as error:
        raise SpecError(f"the folder cannot go on: {error}") from error


def _check_checkpoints(run: Run, before: Study) -> None:
    for block in run.blocks:
        manifest = block.manifest
        if manifest is not None and manifest.t >= before.generations and not manifest.checkpoint:
            raise StoreError(
                f"{block.path} was finished, and its last checkpoint removed (genloss gc) or never "
                f"written; there is nothing to go on from; {ASK}"
            )


def _joined(there: Header, here: Header) -> Header:
    return replace(
        here,
        name=there.name,
        spec=portable({**here.spec, "name": there.name}),
        earlier=(*there.earlier, there.fingerprint),
        code=there.code,
    )
