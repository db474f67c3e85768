"""Memory: what is free, what an error says of it, and rows in batches that fit."""

import gc
from collections.abc import Callable

import torch

from genloss.core.progress import span
from genloss.core.resources import memory_parts
from genloss.errors import FitError
from genloss.models.torch.device import release

MARKS = (
    "can't allocate memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
"""Words of errors that stand for too little memory but have no type of their own.

cuBLAS cannot be initialised where no memory is left for its workspace.
"""

SHARE = 0.8
"""Of the free memory, what a batch may take."""


def free_bytes(device: torch.device) -> int | None:
    """Return the bytes of a device that may be counted on, or None where nobody says."""
    free = all_free_bytes(device)
    return None if free is None else free // memory_parts()


def all_free_bytes(device: torch.device) -> int | None:
    """Return the free bytes of a device, of which portions may count on a part only."""
    if device.type == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + held
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return None


def lacks_memory(error: RuntimeError) -> bool:
    """Return whether an error of torch says that memory could not be had."""
    return isinstance(error, torch.OutOfMemoryError) or any(mark in str(error) for mark in MARKS)


def no_room(
    name: str, batch: int, device: torch.device, reason: str, step: Callable[[int], object]
) -> FitError:
    """Return the error that names the largest of batch / 2, / 4, ... for which a step fits.

    reason: what torch said. step: takes one training step with so many rows; it is tried, on a fit
    that is over, once its error handler has been left and so its tensors are free.
    """
    rows = batch // 2
    while rows and not _fits(rows, device, step):
        rows //= 2
    advice = f"one of {rows} does: set batch = {rows}"
    if not rows:
        advice = (
            "not even one row does; try a smaller network, precision = 'bfloat16' in training or "
            "another device"
        )
    where = "the GPU's memory" if device.type == "cuda" else "memory"
    return FitError(f"{name}: a batch of {batch} does not fit into {where}; {advice} ({reason})")


def _fits(rows: int, device: torch.device, step: Callable[[int], object]) -> bool:
    gc.collect()
    release(device)
    try:
        step(rows)
    except RuntimeError:
        return False
    return True


def in_batches(
    do: Callable[[slice], None], n: int, batch: int, device: torch.device, what: str
) -> int:
    """Call do for slices that cover n rows; where memory runs out, with half as many rows.

    A slice that failed is done again in halves, so that `do` keeps nothing until it is over.
    Returns the rows at a time in the end. what: names a row in the message.

    Raises:
        FitError: memory runs out for a single row.
    """
    start = 0
    while start < n:
        rows = min(batch, n - start)
        with span(start, start + rows, n):
            reason = _refused(do, slice(start, start + rows))
        if not reason:
            start += rows
            continue
        if rows == 1:
            raise FitError(
                f"{what} does not fit the memory of {device.type}, alone in its batch ({reason}); "
                "use shorter rows, fewer beams, precision = 'bfloat16' or a smaller model"
            ) from MemoryError(reason)
        batch = rows // 2
        gc.collect()
        release(device)
    return batch


def _refused(do: Callable[[slice], None], part: slice) -> str:
    """Return the message when memory ran out, or ''; the memory is free again by then."""
    try:
        do(part)
    except RuntimeError as error:
        if not lacks_memory(error):
            raise
        return str(error).partition("\n")[0] or "out of memory"
    return ""
