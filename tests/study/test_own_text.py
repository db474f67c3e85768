"""A run on one's own text: the defaults work, and say what they cost first."""

import json
from pydoc_data.topics import topics

import numpy as np
import pytest
from safetensors.numpy import save_file

from genloss.core.samples import Samples
from genloss.core.text import with_vocabulary_of
from genloss.errors import DataError, SpecError
from genloss.plan.cost import plan_of
from genloss.run.runner import run_study
from genloss.spec.build import build, describe
from genloss.study.load import load_study
from genloss.study.own_model import blocks_in_an_hour
from genloss.study.own_text import is_text
from genloss.study.study import study_from

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


@pytest.mark.slow
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
    ours, theirs = (with_vocabulary_of(build("learner", part), p_0) for part in (scratch, other))
    assert (ours.vocabulary, ours.end) == (tokens.size, tokens.end)
    assert theirs.config["vocab_size"] == tokens.size
    assert theirs.config["eos_token_id"] == tokens.end
    own = {"vocabulary": 999, "end": 7}
    for part, expected in ((scratch | own, 999), (ngram | own, 999)):
        assert with_vocabulary_of(build("learner", part), p_0).vocabulary == expected
        assert with_vocabulary_of(build("learner", part), p_0).end == 7


def test_a_vocabulary_that_nobody_knows_is_refused():
    rows = Samples.of(np.ones((1, 4, 5), dtype=np.int64), 0)
    for part in ("ngram", {"kind": "transformer", "start": "scratch"}):
        with pytest.raises(SpecError, match=r"vocabulary = 0.*reality of text"):
            build("learner", part).fit(rows, rng())


@pytest.mark.slow
def test_a_folder_of_text_runs_with_defaults_that_just_work(folder, tmp_path):
    study = load_study(folder, SMALL)
    assert study.name == folder.name
    assert study.learner.vocabulary == 0  # that of the text
    run = run_study(study, tmp_path / "runs", workers=1)
    assert {"perplexity", "predictive_entropy"} <= set(run.series)
    # At t = 0 the real rows are whole blocks, later ones shorter: compared all the same.
    assert run.series["surviving_vocabulary(tokens=512)"].t.tolist() == [0, 1, 2]
    # A tail of a twentieth asks for more than 8 held-out rows.
    assert set(run.not_applicable) == {"perplexity_tail"}
    assert run.series["perplexity"].unit == run.series["sequence_perplexity"].unit == "tokens"
    shown = run.texts(2)
    assert shown is not None
    assert len(shown) == 4
    assert all(prompt for prompt, _ in shown)
    assert {"first.made", "first.real"} <= set(run.arrays(2, "histograms"))
    # What reality says after the same prompts stands in the text, right after them.
    p_0, real = study.reality.realise(1, rng()), run.texts(0)
    assert [prompt for prompt, _ in real] == [prompt for prompt, _ in shown]
    whole = p_0.tokeniser.decode(p_0.corpus.train)
    assert all(prompt + text in whole for prompt, text in real)
    assert all(text for _, text in real)


def rng():
    return np.random.default_rng(0)


@pytest.mark.slow
def test_a_plan_says_what_it_costs_before_anything_runs(folder):
    study = load_study(folder, [*SMALL, "learner.training.epochs=50"])
    long_plan, short_plan = (plan_of(s, 1.0) for s in (study, load_study(folder, SMALL)))
    assert long_plan.generations == 2
    # Fifty epochs instead of one: the fit's share of the time grows fiftyfold.
    assert long_plan.seconds.low > 2 * short_plan.seconds.low
    assert long_plan.disk_bytes > 0


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
    with pytest.raises(SpecError, match="is not text; name the model in the spec"):
        load_study(spec, model="somebody/model")


