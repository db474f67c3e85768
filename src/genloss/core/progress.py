"""How far a long computation is: told to whoever listens, and never part of a number.

A loop that may last calls `reached`; one that calls others wraps each in `span`. Where nobody
listens, as in a thread that a computation starts by itself, both cost next to nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Reached:
    """share in [0, 1] of the whole computation; step of steps, and epochs, of the innermost loop.

    epochs: 0 where the loop has none.
    """

    share: float
    step: int
    steps: int
    epochs: int = 0


Listener = Callable[[Reached], None]
"""May raise, to end the computation at once."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
_place: ContextVar[tuple[float, float]] = ContextVar("place", default=(0.0, 1.0))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let what runs inside tell its progress."""
    heard, placed = _listener.set(listener), _place.set((0.0, 1.0))
    try:
        yield
    finally:
        _place.reset(placed)
        _listener.reset(heard)


@contextmanager
def span(start: float, stop: float, of: float) -> Iterator[None]:
    """Say that what runs inside is the part from start to stop of `of`."""
    low, width = _place.get()
    token = _place.set((low + width * start / of, width * (stop - start) / of))
    try:
        yield
    finally:
        _place.reset(token)


def reached(step: int, steps: int, epochs: int = 0) -> None:
    """Tell that `step` of `steps` are done."""
    listener = _listener.get()
    if listener is not None:
        low, width = _place.get()
        listener(Reached(low + width * step / steps, step, steps, epochs))
