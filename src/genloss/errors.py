"""Errors: every message says what was got, what was expected and what to try."""

NO_WINDOWS = (
    "genloss runs on Linux and macOS; Windows lacks the locks and signals that runs rest on; use "
    "WSL (wsl --install) and install genloss inside it"
)


class GenlossError(Exception):
    """Anything genloss refuses or cannot finish."""


class SpecError(GenlossError, ValueError):
    """A spec, option or argument is outside what it may be."""


class DataError(GenlossError, ValueError):
    """Data have the wrong shape, type or values, or a file is not what it claims to be."""


class FitError(GenlossError):
    """A learner cannot fit what it was given."""


class RealityExhausted(GenlossError):
    """A finite reality has no fresh rows left."""


class StoreError(GenlossError):
    """A run folder cannot be read, written or continued."""


class ResourceError(StoreError):
    """The machine lacks memory, threads, processes, file handles or room on the disk.

    lacks: which, where that is known.
    """

    def __init__(self, message: str, lacks: str = "") -> None:
        super().__init__(message, lacks)
        self.lacks = lacks

    def __str__(self) -> str:
        """Return the message."""
        return str(self.args[0])


class WorkerLost(ResourceError):
    """A worker process died in the middle of a task."""


class MissingExtra(GenlossError, ImportError):
    """An optional dependency is not installed."""
