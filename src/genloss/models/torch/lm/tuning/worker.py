"""One process of a team that trains a language model; `launch` starts it through Accelerate."""

import os
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

from genloss.errors import GenlossError
from genloss.models.torch.device import pick
from genloss.models.torch.lm.tuning.job import (
    LEFT,
    NOTE,
    read_learner,
    read_lesson,
    write_arrays,
    write_failure,
)
from genloss.models.torch.lm.tuning.portions import Team
from genloss.store.block import FileNotebook


def train(folder: Path) -> None:
    """Train this process's share of a job; the first process writes what was learned."""
    from accelerate import PartialState
    from accelerate.utils import reduce

    learner = read_learner(folder)
    # Every process takes the GPU of its own rank; without GPUs they talk over the loopback device.
    state = PartialState(cpu=pick(learner.training.device).type == "cpu")
    first = state.process_index == 0
    team = Team(state.process_index, state.num_processes, partial(reduce, reduction="sum"))
    notebook = FileNotebook(folder / NOTE, writes=first)
    lesson = read_lesson(folder, learner)
    model = learner.trained(replace(lesson, notebook=notebook, team=team))
    if first:
        write_arrays(folder / LEFT, model.state())
    state.wait_for_everyone()
    state.destroy_process_group()


def main(folder: Path) -> None:
    """Train, and leave word of what went wrong."""
    threading.Thread(target=_leave_when_alone, daemon=True).start()
    try:
        train(folder)
    except GenlossError as error:
        write_failure(folder, error)
        raise


def _leave_when_alone() -> None:
    """End this process when the one that asked for it is gone: its end of the pipe closes."""
    # Not through sys.stdin, whose lock must be free when the interpreter ends.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
