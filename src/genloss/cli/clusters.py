"""Where a command lets its blocks run, from the words of --on and what a block takes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from genloss.errors import SpecError
from genloss.run.executors.executor import Executor

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


@contextmanager
def executor_for(on: str, cpus: float, gpus: float, memory: str) -> Iterator[Executor | None]:
    """Give the executor that --on names: none for this machine's processes, or one on Ray.

    Raises:
        SpecError: CPUs, GPUs or memory for a block without a cluster to take them from.
    """
    if not on:
        if cpus != 1 or gpus or memory:
            raise SpecError("--cpus, --gpus and --memory are of blocks on a cluster; add --on ray")
        yield None
        return
    from genloss.run.executors.ray import Resources, on_ray

    address = "" if on == "ray" else on
    with on_ray(address, Resources(cpus, gpus, bytes_of(memory) if memory else 0)) as executor:
        yield executor


def bytes_of(text: str) -> int:
    """Return the bytes that a text such as 4GB, 500 MB or 1e9 means."""
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([kmgt]?)b?\s*", text, re.IGNORECASE)
    try:
        assert match is not None
        return int(float(match[1]) * UNITS[match[2].lower()])
    except (AssertionError, ValueError):
        raise SpecError(f"memory {text!r}; expected bytes, such as 4GB or 500MB") from None
