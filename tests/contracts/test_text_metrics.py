"""Metrics of text on a small text: names, reasons and values by hand."""

from dataclasses import fields, replace

import numpy as np
import pytest

from genloss.core.abilities import UsesFirst
from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.statistics import Counts
from genloss.core.text import TextModel
from genloss.core.view import (
    Binned,
    Labelled,
    NotApplicable,
    Partial,
    UsesBase,
    View,
)
from genloss.errors import SpecError
from genloss.metrics import text as corpus
from genloss.metrics import text_judged as judged
from genloss.metrics import text_models as models
from genloss.metrics import text_rows as rows
from genloss.metrics.arrays import text_likelihood, text_ngrams
from genloss.models.categorical import CategoricalModel
from genloss.models.ngram.ngram import NGramLearner
from genloss.spec.registry import CATALOG
from genloss.testing.small_text import written
from genloss.testing.systems import text_system

from .table import held

C, N, T, V, END = 2, 300, 16, 400, 0
SYSTEM = text_system()
P_0, HELD_OUT, FIRST, BASE = SYSTEM.p_0, SYSTEM.held_out, SYSTEM.first, SYSTEM.base
REAL, WRONG = SYSTEM.real_rows, SYSTEM.written


def rng(key=0):
    return np.random.default_rng(key)


