"""Batches of prompts side by side, none of which depends on how many there are at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

from genloss.core.progress import reached
from genloss.models.torch.device import on_threads
from genloss.models.torch.memory import in_batches

BEAM_ROWS = 640
"""Rows of all beams together that one CPU batch has, so that its tensors stay in the caches."""

FEW, MANY = 2_500_000_000, 10_000_000_000
"""Multiplications of a step, tens of milliseconds of a core: with fewer a core waits for weights
and for Python; with more it gains nothing, and other cores may have none."""


def batch_on_cpu(n: int, beams: int, parameters: int) -> int:
    """Return how many of n prompts of a model of so many parameters make a batch on a CPU.

    Never a matter of threads, for bits depend on a batch: two batches at least, of equal size,
    where each is still worth it.
    """
    least, most = (max(1, min(work // parameters, BEAM_ROWS) // beams) for work in (FEW, MANY))
    batches = 2 * -(-n // (2 * most))
    return max(least, -(-n // batches))


def side_by_side(
    write: Callable[[slice], None],
    n: int,
    batch: int,
    device: torch.device,
    most: int | None = None,
) -> int:
    """Call write for slices that cover n rows; on a CPU several at a time, on one thread each.

    The products of one batch are too small to be shared out among threads, and their last bits
    would depend on how many. most: slices at a time; None: one for every thread of torch. Returns
    the rows at a time that the memory held in the end.
    """
    if device.type != "cpu":
        return in_batches(write, n, batch, device, "a prompt")
    starts = range(0, n, batch)
    workers = min(torch.get_num_threads(), len(starts), most or len(starts))
    inference = torch.is_inference_mode_enabled()

    def alone(start: int) -> int:
        # All three are a thread's own.
        torch.set_num_threads(1)
        with torch.no_grad(), torch.inference_mode(inference):
            return in_batches(
                lambda part: write(slice(start + part.start, start + part.stop)),
                min(batch, n - start),
                batch,
                device,
                "a prompt",
            )

    # MKL's number of threads, though, is everybody's.
    with on_threads(1):
        if workers < 2:
            return in_batches(write, n, batch, device, "a prompt")
        with ThreadPoolExecutor(workers) as pool:
            held = batch
            for done, rows in enumerate(pool.map(alone, starts), 1):
                held = min(held, rows)
                reached(done, len(starts))
            return held
