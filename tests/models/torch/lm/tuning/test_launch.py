"""One fit in several processes: real launches, two processes on the CPU."""

import numpy as np
import psutil
import pytest
import torch

from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.source import Source
from genloss.errors import FitError, SpecError
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.models.torch.lm.tuning.fitting import Lesson
from genloss.models.torch.lm.tuning.job import (
    NOTE,
    failure_in,
    read_learner,
    read_lesson,
    write_failure,
    write_job,
)
from genloss.store.block import FileNotebook

V, T = 64, 12
CONFIG = {
    "model_type": "gpt2",
    "vocab_size": V,
    "n_embd": 16,
    "n_layer": 1,
    "n_head": 2,
    "n_positions": 16,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def recipe(**options) -> FineTuning:
    # A batch of 9 and a last one of 4: two processes never share evenly for long.
    short = {"epochs": 2, "batch": 9, "learning_rate": 1e-3, "device": "cpu", "save_every": 2}
    return FineTuning(**short | options)


def own(**options) -> TransformerLearner:
    sizes = {"width": 16, "layers": 1, "heads": 2, "positions": 16}
    return TransformerLearner(start="scratch", vocabulary=V, **sizes, training=recipe(**options))


def theirs(**options) -> HuggingFaceLearner:
    return HuggingFaceLearner(start="scratch", config=CONFIG, training=recipe(**options))


def rows(n: int, key: int, chains: int = 2) -> np.ndarray:
    """Rows of different lengths, so that equal shares of rows are unequal shares of targets."""
    x = rng(key).integers(1, V, (chains, n, T))
    x[:, ::3, 4:] = NO_TOKEN
    return x


@pytest.fixture(scope="module")
def train() -> Samples:
    return Samples.of(rows(22, 1), 0)


class Memory:
    """A notebook."""

    def __init__(self, note=None):
        self.note, self.steps = note, []

    def read(self):
        return self.note

    def write(self, arrays):
        self.note = {k: v.copy() for k, v in arrays.items()}
        self.steps.append(int(arrays["now.step"][0]))


def check_same(one, other):
    """The same model to rounding: sums of other orders, and what Adam makes of them."""
    assert one.state().keys() == other.state().keys()
    for name, value in one.state().items():
        np.testing.assert_allclose(other.state()[name], value, atol=1e-5, err_msg=name)


@pytest.fixture
def left(tmp_path, monkeypatch):
    """Return a function that lists what jobs left behind: folders and processes."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return lambda: [*tmp_path.glob("genloss-*"), *workers()]


def workers() -> list[psutil.Process]:
    below = psutil.Process().children(recursive=True)
    return [p for p in below if "genloss.models.torch.lm.tuning.worker" in p.cmdline()]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [own, theirs])
def test_two_processes_learn_what_one_does(kind, train, left):
    valid, book = Samples.of(rows(7, 2), 0), Memory()
    alone = kind(keep="best").fit(train, rng(3), valid=valid)
    shared = kind(keep="best", processes=2).fit(train, rng(3), valid=valid, notebook=book)
    check_same(alone, shared)
    assert book.steps  # what the first process noted reached the notebook
    assert not left()


@pytest.mark.slow
def test_a_killed_process_is_an_error_and_its_notes_serve_the_next_fit(train, left):
    class Killing(Memory):
        def write(self, arrays):
            super().write(arrays)
            if len(self.steps) == 1:
                workers()[-1].kill()

    options = {"epochs": 150, "learning_rate": 1e-6}
    book = Killing()
    with pytest.raises(FitError, match=r"2 processes ended with code 1") as died:
        own(processes=2, **options).fit(train, rng(3), notebook=book)
    assert "Signal 9 (SIGKILL)" in str(died.value)
    assert not left()
    alone = own(**options).fit(train, rng(3))
    note = Memory(book.note)
    check_same(alone, own(**options).fit(train, rng(3), notebook=note))
    assert note.steps[0] == book.steps[-1] + 2


@pytest.mark.slow
def test_errors_and_interrupts_end_all_processes(train, left):
    with pytest.raises(FitError, match=r"chain 0.*loss is nan.*learning_rate"):
        own(processes=2, learning_rate=1e30, epochs=3).fit(train, rng())
    assert not left()

    class Interrupted(Memory):
        def write(self, arrays):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        own(processes=2, epochs=400).fit(train, rng(), notebook=Interrupted())
    assert not left()


def test_a_job_travels_whole(tmp_path, train):
    before = own(epochs=1).fit(train, rng(1))
    weighted = Samples(train.x, train.origin, np.full(train.x.shape[:2], 0.5))
    learner, seeds = own(precision="bfloat16"), np.array([5, 2**62])
    write_job(tmp_path, learner, Lesson(weighted, seeds, before, train, Memory({"a": seeds})))
    assert read_learner(tmp_path) == learner
    lesson = read_lesson(tmp_path, learner)
    np.testing.assert_array_equal(lesson.seeds, seeds)
    for one, other in ((lesson.train, weighted), (lesson.valid, train)):
        for name in ("x", "origin", "weight"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    check_same(lesson.before, before)
    assert FileNotebook(tmp_path / NOTE).read().keys() == {"a"}


def test_errors_travel_by_their_kind(tmp_path):
    assert failure_in(tmp_path) is None
    write_failure(tmp_path, SpecError("expected yes"))
    assert type(failure_in(tmp_path)) is SpecError
    assert str(failure_in(tmp_path)) == "expected yes"


def test_what_cannot_be_shared_is_refused(train, monkeypatch):
    with pytest.raises(ValueError, match="processes"):
        recipe(processes=0)
    model = own(epochs=1).fit(train, rng(1))
    with pytest.raises(SpecError, match="form = 'rows'"):
        own(processes=2).fit(Source.of(model, 32, 1), rng())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(SpecError, match=r"processes is 2; expected at most 1.*device = 'cpu'"):
        own(processes=2, device="cuda").fit(train, rng())
