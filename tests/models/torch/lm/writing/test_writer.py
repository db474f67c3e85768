"""How many prompts go at a time: what they cost, and what is learned where memory runs out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.samples import NO_TOKEN
from genloss.models.torch.lm.writing import writer as module
from genloss.models.torch.lm.writing.engine import engine_of
from genloss.models.torch.lm.writing.writer import row_bytes

NEW = 12


@pytest.fixture
def engine(pair):
    """An engine with a table of 50,304 entries, of which only the size is looked at."""
    p = pair("opt")
    small = engine_of(p.decoder, p.weights)
    return replace(small, head=small.head.new_empty(50304, 0))


def test_a_nucleus_costs_what_it_takes_to_sort_all_entries(engine):
    """Values 4, places 8, the copies that a sort makes 12, float64 terms 8 and sums 8: 40 bytes."""
    plain, cut = (row_bytes(engine, Sampling(1.0, 0, p, 64, 64), 64) for p in (1.0, 0.9))
    assert cut - plain == (40 - 8) * 50304
    assert plain > (4 + 8) * 50304  # float32 logits as they are made, and held twice


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
