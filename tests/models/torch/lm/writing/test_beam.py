"""Beam search, token for token that of transformers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from tests.models.torch.lm.near_ties import assert_same_texts

from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.samples import NO_TOKEN
from genloss.errors import DataError, SpecError
from genloss.models.torch.lm import products
from genloss.models.torch.lm.writing.batches import side_by_side
from genloss.models.torch.lm.writing.cache import Slots
from genloss.models.torch.lm.writing.engine import engine_of
from genloss.models.torch.lm.writing.scores import best

NEW = 12


def ours(pair, how, prompts, **options):
    return pair.writer(how, **options).continue_(prompts[None], np.random.default_rng(0))[0]


def theirs(pair, how, prompts, end):
    tokens = torch.from_numpy(prompts)
    out = pair.theirs.generate(
        tokens,
        attention_mask=torch.ones_like(tokens),
        num_beams=how.beams,
        max_new_tokens=how.max_new,
        min_new_tokens=how.min_new,
        length_penalty=how.length_penalty,
        repetition_penalty=how.repetition_penalty,
        do_sample=False,
        eos_token_id=end,
        pad_token_id=end,
    )[:, prompts.shape[1] :].numpy()
    out = np.pad(out, ((0, 0), (0, how.max_new - out.shape[1])), constant_values=end)
    after = np.cumsum(out == end, axis=1) > (out == end)
    return np.where(after, NO_TOKEN, out)


def same_texts(found, pair, how, prompts, **options):
    """The own decoder writes these texts, but for near ties."""

    def write(weights):
        tensors = {name: torch.from_numpy(w) for name, w in weights.items()}
        return ours(replace(pair, weights=tensors), how, prompts, **options)

    weights = {name: w.numpy() for name, w in pair.weights.items()}
    assert_same_texts(found, write(weights), weights, write)


def usual_token(pair, prompts):
    """Return a token that beams often choose, to serve as the end."""
    found = ours(pair, BeamSearch(5, NEW, NEW), prompts)
    return int(np.bincount(found.ravel()).argsort()[-3])


@pytest.mark.parametrize("family", ["opt", "gpt2", "llama"])
@pytest.mark.parametrize(("beams", "least"), [(1, 0), (2, 0), (5, 0), (5, products.LEAST)])
def test_tokens_are_those_of_transformers(pair, prompts, monkeypatch, family, beams, least):
    """least: the numbers of a matrix from which on it is laid out for products."""
    monkeypatch.setattr(products, "LEAST", least)
    p = pair(family)
    end = usual_token(p, prompts)
    decoder, early = replace(p.decoder, end=end), 0
    table = [(1.0, 0, 0.0), (1.0, 0, 1.0), (1.0, 5, 2.0), (1.3, 0, 1.0), (2.0, 5, 1.0)]
    for penalty, min_new, length_penalty in [*table, (3.0, NEW, 1.0), (0.8, 0, 2.0)]:
        how = BeamSearch(beams, NEW, min_new, length_penalty, penalty)
        expected = theirs(p, how, prompts, end)
        same_texts(expected, p, how, prompts, decoder=decoder)
        early += (expected == NO_TOKEN).any(axis=1).sum()
    assert early > 5  # else nothing about endings was tested


@pytest.mark.slow
def test_finds_the_best_of_all_texts_where_beams_allow_it(pair, prompts):
    # With as many beams as there are texts, two steps of beam search are an exhaustive search.
    p, prompts = pair("opt"), prompts[:3]
    how = BeamSearch(beams=48, max_new=2, min_new=2)
    texts = np.array([*product(range(97), repeat=2)])
    for prompt, found in zip(prompts, ours(p, how, prompts), strict=True):
        rows = torch.from_numpy(np.concatenate([np.tile(prompt, (97**2, 1)), texts], axis=1))
        with torch.no_grad():
            hidden = p.decoder.hidden(p.weights, rows[:, :-1])[:, -2:]
            log_p = p.decoder.logits(p.weights, hidden).log_softmax(-1)
        scores = log_p.gather(2, rows[:, -2:, None]).sum((1, 2)).numpy()
        scores[(texts == p.decoder.end).any(axis=1)] = -np.inf
        np.testing.assert_array_equal(found, texts[scores.argmax()])


@pytest.mark.parametrize("beams", [1, 3])
def test_the_batch_does_not_matter(pair, prompts, beams):
    p = pair("opt")
    how = BeamSearch(beams, NEW, 0)
    whole = ours(p, how, prompts)
    for batch in (1, 5, 16):
        np.testing.assert_array_equal(ours(p, how, prompts, batch=batch), whole)


@pytest.mark.parametrize("how", [BeamSearch(3, NEW, 0), Sampling(max_new=NEW)])
def test_batches_that_run_side_by_side_change_nothing(pair, prompts, how):
    before, p = torch.get_num_threads(), pair("opt")
    try:
        torch.set_num_threads(1)
        alone = ours(p, how, prompts, batch=3)
        torch.set_num_threads(3)
        np.testing.assert_array_equal(ours(p, how, prompts, batch=3), alone)
        with pytest.raises(ZeroDivisionError):
            side_by_side(lambda part: print(1 / (2 - part.start)), 4, 2, torch.device("cpu"))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.slow
def test_many_long_texts(pair):
    # Caches grow many times over, and forty rows are sorted into parts of their own length.
    p, how = pair("opt"), BeamSearch(5, 40, 40)
    prompts = np.random.default_rng(4).integers(3, 97, (40, 7))
    expected = theirs(p, how, prompts, p.decoder.end)
    same_texts(expected, p, how, prompts)


def test_many_texts_that_end(pair):
    p, how = pair("llama"), BeamSearch(4, 20, 2)
    prompts = np.random.default_rng(5).integers(3, 97, (70, 7))
    end = usual_token(p, prompts)
    expected = theirs(p, how, prompts, end)
    assert (expected[:, -1] == NO_TOKEN).sum() > 20
    same_texts(expected, p, how, prompts, decoder=replace(p.decoder, end=end))


def test_filled_prompts_are_read_up_to_their_end(pair, prompts):
    p, how = pair("gpt2"), BeamSearch(3, 6, 6)
    filled = prompts.copy()
    filled[::2, 4:] = NO_TOKEN
    found = ours(p, how, filled)
    np.testing.assert_array_equal(found[::2], ours(p, how, prompts[::2, :4]))
    np.testing.assert_array_equal(found[1::2], ours(p, how, prompts[1::2]))


def test_equal_prompts_have_equal_continuations(pair, prompts):
    p, how = pair("opt"), BeamSearch(2, 5, 0)
    order = np.array([3, 1, 3, 0, 1])
    np.testing.assert_array_equal(ours(p, how, prompts[order]), ours(p, how, prompts)[order])


def test_chains_have_weights_of_their_own(pair, prompts):
    p, how = pair("opt"), BeamSearch(2, 5, 5)
    writer = p.writer(how)
    other = {
        name: w + 0.2 * torch.sin(torch.arange(w.numel())).view_as(w)
        for name, w in p.weights.items()
    }
    both = replace(writer, weights=lambda c: other if c else p.weights)
    found = both.continue_(np.stack([prompts, prompts]), np.random.default_rng(0))
    np.testing.assert_array_equal(found[0], ours(p, how, prompts))
    assert (found[1] != found[0]).any()


def test_bfloat16_writes_texts_nearly_as_probable(pair, prompts):
    p, how = pair("opt"), BeamSearch(5, NEW, NEW)

    def nats(found):
        rows = torch.from_numpy(np.concatenate([prompts, found], axis=1))
        with torch.no_grad():
            log_p = p.decoder.logits(p.weights, p.decoder.hidden(p.weights, rows[:, :-1]))
        taken = log_p.log_softmax(-1).gather(2, rows[:, 1:, None])
        return float(taken[:, -NEW:].mean())

    # Eight bits of mantissa move logits of about 10 by some hundredths.
    half = nats(ours(p, how, prompts, dtype=torch.bfloat16))
    assert abs(half - nats(ours(p, how, prompts))) < 0.1


def test_best_is_the_top_of_everything():
    rng = torch.Generator().manual_seed(1)
    scores, running = torch.randn(12, 256, generator=rng), torch.randn(4, 3, generator=rng)
    values, beams, tokens = best(scores, running, 7)
    everything = (scores.view(4, 3, 256) + running[..., None]).flatten(1).topk(7)
    assert torch.equal(values, everything.values)
    assert torch.equal(beams * 256 + tokens, everything.indices)


def test_no_beam_ever_loses_a_slot_that_it_sees():
    rng = np.random.default_rng(0)
    prompt, n, beams = 3, 4, 5
    slots = Slots(torch.full((n, beams, 32), -torch.inf), prompt, [prompt])
    slots.mask[:, :, :prompt] = 0.0
    seen = [[set() for _ in range(beams)] for _ in range(n)]
    for _ in range(30):
        parents = rng.integers(0, beams, (n, beams))
        flat = torch.from_numpy((parents + beams * np.arange(n)[:, None]).ravel())
        slots.follow(flat)
        seen = [[set(row[b]) for b in chosen] for row, chosen in zip(seen, parents, strict=True)]
        taken = slots.claim().numpy()
        for row, new in zip(seen, taken, strict=True):
            assert len(set(new)) == beams
            assert not set(new) & set().union(*row)
            for beam, slot in zip(row, new, strict=True):
                beam.add(slot)
        slots.look([n])
        for i, row in enumerate(seen):
            for b, beam in enumerate(row):
                expected = {*range(prompt), *beam}
                assert set(np.flatnonzero(slots.mask[i, b].numpy() == 0)) == expected
        assert slots.used == [1 + max(max(set().union(*row)) for row in seen)]
    assert slots.used[0] < prompt + 30 * beams / 2  # most slots were used again


def test_the_batch_of_a_large_gpu_stays_within_what_its_kernels_count(pair, monkeypatch):
    p = pair("opt")
    engine, endless = engine_of(p.decoder, p.weights), 1 << 60
    monkeypatch.setattr("genloss.models.torch.lm.writing.writer.free_bytes", lambda device: endless)

    def planned(engine, how):
        writer = replace(p.writer(how), device=torch.device("cuda"))
        return writer._batch(engine, 7, 1 << 20)

    assert planned(engine, Sampling(max_new=5)) == 2**16 - 1
    wide = replace(engine, head=engine.head.new_empty(50304, 0))
    rows = planned(wide, BeamSearch(5, 5, 5))
    assert rows * 5 * 50304 < 2**31 <= (rows + 1) * 5 * 50304


def test_refuses_what_it_cannot_continue(pair, prompts):
    p = pair("opt")
    with pytest.raises(SpecError, match="positions"):
        ours(p, BeamSearch(2, 60, 60), prompts)
    with pytest.raises(DataError, match="tokeniser"):
        ours(p, BeamSearch(2, 5, 5), prompts + 97)
    with pytest.raises(SpecError, match="49 beams"):
        p.writer(BeamSearch(49, 5, 5))
