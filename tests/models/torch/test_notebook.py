"""Interrupted inside a fit, it ends with the same bytes."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.source import Source

pytestmark = pytest.mark.slow


class Died(Exception):
    """The process would be gone here."""


@dataclass
class Memory:
    """A notebook that dies after so many writes."""

    left: int = 10**9
    note: dict | None = None
    writes: list = field(default_factory=list)

    def read(self):
        return None if self.note is None else {k: v.copy() for k, v in self.note.items()}

    def write(self, arrays):
        self.note = {k: v.copy() for k, v in arrays.items()}
        self.writes.append(int(arrays["now.step"][0]))
        if len(self.writes) == self.left:
            raise Died


def digest(model) -> dict[str, bytes]:
    return {k: v.tobytes() for k, v in model.state().items()}


CASES = {
    "rows": {},
    "bfloat16": {"precision": "bfloat16"},
    "patience": {"patience": 1, "learning_rate": 0.01},
    "source": {},
}


@pytest.mark.parametrize("case", CASES)
def test_died_after_any_note_it_resumes_to_the_same_bytes(case, digits, learner):
    build = learner(epochs=3, save_every=2, **CASES[case])
    train, valid = digits, Samples.of(digits.x[:, :20], 0)
    if case == "source":
        train = Source.of(learner(epochs=1).fit(digits, np.random.default_rng(9)), 60, 1)

    def fit(notebook=None):
        bound = build.with_notebook(notebook) if notebook else build
        return digest(bound.fit(train, np.random.default_rng(2), valid=valid))

    unbroken = fit()
    whole = Memory()
    assert fit(whole) == unbroken
    if case != "patience":
        # Two chains of nine steps each, a note after every second.
        assert whole.writes == [2, 4, 6, 8, 2, 4, 6, 8]
    for k in range(1, len(whole.writes) + 1):
        broken = Memory(left=k)
        with pytest.raises(Died):
            fit(broken)
        resumed = Memory(note=broken.note)
        assert fit(resumed) == unbroken
        assert resumed.writes == whole.writes[k:]


def test_a_note_of_another_fit_is_ignored(digits, learner):
    build, old = learner(epochs=1, save_every=2), Memory()
    build.with_notebook(old).fit(digits, np.random.default_rng(1))
    expected = digest(build.fit(digits, np.random.default_rng(2)))
    found = build.with_notebook(Memory(note=old.note)).fit(digits, np.random.default_rng(2))
    assert digest(found) == expected


def test_no_notes_where_none_are_asked_for(digits, learner):
    book = Memory()
    learner(epochs=1, save_every=0).with_notebook(book).fit(digits, np.random.default_rng(1))
    assert book.writes == []
