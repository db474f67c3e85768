"""Inputs stay what they were: what a block has read is held against what its run began with."""

from collections.abc import Iterator, Mapping
from typing import Any

from genloss.errors import DataError
from genloss.spec.build import Identified
from genloss.spec.parts import parts
from genloss.store.fingerprint import fingerprint
from genloss.store.header import Header
from genloss.study.study import Study, identity


def check_inputs(study: Study, header: Header) -> None:
    """Check that the study is still the one of its run: its files, too, which may have changed.

    Files are read again only where their size or times have changed.

    Raises:
        DataError: another identity; the message has what it was and what it is.
    """
    now = identity(study)
    if fingerprint(now) == header.fingerprint:
        return
    before, after = dict(_flat(header.identity)), dict(_flat(now))
    changes = [
        f"{key} was {before.get(key)!r} and is {after.get(key)!r}"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]
    raise DataError(
        f"what the run reads has changed since it began: {'; '.join(changes)}; put the old files "
        "back and run again, which resumes, or run what there is now in a folder of its own"
    )


def reads_again(study: Study) -> bool:
    """Whether fits or metrics may read files at every generation, such as those of a base."""
    return any(role != "reality" and isinstance(part, Identified) for role, part in parts(study))


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}".removeprefix("."))
    elif isinstance(value, (list, tuple)):
        for i, inner in enumerate(value):
            yield from _flat(inner, f"{prefix}[{i}]")
    else:
        yield prefix, value
