"""Band keys: the written-down hashes, and the law of bands."""

import random
import re

import numpy as np
import pytest
from scipy.stats import binom

from genloss.audit.dedup.minhash import BandKeys
from genloss.audit.dedup.options import DedupOptions
from genloss.errors import SpecError

WHOLE = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mixed(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & WHOLE
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & WHOLE
    return x ^ (x >> 31)


def keys_in_plain_integers(text: str, options: DedupOptions) -> list[int]:
    n = options.bands * options.rows
    length = 2 * n + options.words
    state = [mixed((options.seed + i * GOLDEN) & WHOLE) for i in range(1, length + 1)]
    a, b, odd = [v | 1 for v in state[:n]], state[n : 2 * n], [v | 1 for v in state[2 * n :]]
    words = []
    for word in re.findall(r"\w+", text.lower()):
        h = 0
        for letter in word:
            h = ((h ^ ord(letter)) * 0x100000001B3) & WHOLE
        words.append(mixed(h))
    wide = min(options.words, len(words))
    rows = [words[i : i + wide] for i in range(len(words) - wide + 1)]
    x = [mixed(sum(w * f for w, f in zip(row, odd, strict=False)) & WHOLE) >> 32 for row in rows]
    hashes = [min(((p * v + q) & WHOLE) >> 32 for v in x) for p, q in zip(a, b, strict=True)]
    keys = []
    for band in range(options.bands):
        key = band
        for value in hashes[band * options.rows : (band + 1) * options.rows]:
            key = mixed(((key ^ value) * GOLDEN) & WHOLE)
        keys.append(key)
    return keys


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog",
        "Three words only",
        "Ünder_score, ÄÖ — «Übung»; naïve\tcafé\n42 日本語 Δέλτα 𝔘𝔫𝔦",
    ],
)
@pytest.mark.parametrize(
    "options", [DedupOptions(), DedupOptions(words=3, bands=4, rows=2, seed=7)]
)
def test_keys_are_the_written_down_ones(text, options):
    assert BandKeys(options).of(text).tolist() == keys_in_plain_integers(text, options)


def test_case_and_punctuation_do_not_count():
    keys = BandKeys(DedupOptions())
    same = keys.of("the quick brown fox jumps over the lazy dog")
    assert (keys.of("The QUICK, brown fox -- jumps over the lazy dog!") == same).all()
    assert (keys.of("the quick brown fox jumps over the lazy cat") != same).any()


def test_a_text_without_words_has_no_keys():
    assert BandKeys(DedupOptions()).of("... --- !!!") is None


@pytest.mark.slow
@pytest.mark.parametrize(("common", "seed"), [(80, 0), (110, 1), (130, 2)])
def test_texts_meet_as_often_as_the_bands_say(common, seed):
    """The two share `common` words in front of 150, thus common - 4 of 146 shingles each.

    Meetings are binomial with 1 - (1 - s^8)^16, s = m / (292 - m); between the quantiles of 1e-6.
    """
    options, rng, pairs = DedupOptions(), random.Random(seed), 400
    similarity = (common - 4) / (292 - (common - 4))

    def words(n):
        return [f"w{rng.randrange(10**9)}" for _ in range(n)]

    keys, met = BandKeys(options), 0
    for _ in range(pairs):
        front = words(common)
        one, other = (keys.of(" ".join(front + words(150 - common))) for _ in range(2))
        met += bool((one == other).any())
    low, high = binom.ppf([1e-6, 1 - 1e-6], pairs, options.recall(similarity))
    assert low <= met <= high


def test_recall_is_the_formula_of_the_docs():
    found = [DedupOptions().recall(s) for s in (0.5, 0.8)]
    np.testing.assert_allclose(found, [0.0606, 0.9471], atol=5e-4)


def test_options_that_cannot_be_are_refused():
    for wrong in ({"bands": 0}, {"words": 0}, {"rows": 5000}, {"shard": 0}):
        with pytest.raises(SpecError, match="expected"):
            DedupOptions(**wrong)
