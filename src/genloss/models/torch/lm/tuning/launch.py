"""One fit in several processes, each on a GPU of its own, started by Accelerate."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from genloss.core.abilities import Notebook
from genloss.core.arrays import Array
from genloss.core.extras import check_installed
from genloss.core.samples import Samples
from genloss.core.source import Given, Source
from genloss.errors import FitError, SpecError
from genloss.models.torch.device import pick, release
from genloss.models.torch.fits import held_out_rows
from genloss.models.torch.lm.tuning.fitting import Lesson
from genloss.models.torch.lm.tuning.job import (
    LEFT,
    LOG,
    NOTE,
    Trainee,
    failure_in,
    read_arrays,
    write_job,
)
from genloss.store.block import FileNotebook

LOOK = 0.2
"""Seconds between looks at what the processes have noted."""

SHUTDOWN_SECONDS = 45.0
"""Seconds that the launcher gets to end its processes; it gives them 30 before it kills them."""

LAST = 7
"""Lines of a traceback that an error shows, and of what the launcher says about it."""

DIED = re.compile(r"(\[rank\d+\]: )?[\w.]+(Error|Exception|Interrupt)\b")
"""How the last line of a traceback begins."""


def in_processes(learner: Trainee, lesson: Lesson) -> dict[str, Array]:
    """Return the state of the model that `training.processes` processes trained together.

    The job lies in a temporary folder, which is gone afterwards. What the first process notes goes
    on to the notebook, so that an interrupted fit resumes with any number of processes.

    Raises:
        SpecError: more processes than GPUs, or a source that cannot travel.
        MissingExtra: accelerate is not installed.
        FitError: a process that ended early, with the last lines that it wrote.
    """
    training, notebook = learner.training, lesson.notebook
    device = _checked(training.processes, pick(training.device))
    valid = held_out_rows(training, lesson.valid, "training")
    lesson = replace(lesson, train=_rows(lesson.train), valid=valid)
    release(device)
    with TemporaryDirectory(prefix="genloss-") as place:
        folder = Path(place)
        write_job(folder, learner, lesson)
        code = _run(folder, training.processes, notebook)
        if code:
            raise failure_in(folder) or FitError(
                f"training in {training.processes} processes ended with code {code}; the last "
                f"lines they wrote:\n{_tail(folder)}"
            )
        return read_arrays(folder / LEFT)


def _checked(processes: int, device: torch.device) -> torch.device:
    gpus = torch.cuda.device_count()
    if device.type == "cuda" and processes > gpus:
        raise SpecError(
            f"training: processes is {processes}; expected at most {gpus}, one for each GPU that "
            "torch finds; lower it, or set device = 'cpu'"
        )
    check_installed("accelerate", f"training: processes = {processes}")
    return device


def _rows(train: Samples | Source) -> Samples:
    if isinstance(train, Samples):
        return train
    only = train.streams[0]
    if len(train.streams) == 1 and isinstance(only.model, Given):
        return Samples.of(only.model.x, only.origin, only.model.label)
    raise SpecError(
        "training: several processes learn from rows, not from an endless source; use form = "
        "'rows', or processes = 1"
    )


def _run(folder: Path, processes: int, notebook: Notebook | None) -> int:
    """Run the processes to their end; return the launcher's exit code."""
    ask = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    ask += ["--num_machines", "1", "--num_processes", str(processes), "--main_process_port", "0"]
    ask += ["--gpu_ids", "all", "--mixed_precision", "no", "--dynamo_backend", "no"]
    ask += ["-m", "genloss.models.torch.lm.tuning.worker", str(folder)]
    threads = max(1, torch.get_num_threads() // processes)
    env = os.environ | {"OMP_NUM_THREADS": str(threads)}
    with (
        open(folder / LOG, "wb") as log,
        # Nothing is ever written to its input: its end tells the processes that this one is gone.
        subprocess.Popen(
            ask, stdin=subprocess.PIPE, stdout=log, stderr=log, env=env, start_new_session=True
        ) as running,
    ):
        try:
            return _waited(running, folder / NOTE, notebook)
        finally:
            _end(running)


def _waited(running: "subprocess.Popen[bytes]", note: Path, notebook: Notebook | None) -> int:
    """Pass notes on until the launcher ends."""
    before = _changed(note)
    while True:
        try:
            code: int | None = running.wait(LOOK)
        except subprocess.TimeoutExpired:
            code = None
        now = _changed(note)
        if notebook and now != before and (arrays := FileNotebook(note).read()):
            notebook.write(arrays)
            before = now
        if code is not None:
            return code


def _end(running: "subprocess.Popen[bytes]") -> None:
    if running.poll() is None:
        running.terminate()
        try:
            running.wait(SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()


def _changed(path: Path) -> tuple[int, int]:
    """Return what tells one version of a file from another."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)


def _tail(folder: Path) -> str:
    """Return the end of the first traceback, if there is one, and of what the launcher said."""
    text = (folder / LOG).read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip("=- ")]
    died = [i for i, line in enumerate(lines) if DIED.match(line)]
    end = died[0] + 1 if died else 0
    first = lines[max(0, end - LAST) : end]
    return "\n".join([*first, *lines[max(end, len(lines) - LAST) :]])
