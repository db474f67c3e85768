"""A sign of life where a command has no steps to tell of."""

import io
import threading

import pytest

from genloss.cli import waiting


class Stream(io.StringIO):
    """What standard error gets, and an event once that is something."""

    def __init__(self, terminal):
        super().__init__()
        self.terminal, self.written = terminal, threading.Event()

    def isatty(self):
        return self.terminal

    def flush(self):
        self.written.set()


@pytest.mark.parametrize(
    ("terminal", "said"), [(True, "\r\x1b[Kauditing, for "), (False, "auditing, for ")]
)
def test_what_takes_long_is_said_and_cleared_from_a_terminal(monkeypatch, terminal, said):
    stream = Stream(terminal)
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(waiting, "SOON", 0.001)
    monkeypatch.setattr(waiting, "FIRST", 0.001)
    with waiting.at_work("auditing"):
        assert stream.written.wait(20)
    assert stream.getvalue().startswith(said)
    assert stream.getvalue().endswith(waiting.CLEAR if terminal else "\n")


def test_what_is_done_at_once_is_not_spoken_of(monkeypatch):
    monkeypatch.setattr("sys.stderr", stream := Stream(True))
    with waiting.at_work("auditing"):
        pass
    assert stream.getvalue() == ""
