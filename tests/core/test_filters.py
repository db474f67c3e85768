"""The other filters, on rows of which it is known by hand what must enter."""

from itertools import islice

import numpy as np
import pytest
from scipy import stats

from genloss.core.chain import generation_zero, run_chain
from genloss.core.curators.band import PerplexityBand
from genloss.core.curators.choice import RandomK, TopK, WeightedChoice
from genloss.core.curators.duplicates import Deduplication
from genloss.core.curators.near_duplicates import NearDeduplication
from genloss.core.curators.reference import Reference
from genloss.core.curators.resampling import DetectorResampling
from genloss.core.curators.rounds import curated, curated_set
from genloss.core.curators.scores import (
    EntropyUnderFirst,
    NearestReal,
    ReferenceDistance,
)
from genloss.core.curators.verifier import Verifier
from genloss.core.forms import Rows
from genloss.core.regimes import Accumulate, Mix
from genloss.core.samplers import Ancestral
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.errors import DataError, SpecError
from genloss.models.categorical import CategoricalModel
from genloss.models.gaussian import GaussianLearner, GaussianModel
from genloss.realities.finite import FiniteRows
from genloss.realities.mixtures import ModeGrid

STREAMS = Streams(31)


def law(chains, d=1):
    return GaussianModel(np.zeros((chains, d)), np.tile(np.eye(d), (chains, 1, 1)))


def normal(chains, n, origin=1):
    x = np.random.default_rng(chains + n).normal(size=(chains, n, 1))
    return Samples.of(x, origin)


def select(curator, rows, reference, key=0):
    return curator.select(rows, reference, np.random.default_rng(key))


def chain(curator, regime, chains=100, n=60):
    p_0 = law(chains)
    return run_chain(
        p_0,
        GaussianLearner(ddof=1),
        regime,
        sampler=Ancestral(),
        form=Rows(),
        n_synthetic=n,
        streams=STREAMS,
        after=generation_zero(p_0, Rows(), n, STREAMS, curator).history,
        curator=curator,
    )


def test_random_k_keeps_exactly_its_share_and_the_law():
    rows = normal(200, 100)
    accepted = select(RandomK(0.3), rows, Reference(law(200), STREAMS, 100)).accepted
    np.testing.assert_array_equal(accepted.sum(axis=1), 30)
    assert stats.kstest(rows.x[:, :, 0][accepted], "norm").pvalue > 1e-4


@pytest.mark.parametrize("sharpness", [0.0, 1.0, 3.0])
def test_weighted_choice_follows_its_weights(sharpness):
    """One row of three enters, by weights exp(-sharpness d), d = 0, 1, 2; in 20,000 chains."""
    x = np.tile([[[0.0], [1.0], [2.0]]], (20_000, 1, 1))
    curator = WeightedChoice(1 / 3, ReferenceDistance(), sharpness)
    accepted = select(curator, Samples.of(x, 1), Reference(law(20_000), STREAMS, 3)).accepted
    np.testing.assert_array_equal(accepted.sum(axis=1), 1)
    weights = np.exp(-sharpness * np.arange(3))
    bound = 4 * np.sqrt(0.25 / 20_000)
    np.testing.assert_allclose(accepted.mean(axis=0), weights / weights.sum(), atol=bound)


def test_a_weighted_choice_without_bound_is_top_k():
    rows, reference = normal(5, 200), Reference(law(5), STREAMS, 100)
    one = select(WeightedChoice(0.2, ReferenceDistance(), 1e6), rows, reference).accepted
    two = select(TopK(0.2, ReferenceDistance()), rows, reference).accepted
    np.testing.assert_array_equal(one, two)


