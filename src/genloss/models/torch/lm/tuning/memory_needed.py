"""What fits into memory: a model and its training, rows at a time."""

import gc
from collections.abc import Callable

import torch
from torch import Tensor

from genloss.errors import FitError
from genloss.models.torch.device import pick, release
from genloss.models.torch.lm.tuning.objective import Named, Total, counted
from genloss.models.torch.memory import lacks_memory
from genloss.models.torch.training import DTYPES, Training

SHARE = 0.8
"""Of the free memory, what a batch may take."""


def check_room(name: str, learned: int, training: Training, frozen: int = 0) -> None:
    """Raise FitError where the weights and what training adds exceed the free memory.

    Bytes per learned parameter: 4 weight + 4 gradient + 8 moments, the working copy and its
    gradient (4 each, or 2 in bfloat16), and 4 for the best weights where they are kept; 4 for a
    frozen one. Activations come on top.
    """
    each = 16 + 2 * DTYPES[training.precision].itemsize + 4 * training.checks
    device = pick(training.device)
    free, need = free_bytes(device), each * learned + 4 * frozen
    if free is not None and need > free:
        raise FitError(
            f"{name}: {learned / 1e6:,.0f} million parameters x {each} bytes (weights, gradients, "
            f"moments) and {frozen / 1e6:,.0f} million frozen ones x 4 need {need / 2**30:.1f} "
            f"GiB; {device.type} has {free / 2**30:.1f} GiB free; try a smaller model, precision = "
            "'bfloat16' in training, or kind = 'hugging_face' with adapters = 'lora'"
        )


def free_bytes(device: torch.device) -> int | None:
    """Return the bytes that are free on a device, or None where nobody says."""
    if device.type == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + held
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return None


def rows_that_fit(total: Total, weights: Named, row: Tensor, most: int) -> int:
    """Return how many rows like this one (1, T) suit the free memory together, `most` at most.

    What autograd keeps of a second row is what a row costs; its gradients take as much again.
    """
    free = free_bytes(row.device)
    if free is None or most == 1:
        return most
    each = _kept(total, weights, row.repeat(2, 1)) - _kept(total, weights, row)
    return max(1, min(most, int(SHARE * free / max(1, 2 * each))))


def _kept(total: Total, weights: Named, x: Tensor) -> int:
    """Return the bytes that autograd keeps for the gradient of the loss of rows x."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        memory = tensor.untyped_storage()
        kept[memory.data_ptr()] = memory.nbytes()
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        loss = total(weights, x, counted(x), None)
    found = sum(kept.values())
    # Only here may what was kept go, lest a block of memory be counted twice or not at all.
    del loss
    return found


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
        said = _refused(do, slice(start, start + rows))
        if not said:
            start += rows
            continue
        if rows == 1:
            raise FitError(
                f"{what} does not fit the memory of {device.type}, alone in its batch ({said}); "
                "use shorter rows, fewer beams, precision = 'bfloat16' or a smaller model"
            )
        batch = rows // 2
        gc.collect()
        release(device)
    return batch


def _refused(do: Callable[[slice], None], part: slice) -> str:
    """Return what was said when memory ran out, or nothing; what it held is free by then."""
    try:
        do(part)
    except RuntimeError as error:
        if not lacks_memory(error):
            raise
        return str(error).partition("\n")[0] or "out of memory"
    return ""