def view(x, model, t=1, **changed):
    given = {"held_out": HELD_OUT, "first": FIRST if t else None, "base": BASE}
    # A quarter of S_0, so that texts that end early have as many tokens.
    given |= {"real": REAL[:, : N // 4]} | changed
    return View(t, P_0, model, None, Samples.of(x, t), rng=rng(5), **given)


def trained(x):
    return NGramLearner(V, 2).fit(Samples.of(x, 1), rng())


def first_view():
    return view(FIRST.sample(N, rng(9)), FIRST)


def zero():
    return view(REAL, P_0, 0)


OF_TEXT = [x for x in held("metric") if ".metrics.text" in CATALOG["metric"][x.kind]]
METRICS = [line.build("metric") for line in OF_TEXT]
OF_MODELS = (models.Perplexity, models.BitsPerByte, models.PredictiveEntropy)
each = pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)


def values(metric, of):
    """Return a metric's value on a view, after the checks that hold for all."""
    found = metric(of)
    if isinstance(found, NotApplicable):
        assert len(found.why) > 10
        return None
    absent = set()
    if isinstance(found, Partial):
        found, absent = found.values, set(found.absent)
    labels = metric.labels if isinstance(metric, Labelled) else None
    assert found.shape == ((C,) if labels is None else (C, len(labels)))
    assert found.dtype == np.float64
    for k, label in enumerate(labels or ()):
        assert np.isnan(found[:, k]).all() == (label in absent)
    assert labels is not None or not np.isnan(found).any()
    return found


def test_the_small_text_is_text():
    assert isinstance(P_0, TextModel)


@each
def test_names_and_units(metric):
    assert metric.unit
    again = {f.name: getattr(metric, f.name) for f in fields(metric)}
    assert type(metric)(**again) == metric
    judges = isinstance(metric, judged.SequencePerplexity | judged.PerplexityTail)
    for protocol, uses, under in (
        (UsesFirst, "uses_first", "first"),
        (UsesBase, "uses_base", "base"),
    ):
        asked = isinstance(metric, protocol) and getattr(metric, uses)
        assert asked == (judges and metric.under == under)


def test_every_option_matters_and_shows_in_the_name():
    assert len({m.name for m in METRICS}) == len(METRICS)
    x = np.concatenate([first_view().samples.x[:, 100:], WRONG[0][:, :100]], axis=1)
    found = {}
    for metric in METRICS:
        found[metric.name] = values(metric, view(x, trained(x)))
    same = {"type_token_ratio", "distinct_n(n=1)"}
    pairs = [
        (a, b)
        for a in found
        for b in found
        if a < b and a.partition("(")[0] == b.partition("(")[0] and {a, b} != same
    ]
    assert len(pairs) > 20
    for a, b in pairs:
        assert not np.array_equal(found[a], found[b]), (a, b)


@each
def test_what_is_no_text_has_no_value(metric):
    law = CategoricalModel(np.full((C, 4), 0.25))
    symbols = law.sample(50, rng())
    other = View(1, law, law, None, Samples.of(symbols, 1), symbols, rng(), first=law)
    assert isinstance(metric(other), NotApplicable)
    counts = view(REAL, CategoricalModel(np.full((C, 4), 0.25)))
    counts = replace(counts, samples=Counts(np.ones((C, 3), int), ((1, 3),)))
    assert isinstance(metric(counts), NotApplicable)


def test_reality_has_its_null_values():
    assert values(corpus.SurvivingVocabulary(), zero()).tolist() == [1, 1]
    assert values(corpus.SurvivingNGrams(), zero()).tolist() == [1, 1]
    share = values(corpus.RareTokenShare(0.2), zero())
    assert ((share > 0.15) & (share <= 0.2)).all()
    assert isinstance(models.Perplexity()(zero()), NotApplicable)
    assert isinstance(judged.SequencePerplexity()(zero()), NotApplicable)


def test_the_tails_of_real_rows_are_one():
    """New real rows under p_1: n and m rows put 4 sqrt(q (1 - q) (1/n + 1/m)) / q around 1."""
    real = view(written(N, 33), FIRST)
    for q in (0.05, 0.2):
        band = 4 * np.sqrt(q * (1 - q) * 2 / N) / q
        found = values(judged.PerplexityTail(q), real)
        np.testing.assert_allclose(found, 1.0, atol=band)


def test_the_base_judges_reality_too_and_every_chain_alike():
    metric = judged.SequencePerplexity((0.5,), under="base")
    found = values(metric, zero())[:, 0]
    for chain in range(C):
        log_probs = BASE.token_log_probs(REAL[chain : chain + 1])[0]
        right = np.sort(np.exp(-log_probs.mean(axis=1)))[N // 2 - 1]
        np.testing.assert_allclose(found[chain], right)
    assert "pretrained" in metric(view(REAL, FIRST, base=None)).why
    assert "no probabilities" in metric(view(REAL, FIRST, base=object())).why
    # It has not seen S_0: these rows surprise it more than the model that learned them.
    assert (found > values(judged.SequencePerplexity((0.5,)), view(REAL, FIRST))[:, 0]).all()


def test_histograms_hold_all_rows_and_the_tails_of_the_metrics():
    made = view(WRONG[1], FIRST)
    for under, judge in (("first", FIRST), ("base", BASE)):
        metric = judged.SequencePerplexity(under=under)
        assert isinstance(metric, Binned)
        kept = metric.histogram(made)
        assert {k.partition(".")[0] for k in kept} == {under}
        kept = {k.partition(".")[2]: v for k, v in kept.items()}
        assert kept["made"].sum(axis=1).tolist() == [N] * C
        assert kept["real"].sum(axis=1).tolist() == [HELD_OUT.shape[1]] * C
        # The fifteenth of 300 rows from either end.
        ends = np.sort(rows_of(judge, HELD_OUT), axis=1)[:, [14, -15]]
        np.testing.assert_allclose(kept["quantiles"], ends)
        ratio = values(judged.PerplexityTail(under=under), made)
        np.testing.assert_allclose(kept["beyond"], 0.05 * ratio)
    assert judged.SequencePerplexity().histogram(zero()) == {}
    assert set(judged.PerplexityTail().histogram(made)) == {
        f"first.{k}" for k in ("edges", "made", "real", "quantiles", "beyond")
    }


def rows_of(judge, x):
    """Perplexities of rows (C, n), chain after chain."""
    one = [x[i : i + 1] if judge.n_chains == 1 else x for i in range(C)]
    found = [judge.token_log_probs(rows) for rows in one]
    return np.exp(-np.stack([f[min(i, len(f) - 1)] for i, f in enumerate(found)]).mean(axis=2))


def test_perplexity_is_computed_once_more_by_hand():
    lp = FIRST.token_log_probs(np.broadcast_to(P_0.test, (C, *P_0.test.shape)))
    right = np.exp(-lp.mean(axis=(1, 2)))
    np.testing.assert_allclose(values(models.Perplexity(), first_view()), right)
    bits = -lp.sum(axis=(1, 2)) / np.log(2) / (P_0.test_bytes * (T - 1) / T)
    np.testing.assert_allclose(values(models.BitsPerByte(), first_view()), bits)
    few = np.exp(-lp[:, :7].mean(axis=(1, 2)))
    np.testing.assert_allclose(values(models.Perplexity(blocks=7), first_view()), few)
    # The model looks one token back, so that windows only add the first tokens of blocks.
    stream = P_0.test.ravel()[None, None].repeat(C, axis=0)
    right = np.exp(-FIRST.token_log_probs(stream).mean(axis=(1, 2)))
    np.testing.assert_allclose(values(models.Perplexity(stride=4), first_view()), right)


def test_predictive_entropy_is_that_of_all_next_tokens():
    """Every token of the vocabulary in turn after the prefixes of three ragged rows."""
    held = HELD_OUT[:, :3].copy()
    held[0, 1, 5:] = NO_TOKEN
    held[1, 2, 2:] = NO_TOKEN
    entropies = [[], []]
    for i in range(1, T):
        prefix = np.repeat(np.maximum(held[:, :, :i], 0), V, axis=1)
        every = np.broadcast_to(np.tile(np.arange(V), 3)[:, None], (C, 3 * V, 1))
        ln = FIRST.token_log_probs(np.concatenate([prefix, every], axis=2))[:, :, -1]
        ln = ln.reshape(C, 3, V)
        for c, row in np.argwhere(held[:, :, i] != NO_TOKEN):
            entropies[c].append(-(np.exp(ln[c, row]) * ln[c, row]).sum())
    assert [len(e) for e in entropies] == [15 + 4 + 15, 15 + 15 + 1]
    found = values(models.PredictiveEntropy(3), view(REAL, FIRST, held_out=held))
    np.testing.assert_allclose(found, [np.mean(e) for e in entropies])


def test_corpora_are_compared_at_equal_numbers_of_tokens():
    """Half of the rows must not look like more variety."""
    half = view(REAL[:, : N // 2], FIRST)
    np.testing.assert_array_equal(
        values(corpus.DistinctN(tokens=400), half), values(corpus.DistinctN(tokens=400), zero())
    )
    right = text_ngrams.distinct_n(text_ngrams.first_tokens(REAL, 400), 2)
    np.testing.assert_array_equal(values(corpus.DistinctN(tokens=400), zero()), right)
    assert isinstance(corpus.DistinctN(tokens=N * T + 1)(zero()), NotApplicable)
    whole = view(REAL, P_0, 0, real=REAL)
    quarter = text_ngrams.distinct_n(REAL[:, : N // 4], 2)
    np.testing.assert_array_equal(values(corpus.DistinctN(), half), quarter)
    assert (quarter > values(corpus.DistinctN(), whole)).all()
    said = corpus.DistinctN()(replace(whole, samples=half.samples)).why
    assert f"{N * T // 2} tokens, not {N * T}; give tokens" in said


def test_a_chain_that_ends_at_once_has_no_value_instead_of_nan():
    x = REAL.copy()
    x[1, :, 1:] = NO_TOKEN
    ended = view(x, FIRST)
    for metric in (corpus.DistinctN(tokens=9), rows.Repetition(), judged.SequencePerplexity()):
        assert "chain 1" in metric(ended).why
    assert "chain 1" in corpus.TypeTokenRatio()(ended).why
    assert values(corpus.TypeTokenRatio(tokens=9), ended).tolist()[0] > 0


def short(rows_, tokens):
    """S_0 with rows cut to so many tokens, of chain 1 alone or of both."""
    x = REAL.copy()
    x[rows_, :, tokens:] = NO_TOKEN
    return x


WRITTEN = {
    "none": short(slice(None), 0),
    "none in one chain": short(1, 0),
    "one each": short(slice(None), 1),
    "one each in one chain": short(1, 1),
    "one empty row": np.concatenate([short(slice(None), 0)[:, :1], REAL[:, 1:]], axis=1),
    "wide": np.pad(REAL, ((0, 0), (0, 0), (0, 9)), constant_values=NO_TOKEN),
    "one row": REAL[:, :1],
    "narrow integers": REAL.astype(np.int32),
    "more than S_0": np.concatenate([REAL] * 5, axis=1),
}


@pytest.mark.parametrize("x", WRITTEN.values(), ids=WRITTEN)
def test_whatever_a_model_writes_has_a_value_or_a_reason(x):
    written_ = view(x, FIRST)
    for metric in METRICS:
        values(metric, written_)


def test_rows_without_a_token_do_not_count_under_a_judge():
    x = REAL.copy()
    x[:, ::2] = NO_TOKEN
    for metric in (judged.SequencePerplexity(), judged.PerplexityTail()):
        np.testing.assert_array_equal(
            values(metric, view(x, FIRST)), values(metric, view(REAL[:, 1::2], FIRST))
        )


def test_a_tail_takes_enough_real_rows():
    tail = judged.PerplexityTail()
    few = HELD_OUT[:, :19]
    assert "takes 20 held-out rows: 19" in tail(view(REAL, FIRST, held_out=few)).why
    assert values(tail, view(REAL, FIRST, held_out=HELD_OUT[:, :20])) is not None
    ended = HELD_OUT.copy()
    ended[1, 19:, 1:] = NO_TOKEN
    assert "rows: 19" in tail(view(REAL, FIRST, held_out=ended)).why
    assert values(judged.SequencePerplexity(), view(REAL, FIRST, held_out=few)) is not None


def test_windows_that_do_not_fit_are_refused_before_anything_is_trained():
    for metric in (models.Perplexity(stride=T), models.BitsPerByte(stride=T + 5)):
        with pytest.raises(SpecError, match=f"expected 1 to {T - 1}"):
            metric(zero())


def test_blocks_of_one_token_have_no_perplexity():
    one = replace(view(REAL, FIRST), p_0=replace(P_0, test=P_0.test[:, :1]))
    for metric in (models.Perplexity(), models.Perplexity(stride=1), models.BitsPerByte()):
        assert "no token with one before it" in metric(one).why


def test_what_is_shared_is_computed_once(monkeypatch):
    calls = []
    kept = text_likelihood.sequence_perplexities
    monkeypatch.setattr(
        text_likelihood, "sequence_perplexities", lambda *a: calls.append(1) or kept(*a)
    )
    one = first_view()
    judged.SequencePerplexity()(one)
    judged.PerplexityTail(0.1)(one)
    judged.PerplexityTail()(one)
    assert len(calls) == 2
    judged.SequencePerplexity()(replace(one, memo={}, t=2))
    assert len(calls) == 3
