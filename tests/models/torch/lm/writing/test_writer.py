"""How many prompts go at a time: what they cost, and what is learned where memory runs out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.progress import listening
from genloss.core.samples import NO_TOKEN
from genloss.models.torch.lm.writing import writer as module
from genloss.models.torch.lm.writing.beam import Ended, State
from genloss.models.torch.lm.writing.cache import Cache, CachePart, Slots
from genloss.models.torch.lm.writing.engine import Engine, engine_of
from genloss.models.torch.lm.writing.writer import Writer, row_bytes

NEW = 12


@pytest.fixture
def engine(pair):
    """An engine with a table of 50,304 entries, of which only the size is looked at."""
    p = pair("opt")
    small = engine_of(p.decoder, p.weights)
    return replace(small, head=small.head.new_empty(50304, 0))


def test_limits_of_kernels_are_the_last_number_before_a_power_of_two():
    assert (module.MOST_LOGITS, module.GRID) == (2**31 - 1, 2**16 - 1)


def test_a_nucleus_costs_what_it_takes_to_sort_all_entries(engine):
    """Values 4, places 8, the copies that a sort makes 12, float64 terms 8 and sums 8: 40 bytes."""
    plain, cut = (row_bytes(engine, Sampling(1.0, 0, p, 64, 64), 64) for p in (1.0, 0.9))
    assert cut - plain == (40 - 8) * 50304
    assert plain > (4 + 8) * 50304  # float32 logits as they are made, and held twice


@pytest.mark.parametrize(
    ("family", "few", "gates", "feed"), [("opt", 4, 1, 48), ("llama", 2, 2, 56)]
)
def test_the_bytes_of_a_prompt_add_up(pair, family, few, gates, feed):
    """Two layers of four heads of 8, width 32, in float32; 64 tokens and 3 beams of 20: 128 slots.

    Keys and values of all slots, logits as they are made and held twice, what the prompt passes
    through, and scores of attention with their copies.
    """
    p = pair(family)
    engine = engine_of(p.decoder, p.weights)
    cache = 2 * 2 * few * 8 * 128 * 4
    scores = 3 * 128 * (4 + 8)
    passed = 64 * 4 * (8 * 32 + 2 * gates * feed)
    attention = 3 * 3 * 4 * 128 * 4
    total = cache + scores + passed + attention
    assert row_bytes(engine, BeamSearch(3, 20, 20), 64) == total


@pytest.mark.parametrize("how", [BeamSearch(3, 64, 64), Sampling(max_new=64, min_new=64)])
def test_texts_that_may_end_early_need_room_for_a_copy_of_the_cache(engine, how):
    """Three quarters of the rows, at most, are copied while the old cache is still there."""
    d, beams = engine.decoder, module.beams_of(how)
    slots = -(-(64 + 64 * beams) // 32) * 32
    cache = 2 * d.layers * d.heads * d.size * slots * 4
    early = row_bytes(engine, replace(how, min_new=0), 64)
    assert early - row_bytes(engine, how, 64) == int(0.75 * cache)


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("how", [BeamSearch(2, NEW, 0), Sampling(max_new=NEW)])
def test_what_the_memory_holds_is_found_out_once(pair, how, threads, monkeypatch):
    """Three chains of prompts of three lengths, on a machine that holds five prompts at a time.

    Sixteen prompts of a length are two batches; side by side both may find out.
    """
    p, before = pair("opt"), torch.get_num_threads()
    asked = np.random.default_rng(3).integers(3, 97, (3, 48, 7))
    asked[:, ::3, 5:], asked[:, 1::3, 3:] = NO_TOKEN, NO_TOKEN
    writer = p.writer(how, batch=8)
    whole = writer.continue_(asked, np.random.default_rng(0))
    name = "search" if isinstance(how, BeamSearch) else "sample"
    plain, failed = getattr(module, name), []

    def narrow(engine, rows, *rest):
        if len(rows) > 5:
            failed.append(len(rows))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(engine, rows, *rest)

    monkeypatch.setattr(module, name, narrow)
    try:
        torch.set_num_threads(threads)
        found = writer.continue_(asked, np.random.default_rng(0))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(found, whole)
    assert 1 <= len(failed) <= min(threads, 2)


def test_as_many_go_at_a_time_as_a_share_of_the_memory_holds(pair, monkeypatch):
    p, how = pair("opt"), BeamSearch(3, 20, 20)
    each = row_bytes(engine_of(p.decoder, p.weights), how, 64)
    monkeypatch.setattr(module, "free_bytes", lambda _: int(10.5 * each / module.SHARE))
    writer = replace(p.writer(how), device=torch.device("cuda"))
    assert writer._batch(engine_of(p.decoder, p.weights), 64, 1000) == 10
    monkeypatch.setattr(module, "free_bytes", lambda _: 0)
    assert writer._batch(engine_of(p.decoder, p.weights), 64, 1000) == 1


def test_progress_goes_on_from_prompts_of_one_length_to_those_of_the_next(pair):
    """Two chains of one short and three longer prompts, all of a length at a time."""
    asked = np.random.default_rng(3).integers(3, 97, (2, 4, 6))
    asked[:, 0, 4:] = NO_TOKEN
    told = []
    with listening(told.append):
        pair("opt").writer(Sampling(max_new=2), batch=8).continue_(asked, np.random.default_rng(0))
    once = np.array([0, 1 / 2, 1, 1 + 3 / 2]) / 8
    np.testing.assert_allclose([r.share for r in told], [*once, *(1 / 2 + once)])


@pytest.mark.parametrize("kind", [Writer, Engine, Ended, State, CachePart, Cache, Slots])
def test_what_holds_tensors_is_equal_to_nothing_else(kind):
    """== of tensors is no truth; what is handed from call to call is frozen."""
    assert not kind.__dataclass_params__.eq
    assert kind.__dataclass_params__.frozen == (kind in (Writer, Engine))


@pytest.fixture
def read(monkeypatch):
    """How many rows the decoder read at each step."""
    rows, plain = [], Engine.advance

    def advance(self, cache, tokens, *rest):
        rows.append(len(tokens))
        return plain(self, cache, tokens, *rest)

    monkeypatch.setattr(Engine, "advance", advance)
    return rows


@pytest.mark.parametrize(
    ("how", "steps", "rows", "second"),
    [
        (BeamSearch(1, 8, 0), 1, [3], 2),
        (Sampling(max_new=8), 1, [3], 2),
        # A row of two beams goes on until two texts have ended.
        (BeamSearch(2, 8, 0), 2, [8, 3], 3),
    ],
)
def test_rows_that_have_ended_are_dropped_and_nothing_is_read_once_all_have(
    pair, monkeypatch, read, how, steps, rows, second
):
    """Of eight rows five end in the first steps, and the others in the next ones."""
    p, plain = pair("opt"), Engine.logits
    calls = []

    def logits(self, hidden):
        out = plain(self, hidden)
        calls.append(len(out))
        first = torch.arange(len(out)) * 8 // len(out) < 5
        out[first if len(calls) <= steps else slice(None), self.decoder.end] = 1e4
        return out

    monkeypatch.setattr(Engine, "logits", logits)
    asked = np.random.default_rng(3).integers(3, 97, (1, 8, 5))
    written = p.writer(how).continue_(asked, np.random.default_rng(0))[0]
    assert sorted((written != NO_TOKEN).sum(axis=1)) == [1] * 5 + [second] * 3
    assert read == rows