def test_the_nearest_real_row_is_found_also_in_pieces(monkeypatch):
    rng = np.random.default_rng(4)
    real, x = rng.normal(size=(50, 3)), rng.normal(size=(2, 40, 3))
    p_0 = FiniteRows.of(real, 2, rng)
    expected = -np.sqrt(((x[:, :, None] - real) ** 2).sum(axis=3)).min(axis=2)
    for most in (1 << 20, 200):
        monkeypatch.setattr("genloss.core.curators.scores.BLOCK_FLOATS", most)
        got = NearestReal().scores(Samples.of(x, 1), Reference(p_0, STREAMS, 50))
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_a_narrow_reference_knows_the_middle_alone():
    real = np.arange(11.0)[:, None]
    p_0 = FiniteRows.of(real, 1, np.random.default_rng(0))
    rows = Samples.of(np.array([[[0.0], [5.0], [10.0]]]), 1)
    got = NearestReal(narrow=3 / 11).scores(rows, Reference(p_0, STREAMS, 11))
    np.testing.assert_allclose(got, [[-4.0, 0.0, -4.0]])


def test_a_band_keeps_what_its_quantiles_say():
    """Of rows of reality judged by itself: low to high, to the error of 2,000 held-out rows.

    The mass between two sample quantiles has a standard error below sqrt(.25 / 2000) each.
    """
    p_0 = law(50)
    held_out = p_0.sample(2000, np.random.default_rng(1))
    reference = Reference(p_0, STREAMS, 100, held_out)
    curator = PerplexityBand(0.1, 0.7, under="reality")
    made = select(curator, normal(50, 4000), reference)
    share = made.accepted.mean(axis=1)
    assert abs(share.mean() - 0.6) < 4 * np.sqrt(2 * 0.25 / 2000 / 50)
    low = ((made.reason == 0) & ~made.accepted).mean()
    assert abs(low - 0.1) < 4 * np.sqrt(0.25 / 2000 / 50)
    assert made.reasons == ("perplexity too low", "perplexity too high")


def test_equal_rows_enter_once_and_count_once():
    x = np.array([[[1.0], [0.0], [1.0], [-0.0], [2.0]]])
    rows = Samples(x, np.zeros((1, 5), int), np.array([[2.0, 0.0, 3.0, 1.0, 1.0]]))
    made = select(Deduplication(), rows, Reference(law(1), STREAMS, 5))
    np.testing.assert_array_equal(made.accepted, [[True, False, False, True, True]])
    np.testing.assert_array_equal(made.weight[made.accepted], 1)


def text(*rows, length=8):
    """Return one chain of rows of tokens, filled up with -1."""
    return np.array([[[*map(int, row), *[-1] * (length - len(row))] for row in rows]])


def test_texts_that_are_nearly_alike_enter_once():
    """Sets of pairs: 5 of 7 shared; 3 of 4; all; a text of one token, twice; none."""
    near = NearDeduplication(similarity=0.7, n=2)
    x = text("01234567", "0123456", "01239999", "0123", "7", "7", "98765432", "765432")
    # 0123456 has six of the seven pairs of the first, 765432 five of seven, 0123 three of seven.
    made = select(near, Samples.of(x, 1), Reference(law(1), STREAMS, 5))
    assert made.accepted.tolist() == [[True, False, True, True, True, False, True, False]]
    assert made.reasons == ("near duplicate",)
    exact = select(NearDeduplication(similarity=1.0, n=2), Samples.of(x, 1), None)
    assert exact.accepted.tolist() == [[True] * 5 + [False] + [True] * 2]
    # What was refused, or is not there, is like nothing.
    gone = Samples(x, np.zeros((1, 8), int), np.array([[0.0, 2.0, *[1.0] * 6]]))
    made = select(near, gone, None)
    assert made.accepted.tolist() == [[False, True, True, True, True, False, True, False]]
    np.testing.assert_array_equal(made.weight[made.accepted], 1)


