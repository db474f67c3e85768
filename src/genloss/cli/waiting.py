"""A sign of life of commands that have no steps: what they do, and for how long already."""

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from genloss.cli.durations import duration

SOON, FIRST, EVERY, SHARE = 2.0, 10.0, 30.0, 0.05
"""Seconds before the first sign on a terminal and elsewhere; between lines elsewhere, which is at
least a share of the time so far."""

CLEAR = "\r\x1b[K"


@contextmanager
def at_work(what: str) -> Iterator[None]:
    """Say on standard error what a command does and since when: in place, or now and then."""
    stop = threading.Event()
    teller = threading.Thread(target=_tell, args=(what, stop), daemon=True)
    teller.start()
    try:
        yield
    finally:
        stop.set()
        teller.join()


def _tell(what: str, stop: threading.Event) -> None:
    begun, terminal = time.monotonic(), sys.stderr.isatty()
    wait, said = SOON if terminal else FIRST, False
    # Where nobody reads any more, the work goes on.
    with suppress(OSError, ValueError):
        while not stop.wait(wait):
            so_far = time.monotonic() - begun
            line = f"{what}, for {duration(so_far)}"
            if terminal:
                sys.stderr.write(CLEAR + line[: shutil.get_terminal_size().columns - 1])
            else:
                sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
            wait, said = 1.0 if terminal else max(EVERY, SHARE * so_far), True
        if terminal and said:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()
