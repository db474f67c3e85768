"""Sampling: its law, the cuts of transformers, and independence of the batch."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from genloss.core.decoding import Sampling
from genloss.core.samples import NO_TOKEN
from genloss.models.torch.lm.writing.scores import cut_to_top_k, cut_to_top_p, draw, penalise


def drawn(pair, how, prompts, seed=0, **options):
    return pair.writer(how, **options).continue_(prompts[None], np.random.default_rng(seed))[0]


def law(pair, prompt, temperature=1.0):
    tokens = torch.from_numpy(prompt)[None]
    with torch.no_grad():
        logits = pair.theirs(tokens).logits[0, -1].double()
    return (logits / temperature).softmax(-1).numpy()


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_first_tokens_follow_the_softmax(pair, prompts, temperature):
    p, n = pair("gpt2"), 4000
    found = drawn(p, Sampling(temperature, max_new=1), np.tile(prompts[0], (n, 1)))[:, 0]
    expected = law(p, prompts[0], temperature)
    counts = np.bincount(found, minlength=97)
    # Binomial counts: standard error sqrt(n p (1 - p)); 1 more for tokens expected less than once.
    assert (np.abs(counts - n * expected) < 4 * np.sqrt(n * expected * (1 - expected)) + 1).all()
    wrong = np.roll(expected, 1)
    assert (np.abs(counts - n * wrong) > 4 * np.sqrt(n * wrong * (1 - wrong)) + 1).any()


def test_later_tokens_follow_the_softmax_given_the_earlier(pair, prompts):
    # The mean of -ln p(x_i | before) over all rows and steps against the mean entropy before.
    p, n, new = pair("opt"), 500, 8
    found = drawn(p, Sampling(max_new=new, min_new=0), np.tile(prompts[0], (n, 1)))
    whole = found[(found != NO_TOKEN).all(axis=1) & (found != p.decoder.end).all(axis=1)]
    rows = torch.from_numpy(np.concatenate([np.tile(prompts[0], (len(whole), 1)), whole], axis=1))
    with torch.no_grad():
        log_p = p.theirs(rows[:, :-1]).logits[:, -new:].double()
    log_p[..., p.decoder.end] = -torch.inf  # rows with an end token were left out
    log_p = log_p.log_softmax(-1)
    taken = -log_p.gather(2, rows[:, -new:, None]).squeeze(2)
    entropy = -(log_p.exp() * log_p.nan_to_num(neginf=0.0)).sum(-1)
    gap = (taken - entropy).numpy().ravel()
    assert len(gap) > 2000
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(len(gap))


def test_draw_is_the_inverse_distribution_function():
    logits = torch.tensor([0.5, 0.2, 0.0, 0.3], dtype=torch.float64).log().float()
    logits = torch.nn.functional.pad(logits, (0, 124), value=-torch.inf).expand(6, -1)
    uniform = torch.tensor([0.0, 0.4999, 0.5001, 0.6999, 0.7001, 1 - 2.0**-53], dtype=torch.float64)
    assert draw(logits, uniform).tolist() == [0, 0, 1, 1, 3, 3]


def test_draw_reaches_tokens_that_float32_sums_would_lose():
    # After a token of mass 1, float32 sums cannot tell 511 tokens of 1e-9 from each other.
    logits = torch.full((4, 512), float(np.log(1e-9)))
    logits[:, 0] = 0.0
    rare, wanted = float(logits[0, 1].double().exp()), [1, 7, 300, 511]
    middle = [(1 + (k - 0.5) * rare) / (1 + 511 * rare) for k in wanted]
    assert draw(logits, torch.tensor(middle, dtype=torch.float64)).tolist() == wanted


@pytest.mark.parametrize("k", [1, 5, 40, 97, 200])
def test_top_k_keeps_what_transformers_keeps(k):
    from transformers import TopKLogitsWarper

    logits = torch.randn(20, 97, generator=torch.Generator().manual_seed(k))
    expected = TopKLogitsWarper(k)(None, logits)
    cut_to_top_k(logits, k)
    assert torch.equal(logits, expected)


@pytest.mark.parametrize("p", [0.01, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("spread", [0.1, 1.0, 6.0])
def test_top_p_keeps_what_transformers_keeps(p, spread):
    from transformers import TopPLogitsWarper

    # More tokens than are looked at first, and flat laws that need them all.
    logits = spread * torch.randn(20, 1500, generator=torch.Generator().manual_seed(1))
    expected = TopPLogitsWarper(p)(None, logits)
    cut_to_top_p(logits, p)
    # The last token of a nucleus may differ where rounding decides: never more than one a row.
    assert (logits.isinf() != expected.isinf()).sum(dim=1).max() <= 1
    assert (logits.isinf() != expected.isinf()).sum() <= 2


def test_penalty_is_that_of_transformers():
    from transformers import RepetitionPenaltyLogitsProcessor

    rng = torch.Generator().manual_seed(2)
    logits, seen = torch.randn(8, 97, generator=rng), torch.randint(97, (8, 30), generator=rng)
    expected = RepetitionPenaltyLogitsProcessor(1.7)(seen, logits.clone())
    penalise(logits, seen, 1.7)
    assert torch.equal(logits, expected)


def test_options_act_together_as_in_transformers(pair, prompts):
    # One step: the cut law by transformers' own processors, in the documented order.
    from transformers import (
        LogitsProcessorList,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    p, n, tokens = pair("opt"), 3000, torch.from_numpy(prompts[:1])
    how = Sampling(2.0, top_k=20, top_p=0.8, max_new=1, min_new=1, repetition_penalty=1.5)
    with torch.no_grad():
        logits = RepetitionPenaltyLogitsProcessor(1.5)(tokens, p.theirs(tokens).logits[:, -1])
    logits[:, p.decoder.end] = -torch.inf
    cuts = [TemperatureLogitsWarper(2.0), TopKLogitsWarper(20), TopPLogitsWarper(0.8)]
    expected = LogitsProcessorList(cuts)(tokens, logits)[0].double().softmax(-1).numpy()
    counts = np.bincount(drawn(p, how, np.tile(prompts[0], (n, 1)))[:, 0], minlength=97)
    assert (counts[expected == 0] == 0).all()
    assert (np.abs(counts - n * expected) < 4 * np.sqrt(n * expected * (1 - expected)) + 1).all()


@pytest.mark.slow
def test_the_batch_does_not_matter(pair, prompts):
    p = pair("opt")
    decoder = replace(p.decoder, end=int(prompts[0, 0]))
    for how in (Sampling(max_new=15), Sampling(1.5, 30, 0.9, 15, 4, 1.2)):
        whole = drawn(p, how, prompts, decoder=decoder)
        for batch in (1, 5, 16):
            np.testing.assert_array_equal(
                drawn(p, how, prompts, decoder=decoder, batch=batch), whole
            )


def test_texts_end_with_the_end_token_and_not_too_early(pair, prompts):
    p = pair("opt")
    usual = int(law(p, prompts[0]).argmax())
    decoder, many = replace(p.decoder, end=usual), np.tile(prompts[0], (200, 1))
    found = drawn(p, Sampling(3.0, max_new=20, min_new=3), many, decoder=decoder)
    filled = found == NO_TOKEN
    first = np.where(filled.any(axis=1), filled.argmax(axis=1), 20)
    assert (first < 20).sum() > 10
    assert first.min() == 4  # three tokens, then the end
    for row, n in zip(found, first, strict=True):
        assert (row[n:] == NO_TOKEN).all()
        assert (row[: n - 1] != usual).all()
        assert n == 20 or row[n - 1] == usual


def test_draws_differ_by_seed_row_and_chain(pair, prompts):
    p, how = pair("opt"), Sampling(3.0, max_new=10)
    same = np.tile(prompts[0], (2, 3, 1))
    found = p.writer(how).continue_(same, np.random.default_rng(0)).reshape(6, 10)
    assert len({tuple(row) for row in found}) == 6
    again = p.writer(how).continue_(same, np.random.default_rng(0)).reshape(6, 10)
    np.testing.assert_array_equal(found, again)
    other = p.writer(how).continue_(same, np.random.default_rng(1)).reshape(6, 10)
    assert (found != other).any()


def test_grouped_heads_sample_the_same_law(pair, prompts):
    # Llama shares keys among heads; greedy by temperature must agree with transformers' argmax.
    p = pair("llama")
    found = drawn(p, Sampling(1e-4, max_new=6, min_new=6), prompts)
    tokens = torch.from_numpy(prompts)
    theirs = p.theirs.generate(
        tokens,
        attention_mask=torch.ones_like(tokens),
        do_sample=False,
        pad_token_id=2,
        max_new_tokens=6,
        min_new_tokens=6,
    )
    np.testing.assert_array_equal(found, theirs[:, 7:].numpy())


def test_a_nucleus_that_holds_exactly_p_takes_no_further_token():
    """p is the mass of the first two tokens as it is summed, to the last bit."""
    logits = torch.tensor([[0.3, 2.0, -1.0, 1.5, 0.1]], dtype=torch.float64)
    top = logits.sort(descending=True).values
    mass = (top - logits.logsumexp(dim=1, keepdim=True)).exp().cumsum(dim=1)
    for n in (1, 2, 3):
        cut = logits.clone()
        cut_to_top_p(cut, float(mass[0, n - 1]))
        assert int(cut.isfinite().sum()) == n
