"""Which classes of a study other processes cannot import, and what follows from that."""

import sys
import warnings
from collections.abc import Sequence

from genloss.errors import SpecError
from genloss.spec.parts import parts
from genloss.study.study import Study


def processes_for(studies: Sequence[Study], workers: int, count: int) -> int:
    """Return the processes that these studies can use, count at most; 1 is this one.

    Raises:
        SpecError: workers are asked for, and a class cannot be imported by them.
    """
    homeless = list(dict.fromkeys(name for study in studies for name in unimportable(study)))
    if count < 2 or not homeless:
        return count
    why = (
        f"other processes cannot import {', '.join(homeless)}, which a notebook cell, a prompt or "
        "a function defines"
    )
    if workers:
        raise SpecError(f"pass workers=1, or put the class into a module: {why}")
    warnings.warn(
        f"running in this process alone: {why}; put it into a module to use all cores", stacklevel=4
    )
    return 1


def unimportable(study: Study) -> list[str]:
    """Return the names of classes of a study that exist in this process alone."""
    classes = (type(part) for _, part in parts(study))
    return [cls.__name__ for cls in classes if not _has_a_home(cls)]


def _has_a_home(cls: type) -> bool:
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return "<locals>" not in cls.__qualname__ and file is not None
