"""A run on one's own text: the defaults work, and say what they cost first."""

from pydoc_data.topics import topics

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.text import bound
from genloss.errors import DataError, SpecError
from genloss.study.build import build, study_from
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


def test_vocabulary_and_end_are_those_of_the_text(folder, tmp_path):
    reality = {"kind": "text", "path": str(folder), "block": 16, "vocabulary": 300}
    tokens = build("reality", reality).realise(1, rng()).tokeniser
    ngram = {"kind": "ngram", "order": 2}
    sampler = {"kind": "sampling", "max_new": 16, "min_new": 4}
    spec = {"reality": reality, "sampler": sampler, "n_real": 40, "generations": 3}
    spec |= {"metrics": ["perplexity", "empty_rows"], "checkpoint_every": 1}
    named = ngram | {"vocabulary": tokens.size, "end": tokens.end}
    found = [
        run_study(study_from(spec | {"learner": learner}), tmp_path / str(i), workers=1)
        for i, learner in enumerate((ngram, named))
    ]
    one, two = (run.series["perplexity"].values for run in found)
    assert one.tobytes() == two.tobytes()
    scratch = {"kind": "transformer", "start": "scratch", "width": 16, "heads": 2, "layers": 1}
    other = {"kind": "hugging_face", "start": "scratch", "config": {"model_type": "opt"}}
    p_0 = build("reality", reality).realise(1, rng())
    ours, theirs = (bound(build("learner", part), p_0) for part in (scratch, other))
    assert (ours.vocabulary, ours.end) == (tokens.size, tokens.end)
    assert theirs.config["vocab_size"] == tokens.size
    assert theirs.config["eos_token_id"] == tokens.end
    own = {"vocabulary": 999, "end": 7}
    for part, expected in ((scratch | own, 999), (ngram | own, 999)):
        assert bound(build("learner", part), p_0).vocabulary == expected
        assert bound(build("learner", part), p_0).end == 7


def test_a_vocabulary_that_nobody_knows_is_refused():
    rows = Samples.of(np.ones((1, 4, 5), dtype=np.int64), 0)
    for part in ("ngram", {"kind": "transformer", "start": "scratch"}):
        with pytest.raises(SpecError, match=r"vocabulary = 0.*reality of text"):
            build("learner", part).fit(rows, rng())


def test_a_folder_of_text_runs_with_defaults_that_just_work(folder, tmp_path):
    study = load_study(folder, SMALL)
    assert study.name == folder.name
    assert study.learner.vocabulary == 0  # that of the text
    run = run_study(study, tmp_path / "runs", workers=1)
    assert {"perplexity", "surviving_vocabulary"} <= set(run.series)
    shown = run.texts(2)
    assert shown is not None
    assert len(shown) == 4
    assert all(prompt for prompt, _ in shown)
    assert {"first.made", "first.real"} <= set(run.arrays(2, "histograms"))
    # What reality says after the same prompts stands in the text, right after them.
    p_0, real = study.reality.realise(1, rng()), run.texts(0)
    assert [prompt for prompt, _ in real] == [prompt for prompt, _ in shown]
    whole = p_0.tokeniser.decode(p_0.train_tokens)
    assert all(prompt + text in whole for prompt, text in real)
    assert all(text for _, text in real)


def rng():
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
