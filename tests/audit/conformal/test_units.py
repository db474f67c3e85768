"""Sources are exchangeable, their texts are not: seen on novels made of a law, and by hand."""

import numpy as np
import pytest

from genloss.audit.conformal.guarantee import held
from genloss.audit.conformal.thresholds import threshold
from genloss.audit.conformal.units import one_per_source


def test_one_text_of_each_source_whatever_the_order():
    sources, ids = ["a", "b", "a", "", "b", "", "a"], list("tuvwxyz")
    chosen = {ids[i] for i in one_per_source(sources, ids)}
    assert len(chosen) == 4
    assert {"w", "y"} <= chosen
    back = {ids[::-1][i] for i in one_per_source(sources[::-1], ids[::-1])}
    assert back == chosen
    others = {frozenset(ids[i] for i in one_per_source(sources, ids, seed)) for seed in range(20)}
    assert len(others) > 3


def test_every_text_of_a_source_is_as_likely_to_be_chosen():
    """3 texts, 3,000 seeds: each about 1,000 times, four standard errors of 26."""
    hits = np.zeros(3)
    for seed in range(3000):
        hits[one_per_source(["a"] * 3, ["x", "y", "z"], seed)[0]] += 1
    assert np.abs(hits - 1000).max() < 104


def novels(rng, n, texts):
    """Return scores (n, texts): most of what differs lies between novels, as with real ones."""
    return rng.normal(size=(n, 1)) + 0.3 * rng.normal(size=(n, texts))


@pytest.mark.slow
def test_a_random_split_of_novels_breaks_the_promise_that_sources_keep(rng):
    """20 novels of 50 texts. On texts of further novels, a random split of texts promises 1 % with
    95 % confidence, and exceeds it far more often; one text a novel refuses, or keeps it."""
    exceeded = {"texts": 0, "sources": 0}
    for _ in range(200):
        further = novels(rng, 4000, 1)[:, 0]
        own = novels(rng, 20, 50).ravel()
        split = threshold(rng.permutation(own)[:500], 0.01, "confident")
        exceeded["texts"] += (further > split.value).mean() > 0.013
        apart = novels(rng, 400, 5)
        names = np.repeat(np.arange(400), 5).astype(str).tolist()
        chosen = one_per_source(names, [str(i) for i in range(2000)])
        bound = threshold(apart.ravel()[chosen], 0.01, "confident")
        exceeded["sources"] += (further > bound.value).mean() > 0.013
    assert exceeded["texts"] > 80
    assert exceeded["sources"] <= 10 + 4 * np.sqrt(10)


def test_within_the_same_novels_a_random_split_looks_well_which_is_the_trap(rng):
    """Held to other texts of its own novels, the broken split passes."""
    broken = 0
    for _ in range(100):
        own = rng.permutation(novels(rng, 20, 50).ravel())
        bound = threshold(own[:500], 0.01, "marginal")
        broken += held(bound, int((own[500:] > bound.value).sum()), 500).verdict == "broken"
    assert broken <= 5
