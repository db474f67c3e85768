"""A model whose training diverged says so instead of writing something."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from genloss.core.decoding import BeamSearch, Sampling
from genloss.errors import FitError

WAYS = {
    "sampling": Sampling(max_new=5, min_new=5),
    "nucleus": Sampling(max_new=5, min_new=5, top_p=0.9),
    "greedy": BeamSearch(1, 5, 5),
    "beams": BeamSearch(3, 5, 5),
}


@pytest.mark.parametrize("how", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_weights_that_are_not_finite(pair, prompts, how, bad):
    good = pair("opt")
    name = next(n for n in good.weights if n.endswith("fc2.weight"))
    broken = good.weights | {name: torch.full_like(good.weights[name], bad)}
    writer = replace(good, weights=broken).writer(how)
    with pytest.raises(FitError, match="not finite"):
        writer.continue_(prompts[None], np.random.default_rng(0))


def test_a_place_where_only_later_tokens_overflow(pair, prompts):
    good = pair("opt")
    name = next(n for n in good.weights if "positions" in n)
    late = good.weights[name].clone()
    late[2 + prompts.shape[1] + 3] = torch.nan  # OPT's table begins with two rows of its own
    writer = replace(good, weights=good.weights | {name: late}).writer(WAYS["sampling"])
    with pytest.raises(FitError, match="not finite"):
        writer.continue_(prompts[None], np.random.default_rng(0))


@pytest.mark.parametrize("how", [Sampling(max_new=1), BeamSearch(1, 1, 1), BeamSearch(3, 1, 1)])
def test_one_prompt_of_many_that_is_not_finite(pair, how):
    good = pair("opt")
    name = next(n for n in good.weights if n.endswith("embed_tokens.weight"))
    sick = good.weights[name].clone()
    sick[50] = torch.nan
    writer = replace(good, weights=good.weights | {name: sick}).writer(how)
    asked = np.array([[[3, 4, 5], [3, 50, 5], [6, 7, 8]]])
    with pytest.raises(FitError, match="not finite"):
        writer.continue_(asked, np.random.default_rng(0))
