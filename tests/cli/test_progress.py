"""What the waiting see: phase, step, rate and time left, in 80 columns and as lines."""

import io
import sys
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

import genloss
from genloss.cli import progress as shown
from genloss.models.gaussian import GaussianLearner
from genloss.realities.gaussians import Gaussian
from genloss.run.events import Finished, Moved, Phase, Planned, Step
from genloss.run.tally import Standing
from genloss.run.task import Task
from genloss.study.study import Study

STUDY = Study(Gaussian(), GaussianLearner(ddof=1), n_real=10, generations=8)
TASK = Task(STUDY, Path(), 0)


def at(step: Step, **more) -> Standing:
    return Standing(**{"blocks": 1, "working": 1, "task": TASK, "step": step, **more})


@pytest.mark.parametrize(
    ("standing", "line"),
    [
        (Standing(), "opt: reading"),
        (at(Step(Phase.READING, 0)), "opt: reading"),
        (at(Step(Phase.BASE, 0), seconds=31.0), "opt: loading the base model for 31 s"),
        (
            at(Step(Phase.FITTING, 3, 0.3, 120, 900, 5)),
            "opt: generation 3 of 8: fitting, epoch 1 of 5, step 120 of 900",
        ),
        (
            at(Step(Phase.DRAWING, 3, 0.4, 4, 10), seconds=30.0),
            "opt: generation 3 of 8: drawing, 40%",
        ),
        (at(Step(Phase.DRAWING, 3), seconds=90.0), "opt: generation 3 of 8: drawing for 90 s"),
        (
            at(Step(Phase.MEASURING, 2), blocks=20, finished=5, working=2),
            "opt: 5 of 20 blocks done; 2 at work; generation 2 of 8: measuring",
        ),
        (at(Step(Phase.MEASURING, 2), rate=50.0), "opt: generation 2 of 8"),
        (at(Step(Phase.DONE, 2)), "opt: generation 2 of 8"),
        (Standing(blocks=1, finished=1, share=1.0), "opt: done"),
        (Standing(blocks=2, finished=2, share=1.0), "opt: 2 of 2 blocks done"),
    ],
)
def test_where_a_run_is_in_words(standing, line):
    assert shown.where("opt", standing) == line


@pytest.mark.parametrize("steps", [7, 10, 45, 900])
def test_every_epoch_is_named_by_the_step_that_is_done(steps):
    """Steps 1 to n of n: epochs 1 to 5 in order, the last one at the last step."""
    names = [shown._epoch(Step(Phase.FITTING, 1, 0.0, s, steps, 5)) for s in range(1, steps + 1)]
    order = list(dict.fromkeys(names))
    assert order == [f"epoch {e} of 5" for e in range(1, 6)]


def test_rate_and_time_left():
    first = at(Step(Phase.FITTING, 1, 0.1, 30, 300, 3), seconds=20.0, left=180.0, at_least=True)
    assert shown.rates(first) == ["1.5 steps/s", "at least 3 min left"]
    later = at(Step(Phase.DRAWING, 3), rate=1 / 40, left=250.0)
    assert shown.rates(later) == ["40 s a generation", "4 min left"]
    assert shown.rates(at(Step(Phase.READING, 0))) == []


def test_two_lines_fit_80_columns_whatever_the_name():
    standing = at(
        Step(Phase.FITTING, 3, 0.3, 123_456, 900_000, 50),
        share=0.31,
        rate=1e-3,
        left=1e5,
        blocks=20_000,
        finished=1234,
    )
    out = io.StringIO()
    Console(file=out, width=80).print(shown._two_lines("a\x1b[2J" + "b" * 90, standing))
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert all(len(line) <= 80 for line in lines)
    assert "31%" in lines[1]
    assert "left" in lines[1]
    assert "\x1b" not in out.getvalue()


def test_under_a_pipe_there_is_a_line_every_so_often(monkeypatch):
    """The first after FIRST, then after EVERY; a reader that leaves ends nothing."""

    waits = []

    class Stop:
        def wait(self, seconds):
            waits.append(seconds)
            return len(waits) > 3

    told = shown.Tally()
    told(Planned((TASK,)))
    told(Moved(0, Step(Phase.FITTING, 1, 0.5, 1, 2, 2)))
    err = io.StringIO()
    monkeypatch.setattr("sys.stderr", err)
    shown._lines("opt", told, Stop())
    assert waits == [shown.FIRST, *[shown.EVERY] * 3]
    lines = err.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("opt: generation 1 of 8: fitting, epoch 1 of 2, step 1 of 2; 6%")
    err.close()
    waits.clear()
    shown._lines("opt", told, Stop())


class Handle:
    """What IPython gives for an output that may change."""

    def __init__(self, first: dict) -> None:
        self.shown = [first]

    def update(self, data: dict, raw: bool) -> None:
        assert raw
        self.shown.append(data)


@pytest.mark.parametrize("cells", [True, False])
def test_below_the_cell_of_a_notebook_one_line_stays_up_to_date(cells, monkeypatch):
    """IPython is none of ours: a module with its two functions stands in for it."""
    handles = []

    def display(data, raw, display_id):
        assert (raw, display_id) == (True, True)
        handles.append(Handle(data))
        return handles[-1]

    ipython, output = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: object() if cells else None
    output.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", output)
    monkeypatch.setattr(shown, "LOOK", 0.01)
    with genloss.progress("opt") as sink:
        sink(Planned((TASK,)))
        sink(Moved(0, Step(Phase.MEASURING, 2)))
        while cells and len(handles[0].shown) < 3:
            pass
        sink(Finished(0))
    if not cells:
        assert handles == []
        return
    [handle] = handles
    lines = [data["text/plain"] for data in handle.shown]
    assert lines[0] == "opt: reading"
    assert any(line.startswith("opt: generation 2 of 8") for line in lines)
    assert lines[-1].startswith("opt: done")
    assert {*handle.shown[0]} == {"text/plain"}