def test_near_deduplication_is_the_jaccard_similarity_of_all_pairs():
    rng = np.random.default_rng(8)
    x = rng.integers(0, 3, (2, 40, 9))
    made = select(NearDeduplication(similarity=0.4, n=3), Samples.of(x, 1), None)
    for rows, accepted in zip(x, made.accepted, strict=True):
        grams = [{tuple(row[i : i + 3]) for i in range(7)} for row in rows.tolist()]
        kept = []
        for i, mine in enumerate(grams):
            alike = any(len(mine & grams[j]) >= 0.4 * len(mine | grams[j]) for j in kept)
            kept += [] if alike else [i]
        assert np.flatnonzero(accepted).tolist() == kept
        assert len(kept) < 40


@pytest.mark.parametrize("rows", [np.zeros((1, 5, 2)), np.zeros((1, 5), int)])
def test_rows_without_tokens_have_no_near_duplicates(rows):
    with pytest.raises(DataError, match="take deduplication"):
        select(NearDeduplication(), Samples.of(rows, 1), None)


def test_rounds_are_deduplicated_together():
    rounds = np.array([[0, 0, 1, 1], [1, 2, 2, 3]])
    p_0 = CategoricalModel(np.full((1, 4), 0.25))
    rows, curation = curated(
        lambda k: Samples.of(rounds[k][None], 1),
        4,
        Deduplication(),
        Reference(p_0, STREAMS, 4),
        lambda k: np.random.default_rng(k),
    )
    np.testing.assert_array_equal(rows.x, [[0, 1, 2, 3]])
    assert (curation.asked, curation.seen[0], curation.accepted[0]) == (4, 8, 4)
    np.testing.assert_array_equal(curation.refused["duplicate"], 4)


@pytest.mark.parametrize(("phi", "psi"), [(1.0, 0.0), (0.8, 0.3)])
def test_a_verifier_errs_at_its_rates_about_labels(phi, psi):
    """Real rows of two classes far apart; generated labels are wrong in half of the rows."""
    real = np.concatenate([np.zeros((20, 1)), np.full((20, 1), 9.0)])
    p_0 = FiniteRows.of(real, 3, np.random.default_rng(1), np.repeat([0, 1], 20))
    x = np.tile(np.repeat([0.5, 8.5], 5000), (3, 1))[:, :, None]
    label = np.tile([0, 1], (3, 5000))
    right = label == (x[:, :, 0] > 4)
    made = select(Verifier(phi, psi), Samples.of(x, 1, label), Reference(p_0, STREAMS, 40))
    accepted = made.accepted
    assert made.reasons == ("refused though right", "refused as wrong")
    np.testing.assert_array_equal(made.reason == 1, ~right)
    band = 4 * np.sqrt(0.25 / right.sum())
    assert abs(accepted[right].mean() - phi) < band
    assert abs(accepted[~right].mean() - psi) < band
    if (phi, psi) == (1.0, 0.0):
        np.testing.assert_array_equal(accepted, right)


def test_a_verifier_checks_symbols_and_modes():
    symbols = CategoricalModel(np.array([[0.5, 0.0, 0.5]]))
    rows = Samples.of(np.array([[0, 1, 2]]), 1)
    made = select(Verifier(1.0, 0.0), rows, Reference(symbols, STREAMS, 3))
    np.testing.assert_array_equal(made.accepted, [[True, False, True]])
    grid = ModeGrid(side=2, std=0.05).realise(1, np.random.default_rng(0))
    centres, _ = grid.modes()
    x = np.stack([centres[0], centres[:2].mean(axis=0)])[None]
    made = select(Verifier(1.0, 0.0), Samples.of(x, 1), Reference(grid, STREAMS, 3))
    np.testing.assert_array_equal(made.accepted, [[True, False]])


def test_a_verifier_of_rows_with_nothing_to_check_names_what_fits():
    with pytest.raises(DataError, match="no labels and no property to check; a 'detector'"):
        next(chain(Verifier(1.0, 0.0), Accumulate()))


