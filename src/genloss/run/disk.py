"""Whether what runs will write fits on the disk, from sizes alone and from below."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from genloss.core.forms import Endless, Rows
from genloss.core.regimes import (
    Accumulate,
    AccumulateSubsample,
    Fresh,
    Mix,
    Replace,
    ReplaceMultiple,
)
from genloss.core.resources import bytes_in_words
from genloss.core.view import Labelled
from genloss.errors import ResourceError, StoreError
from genloss.run.setup import columns_of
from genloss.study.study import Study

VALUE_BYTES = 12
"""Of a number in a table, at least, with its comma; most have 17 digits and take 19."""

RUN_BYTES = 16_384
"""Of a run with one block, at least: four files of a page each, in folders of a page each."""


ORIGIN_BYTES = 4
"""Of who made a row, beside its values."""

POOLING = (Accumulate, AccumulateSubsample)
"""Regimes whose checkpoint holds all that was written; that of LASTING the last set alone."""

LASTING = (Replace, ReplaceMultiple, Mix, Fresh)


def least_bytes(study: Study) -> int:
    """Return what a study writes at least: folder, tables, kept rows and the last checkpoint.

    From its sizes alone: models, texts and histograms count nothing, nor do checkpoints of other
    regimes than those above; rows of unknown width count one number. O(kept generations).
    """
    measured = len(study.measure.times(study.generations) | {study.generations})
    columns = sum(len(m.labels) if isinstance(m, Labelled) else 1 for m in study.metrics)
    rows = _kept_rows(study) + _checkpoint_rows(study)
    return RUN_BYTES + VALUE_BYTES * measured * columns * study.chains + rows * _row_bytes(study)


def _row_bytes(study: Study) -> int:
    return ORIGIN_BYTES + 8 * columns_of(study.reality)


def _kept_rows(study: Study) -> int:
    """Return the rows kept of all chains and generations."""
    if not isinstance(study.form, Rows | Endless) or not study.keep.rows:
        return 0
    blocks, rest = divmod(study.chains, study.chains_per_block)
    chains = blocks * min(study.keep.chains, study.chains_per_block) + min(study.keep.chains, rest)
    times = study.keep.times(study.generations)
    return chains * sum(min(study.keep.rows, _written(study, t)) for t in times)


def _written(study: Study, t: int) -> int:
    """Return the rows of S_t of a chain."""
    if t == 0:
        return study.n_real
    return study.regime.sizes(t, study.n_real, study.n_synthetic).synthetic


def _checkpoint_rows(study: Study) -> int:
    """Return the rows of all chains that a longer run would go on from."""
    # What a curator lets in may be fewer.
    if not isinstance(study.form, Rows) or study.curator is not None:
        return 0
    if isinstance(study.regime, POOLING):
        return study.chains * study.generations * study.n_synthetic
    if isinstance(study.regime, LASTING):
        return study.chains * _written(study, study.generations)
    return 0


def check_disk(sizes: Sequence[int], root: Path) -> None:
    """Refuse runs of such sizes that cannot be written or cannot fit below root; nothing is.

    Raises:
        StoreError: nothing can be made there.
        ResourceError: the disk has less room than they take at least.
    """
    place = root.absolute()
    while not os.path.exists(place):
        place = place.parent
    if sizes:
        _check_writable(root, place)
    need, free = sum(sizes), shutil.disk_usage(place).free
    if need > free:
        raise ResourceError(
            f"{len(sizes):,} runs take {bytes_in_words(need)} of disk at least; {place} has "
            f"{bytes_in_words(free)} free; measure or keep fewer generations (keep), use "
            "fewer chains or another root; --despite-disk (in Python check_room=False) begins all "
            "the same",
            os.strerror(28),
        )


def _check_writable(root: Path, place: Path) -> None:
    """Make a folder in the nearest one that is there, and remove it: permissions do not tell."""
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".genloss-", dir=place))
    except OSError as error:
        raise StoreError(
            f"{root} cannot be written: nothing can be made in {place} ({error.strerror or error});"
            " choose another root (--root)"
        ) from error
