"""Where a command lets its blocks run, from the words of --on and what a block takes."""

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from genloss.cli import console
from genloss.errors import SpecError
from genloss.run.executors.executor import Executor
from genloss.run.other_machine import OtherMachine
from genloss.spec.toml import checked_keys

TABLE: Mapping[str, Any] = {"cpus": int | float, "gpus": int | float, "memory": str}

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
    asked: Any = None,
) -> Iterator[Executor | None]:
    """Give the executor that --on names: none for this machine's processes, or one on Ray.

    asked: the table `resources` of a sweep, which holds where no option says otherwise.

    Raises:
        SpecError: a table of another shape; a bucket, or what a block takes, without a cluster.
    """
    if not on:
        if cpus != 1 or gpus or memory or store:
            raise SpecError("--cpus, --gpus, --memory and --store are for a cluster; add --on ray")
        yield None
        return
    from genloss.run.executors.ray import Resources, on_ray

    address = "" if on == "ray" else on
    table = _checked(asked)
    cpus = table.get("cpus", 1) if cpus == 1 else cpus
    gpus, memory = gpus or table.get("gpus", 0), memory or table.get("memory", "")
    resources = Resources(cpus, gpus, bytes_of(memory) if memory else 0)
    machine: OtherMachine = "accept" if elsewhere else "refuse"
    with ExitStack() as stack:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            cluster = on_ray(address, resources, store=store, root=root, other_machine=machine)
            executor = stack.enter_context(cluster)
        for warning in said:
            if warning.category is UserWarning:
                console.print_hint(f"warning: {warning.message}")
        yield executor


def _checked(asked: Any) -> Mapping[str, Any]:
    """Return a table of resources; raises SpecError for one of another shape."""
    if asked is None:
        return {}
    where = "sweep.resources"
    if not isinstance(asked, Mapping):
        raise SpecError(f"{where} is {asked!r}; expected a table with {', '.join(TABLE)}")
    checked_keys(asked, where, optional=tuple(TABLE))
    for key, value in asked.items():
        if isinstance(value, bool) or not isinstance(value, TABLE[key]):
            raise SpecError(
                f'{where}.{key} is {value!r}; expected such as cpus = 2, memory = "4GB"'
            )
    return asked


def bytes_of(text: str) -> int:
    """Return the bytes that a text such as 4GB, 500 MB or 1e9 means."""
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([kmgt]?)b?\s*", text, re.IGNORECASE)
    try:
        assert match is not None
        return int(float(match[1]) * UNITS[match[2].lower()])
    except (AssertionError, ValueError):
        raise SpecError(f"memory {text!r}; expected bytes, such as 4GB or 500MB") from None
