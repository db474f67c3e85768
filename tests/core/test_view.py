"""What metrics are called: a base, and the options that differ from their defaults."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.core.view import Direction, NamedMetric, View, column_names, entry_of, option_name
from genloss.errors import SpecError


@dataclass(frozen=True)
class TwoPoint:
    """Features with a place on a disk."""

    path: str = field(default="", metadata={"identity": False})
    size: int = 3


@dataclass(frozen=True)
class Shown(NamedMetric):
    q: float = 0.5
    through: TwoPoint = TwoPoint()
    hidden: int = field(default=1, repr=False)
    path: str = field(default="", metadata={"identity": False})
    base: ClassVar[str] = "shown"
    unit: ClassVar[str] = "1"
    direction: ClassVar[str] = "one"


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (Shown(), "shown"),
        (Shown(0.25), "shown(q=0.25)"),
        (Shown(hidden=2), "shown"),
        (Shown(path="/home/me/rows.npy"), "shown(path=rows.npy)"),
        (Shown(0.1, TwoPoint(size=4)), "shown(q=0.1, through=two_point(size=4))"),
        (Shown(through=TwoPoint("/a/b/c.npy")), "shown(through=two_point(path=c.npy))"),
    ],
)
def test_names_have_what_differs_and_no_place_of_this_machine(metric, name):
    assert metric.name == name
    assert column_names(metric) == [name]


def test_options_are_named_as_words():
    assert option_name(TwoPoint()) == "two_point"
    assert option_name(0.5) == "0.5"
    assert option_name(TwoPoint) == str(TwoPoint)


def test_entries_have_known_directions():
    entry = entry_of(Shown())
    assert entry == {"name": "shown", "unit": "1", "direction": Direction.ONE}
    assert [str(d) for d in Direction] == ["lower", "higher", "one", "zero", "start"]

    class Up(Shown):
        direction = "up"

    with pytest.raises(SpecError, match="metric shown: direction is 'up'; expected one of lower, "):
        entry_of(Up())


def test_what_is_shared_is_drawn_by_role_and_generation_and_computed_once():
    rows = Samples.of(np.zeros((1, 1, 1)), 1)
    view = View(4, None, None, None, rows, None, np.random.default_rng(0), streams=Streams(9, 1))
    once = view.shared_rng("a").random()
    assert once == Streams(9, 1).rng(4, "shared:a").random()
    assert view.shared_rng("a", 4).random() == once
    assert len({once, view.shared_rng("b").random(), view.shared_rng("a", 0).random()}) == 3
    values = iter(range(9))
    for compute in (view.once, view.once_for_all):
        first = compute("key", lambda: next(values))
        assert compute("key", lambda: next(values)) == first
        assert compute("other", lambda: next(values)) == first + 1
    assert (view.memo, view.lasting) == ({"key": 0, "other": 1}, {"key": 2, "other": 3})