@pytest.mark.parametrize("separation", [0.0, 2.0])
def test_resampling_draws_what_it_says_and_prefers_real_rows(separation):
    """1.5 times as many rows as there are, none more than three times; blind without separation."""
    curator = DetectorResampling(separation=separation)
    g = list(islice(chain(curator, Mix(0.5)), 2))[1]
    np.testing.assert_array_equal(g.train.weight.sum(axis=1), 90)
    assert set(np.unique(g.train.weight)) <= {0, 1, 2, 3}
    share = (g.train.weight * (g.train.origin == 0)).sum() / (90 * 100)
    if separation:
        assert share > 0.8
    else:
        # Half, to 4 standard errors of what 60 rows of weight up to 3 give over 100 chains.
        assert abs(share - 0.5) < 4 * np.sqrt(0.25 / 60 / 100)


def test_resampling_by_a_perfect_detector_is_three_copies_of_real_rows():
    curator = DetectorResampling(separation=60.0, upsample=1.5)
    rows = Samples.of(np.arange(8.0)[None, :, None], np.array([[0, 0, 0, 0, 1, 1, 1, 1]]))
    train, _ = curated_set(rows, curator, Reference(law(1), STREAMS, 4), np.random.default_rng(0))
    np.testing.assert_array_equal(train.x[0, :, 0], [0, 1, 2, 3])
    np.testing.assert_array_equal(train.weight, 3)


def test_a_tilted_resampling_takes_what_is_typical_for_real():
    """Symbols of 9 in 10 lie at a rarity of .45, those of 1 in 10 at .95: a tilt of 40 parts them.

    Six copies of four rows, so that three of each typical one are all; what weighs 2 counts twice.
    """
    p_0 = CategoricalModel(np.array([[0.9, 0.1]]))
    rows = Samples.of(np.array([[0, 1, 1, 0]]), 1)
    curator, reference = DetectorResampling(tilt=40.0), Reference(p_0, STREAMS, 4)
    assert select(curator, rows, reference).weight.tolist() == [[3, 0, 0, 3]]
    double = Samples(rows.x, rows.origin, np.array([[2.0, 1.0, 1.0, 1.0]]))
    assert select(curator, double, reference).weight.tolist() == [[6, 0, 0, 3]]
    # Of the three rows that are there 4.5 copies, to the even number.
    gone = Samples(rows.x, rows.origin, np.array([[0.0, 1.0, 1.0, 1.0]]))
    made = select(curator, gone, reference)
    assert (made.weight[0, 0], made.weight[0, 3], made.weight.sum()) == (0, 3, 4)
    assert made.reasons == ("not drawn",)


def test_entropy_needs_next_tokens():
    reference = Reference(law(2), STREAMS, 5, first=law(2))
    with pytest.raises(DataError, match="has no next tokens; value rows by score = 'likelihood'"):
        EntropyUnderFirst().scores(normal(2, 5), reference)


@pytest.mark.parametrize(
    "broken",
    [
        lambda: RandomK(0.0),
        lambda: WeightedChoice(0.5, NearestReal(), -1.0),
        lambda: WeightedChoice(2.0, NearestReal()),
        lambda: NearestReal(0.0),
        lambda: PerplexityBand(0.9, 0.1),
        lambda: PerplexityBand(0.5, 0.5),
        lambda: PerplexityBand(-0.1, 0.5),
        lambda: PerplexityBand(under="nobody"),
        lambda: Verifier(1.5, 0.0),
        lambda: Verifier(0.0, 0.0),
        lambda: DetectorResampling(separation=-1.0),
        lambda: DetectorResampling(upsample=4.0),
        lambda: DetectorResampling(most=0),
        lambda: DetectorResampling(tilt=-1.0),
        lambda: Deduplication(rounds=0),
        lambda: NearDeduplication(similarity=0.0),
        lambda: NearDeduplication(n=0),
    ],
)
def test_bad_options_are_refused(broken):
    with pytest.raises((SpecError, DataError)):
        broken()
