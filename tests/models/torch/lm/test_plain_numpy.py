"""Our decoder, and transformers, against the papers' equations in plain numpy; faults are caught.

A release of transformers that computes a family wrongly (some scaled OPT's attention twice) fails
here, and ours does not agree with it.
"""

import numpy as np
import pytest
import torch

from genloss.core.decoding import BeamSearch
from genloss.models.torch.lm import families
from genloss.models.torch.lm.decoder import Decoder

from .conftest import VOCABULARY
from .plain_numpy import logits

FAMILIES = ("opt", "gpt2", "llama")
TOKENS = np.random.default_rng(11).integers(3, VOCABULARY, 40)

CLOSE = 2e-3
"""Of logits about 10 in size: float32 rounds each of some 30 steps by 6e-8 of terms up to 100, and
a softmax of sharp scores magnifies that; measured 2e-5 to 2e-4. A fault moves them by 1 or more."""


def ours(made):
    with torch.no_grad():
        x = torch.from_numpy(TOKENS[None])
        return made.decoder.logits(made.weights, made.decoder.hidden(made.weights, x))[0].numpy()


def worst(a, b):
    return float(np.abs(a - b).max())


@pytest.mark.parametrize("family", FAMILIES)
def test_our_logits_are_those_of_the_papers_equations(pair, family):
    assert worst(ours(pair(family)), logits(pair(family).folder, TOKENS)) < CLOSE


@pytest.mark.parametrize("family", FAMILIES)
def test_transformers_computes_the_family_as_its_paper_does(pair, family):
    with torch.no_grad():
        theirs = pair(family).theirs(torch.from_numpy(TOKENS[None])).logits[0].numpy()
    assert worst(theirs, logits(pair(family).folder, TOKENS)) < CLOSE


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_written_is_the_most_likely_next_token(pair, family):
    """The engine that decodes has passes of its own."""
    made, start, new = pair(family), TOKENS[:7], 12
    how = BeamSearch(beams=1, max_new=new, min_new=new)
    written = made.writer(how).continue_(start[None, None], np.random.default_rng(0))[0, 0]
    text = start
    for _ in range(new):
        law = logits(made.folder, text)[-1]
        law[made.decoder.end] = -np.inf
        text = np.append(text, law.argmax())
    np.testing.assert_array_equal(written, text[len(start) :])


def scaled_twice(monkeypatch):
    project = Decoder.project

    def scaled(self, *given):
        q, k, v = project(self, *given)
        return q * self.size**-0.5, k, v

    monkeypatch.setattr(Decoder, "project", scaled)


def one_place_late(monkeypatch):
    """A table of positions is read one row late; rotations see distances alone: keys are late."""
    embed, project = Decoder.embed, Decoder.project

    def late(self, packed, tokens, places):
        return embed(self, packed, tokens, places + 1)

    def keys_late(self, layer, x, turn):
        q, k, v = project(self, layer, x, turn)
        return q, k if turn is None else torch.roll(k, 1, dims=1), v

    monkeypatch.setattr(Decoder, "embed", late)
    monkeypatch.setattr(Decoder, "project", keys_late)


def table_from_its_first_row(monkeypatch):
    monkeypatch.setattr(families, "OFFSET", 0)


def norms_after(monkeypatch):
    finish = Decoder.finish

    def after(self, layer, x, context, drop=None):
        return self.norm(finish(self, layer, x, context, drop), layer.second, layer.second_bias)

    monkeypatch.setattr(Decoder, "finish", after)


def norms_swapped(monkeypatch):
    pack = Decoder.pack

    def swapped(self, w):
        packed = pack(self, w)
        layers = tuple(
            each._replace(
                norm=each.second,
                norm_bias=each.second_bias,
                second=each.norm,
                second_bias=each.norm_bias,
            )
            for each in packed.layers
        )
        return packed._replace(layers=layers)

    monkeypatch.setattr(Decoder, "pack", swapped)


def heads_dealt(monkeypatch):
    """Query head h sees key head h modulo their number, or the next one's where all have one."""
    project = Decoder.project

    def dealt(self, *given):
        q, k, v = project(self, *given)
        if self.few_heads == self.heads:
            return q, k.roll(1, dims=-2), v.roll(1, dims=-2)
        times = self.heads // self.few_heads
        return q, k.repeat(1, 1, times, 1), v.repeat(1, 1, times, 1)

    monkeypatch.setattr(Decoder, "project", dealt)


FAULTS = (scaled_twice, one_place_late, norms_after, norms_swapped, heads_dealt)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(pair, monkeypatch, family, fault):
    fault(monkeypatch)
    assert worst(ours(pair(family)), logits(pair(family).folder, TOKENS)) > 100 * CLOSE


def test_a_table_of_positions_read_from_its_first_row_is_caught(pair, monkeypatch):
    table_from_its_first_row(monkeypatch)
    assert worst(ours(pair("opt")), logits(pair("opt").folder, TOKENS)) > 100 * CLOSE
