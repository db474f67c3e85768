"""Whether a run may go on here: the last bits depend on instruction sets and package versions."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from genloss.errors import StoreError
from genloss.run.threads import has_networks
from genloss.spec.build import describe
from genloss.store.environment import instructions, versions_with
from genloss.store.manifest import LIBRARIES, NUMERIC, Machine
from genloss.store.reader import Run
from genloss.study.study import Study

OtherMachine = Literal["refuse", "accept"]
"""What to do with unfinished blocks that a machine unlike this one began."""


def machine_of(study: Study, threads: int) -> Machine:
    """Return this machine, with the versions of the libraries that a study uses."""
    return Machine(threads, instructions(), versions_with(libraries(describe(study))))


def libraries(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the packages of LIBRARIES that the spec of a study uses."""
    used = set(_used(spec))
    return tuple(package for package in LIBRARIES if package in used)


def _used(spec: Any) -> Iterator[str]:
    if isinstance(spec, list):
        for inner in spec:
            yield from _used(inner)
    elif isinstance(spec, Mapping):
        if spec.get("kind") == "hugging_face":
            yield from ("transformers", "accelerate")
            yield from ("peft",) if spec.get("adapters") == "lora" else ()
        if spec.get("tokeniser"):
            yield from ("transformers", "tokenizers")
        for inner in spec.values():
            yield from _used(inner)


def check_machine(run: Run, study: Study, other: OtherMachine) -> None:
    """Refuse to go on with blocks of an unlike machine, unless that is accepted.

    Raises:
        StoreError: an unfinished block was begun under other instruction sets or versions.
    """
    if other == "accept":
        return
    here = machine_of(study, 1)
    networks = has_networks(study)
    packages = [package for package in NUMERIC if networks or package != "torch"]
    for block in run.blocks:
        if block.manifest is None or block.t >= study.generations:
            continue
        if unlike := block.manifest.machine.unlike(here, packages):
            raise StoreError(
                f"{block.path} was begun on another machine:{os.linesep}"
                + "".join(f"  {line}{os.linesep}" for line in unlike)
                + "the numbers of an unbroken run may differ in their last bits; go on there, or "
                "with --elsewhere (in Python other_machine='accept'), which records it"
            )
