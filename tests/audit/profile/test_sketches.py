"""Sketches keep the errors that they state, on streams whose truth is known."""

import json
import random
import tracemalloc
from collections import Counter
from datetime import date
from math import sqrt

import numpy as np
import pytest

from genloss.audit.profile import tally as tally_module
from genloss.audit.profile.duplicates import HASHES, Duplicates
from genloss.audit.profile.sketches import Commonest, Distinct, Values
from genloss.audit.profile.tally import Tally
from genloss.corpus.record.record import Record

STREAMS = 400


def stream(rng, distinct, most=5):
    """Return different hashes and how often each occurs."""
    hashes = np.unique(rng.integers(2**64, size=distinct, dtype=np.uint64))
    return hashes, rng.integers(1, most, size=hashes.size)


@pytest.mark.slow
def test_the_estimate_of_different_ones_is_unbiased_and_as_exact_as_stated():
    rng, kept, n = np.random.default_rng(1), 200, 4000
    errors, held = [], 0
    for _ in range(STREAMS):
        sketch = Distinct(kept)
        sketch.take(*stream(rng, n))
        found, low, high = sketch.number()
        errors.append((found / n - 1) * sqrt(kept - 2))
        held += low <= n <= high
    # The relative variance is (n - k + 1) / (n (k - 2)) (Beyer et al. 2007).
    spread = np.var(errors) / ((n - kept + 1) / n)
    assert abs(np.mean(errors)) < 4 / sqrt(STREAMS)
    assert abs(spread - 1) < 5 * sqrt(2 / STREAMS)
    assert abs(held / STREAMS - 0.95) < 4 * sqrt(0.95 * 0.05 / STREAMS)


@pytest.mark.parametrize("kept", [50, 300])
def test_what_is_kept_depends_on_no_order_and_no_merging(kept):
    rng = np.random.default_rng(2)
    hashes, counts = stream(rng, 300)
    whole, merged = Distinct(kept), Distinct(kept)
    whole.take(hashes, counts)
    for part in np.array_split(rng.permutation(hashes.size), 7):
        one = Distinct(kept)
        one.take(hashes[part], counts[part])
        one.take(hashes[part], counts[part])
        merged.take(one.hashes, one.counts, one.exact)
    np.testing.assert_array_equal(merged.hashes, hashes[:kept])
    np.testing.assert_array_equal(merged.counts, 2 * counts[:kept])
    assert merged.number() == whole.number()
    assert merged.exact == whole.exact == (kept == 300)


def zipf(rng, n=20_000):
    return [f"v{k}" for k in np.minimum(rng.zipf(1.3, size=n), 10**9).tolist()]


def test_counts_of_the_commonest_are_too_low_by_no_more_than_said():
    found = zipf(np.random.default_rng(3))
    true, kept = Counter(found), 100
    values = [Values(200, kept, spared="v2") for _ in range(4)]
    for i, value in enumerate(found):
        values[i % 4].add(value)
    merged = values[0]
    for other in values[1:]:
        merged.merge(json.loads(json.dumps(other.state())))
    assert len(true) > 1000
    assert not merged.exact
    assert 0 < merged.missing <= len(found) / (kept + 1)
    assert len(merged.counts) <= 200
    assert all(n <= true[v] <= n + merged.missing for v, n in merged.counts.items())
    assert {v for v, n in true.items() if n > merged.missing} <= set(merged.counts)
    assert merged.counts["v2"] == true["v2"]
    assert sum(merged.counts.values()) + merged.lost == len(found)


def test_values_are_exact_up_to_the_limit_and_their_number_estimated_beyond():
    values = Values(1000, 500, spared="unknown")
    for i in range(999):
        values.add(f"v{i}", 2)
    values.add("unknown", 7)
    assert values.exact
    assert values.different() == (999, 999, 999)
    for i in range(5000):
        values.add(f"v{i}")
    found, low, high = values.different()
    assert low < 5000 < high
    # Five standard errors of 500 kept hashes.
    assert abs(found / 5000 - 1) < 5 / sqrt(498)


def test_the_commonest_hash_is_found_among_many_that_occur_once():
    rng = np.random.default_rng(4)
    common, seen = Commonest(100), 0
    for _ in range(30):
        hashes, counts = stream(rng, 1000, most=2)
        common.take(np.append(hashes, np.uint64(12345)), np.append(counts, 40))
        seen += 40
    at = np.flatnonzero(common.hashes == 12345)
    assert common.counts[at][0] <= seen <= common.counts[at][0] + common.missing
    assert common.missing <= 30


def test_repeats_of_more_texts_than_are_counted_have_an_interval():
    rng = random.Random(5)
    texts = [f"text {i}" for i in range(600)] + ["text 7"] * 50
    rng.shuffle(texts)
    whole, merged, exact = Duplicates(0, 0.8, 200), Duplicates(0, 0.8, 200), Duplicates(0, 0.8)
    for start in range(0, len(texts), 130):
        part = Duplicates(0, 0.8, 200)
        for text in texts[start : start + 130]:
            for counts in (whole, part, exact):
                counts.add(Record.of(text))
        merged.merge(*part.state())
    assert exact.result()["exact"] == {"count": 50, "of": 650, "share": 50 / 650}
    assert merged.result()["exact"] == whole.result()["exact"]
    found = whole.result()
    assert found["exact"]["low"] < 50 / 650 < found["exact"]["high"]
    assert found["largest"] <= 51 <= found.get("largest_at_most", found["largest"])


def test_a_tally_of_too_many_sources_says_what_its_counts_may_lack(monkeypatch):
    monkeypatch.setattr(tally_module, "Values", lambda spared="": Values(100, 50, spared))
    tally = Tally(date(2026, 11, 30))
    for i in range(1000):
        tally.add(Record.of("x", source=f"https://s{i}.org/" if i % 2 else "https://often.org/"))
    found = tally.counts()["source"]
    low, high = found["sketch"]["different"]
    assert low < 501 < high
    first = found["values"][0]
    assert first["value"] == "often.org"
    assert first["count"] <= 500 <= first["count"] + found["sketch"]["missing"]
    assert sum(entry["count"] for entry in found["values"]) + found["rest"] == 1000
    assert "sketch" not in tally.counts()["licence"]


@pytest.mark.slow
def test_signatures_are_held_once_while_they_grow_and_while_near_ones_are_counted():
    """512 bytes of hashes a text, and what the docs state beside them; twice would be 1,100."""
    n, rng = 20_000, np.random.default_rng(3)
    hashes = rng.integers(1, 2**32, size=(n, HASHES), dtype=np.uint32)
    hashes[7], hashes[9] = 0, hashes[8]
    ids = np.unique(rng.integers(2**64, size=n, dtype=np.uint64))
    none, once = np.zeros(0, np.uint64), np.ones(n, np.int64)
    state = (ids, once, none, none.astype(np.int64), np.array([n, 1, 0]), ids, hashes)
    Duplicates(n, 0.8).result()
    tracemalloc.start()
    try:
        duplicates = Duplicates(n, 0.8)
        duplicates.merge(*state)
        assert duplicates.result()["near"]["count"] == 1
        assert tracemalloc.get_traced_memory()[1] < 850 * n
    finally:
        tracemalloc.stop()
