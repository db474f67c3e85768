"""Inputs that change under a run end it, with what they were and what they are."""

import os
import shutil

import numpy as np
import pytest
from tests.foreign import METRIC

from genloss.errors import DataError, SpecError
from genloss.run.events import Moved
from genloss.run.runner import run_study
from genloss.store.reader import Run
from genloss.study.load import load_study
from genloss.study.study import study_from

ROWS = np.random.default_rng(0).normal(size=(60, 1))
TABLE = {
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 20,
    "generations": 3,
    "chains": 4,
    "chains_per_block": 2,
    "metrics": ["sigma"],
}
TEXT = {
    "reality": {"kind": "text", "block": 8, "vocabulary": 260},
    "learner": {"kind": "ngram", "vocabulary": 260, "order": 2},
    "n_real": 10,
    "generations": 2,
    "chains": 2,
    "chains_per_block": 1,
    "metrics": ["perplexity"],
}


def once(act, t):
    """Return a sink that acts when the first block has done generation t."""
    left = [act]

    def sink(event):
        done = isinstance(event, Moved) and event.task == 0 and event.step.generations == t
        if done and left:
            left.pop()()

    return sink


def table(path, rows=ROWS):
    np.save(path, rows)
    return study_from({**TABLE, "reality": {"kind": "table_file", "path": str(path)}})


def test_a_table_rewritten_between_two_blocks_ends_the_run_with_both_hashes(tmp_path):
    """The same shape and size; the second block would have trained on other rows."""
    study = table(tmp_path / "rows.npy")
    before = study.reality.identity()["sha256"]
    rewrite = once(lambda: np.save(tmp_path / "rows.npy", ROWS * 1000), study.generations)
    with pytest.raises(DataError) as error:
        run_study(study, tmp_path / "runs", workers=1, progress=rewrite)
    after = study.reality.identity()["sha256"]
    assert f"reality.sha256 was '{before}' and is '{after}'" in str(error.value)
    [path] = (tmp_path / "runs").iterdir()
    half = Run(path)
    assert half.progress()[0] == 3
    assert half.blocks[1].times == ({}, {})
    np.save(tmp_path / "rows.npy", ROWS)
    done = run_study(study, tmp_path / "runs", workers=1)
    whole = run_study(study, tmp_path / "unbroken", workers=1)
    assert done.series["sigma"].values.tobytes() == whole.series["sigma"].values.tobytes()


def test_a_table_rewritten_with_its_old_time_is_seen_as_well(tmp_path):
    study = table(tmp_path / "rows.npy")
    stamp = (tmp_path / "rows.npy").stat().st_mtime_ns

    def rewrite():
        np.save(tmp_path / "rows.npy", ROWS * 1000)
        os.utime(tmp_path / "rows.npy", ns=(stamp, stamp))

    progress = once(rewrite, study.generations)
    with pytest.raises(DataError, match=r"reality\.sha256 was"):
        run_study(study, tmp_path / "runs", workers=1, progress=progress)


