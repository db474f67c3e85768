"""Whether what runs will write fits on the disk, from sizes alone and from below."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from genloss.core.resources import bytes_in_words
from genloss.core.view import Labelled
from genloss.errors import ResourceError
from genloss.study.study import Study

VALUE_BYTES = 12
"""Of a number in a table, at least, with its comma; most have 17 digits and take 19."""

RUN_BYTES = 16_384
"""Of a run with one block, at least: four files of a page each, in folders of a page each."""


def least_bytes(study: Study) -> int:
    """Return what the tables of a study and its folder take at least; kept generations apart."""
    measured = len(study.measure.times(study.generations) | {study.generations})
    columns = sum(len(m.labels) if isinstance(m, Labelled) else 1 for m in study.metrics)
    return RUN_BYTES + VALUE_BYTES * measured * columns * study.chains


def check_disk(sizes: Sequence[int], root: Path) -> None:
    """Refuse runs of such sizes that cannot fit below root; nothing is written.

    Raises:
        ResourceError: the disk has less room than they take at least.
    """
    place = root.absolute()
    while not place.exists():
        place = place.parent
    need, free = sum(sizes), shutil.disk_usage(place).free
    if need > free:
        raise ResourceError(
            f"{len(sizes):,} runs take {bytes_in_words(need)} of disk at least; {place} has "
            f"{bytes_in_words(free)} free; measure at fewer generations, use fewer chains or "
            "another root; --despite-disk (in Python check_room=False) begins all the same",
            os.strerror(28),
        )
