"""N-gram metrics by hand, by plain counting, and where the field's own numbers went wrong."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from genloss.errors import DataError, SpecError
from genloss.metrics.arrays import text_ngrams as tn


def text(seed=0, shape=(2, 12, 9), vocabulary=7):
    stream = np.random.default_rng(seed)
    x = np.minimum(stream.geometric(0.3, size=shape) - 1, vocabulary - 1)
    x[np.arange(shape[2]) >= stream.integers(1, shape[2] + 1, size=(*shape[:2], 1))] = -1
    return x


def grams(rows, n):
    rows = [[w for w in r if w >= 0] for r in rows.tolist()]
    return [[tuple(r[i : i + n]) for i in range(len(r) - n + 1)] for r in rows]


def flat(rows, n):
    return [g for row in grams(rows, n) for g in row]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("huge", [False, True])
def test_codes_are_equal_exactly_where_n_grams_are(n, huge):
    """Also where packed tokens would overflow 63 bits."""
    x = text(shape=(2, 30, 9), vocabulary=3)
    if huge:
        x = np.where(x >= 0, x * (2**40) + 5, -1)
    codes = tn.ngram_codes(x, n)
    assert codes.shape == (2, 30, 10 - n)
    pairs = Counter()
    for row, own in zip(x.reshape(-1, 9), codes.reshape(-1, 10 - n), strict=True):
        for i, code in enumerate(own):
            gram = tuple(row[i : i + n])
            assert (code == -1) == (-1 in gram)
            pairs[(gram if code >= 0 else None, code)] += 1
    assert len({g for g, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)


@pytest.mark.parametrize("kind", ["int16", "uint16", "int32", "uint32", "uint64"])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_narrow_integers_do_not_wrap_around(kind, n):
    """30,000 squared takes more than 16 bits, cubed more than 32."""
    x = np.random.default_rng(n).integers(0, 30_000, size=(1, 300, 60))
    np.testing.assert_array_equal(tn.distinct_n(x.astype(kind), n), tn.distinct_n(x, n))
    np.testing.assert_array_equal(
        np.unique(tn.ngram_codes(x.astype(kind), n)).size, np.unique(tn.ngram_codes(x, n)).size
    )


def test_by_hand():
    """Rows 0 1 0 1 and 2 1 0: bigrams 01 10 01 21 10."""
    x = np.array([[[0, 1, 0, 1], [2, 1, 0, -1]]])
    np.testing.assert_allclose(tn.distinct_n(x, 1), 3 / 7)
    np.testing.assert_allclose(tn.distinct_n(x, 2), 3 / 5)
    np.testing.assert_allclose(tn.repetition(x, 2), (1 / 3 + 0) / 2)
    np.testing.assert_allclose(tn.repetition(x, 4), 0.0)
    np.testing.assert_allclose(tn.diversity(x), (1 - 1 / 6) * 1 * 1)
    np.testing.assert_allclose(tn.missing_mass(x), 1 / 7)
    np.testing.assert_allclose(tn.missing_mass(x, 2), 1 / 5)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_against_plain_counting(n):
    x = text()
    for chain, rows in enumerate(x):
        every, per_row = flat(rows, n), [g for g in grams(rows, n) if g]
        assert tn.distinct_n(x, n)[chain] == len(set(every)) / len(every)
        right = np.mean([1 - len(set(g)) / len(g) for g in per_row])
        np.testing.assert_allclose(tn.repetition(x, n)[chain], right)
        once = sum(v == 1 for v in Counter(every).values())
        assert tn.missing_mass(x, n)[chain] == once / len(every)


def test_distinct_of_a_corpus_and_the_mean_of_its_rows_are_different_quantities():
    """Rows without repetition that are all the same: 1 per row, 1 / rows for the corpus."""
    x = np.broadcast_to(np.arange(8), (1, 5, 8))
    np.testing.assert_allclose(tn.distinct_n(x, 2), 1 / 5)
    np.testing.assert_allclose(1 - tn.repetition(x, 2), 1.0)


def test_the_type_token_ratio_of_one_law_falls_with_the_corpus_and_not_at_equal_tokens():
    """Comparing corpora of different sizes looks like collapse."""
    small, large = text(1, (1, 40, 9), 60), text(2, (1, 4000, 9), 60)
    assert tn.distinct_n(large, 1)[0] < tn.distinct_n(small, 1)[0] / 10
    m = tn.token_counts(small)
    equal = tn.distinct_n(tn.first_tokens(large, m), 1)[0]
    # Types at m tokens: rarefaction gives the mean, and 4 standard deviations are below 4 sqrt.
    mean = tn.rarefied_types(large, int(m[0]))[0]
    assert abs(equal * m[0] - mean) < 4 * np.sqrt(mean)
    np.testing.assert_allclose(equal, tn.distinct_n(small, 1)[0], rtol=0.3)


def test_first_tokens_keeps_the_first_ones_of_each_chain():
    x = np.array([[[5, 6, -1], [7, 8, 9]], [[1, 2, 3], [4, -1, -1]]])
    cut = tn.first_tokens(x, np.array([3, 4]))
    right = [[[5, 6, -1], [7, -1, -1]], [[1, 2, 3], [4, -1, -1]]]
    np.testing.assert_array_equal(cut, right)
    np.testing.assert_array_equal(tn.token_counts(cut), [3, 4])
    with pytest.raises(DataError, match="got 4 tokens, expected 5"):
        tn.first_tokens(x, 5)


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize(("band", "least", "most"), [(b, *r) for b, r in tn.BANDS.items()])
def test_surviving_share_against_plain_counting(n, band, least, most):
    x, real = text(3, (2, 4, 5)), text(4, (2, 30, 9))
    found = tn.surviving_share(x, real, n, band)
    for chain in range(2):
        mine, theirs = set(flat(x[chain], n)), Counter(flat(real[chain], n))
        kinds = [g for g, c in theirs.items() if least <= c <= most]
        right = np.mean([g in mine for g in kinds]) if kinds else np.nan
        np.testing.assert_allclose(found[chain], right)
    np.testing.assert_array_equal(tn.surviving_share(real, real, n), 1.0)


def test_an_unknown_band_is_refused():
    with pytest.raises(SpecError, match="expected one of all, hapax"):
        tn.surviving_share(text(), text(), 1, "frequent")


def test_rare_share_by_hand():
    """Counts 6, 2, 1, 1 of 0, 1, 2, 3: the rarest 20 % are 2 and 3, the rarest 10 % is 2."""
    real = np.array([[[0] * 6 + [1, 1, 2, 3]]])
    x = np.array([[[2, 2, 3, 0, 0, 9]]])
    np.testing.assert_allclose(tn.rare_share(x, real, 0.2), 3 / 6)
    np.testing.assert_allclose(tn.rare_share(x, real, 0.1), 2 / 6)
    np.testing.assert_allclose(tn.rare_share(x, real, 0.05), 0.0)
    np.testing.assert_allclose(tn.rare_share(real, real, 0.2), 0.2)


def test_rare_in_one_text_is_rare_by_chance():
    """Its own share is just below `mass`, that of another text of the law is not: 40 se apart."""
    p = 1 / np.arange(1.0, 2001) ** 0.8
    x = np.random.default_rng(0).choice(2000, size=(2, 40, 40, 500), p=p / p.sum())
    own, other = tn.rare_share(x[0], x[0]), tn.rare_share(x[1], x[0])
    assert (own <= 0.05).all()
    assert own.min() > 0.0495
    assert other.mean() - 0.05 > 40 * other.std() / np.sqrt(40)


def test_good_and_turing_estimate_the_mass_that_is_missing():
    """Their estimate is of the mean over texts of m - 1 tokens; 4 standard errors of 300 texts."""
    p = 1 / np.arange(1.0, 2001)
    p /= p.sum()
    x = np.random.default_rng(1).choice(2000, size=(300, 10, 50), p=p)
    right = (p * (1 - p) ** 499).sum()
    found = tn.missing_mass(x)
    assert abs(found.mean() - right) < 4 * found.std() / np.sqrt(300)


def test_rarefaction_is_the_mean_over_all_subsets():
    x = np.array([[[0, 0, 0, 1, 1, 2, 3]]])
    tokens = np.arange(1, 8)
    right = [np.mean([len(set(s)) for s in combinations(x.ravel(), m)]) for m in tokens]
    np.testing.assert_allclose(tn.rarefaction(x, tokens)[0], right, rtol=1e-12)
    np.testing.assert_allclose(tn.rarefied_types(x, 7), 4)
    with pytest.raises(DataError, match="got 7 n-grams, expected 1 to 8"):
        tn.rarefied_types(x, 8)


def test_chains_without_an_n_gram_have_no_number():
    x = np.array([[[1, -1, -1]], [[1, 2, 3]]])
    for found in (tn.distinct_n(x, 2), tn.repetition(x, 2), tn.missing_mass(x, 2)):
        np.testing.assert_array_equal(np.isnan(found), [True, False])
    none = np.array([[[-1, -1]], [[1, 2]]])
    np.testing.assert_array_equal(np.isnan(tn.rare_share(none, x, 0.4)), [True, False])


@pytest.mark.parametrize(
    "x", [np.zeros((2, 3)), np.zeros((1, 2, 3)), np.full((1, 2, 3), -1), np.ones((1, 0, 3), int)]
)
def test_what_are_no_tokens_is_refused(x):
    with pytest.raises(DataError, match=r"expected integers \(C, n, T\)"):
        tn.distinct_n(x, 1)


def test_n_must_fit_the_rows():
    for n in (0, 10):
        with pytest.raises(SpecError, match=f"n-grams of {n} tokens in rows of 9"):
            tn.distinct_n(text(), n)


def test_a_pair_alone_repeats_nothing():
    """Rows of one pair, of two equal ones and of none; in the other chain only the last two."""
    x = np.array([[[1, 2, -1], [1, 1, 1], [3, -1, -1]], [[3, -1, -1], [1, 1, 1], [3, -1, -1]]])
    np.testing.assert_allclose(tn.repetition(x, 2), [1 / 4, 1 / 2])
    assert np.isnan(tn.repetition(x[:, 2:], 2)).all()
