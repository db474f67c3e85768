"""Times and rates, and text that cannot act on a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloss.cli.durations import duration, pace
from genloss.cli.escaping import plain, plain_lines


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.123, "0.12 s"), (41.2, "41 s"), (720, "12 min"), (12_000, "3 h 20 min"), (5e5, "5 days")],
)
def test_times_are_said_as_people_say_them(seconds, said):
    assert duration(seconds) == said


def test_slow_generations_have_a_pace_too():
    assert pace(0.0) == ""
    assert pace(150.0) == "150 generations/s"
    assert pace(1 / 30) == "30 s a generation"
    assert pace(1.03) == "1 generation/s"
    assert pace(1.6) == "2 generations/s"


@pytest.mark.slow
@given(st.text(st.characters(), max_size=40))
def test_plain_text_has_nothing_that_a_terminal_obeys(text):
    shown = plain(text)
    assert all(c.isprintable() or c.isspace() or ord(c) > 0xA0 for c in shown)
    assert not set(shown) & {chr(c) for c in (*range(32), *range(127, 160), 0x202E, 0x2066)}
    shown.encode()
    if text.isprintable():
        assert shown == text


def test_what_a_terminal_would_obey_is_written_out():
    assert plain("\x1b[2J\x07 \u202etxt\r\udcff") == "\\x1b[2J\\x07 \\u202etxt\\r\\udcff"
    assert plain_lines("a\n\x1bb") == "a\n\\x1bb"
