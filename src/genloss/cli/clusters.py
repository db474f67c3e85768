"""Where a command lets its blocks run, from the words of --on and what a block takes."""

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genloss.cli import console
from genloss.errors import SpecError
from genloss.run.executors.executor import Executor
from genloss.run.other_machine import OtherMachine
from genloss.spec.toml import checked_keys

if TYPE_CHECKING:
    from genloss.run.executors.ray import Resources

TABLE: Mapping[str, Any] = {"cpus": int | float, "gpus": int | float, "memory": str}

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


@contextmanager
def executor_for(
    on: str,
    cpus: float | None = None,
    gpus: float | None = None,
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
        if cpus is not None or gpus is not None or memory or store:
            raise SpecError("--cpus, --gpus, --memory and --store are for a cluster; add --on ray")
        yield None
        return
    from genloss.run.executors.ray import on_ray

    address = "" if on == "ray" else on
    resources = resources_of(cpus, gpus, memory, asked)
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


def resources_of(
    cpus: float | None = None, gpus: float | None = None, memory: str = "", asked: Any = None
) -> "Resources":
    """Return what a block takes: as options say, else as the table `resources` of a sweep does.

    Raises:
        SpecError: a table of another shape, or a block that takes less than nothing.
    """
    from genloss.run.executors.ray import Resources

    table = _checked(asked)
    memory = memory or table.get("memory", "")
    return Resources(
        table.get("cpus", 1.0) if cpus is None else cpus,
        table.get("gpus", 0.0) if gpus is None else gpus,
        bytes_of(memory) if memory else 0,
    )


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
