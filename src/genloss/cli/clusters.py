"""Where a command lets its blocks run, from the words of --on and what a block takes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genloss.errors import SpecError
from genloss.run.executors.executor import Executor
from genloss.run.other_machine import OtherMachine

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


@contextmanager
def executor_for(
    on: str,
    cpus: float = 1,
    gpus: float = 0,
    memory: str = "",
    *,
    store: str = "",
    root: Path = Path(),
    elsewhere: bool = False,
) -> Iterator[Executor | None]:
    """Give the executor that --on names: none for this machine's processes, or one on Ray.

    Raises:
        SpecError: a bucket, or CPUs, GPUs or memory for a block, without a cluster to use them.
    """
    if not on:
        if cpus != 1 or gpus or memory or store:
            raise SpecError("--cpus, --gpus, --memory and --store are for a cluster; add --on ray")
        yield None
        return
    from genloss.run.executors.ray import Resources, on_ray

    address = "" if on == "ray" else on
    resources = Resources(cpus, gpus, bytes_of(memory) if memory else 0)
    machine: OtherMachine = "accept" if elsewhere else "refuse"
    with on_ray(address, resources, store=store, root=root, other_machine=machine) as executor:
        yield executor


def bytes_of(text: str) -> int:
    """Return the bytes that a text such as 4GB, 500 MB or 1e9 means."""
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([kmgt]?)b?\s*", text, re.IGNORECASE)
    try:
        assert match is not None
        return int(float(match[1]) * UNITS[match[2].lower()])
    except (AssertionError, ValueError):
        raise SpecError(f"memory {text!r}; expected bytes, such as 4GB or 500MB") from None
