"""The VAE inside a study: rows and endless data, killed in the middle of a fit, resumed."""

from dataclasses import dataclass

import numpy as np
import pytest

from genloss.core.forms import Endless, Rows
from genloss.metrics.suites.rows import DuplicateRate
from genloss.realities.digits import Digits8x8
from genloss.store.block import FileNotebook
from genloss.study.runner import run_study
from genloss.study.study import Study


@dataclass(frozen=True, eq=False)
class Resampled:
    """Digits without end: drawn with replacement."""

    rows: np.ndarray
    n_chains: int

    def sample(self, n, rng):
        return self.rows[rng.integers(len(self.rows), size=(self.n_chains, n))]

    def state(self):
        return {"rows": self.rows[None]}


@dataclass(frozen=True)
class EndlessDigits:
    """A reality that never runs out."""

    def realise(self, n_chains, rng):
        return Resampled(Digits8x8().realise(1, rng).rows(0, 200)[0], n_chains)


@pytest.fixture(params=["rows", "endless"])
def study(request, learner):
    endless = request.param == "endless"
    return Study(
        reality=EndlessDigits() if endless else Digits8x8(),
        form=Endless() if endless else Rows(),
        learner=learner(save_every=2),
        n_real=60,
        generations=2,
        chains=2,
        metrics=(DuplicateRate(),),
        checkpoint_every=1,
    )


class Died(Exception):
    """The process would be gone here."""


def test_a_run_killed_inside_fits_ends_with_the_same_bytes(
    study, tmp_path, folder_bytes, monkeypatch
):
    """Two generations, two chains, six steps each: four notes a generation, and a death after each
    third note, so that every second resume starts inside a fit that was resumed before."""
    run = run_study(study, tmp_path / "unbroken", workers=1)
    unbroken = folder_bytes(run.path)
    assert not any("notebook" in name for name in unbroken)
    write, notes = FileNotebook.write, []

    def dying(book, arrays):
        write(book, arrays)
        notes.append(int(arrays["now.step"][0]))
        if len(notes) % 3 == 0:
            raise Died

    monkeypatch.setattr(FileNotebook, "write", dying)
    deaths = 0
    while True:
        try:
            broken = run_study(study, tmp_path / "broken", workers=1)
            break
        except Died:
            deaths += 1
            assert list((tmp_path / "broken").rglob("notebook.safetensors"))
    # No step is done twice: the notes are those of an unbroken run.
    assert notes == [2, 4] * 4
    assert deaths == 2
    assert folder_bytes(broken.path) == unbroken


def test_a_damaged_note_costs_time_only(tmp_path):
    book = FileNotebook(tmp_path / "notebook.safetensors")
    assert book.read() is None
    book.write({"a": np.arange(3.0), "none": np.zeros(0)})
    np.testing.assert_array_equal(book.read()["a"], np.arange(3.0))
    book.path.write_bytes(book.path.read_bytes()[:20])
    assert book.read() is None
