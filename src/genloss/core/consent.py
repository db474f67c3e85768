"""Consent: whether code that is neither ours nor an installed package's may be imported."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from genloss.errors import SpecError

_refused: ContextVar[bool] = ContextVar("refused", default=False)


class CodeRefused(SpecError):
    """Something would have run the code of `what`; nothing was imported."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} would run code that nobody has agreed to")
        self.what = what


@contextmanager
def refusing_code() -> Iterator[None]:
    """Let nothing that is built inside run code of others: `ask` raises CodeRefused."""
    token = _refused.set(True)
    try:
        yield
    finally:
        _refused.reset(token)


def ask(what: str) -> None:
    """Raise CodeRefused where code of others must not run; called before any of it is imported."""
    if _refused.get():
        raise CodeRefused(what)
