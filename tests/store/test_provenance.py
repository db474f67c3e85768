"""Who worked on a run: a log that a loss of power may tear, and that must not stop a resume."""

import pytest

from genloss.errors import StoreError
from genloss.store.provenance import append, sessions

RUN = "0123456789abcdef"


@pytest.fixture
def log(tmp_path):
    for event in ("start", "done", "start"):
        append(tmp_path / "provenance.jsonl", RUN, {"event": event})
    return tmp_path / "provenance.jsonl"


def events(log) -> list[str]:
    return [line["event"] for line in sessions(log, RUN)]


@pytest.mark.parametrize("torn", [b"", b"\0" * 20, b"\0" * 20 + b"\n", b'{"event"', b"\n"])
def test_a_torn_last_line_is_dropped(log, torn):
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]) + torn)
    append(log, RUN, {"event": "stop"})
    assert events(log) == ["start", "done", "stop"]


def test_damage_before_the_last_line_is_refused(log):
    content = log.read_bytes().replace(b"done", b"gone")
    log.write_bytes(content)
    for act in (lambda: append(log, RUN, {"event": "stop"}), lambda: sessions(log, RUN)):
        with pytest.raises(StoreError, match=r"line 2 does not fit.*deleting it helps, too"):
            act()
    assert log.read_bytes() == content
