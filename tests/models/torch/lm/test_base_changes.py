"""A base that is rewritten under a run is mixed into none of its numbers."""

import numpy as np
import pytest
import torch

from genloss.errors import DataError
from genloss.run.events import Moved
from genloss.run.runner import run_study
from genloss.store.reader import Run
from genloss.study.study import study_from

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    rng = np.random.default_rng(0)
    for i in range(30):
        words = rng.integers(100, 999, 60)
        (folder / f"{i}.txt").write_text(" ".join(f"word{w} of {i}" for w in words))
    return folder


@pytest.mark.parametrize(
    ("kind", "start", "metrics"),
    [
        ("transformer", "base", ["perplexity"]),
        ("hugging_face", "base", ["perplexity"]),
        (
            "transformer",
            "last",
            ["perplexity", {"kind": "sequence_perplexity", "q": [0.5], "under": "base"}],
        ),
    ],
)
def test_a_base_rewritten_at_generation_3_ends_the_run(texts, tmp_path, kind, start, metrics):
    from transformers import OPTConfig, OPTForCausalLM

    common = {"vocab_size": 260, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "ffn_dim": 16, "word_embed_proj_dim": 16}
    config = OPTConfig(**common, **sizes, max_position_embeddings=40, num_attention_heads=2)
    torch.manual_seed(0)
    model, base = OPTForCausalLM(config), tmp_path / "base"
    model.save_pretrained(base)
    left = [base]

    def rewrite(event):
        if isinstance(event, Moved) and event.step.generations == 2 and left:
            with torch.no_grad():
                model.lm_head.weight.add_(1.0)
            model.save_pretrained(left.pop())

    study = study_from(
        {
            "reality": {"kind": "text", "path": str(texts), "block": 8, "vocabulary": 260},
            "learner": {"kind": kind, "base": str(base), "start": start, "training": {"epochs": 1}},
            "n_real": 8,
            "generations": 4,
            "warm_start": start == "last",
            "metrics": metrics,
        }
    )
    with pytest.raises(DataError, match=r"what the run reads has changed since it began: learner"):
        run_study(study, tmp_path / "runs", workers=1, progress=rewrite)
    [half] = (tmp_path / "runs").iterdir()
    assert max(Run(half).columns["perplexity"].t) == 2
