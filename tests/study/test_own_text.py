"""A run on one's own text: the defaults work, and say what they cost first."""

from pydoc_data.topics import topics

import pytest

from genloss.errors import DataError, SpecError
from genloss.study.own_text import is_text
from genloss.study.plan import plan_of
from genloss.study.runner import run_study
from genloss.study.specs import load_study

SMALL = [
    "learner.training.epochs=1",
    "learner.width=16",
    "learner.layers=1",
    "learner.heads=2",
    "generations=2",
    "n_real=32",
    "held_out=8",
    "sampler.max_new=16",
    "sampler.min_new=16",
    "keep.rows=4",
]


@pytest.fixture
def folder(tmp_path):
    tmp_path = tmp_path / "mine"
    tmp_path.mkdir()
    # Words of the file keep the documents apart; topics of Python's help share whole paragraphs.
    for i, text in enumerate(sorted(topics.values(), key=len)[-6:]):
        (tmp_path / f"{i}.txt").write_text(text[:9000].replace(" ", f" w{i} "))
    return tmp_path


def test_a_folder_of_text_runs_with_defaults_that_just_work(folder, tmp_path):
    study = load_study(folder, SMALL)
    assert study.name == folder.name
    assert study.learner.vocabulary >= study.reality.realise(1, rng()).tokeniser.size
    run = run_study(study, tmp_path / "runs", workers=1)
    assert {"perplexity", "surviving_vocabulary"} <= set(run.series)
    shown = run.texts(2)
    assert shown is not None
    assert len(shown) == 4
    assert all(prompt for prompt, _ in shown)


def rng():
    import numpy as np

    return np.random.default_rng(0)


def test_a_plan_says_what_it_costs_before_anything_runs(folder):
    study = load_study(folder, [*SMALL, "learner.training.epochs=50"])
    long_plan, short_plan = plan_of(study), plan_of(load_study(folder, SMALL))
    assert long_plan["generations"] == 2
    # Fifty epochs instead of one: the fit's share of the time grows fiftyfold.
    assert long_plan["seconds, one process"] > 2 * short_plan["seconds, one process"]
    assert long_plan["megabytes on disk"] > 0


def test_what_is_text_and_what_is_not(tmp_path):
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "spec.toml").write_text("")
    run = tmp_path / "run"
    (run / "blocks").mkdir(parents=True)
    assert is_text(tmp_path / "a.txt")
    assert is_text(tmp_path)
    assert not is_text(tmp_path / "spec.toml")
    assert not is_text(run)
    assert not is_text(tmp_path / "nowhere")


def test_too_little_text_and_a_model_beside_a_spec_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("A few words.")
    with pytest.raises(DataError, match=r"document|block"):
        load_study(tmp_path)
    spec = tmp_path / "spec.toml"
    spec.write_text("n_real = 1")
    with pytest.raises(SpecError, match="is no text; name the model in the spec"):
        load_study(spec, model="somebody/model")
