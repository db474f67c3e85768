"""Scores of rows where memory is short: the same, some rows at a time."""

import numpy as np
import pytest
import torch

from genloss.errors import FitError
from genloss.models.torch.lm import modules
from genloss.models.torch.lm.modules import module_logits
from genloss.models.torch.lm.scoring import by_token, decoder_logits, log_prob

V, POSITIONS = 97, 60


def scores(pair, logits, prompts):
    chains = np.stack([prompts, prompts[::-1]])
    return by_token(logits, lambda c: pair.weights, chains, 2, V, POSITIONS, log_prob)


def narrow(logits, most, tried):
    """The same logits on a machine that holds `most` rows at a time."""

    def held(w, tokens):
        tried.append(len(tokens))
        if len(tokens) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return logits(w, tokens)

    return held


def test_scores_with_little_memory_are_the_same(pair, prompts):
    p, tried = pair("opt"), []
    whole = scores(p, decoder_logits(p.decoder), prompts)
    found = scores(p, narrow(decoder_logits(p.decoder), 9, tried), prompts)
    assert max(tried) == len(prompts)
    np.testing.assert_allclose(found, whole, atol=1e-5)
    assert (whole < -0.01).mean() > 0.9  # a place that nobody wrote would be 0
    with pytest.raises(FitError, match="a row to score"):
        scores(p, narrow(decoder_logits(p.decoder), 0, []), prompts[:1])


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_models_of_transformers_never_give_more_logits_than_asked(pair, prompts, monkeypatch, rows):
    p, tokens = pair("gpt2"), torch.from_numpy(prompts)
    weights = dict(p.theirs.named_parameters())
    with torch.no_grad():
        whole = torch.cat([*module_logits(p.theirs)(weights, tokens)])
        # rows and a half: halves are not had, and one row is the least.
        monkeypatch.setitem(modules.WHOLE, "cpu", rows * V * 7 + V * 3)
        parts = [*module_logits(p.theirs)(weights, tokens)]
    assert max(len(part) for part in parts) == 7 * max(1, rows)
    np.testing.assert_allclose(torch.cat(parts), whole, atol=1e-4)
