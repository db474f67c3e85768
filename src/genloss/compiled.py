"""The one door to numba: typed, cached, and imported only by modules that are imported lazily."""

import os
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

REORDERED = {"contract", "nsz", "reassoc"}
"""Sums may be split over vector lanes: the same bits on every run and thread count of one machine,
the last bits may differ between machines. NaN and infinity keep their meaning."""


def compiled(**options: Any) -> Callable[[Function], Function]:
    """Compile a function to machine code at its first call and keep it on disk.

    Where nothing can be written, every process compiles again, and one warning says so.
    Division by zero gives infinity, as in numpy: the check would stop every loop from being
    vectorised. Functions that call one another must share a file, because the cache on disk is
    refreshed only when the file of the outer function changes.
    """
    options |= {"error_model": "numpy", "nogil": True}

    def decorate(function: Function) -> Function:
        try:
            return cast("Function", numba.njit(cache=True, **options)(function))
        except RuntimeError as error:
            if "cannot cache" not in str(error):
                raise
        _warn()
        return cast("Function", numba.njit(**options)(function))

    return decorate


@cache
def _warn() -> None:
    given = os.environ.get("NUMBA_CACHE_DIR")
    remedy = (
        f"NUMBA_CACHE_DIR is {given}, which cannot be written either; name another folder"
        if given
        else "set NUMBA_CACHE_DIR to a folder that can be"
    )
    warnings.warn(
        "compiled code is not kept, so every process compiles it again: neither the folder of "
        f"genloss nor a cache below the home can be written; {remedy}",
        RuntimeWarning,
        stacklevel=3,
    )
