"""What fits into memory: a model and its training, rows at a time."""

import torch
from torch import Tensor

from genloss.core.resources import memory_parts
from genloss.errors import FitError
from genloss.models.torch.device import pick
from genloss.models.torch.lm.objective import NamedTensors, Total, counted
from genloss.models.torch.memory import SHARE, all_free_bytes, free_bytes
from genloss.models.torch.training import DTYPES, Training

LORA = 6
"""Bytes per parameter of a base that is frozen: float32, and a copy in bfloat16."""

ACTIVATIONS = 1 << 30
"""Bytes of a CPU's memory that rows which are learned from together may take."""


def check_room(name: str, learned: int, training: Training, frozen: int = 0) -> None:
    """Raise FitError where the weights and what training adds exceed the free memory.

    Bytes per learned parameter: 4 weight + 4 gradient + 8 moments, the working copy and its
    gradient (4 each, or 2 in bfloat16), and 4 for the best weights where they are kept; 4 for a
    frozen one. Activations come on top.
    """
    each = 16 + 2 * DTYPES[training.precision].itemsize + 4 * training.checks
    device = pick(training.device)
    free, need = all_free_bytes(device), each * learned + 4 * frozen
    if free is not None and need > free:
        raise FitError(
            f"{name}: {learned / 1e6:,.0f} million parameters x {each} bytes (weights, gradients, "
            f"moments) and {frozen / 1e6:,.0f} million frozen ones x 4 need {need / 2**30:.1f} "
            f"GiB; {device.type} has {free / 2**30:.1f} GiB free; try a smaller model, precision = "
            "'bfloat16' in training, or kind = 'hugging_face' with adapters = 'lora' "
            f"({LORA * learned / 2**30:.1f} GiB and little more); rows go in portions by themselves"
        ) from MemoryError


def rows_that_fit(total: Total, weights: NamedTensors, row: Tensor, most: int) -> int:
    """Return how many rows like this one (1, T) suit the free memory together, `most` at most.

    What autograd keeps of a second row is what a row costs; its gradients take as much again. On a
    CPU they take no more than `ACTIVATIONS`: more rows at a time would be no faster.
    """
    free = free_bytes(row.device)
    if row.device.type == "cpu":
        most_taken = ACTIVATIONS // memory_parts()
        free = most_taken if free is None else min(free, most_taken)
    if free is None or most == 1:
        return most
    each = _saved_bytes(total, weights, row.repeat(2, 1)) - _saved_bytes(total, weights, row)
    return max(1, min(most, int(SHARE * free / max(1, 2 * each))))


def _saved_bytes(total: Total, weights: NamedTensors, x: Tensor) -> int:
    """Return the bytes that autograd keeps for the gradient of the loss of rows x."""
    saved: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        memory = tensor.untyped_storage()
        saved[memory.data_ptr()] = memory.nbytes()
        # Itself would hold the graph that holds it, for ever.
        return tensor.detach()

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        loss = total(weights, x, counted(x), None)
    total_bytes = sum(saved.values())
    # Not earlier: freed memory may be allocated again, and would be counted twice or not at all.
    del loss
    return total_bytes
