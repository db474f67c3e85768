"""Progress for the waiting: in place on a terminal and in a notebook, now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from genloss.cli.console import print_hint
from genloss.cli.durations import duration, pace
from genloss.cli.escaping import plain
from genloss.run.events import Event, Phase, Said, Sink, Step
from genloss.run.tally import Standing, Tally
from genloss.store.folder import is_control_path

if TYPE_CHECKING:
    from rich.console import RenderableType

LOOK = 1.0
"""Seconds between two looks at what a notebook shows."""

FIRST, EVERY, SHARE = 10.0, 30.0, 0.05
"""Seconds before the first line and between lines, which is at least a share of the time so far."""

QUIET_SECONDS = 10.0
"""Seconds that a phase without steps lasts before it is said how long."""

FAST = 3.0
"""Generations per second from which on their phases are not shown."""

WORDS = {
    Phase.READING: "reading",
    Phase.BASE: "loading the base model",
    Phase.FITTING: "fitting",
    Phase.DRAWING: "drawing",
    Phase.MEASURING: "measuring",
    Phase.WRITING: "writing",
    Phase.DONE: "done",
}


@contextmanager
def progress(what: str, tensorboard: Path | None = None) -> Iterator[Sink]:
    """Show on standard error, or below the cell of a notebook, where work is; yields the sink.

    tensorboard: a folder in which what is measured is written, too.
    """
    with ExitStack() as stack:
        sink: Sink = _both(stack.enter_context(_shown(what)), _said)
        if tensorboard is not None:
            from genloss.run.tensorboard import TensorBoard

            sink = _both(sink, stack.enter_context(TensorBoard(tensorboard)))
        yield sink


def _said(event: Event) -> None:
    if isinstance(event, Said):
        print_hint(event.text)


def _both(one: Sink, two: Sink) -> Sink:
    def sink(event: Event) -> None:
        one(event)
        two(event)

    return sink


@contextmanager
def _shown(what: str) -> Iterator[Sink]:
    tally = Tally()
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live

        def shown() -> "RenderableType":
            return _two_lines(what, tally.standing())

        console = Console(stderr=True, highlight=False, markup=False)
        with Live(get_renderable=shown, console=console, transient=True, refresh_per_second=5):
            yield tally
        return
    if _is_notebook():
        with _in_cell(what, tally):
            yield tally
        return
    stop = threading.Event()
    teller = threading.Thread(target=_lines, args=(what, tally, stop), daemon=True)
    teller.start()
    try:
        yield tally
    finally:
        stop.set()
        teller.join()


def _is_notebook() -> bool:
    """Return whether cells run in this process; IPython in a terminal has one."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


@contextmanager
def _in_cell(what: str, tally: Tally) -> Iterator[None]:
    """Keep one line below the cell up to date; the last one stays."""

    def shown() -> dict[str, str]:
        return {"text/plain": _line(what, tally.standing())}

    def keep_looking() -> None:
        while not stop.wait(LOOK):
            handle.update(shown(), raw=True)

    handle = import_module("IPython.display").display(shown(), raw=True, display_id=True)
    stop = threading.Event()
    looker = threading.Thread(target=keep_looking, daemon=True)
    looker.start()
    try:
        yield
    finally:
        stop.set()
        looker.join()
        handle.update(shown(), raw=True)


def _line(what: str, at: Standing) -> str:
    numbers = "; ".join(filter(None, [f"{at.share:.0%}" if at.task else "", *rates(at)]))
    return "; ".join(filter(None, [where(what, at), numbers]))


def _lines(what: str, tally: Tally, stop: threading.Event) -> None:
    begun = time.monotonic()
    wait = FIRST
    while not stop.wait(wait):
        line = _line(what, tally.standing())
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            # Nobody reads any more; the run goes on.
            return
        wait = max(EVERY, SHARE * (time.monotonic() - begun))


def _two_lines(what: str, at: Standing) -> "RenderableType":
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    first = Text(where(what, at), no_wrap=True, overflow="ellipsis")
    if at.task is None:
        return first
    second = Table.grid(padding=(0, 2), expand=True)
    words = [f"{at.share:.0%}", *rates(at)]
    second.add_column(ratio=1)
    for _ in words:
        second.add_column(no_wrap=True)
    second.add_row(ProgressBar(total=1.0, completed=at.share), *words)
    return Group(first, second)


def where(what: str, at: Standing) -> str:
    """Return what a run is at, such as `opt: generation 3 of 8: fitting, epoch 2 of 5`."""
    parts = []
    if at.blocks > 1:
        parts.append(f"{at.finished} of {at.blocks} blocks done")
    if at.failed:
        parts.append(f"{at.failed} failed")
    if at.working > 1:
        parts.append(f"{at.working} at work")
    if at.task is not None and is_control_path(at.task.run):
        parts.append("control")
    if at.task is not None and at.step.t:
        where = f"generation {at.step.t} of {at.task.study.generations}"
        # Phases that nobody could read in time are noise.
        fast = at.step.phase == Phase.DONE or at.rate > FAST
        parts.append(where if fast else f"{where}: {_phase(at)}")
    elif at.task is not None or not at.finished:
        parts.append(_phase(at))
    return plain(f"{what}: {'; '.join(parts) or WORDS[Phase.DONE]}")


def _phase(at: Standing) -> str:
    step, words = at.step, WORDS[at.step.phase]
    if step.epochs:
        return f"{words}, {_epoch(step)}, step {step.step:,} of {step.steps:,}"
    if at.seconds < QUIET_SECONDS:
        return words
    if step.steps:
        return f"{words}, {step.share:.0%}"
    return f"{words} for {duration(at.seconds)}"


def _epoch(step: Step) -> str:
    # The last step of an epoch still belongs to it.
    epoch = 1 + max(step.step - 1, 0) * step.epochs // max(step.steps, 1)
    return f"epoch {epoch} of {step.epochs}"


def rates(at: Standing) -> list[str]:
    """Return the rate and the time left, where they are known."""
    steps = at.step.step / at.seconds if at.seconds else 0.0
    slow = at.rate < 1.0 / QUIET_SECONDS
    rate = f"{steps:.3g} steps/s" if at.step.epochs and steps and slow else pace(at.rate)
    if at.left is None:
        return [rate] if rate else []
    left = f"{'at least ' if at.at_least else ''}{duration(at.left)} left"
    return [rate, left] if rate else [left]