@pytest.mark.slow
def test_overrides_of_the_text_count_before_it_is_read(tmp_path):
    mine = tmp_path / "Mine (1)"
    mine.mkdir()
    rows = [json.dumps({"body": topics["compound"].replace(" ", f" w{i} ")}) for i in range(2)]
    (mine / "t.jsonl").write_text("\n".join(rows))
    with pytest.raises(DataError, match=r"no field 'text'.*reality.text_field"):
        load_study(mine)
    with pytest.raises(DataError, match=r"reality.documents=pieces"):
        load_study(mine, ["reality.text_field=body"])
    found = load_study(
        mine, ["reality.text_field=body", "reality.documents=pieces", "reality.block=16"]
    )
    assert (found.sampler.max_new, found.learner.positions) == (16, 32)
    assert found.name == "Mine--1-"
    assert 0 < found.held_out <= 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "tokens", "vary"),
    [
        ([], 0, False),
        (["sampler.max_new=80", "sampler.min_new=70"], 0, False),
        (["sampler.max_new=16", "sampler.min_new=16"], 32 * 16, False),
        (["sampler.min_new=4"], 32 * 64 // 2, True),
        (["sampler.min_new=48"], 32 * 48, True),
        (["sampler.max_new=16", "sampler.min_new=0", "n_synthetic=10"], 10 * 8, True),
        (["sampler.kind=beam_search", "sampler.max_new=16", "sampler.min_new=16"], 512, False),
        (["sampler=ancestral"], 32 * 64 // 2, True),
    ],
)
def test_corpora_are_compared_at_tokens_that_all_generations_have(folder, overrides, tokens, vary):
    metrics = [m for m in load_study(folder, ["n_real=32", *overrides]).metrics if named(m)]
    found = {m.base: m for m in metrics}
    for name in ("surviving_vocabulary", "compression_ratio", "good_turing_missing_mass"):
        assert found[name].tokens == tokens
    assert found["distinct_n"].tokens == tokens
    assert {"mean_length", "truncated_rows"} & set(found) == (
        {"mean_length", "truncated_rows"} if vary else set()
    )
    assert "predictive_entropy" in found
    assert "empty_rows" not in found
    rarefied = found.get("rarefied_types")
    assert rarefied is None or max(rarefied.tokens) <= (tokens or 32 * 64)


@pytest.mark.slow
def test_parts_may_be_given_by_name_alone(folder):
    study = load_study(folder, ["learner=ngram", "sampler=ancestral"])
    assert type(study.learner).__name__ == "NGramLearner"
    with pytest.raises(SpecError, match="reality 'two_moons' is not text"):
        load_study(folder, ["reality=two_moons"])


def named(metric):
    return hasattr(metric, "base")


@pytest.mark.slow
def test_a_prompt_and_its_text_must_have_places(folder, base):
    """Said at once: it would show after the first fit."""
    assert load_study(folder, ["sampler.max_new=100"]).learner.positions == 163
    long = ["sampler.kind=beam_search"]  # 64 new tokens after a block of 20
    for family in ("opt", "gpt_neox"):
        with pytest.raises(SpecError, match="need 83 positions and the model has 40"):
            load_study(folder, long, base(model_type=family))
    with pytest.raises(SpecError, match="need 127 positions and the model has 99"):
        load_study(folder, ["learner.positions=99"])
    short = ["sampler.prompts.tokens=3", "sampler.max_new=38", "sampler.min_new=38"]
    assert load_study(folder, short, base(model_type="opt")).sampler.max_new == 38


@pytest.mark.slow
def test_one_long_file_is_cut_into_pieces_and_a_long_text_is_not_used_up(tmp_path):
    book = tmp_path / "book.txt"
    words = rng().permutation(np.repeat(np.arange(2000), 70)).reshape(-1, 50)
    book.write_text("\n\n".join(" ".join(f"w{i}" for i in line) for line in words))
    study = load_study(book)
    assert study.reality.documents == "pieces"
    assert study.n_real == 2000
    assert study.reality.realise(1, rng()).n_rows > 2000
    assert load_study(book, ["n_real=2500"]).n_real == 2500


@pytest.fixture
def base(folder, tmp_path):
    """A folder as transformers saves a model: sizes and tokeniser; there are no weights."""
    tokens = build("reality", {"kind": "text", "path": str(folder), "vocabulary": 300})
    tokens = tokens.realise(1, rng()).tokeniser
    place = tmp_path / "base"
    place.mkdir()
    (place / "tokenizer.json").write_text(tokens.to_json())
    save_file({}, place / "model.safetensors")

    def saved(**config):
        sizes = {"vocab_size": tokens.size, "eos_token_id": tokens.end}
        sizes |= {"hidden_size": 8, "num_attention_heads": 2, "max_position_embeddings": 40}
        sizes |= {"num_hidden_layers": 1, "ffn_dim": 16}
        (place / "config.json").write_text(json.dumps(sizes | config))
        return str(place)

    return saved


@pytest.mark.slow
def test_a_model_chooses_the_learner_and_the_block(folder, base):
    for family, kind in (("opt", "transformer"), ("gpt_neox", "hugging_face")):
        study = load_study(folder, model=base(model_type=family))
        assert study.learner.kind == kind
        assert (study.reality.block, study.sampler.max_new) == (20, 20)
    endless = load_study(folder, model=base(model_type="gpt_neox", max_position_embeddings=-1))
    assert endless.reality.block == 64
    other = load_study(folder, ["learner.end=94", "reality.end=~"], base(model_type="gpt_neox"))
    assert other.learner.end == 94


KINDS = [
    ("learner.kind=hugging_face", "hugging_face"),
    ("learner.kind=transformer", "transformer"),
    ("learner.start=scratch", "transformer"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("override", "kind"), KINDS)
def test_another_kind_of_learner_keeps_the_model(folder, base, override, kind):
    model = base(model_type="opt")
    study = load_study(folder, [override], model=model)
    learner = describe(study)["learner"]
    assert (learner["kind"], learner["base"]) == (kind, model)


@pytest.mark.slow
@pytest.mark.parametrize(
    "override",
    [
        "learner=hugging_face",
        "learner.kind=ngram",
        "learner.base=other",
        'learner={ kind = "transformer", start = "scratch" }',
    ],
)
def test_a_model_that_overrides_leave_out_is_refused(folder, base, override):
    with pytest.raises(SpecError, match="would be left out"):
        load_study(folder, [override], model=base(model_type="opt"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"vocab_size": 99}, "300 entries and .*base has 99.*reality.tokeniser"),
        ({"eos_token_id": 5}, "by token 0 and .*base by 5.*reality.end"),
    ],
)
def test_a_tokeniser_of_another_model_is_refused(folder, base, config, says):
    with pytest.raises(SpecError, match=says):
        load_study(folder, model=base(model_type="opt", **config))


@pytest.mark.slow
def test_a_model_without_safetensors_is_refused(folder, base, tmp_path):
    place = base(model_type="opt")
    (tmp_path / "base" / "model.safetensors").rename(tmp_path / "base" / "pytorch_model.bin")
    with pytest.raises(DataError, match=r"pytorch_model.bin, but no safetensors; pickled"):
        load_study(folder, model=place)
    (tmp_path / "base" / "pytorch_model.bin").unlink()
    with pytest.raises(DataError, match="holds no safetensors; expected the folder"):
        load_study(folder, model=place)


def test_a_large_model_gets_as_many_blocks_as_an_hour_holds():
    assert blocks_in_an_hour(0, 2000) == blocks_in_an_hour(10**7, 2000) == 2000
    assert blocks_in_an_hour(538_090_408, 2000) == 130
    assert blocks_in_an_hour(10**12, 2000) == 32


@pytest.mark.slow
def test_chains_that_take_seconds_are_eight(folder):
    ngram = load_study(folder, ['learner={ kind = "ngram", order = 2 }'])
    assert (ngram.chains, load_study(folder, SMALL).chains) == (8, 1)
    assert load_study(folder, ['learner={ kind = "ngram", order = 2 }', "chains=2"]).chains == 2
