"""One's own text and one's own model on the command line: what is found, begun at and refused."""

import json
from pydoc_data.topics import topics

import numpy as np
import pytest

from genloss.spec.build import build
from genloss.store.reader import Run

END, POSITIONS = 0, 40


@pytest.fixture
def text(tmp_path):
    """Six texts of words of their own, and one without a word."""
    folder = tmp_path / "mine"
    folder.mkdir()
    found = sorted(topics.values(), key=len)[-6:]
    for i, part in enumerate(found):
        (folder / f"{i}.txt").write_text(part[:9000].replace(" ", f" w{i} "))
    (folder / "empty.txt").write_text(" \n")
    return folder


NGRAM = ["learner.kind=ngram", "learner.order=2", "n_real=16", "held_out=2", "generations=1"]


@pytest.mark.slow
def test_plan_and_show_say_what_was_found_in_the_text(genloss, told, text):
    held = text.parent / "held.txt"
    held.write_text((text / "5.txt").read_text())
    leaking = [*NGRAM, f"reality.test_path={held}"]
    found = told("plan", text, *leaking)["data"]
    kept = "2 of a given split kept although they are such copies"
    assert f"2 test documents; {kept}; 1 empty; a copy is {held}, part 1 of {text}/5.txt" in found
    assert found.endswith(" training blocks of 64 tokens")
    assert "1 empty" in genloss("plan", text, *leaking).stdout
    done = told("run", text, *leaking)
    assert found.startswith(done["data"])
    shown = genloss("show", done["run"]).stdout
    assert "although they are such copies" in " ".join(shown.split())
    # What is said of the data is no part of what they are.
    plain = told("run", text, *NGRAM)
    (text / "empty.txt").unlink()
    again = told("run", text, *NGRAM)
    assert (again["run"], again["data"]) == (plain["run"], plain["data"])


@pytest.fixture
def saved(text, tmp_path):
    """Return a function that saves a small model of a family, far from its initial weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    reality = {"kind": "text", "path": str(text), "vocabulary": 300}
    tokens = build("reality", reality).realise(1, np.random.default_rng(0)).tokeniser
    ends = {"bos_token_id": tokens.end, "eos_token_id": tokens.end, "pad_token_id": None}
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    wide = {
        "opt": {"ffn_dim": 24, "word_embed_proj_dim": 16},
        "gpt_neox": {"intermediate_size": 24},
    }

    def make(family):
        config = AutoConfig.for_model(
            family,
            vocab_size=tokens.size,
            max_position_embeddings=POSITIONS,
            **ends,
            **sizes,
            **wide[family],
        )
        model = AutoModelForCausalLM.from_config(config).eval()
        noise = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for weight in model.parameters():
                weight.copy_(float(weight.ndim == 1) + torch.randn(weight.shape, generator=noise))
        folder = tmp_path / family
        model.save_pretrained(folder)
        (folder / "tokenizer.json").write_text(tokens.to_json())
        return folder, model

    return make


@pytest.mark.slow
@pytest.mark.parametrize(("family", "kind"), [("opt", "transformer"), ("gpt_neox", "hugging_face")])
def test_a_run_begins_at_the_model_that_was_given(told, text, saved, family, kind):
    """Trained at a rate of next to nothing, generation 1 is the model as transformers has it."""
    import torch

    folder, model = saved(family)
    still = ["learner.training.epochs=1", "learner.training.learning_rate=1e-12"]
    small = ["n_real=8", "held_out=2", "generations=1", 'metrics=["perplexity"]']
    done = told("run", text, "--model", folder, *still, *small)
    learner = done["spec"]["learner"]
    assert (learner["kind"], learner["base"]) == (kind, folder.name)
    # What people share has the last part of a path; the machine's own file has the whole of it.
    here = Run(text.parent / done["run"]).local_spec
    assert here["learner"]["base"] == str(folder)
    p_0 = build("reality", here["reality"]).realise(1, np.random.default_rng(0))
    rows = torch.from_numpy(p_0.test.copy())
    assert rows.shape[1] == POSITIONS // 2
    with torch.no_grad():
        law = model(rows).logits.double().log_softmax(-1)[:, :-1]
    expected = float(torch.exp(-law.gather(2, rows[:, 1:, None]).mean()))
    assert expected > 3000  # ten times what new weights would give
    assert done["metrics"]["perplexity"]["t"] == [1]
    assert done["metrics"]["perplexity"]["median"][0] == pytest.approx(expected, rel=1e-3)


SPEC = """
reality = {{ kind = "text", path = "{text}", block = 16, vocabulary = {vocabulary} }}
learner = {{ kind = "{kind}", base = "{base}" }}
sampler = {{ kind = "sampling", max_new = 8, min_new = 8 }}
n_real = 8
generations = 1
held_out = 2
metrics = ["surviving_vocabulary"]
keep = {{ every = 1, rows = 2 }}
"""


def cut_off(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def with_code_of_its_own(folder):
    path = folder / "config.json"
    config = json.loads(path.read_text()) | {"model_type": "of-their-own"}
    path.write_text(json.dumps(config | {"auto_map": {"AutoConfig": "own.Own"}}))
    (folder / "own.py").write_text("raise RuntimeError('foreign code ran')")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "kind", "vocabulary", "why"),
    [
        (cut_off, "transformer", 300, "cannot be read"),
        (cut_off, "hugging_face", 300, "cannot be read"),
        (with_code_of_its_own, "hugging_face", 300, "remote_code = true if you trust it"),
        (None, "transformer", 350, "has 350 entries"),
        (None, "hugging_face", 350, "has 350 entries"),
    ],
)
def test_a_model_that_cannot_be_begun_at_leaves_no_folder(
    genloss, text, saved, damage, kind, vocabulary, why
):
    folder, _ = saved("opt")
    if damage:
        damage(folder)
    spec = text.parent / "spec.toml"
    spec.write_text(SPEC.format(text=text, base=folder, kind=kind, vocabulary=vocabulary))
    found = genloss("run", spec, "--workers", 1)
    assert found.exit_code == 2
    assert why in found.stderr
    assert [*(text.parent / "runs").iterdir()] == []
