"""Progress: nested loops tell one share of the whole, to whoever listens."""

import threading

import pytest

from genloss.core.progress import Reached, listening, reached, span


def told(work) -> list[Reached]:
    heard = []
    with listening(heard.append):
        work()
    return heard


def test_what_is_reached_without_a_listener_is_never_heard():
    reached(1, 2)
    with span(0, 1, 3):
        reached(1, 2)
    assert told(lambda: reached(2, 2)) == [Reached(1.0, 2, 2)]


def test_a_span_is_a_part_of_the_whole():
    """Chain 1 of 3 (of four), rows 2 to 6 of 8, step 5 of 10: 1/4 + 1/4 (2/8 + 4/8 1/2)."""

    def work():
        with span(1, 2, 4), span(2, 6, 8):
            reached(5, 10, epochs=2)
        reached(3, 4)

    assert told(work) == [
        Reached(1 / 4 + 1 / 4 * (2 / 8 + 4 / 8 / 2), 5, 10, 2),
        Reached(0.75, 3, 4),
    ]


def test_listeners_nest_and_an_error_leaves_no_trace():
    outer, inner = [], []
    with listening(outer.append):
        with (
            span(1, 2, 2),
            pytest.raises(ZeroDivisionError),
            listening(inner.append),
            span(0, 1, 9),
        ):
            raise ZeroDivisionError
        reached(1, 2)
        with listening(inner.append):
            reached(1, 4)
    reached(1, 1)
    assert (outer, inner) == ([Reached(0.5, 1, 2)], [Reached(0.25, 1, 4)])


def test_a_listener_inside_a_span_gives_the_span_back():
    outer, inner = [], []
    with listening(outer.append), span(1, 2, 2):
        with listening(inner.append):
            reached(1, 4)
        reached(1, 2)
    assert (outer, inner) == ([Reached(0.75, 1, 2)], [Reached(0.25, 1, 4)])


def test_a_listener_may_end_the_work():
    class EnoughError(Exception):
        pass

    def stop(far):
        if far.step == 3:
            raise EnoughError

    seen = []

    def work():
        for step in range(10):
            seen.append(step)
            reached(step, 10)

    with pytest.raises(EnoughError), listening(stop):
        work()
    assert seen == [0, 1, 2, 3]


def test_other_threads_are_not_heard():
    def work():
        thread = threading.Thread(target=lambda: reached(1, 2))
        thread.start()
        thread.join()

    assert told(work) == []
