"""Too little memory: told from other errors, and answered by the batch that would fit."""

import gc
from collections.abc import Callable

import torch

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


def lacks_memory(error: RuntimeError) -> bool:
    """Return whether an error of torch says that memory could not be had."""
    return isinstance(error, torch.OutOfMemoryError) or any(mark in str(error) for mark in MARKS)


def no_room(
    name: str, batch: int, device: torch.device, said: str, step: Callable[[int], object]
) -> FitError:
    """Return the error that names the largest of batch / 2, / 4, ... for which a step fits.

    said: what torch said. step: takes one training step with so many rows; it is tried, on a fit
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
    return FitError(f"{name}: a batch of {batch} does not fit into {where}; {advice} ({said})")


def _fits(rows: int, device: torch.device, step: Callable[[int], object]) -> bool:
    gc.collect()
    release(device)
    try:
        step(rows)
    except RuntimeError:
        return False
    return True
