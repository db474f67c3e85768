"""What is written does not depend on the number of threads, to the last bit."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.progress import listening
from genloss.models.torch.device import on_threads
from genloss.models.torch.lm import products
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.models.torch.lm.writing import batches
from genloss.models.torch.lm.writing.batches import side_by_side
from genloss.models.torch.lm.writing.engine import Engine

HOWS = [
    Sampling(max_new=6),
    Sampling(2.0, top_p=0.9, max_new=6),
    BeamSearch(1, 6, 6),
    BeamSearch(3, 6, 6),
]


@pytest.fixture
def seen(monkeypatch):
    """The logits that the own decoder saw, and the numbers of threads that it was on."""
    out, threads, lock = [], set(), threading.Lock()
    plain = Engine.logits

    def logits(self, hidden):
        found = plain(self, hidden)
        with lock:
            threads.add(torch.get_num_threads())
            out.append(found.numpy().tobytes())
        return found

    monkeypatch.setattr(Engine, "logits", logits)
    return out, threads


@pytest.mark.parametrize(("rows", "least"), [(640, 0), (6, 0), (6, products.LEAST)])
@pytest.mark.parametrize("how", HOWS, ids=str)
def test_the_own_decoder_sees_the_same_bits_on_1_2_and_3_threads(
    pair, monkeypatch, seen, rows, least, how
):
    """In two batches, or in more, by matrices laid out for products or as they are."""
    monkeypatch.setattr(batches, "BEAM_ROWS", rows)
    monkeypatch.setattr(products, "LEAST", least)
    model = TransformerLearner(str(pair("llama").folder)).base_model().read()
    prompts = np.random.default_rng(0).integers(3, 97, (1, 14, 7))
    logits, threads = seen
    written, bits = [], []
    for n in (1, 2, 3):
        logits.clear()
        with on_threads(n):
            written.append(model.decoding(how).continue_(prompts, np.random.default_rng(1)))
            assert torch.get_num_threads() == n
        bits.append(sorted(logits))
    assert threads == {1}
    for other, own in zip(written[1:], bits[1:], strict=True):
        np.testing.assert_array_equal(other, written[0])
        assert own == bits[0]


@pytest.mark.slow
@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("how", HOWS, ids=str)
def test_models_of_transformers_see_the_same_bits_on_1_2_and_3_threads(pair, rows, how):
    model = HuggingFaceLearner(str(pair("llama").folder), rows=rows).base_model().read()
    prompts = np.random.default_rng(0).integers(3, 97, (1, 14, 7))
    bits, lock = [], threading.Lock()

    def note(module, _, found):
        with lock:
            bits[-1].append(found.logits.numpy().tobytes())
            threads.add(torch.get_num_threads())

    threads = set()
    model.module.register_forward_hook(note)
    written = []
    for n in (1, 2, 3):
        bits.append([])
        with on_threads(n):
            written.append(model.decoding(how).continue_(prompts, np.random.default_rng(1)))
            assert torch.get_num_threads() == n
    assert threads == {1}
    for other, own in zip(written[1:], bits[1:], strict=True):
        np.testing.assert_array_equal(other, written[0])
        assert sorted(own) == sorted(bits[0])


ALONE = """
import torch
from genloss.models.torch.lm.writing.batches import side_by_side

torch.set_num_threads(3)
seen = []
held = side_by_side(lambda part: seen.append(torch.get_num_threads()), 4, 1, torch.device("cpu"))
print(sorted(seen), held, torch.get_num_threads())
"""


@pytest.mark.slow
def test_every_batch_is_on_one_thread_where_threads_begin_with_more():
    """New threads take what OMP_NUM_THREADS says, which these tests set to 1 for themselves."""
    here = []
    with on_threads(2):
        side_by_side(lambda _: here.append(torch.get_num_threads()), 4, 1, torch.device("cpu"))
    assert here == [1, 1, 1, 1]
    environment = os.environ | {"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"}
    done = subprocess.run(
        [sys.executable, "-c", ALONE], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[1, 1, 1, 1] 1 3"


def test_two_batches_go_side_by_side_on_two_threads():
    """Each waits for the other; one after the other they would wait in vain."""
    both = threading.Barrier(2, timeout=30)
    with on_threads(2):
        assert side_by_side(lambda _: both.wait(), 2, 1, torch.device("cpu")) == 1


def test_progress_tells_of_every_batch_from_the_first_to_the_last():
    told = []
    with on_threads(2), listening(told.append):
        side_by_side(lambda _: None, 5, 2, torch.device("cpu"))
    assert [r.share for r in told] == pytest.approx([1 / 3, 2 / 3, 1.0])
