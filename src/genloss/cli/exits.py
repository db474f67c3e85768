"""How a command ends: one line and an exit code, whatever happened; no half of a traceback."""

import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from genloss.cli.console import folded, without_giants
from genloss.cli.escaping import plain_lines
from genloss.errors import GenlossError, ResourceError

FAILED, BAD_INPUT, LACKING, INTERRUPTED = 1, 2, 3, 130

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Signals after which a command leaves in order, with 128 and their number as exit code."""


AGAIN = 5.0
"""Seconds; leaving in order takes less."""


class EndedError(BaseException):
    """A signal asked the command to end; no Exception, so that nobody takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def prepare() -> None:
    """Make standard streams that can be written to, and let signals end the command in order.

    Where standard output or error are closed, the next file opened would take their place.
    """
    closed = sys.stdout is None
    # The lowest number that is free is the one that is taken.
    null = os.open(os.devnull, os.O_RDWR)
    while null <= 2:
        null = os.dup(null)
    os.close(null)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is written out, and no error.
        getattr(stream, "reconfigure", lambda **options: None)(errors="backslashreplace")
    if closed:
        say("standard output is closed: what the command prints is lost")
    warnings.showwarning = _warned
    for number in ENDING:
        # Under nohup, a hang-up is ignored already.
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Say a warning as everything else is said, without the line of source that gave it."""
    say(f"warning: {message}")


def _end(number: int, frame: Any) -> None:
    """Raise EndedError, and again after AGAIN seconds if the command has not left by then.

    What is raised while a destructor or a callback of compiled code runs is lost.
    """
    signal.signal(signal.SIGALRM, lambda *_: _end(number, None))
    signal.setitimer(signal.ITIMER_REAL, AGAIN)
    raise EndedError(number)


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn errors into one message and an exit code; see docs/cli.md for the codes."""
    try:
        yield
        sys.stdout.flush()
    except GenlossError as error:
        say(str(error))
        short = isinstance(error, ResourceError) or _code(error) == LACKING
        raise SystemExit(LACKING if short else BAD_INPUT) from None
    except KeyboardInterrupt:
        _leave("\n", "interrupted", INTERRUPTED)
    except EndedError as ended:
        _leave("", f"ended by {signal.Signals(ended.number).name}", 128 + ended.number)
    except BrokenPipeError:
        _drop(sys.stdout)
        raise SystemExit(0) from None
    except (MemoryError, OSError, RuntimeError, ValueError) as error:
        code = _code(error)
        if code is None:
            raise
        _drop(sys.stdout)
        say(_in_words(error))
        raise SystemExit(code) from None


def _in_words(error: BaseException) -> str:
    """Return what the system said, of which path; not the number and the class of the error."""
    if not isinstance(error, OSError) or not error.strerror:
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if error.filename is None:
        return error.strerror
    path = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else str(error.filename)
    return f"{path}: {error.strerror}"


def _code(error: BaseException) -> int | None:
    """Return the exit code of an error of the system or of a path; None for a bug."""
    from genloss.core.resources import lacking

    if lacking(error):
        return LACKING
    of_path = isinstance(error, OSError) or "embedded null" in str(error)
    return BAD_INPUT if of_path else None


def _leave(before: str, how: str, code: int) -> None:
    # Another signal must not cut the leaving short.
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    for number in (signal.SIGINT, signal.SIGALRM, *ENDING):
        signal.signal(number, signal.SIG_IGN)
    say(f"{how}; run the same command again to resume", before)
    raise SystemExit(code) from None


def say(text: str, before: str = "") -> None:
    """Write a line to standard error, where somebody may read it."""
    with suppress(OSError, ValueError):
        line = without_giants(plain_lines(f"genloss: {text}"))
        sys.stderr.write(f"{before}{folded(line, sys.stderr)}\n")
        sys.stderr.flush()


def _drop(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere, lest the interpreter fail on it at its end."""
    with suppress(OSError, ValueError), open(os.devnull, "wb") as null:
        os.dup2(null.fileno(), stream.fileno())