def test_texts_rewritten_between_two_blocks_end_the_run(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    for i in range(30):
        text = "".join(f"Text {i} says {j * j} things of {i + j}. " for j in range(9))
        (folder / f"{i}.txt").write_text(text)
    study = study_from({**TEXT, "reality": {**TEXT["reality"], "path": str(folder)}})

    def everything_louder():
        for file in folder.iterdir():
            file.write_text(file.read_text().upper())

    rewrite = once(everything_louder, study.generations)
    with pytest.raises(DataError, match=r"reality\.train_sha256 was '.*' and is '"):
        run_study(study, tmp_path / "runs", workers=1, progress=rewrite)


def test_a_base_that_changes_under_its_first_fit_ends_the_run(tmp_path, monkeypatch):
    """Whatever is loaded lazily has been loaded by the end of the first fit."""
    (tmp_path / "weights").write_text("a")
    (tmp_path / "own_learner.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    learner = {"kind": "own_learner:Based", "path": str(tmp_path / "weights")}
    spec = {**TABLE, "reality": "gaussian", "learner": learner}
    with pytest.raises(DataError, match=r"learner\.base was 'a' and is 'b'"):
        run_study(study_from(spec), tmp_path / "runs", workers=1)


@pytest.mark.slow
@pytest.mark.parametrize("who", ["learner", "metric"])
def test_a_base_that_changes_later_ends_the_run_before_its_numbers_are_stored(
    tmp_path, monkeypatch, who
):
    """A fit, or a metric, that reads it again at every generation."""
    (tmp_path / "weights").write_text("1")
    (tmp_path / f"own_again_{who}.py").write_text(AGAIN)
    monkeypatch.syspath_prepend(tmp_path)
    path, rewrite = str(tmp_path / "weights"), lambda: (tmp_path / "weights").write_text("1000")
    own = {"learner": {"kind": f"own_again_{who}:Based", "path": path}}
    if who == "metric":
        own = {"metrics": ["sigma", {"kind": f"own_again_{who}:Under", "path": path}]}
    study = study_from({**TABLE, "reality": "gaussian", "chains": 2, "generations": 5, **own})
    with pytest.raises(DataError, match=r"base was '1' and is '1000'"):
        run_study(study, tmp_path / "runs", workers=1, progress=once(rewrite, 2))
    [half] = (tmp_path / "runs").iterdir()
    assert max(Run(half).columns["sigma"].t) == 2
    (tmp_path / "weights").write_text("1")
    done = run_study(study, tmp_path / "runs", workers=1)
    whole = run_study(study, tmp_path / "unbroken", workers=1)
    assert done.series["sigma"].values.tobytes() == whole.series["sigma"].values.tobytes()


AGAIN = '''
"""A learner, and a metric, that read what they begin at whenever they are asked."""
from dataclasses import dataclass, field, replace
from pathlib import Path
import numpy as np
from genloss.core.view import Direction
from genloss.models.gaussian import GaussianLearner

@dataclass(frozen=True)
class Based:
    path: str = field(metadata={"identity": False})

    def fit(self, train, rng, *, init=None, valid=None):
        model = GaussianLearner(1).fit(train, rng)
        return replace(model, mean=model.mean + float(Path(self.path).read_text()))

    def restore(self, state):
        return GaussianLearner(1).restore(state)

    def identity(self):
        return {"base": Path(self.path).read_text()}

@dataclass(frozen=True)
class Under:
    path: str = field(metadata={"identity": False})
    name = "under"
    unit = "1"
    direction = next(iter(Direction))

    def __call__(self, view):
        return np.full(view.p_0.n_chains, float(Path(self.path).read_text()))

    def identity(self):
        return {"base": Path(self.path).read_text()}
'''


OWN = '''
"""A learner whose base is rewritten while it is read."""
from dataclasses import dataclass, field
from pathlib import Path
from genloss.models.gaussian import GaussianLearner

@dataclass(frozen=True)
class Based:
    path: str = field(metadata={"identity": False})

    def fit(self, train, rng, *, init=None, valid=None):
        Path(self.path).write_text("b")
        return GaussianLearner(1).fit(train, rng)

    def restore(self, state):
        return GaussianLearner(1).restore(state)

    def identity(self):
        return {"base": Path(self.path).read_text()}
'''


def test_a_folder_with_classes_of_its_own_asks_for_consent(tmp_path, monkeypatch):
    (tmp_path / "own_metric.py").write_text(METRIC)
    monkeypatch.syspath_prepend(tmp_path)
    spec = {**TABLE, "reality": "gaussian", "metrics": ["sigma", "own_metric:Noted"]}
    run = run_study(study_from(spec), tmp_path / "runs", workers=1)
    marker = tmp_path / "imported"
    marker.unlink()
    shutil.copytree(run.path, tmp_path / "hostile")
    monkeypatch.delitem(__import__("sys").modules, "own_metric")
    with pytest.raises(SpecError, match=r"names own_metric:Noted, whose code would run.*--trust"):
        load_study(tmp_path / "hostile")
    assert not marker.exists()
    assert load_study(tmp_path / "hostile", trust=True).metrics[1].name == "noted"
    assert marker.exists()
