"""The one door to numba: typed, cached, and imported only by modules that are imported lazily."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

REORDERED = {"contract", "nsz", "reassoc"}
"""Sums may be split over vector lanes: the same bits on every run and thread count of one machine,
the last bits may differ between machines. NaN and infinity keep their meaning."""


def compiled(**options: Any) -> Callable[[Function], Function]:
    """Compile a function to machine code at its first call and keep it on disk.

    Division by zero gives infinity, as in numpy: the check would stop every loop from being
    vectorised. Functions that call one another must share a file, because the cache on disk is
    refreshed only when the file of the outer function changes.
    """
    decorate = numba.njit(cache=True, error_model="numpy", nogil=True, **options)
    return cast("Callable[[Function], Function]", decorate)
