"""Whether a run may go on here: the last bits depend on instruction sets and package versions."""

import os
from typing import Literal

from genloss.errors import StoreError
from genloss.run.threads import has_networks
from genloss.store.environment import instructions, versions
from genloss.store.manifest import NUMERIC, Machine
from genloss.store.reader import Run
from genloss.study.study import Study

OtherMachine = Literal["refuse", "accept"]
"""What to do with unfinished blocks that a machine unlike this one began."""


def check_machine(run: Run, study: Study, other: OtherMachine) -> None:
    """Refuse to go on with blocks of an unlike machine, unless that is accepted.

    Raises:
        StoreError: an unfinished block was begun under other instruction sets or versions.
    """
    if other == "accept":
        return
    here = Machine(1, instructions(), versions())
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
