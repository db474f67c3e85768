"""Where the numbers live, and random numbers that are functions of a seed and a place.

Nothing here changes torch's own settings, but for a while, or its global generator.
"""

import contextlib
import ctypes
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch

from genloss.errors import SpecError

Device = Literal["auto", "cpu", "cuda"]

HEAP = 31 << 20
"""Bytes just below the largest block for which the C library adapts its thresholds."""


def pick(device: Device) -> torch.device:
    """Return the device; 'auto' takes a GPU where there is one.

    Raises:
        SpecError: an unknown name, or 'cuda' without a GPU that torch can use.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise SpecError(f"device is {device!r}; expected 'auto', 'cpu' or 'cuda'")
    cuda = torch.cuda.is_available()
    if device == "cuda" and not cuda:
        raise SpecError(
            f"device is 'cuda', but torch {torch.__version__} finds no GPU; "
            "use 'auto' or 'cpu', or install a build of torch for this GPU"
        )
    return torch.device("cuda" if cuda and device != "cpu" else "cpu")


def stream(seed: int, *place: int) -> np.random.Generator:
    """Return a numpy generator for a place (role, epoch, step); same arguments, same draws."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=place)))


def generator(device: torch.device, seed: int, *place: int) -> torch.Generator:
    """Return a torch generator for a place; draws differ between kinds of device."""
    words = np.random.SeedSequence(seed, spawn_key=place).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(words[0]))


def threads_here() -> int:
    """Return on how many threads of the CPU torch computes in this process."""
    return torch.get_num_threads()


@contextlib.contextmanager
def on_threads(n: int) -> Iterator[None]:
    """Let torch compute on n threads of the CPU for a while: the last bits depend on how many."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_heap() -> None:
    """Let freed activations stay with the process instead of going back after every step.

    Freeing one large block raises glibc's thresholds for mapping and trimming. Without it every
    step pays thousands of page faults, a tenth to a fifth of its time; elsewhere it does nothing.
    """
    torch.empty(HEAP, dtype=torch.uint8)


def release(device: torch.device) -> None:
    """Give memory that no tensor uses any more back: to the GPU, or to the machine."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        # glibc keeps what is free below the top of its heap, a gibibyte after a long fit.
        trim(0)
