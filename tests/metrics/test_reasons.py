"""Why a metric has no value, in its own words and with the right numbers."""

from dataclasses import replace

import numpy as np
import pytest

from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.statistics import Counts
from genloss.core.view import NotApplicable
from genloss.errors import GenlossError, SpecError
from genloss.metrics import (
    classes,
    copies,
    curation,
    images,
    laws,
    modes,
    rows,
    text,
    text_judged,
    text_models,
    text_rows,
    tokens,
    training,
)
from genloss.metrics.features import PIXELS

from . import test_by_hand as numbers
from . import test_seen_by_hand as seen
from . import test_text_by_hand as words

EMPTY = replace(words.VIEW, samples=Samples.of(np.full((2, 3, 4), NO_TOKEN), 2))
WIDE = replace(words.VIEW, real=words.REAL.reshape(2, 1, 8))
SHORT = replace(words.VIEW, samples=Samples.of(words.X[:, 2:4], 2), real=words.X[:, 2:4])
# Rows D END and END, then A A A A and B END: 3 and 6 tokens, one and four pairs.
COUNTED = replace(numbers.LEFT, samples=Counts(np.array([[2, 1], [1, 2]]), ((0, 3),)))
CASES = [
    (classes.ClassEntropy(PIXELS), seen.SEEN, "pixels knows no classes; use features = 'cla"),
    (copies.NearestTrain(), replace(seen.COPIES, train=None), "reality was trained on nothing; "),
    (
        copies.NearestTrain(),
        replace(seen.COPIES, train=COUNTED.samples),
        "Counts hold no row to copy; use form = 'rows'",
    ),
    (curation.Shortfall(), seen.SEEN, "no curator stands between S_t and the next training sets"),
    (curation.CuratedRows(), seen.SEEN, "no curator stands between"),
    (curation.AcceptedByOrigin(), seen.SEEN, "no curator stands between"),
    (curation.RefusalReasons(("chance",)), seen.SEEN, "no curator stands between"),
    (curation.AcceptedByGroup(2, "mode"), seen.BY_CURATOR, "CategoricalModel has no named modes"),
    (
        curation.AcceptedByGroup(2),
        replace(seen.BY_CURATOR, curation=seen.UNLABELLED),
        "rows have no classes",
    ),
    (images.LatentMean(), replace(seen.LATENTS, t=0), "the encoder is that of p_1, which does not"),
    (images.LatentMean(), seen.SEEN, "NoneType has no encoder; use learner = 'vae'"),
    (laws.MeanError(), COUNTED, "Symbols has no mean and covariance"),
    (laws.MeanError(), seen.SEEN, "reality's moments are not known; set held_out to estimate them"),
    (
        laws.MeanError(),
        replace(seen.SEEN, held_out=words.X),
        "reality's moments are not known; its rows are no vectors",
    ),
    (laws.SigmaError(), numbers.PLANE, "sigma_error is for one dimension; these data have 2"),
    (laws.SquaredL2(), numbers.LEFT, "squared_l2 needs Gaussian mixtures on both sides"),
    (laws.ComponentStd(), numbers.LEFT, "component deviations need a Gaussian mixture"),
    (laws.HeldOutNLL(), numbers.LEFT, "no held-out rows; set held_out"),
    (laws.HeldOutNLL(), replace(numbers.LEFT, held_out=words.X), "Symbols has no density"),
    (modes.ModeShare(0), seen.SEEN, "Known has no named modes"),
    (rows.TailCoverage(0.5), numbers.EITHER, "no column of the held-out rows has two tails"),
    (modes.ModeShare(3), numbers.SPOTS, "there are only 3 modes"),
    (modes.ModeShare(-1), numbers.SPOTS, "there are only 3 modes"),
    (modes.ModeNLL(0), numbers.SPOTS, "no held-out rows; set held_out"),
    (modes.ModeNLL(0), numbers.NEAR_ONE, "a chain holds out no row of mode 0; raise held_out"),
    (modes.ModeNLL(3), numbers.NEAR_ONE, "there are only 3 modes"),
    (rows.TailMass(), seen.SEEN, "no held-out rows; set held_out"),
    (rows.TailMass(), COUNTED, "Counts have no rows; use form = 'rows'"),
    (rows.TailMass(), words.VIEW, "needs real vectors (C, n, d); rows have shape (2, 5, 4)"),
    (
        rows.VendiScore(),
        words.VIEW,
        "needs real vectors (C, n, d); rows have shape (2, 5, 4) and dtype int64",
    ),
    (
        rows.VendiScore(),
        replace(seen.SEEN, samples=Samples.of(np.zeros((2, 5)), 1)),
        "needs real vectors (C, n, d); rows have shape (2, 5) and dtype float64",
    ),
    (tokens.Entropy(), seen.SEEN, "Known on Known: not symbols"),
    (tokens.SymbolProbability(4), numbers.LEFT, "there are only 4 symbols"),
    (
        tokens.SymbolProbability(4),
        replace(numbers.LEFT, p_0=numbers.Symbols(numbers.ALL[:, :3])),
        "there are only 4 symbols",
    ),
    (training.TrainLoss(), replace(seen.SEEN, t=0), "reality is not trained"),
    (training.TrainLoss(), seen.SEEN, "Known keeps no training loss"),
    (text.DistinctN(), seen.SEEN, "Known is not text"),
    (text.DistinctN(), EMPTY, "S_t has rows without a single token"),
    (
        text.DistinctN(),
        replace(words.VIEW, samples=seen.SEEN.samples),
        "needs tokens (C, n, T); rows have shape (2, 4, 3)",
    ),
    (text.DistinctN(2, 9), words.VIEW, "chain 0 of S_0 or S_t has 8 tokens, not 9; give tokens"),
    (text.DistinctN(2, 6), SHORT, "chain 0 of S_0 or S_t has 3 tokens, not 6; give tokens"),
    (text.DistinctN(5), words.VIEW, "rows are shorter than 5 tokens"),
    (text.DistinctN(5), WIDE, "rows are shorter than 5 tokens"),
    (text.DistinctN(3), SHORT, "chain 0 has no n-gram of that length"),
    (text.RarefiedTypes((4, 5)), SHORT, "asked for 4 n-grams; a chain of S_t has 3"),
    (text.RarefiedTypes((2,), 2), SHORT, "asked for 2 n-grams; a chain of S_t has 1"),
    (text_rows.Repetition(5), words.VIEW, "rows are shorter than 5 tokens"),
    (text_rows.Repetition(3), SHORT, "chain 0 has no row of 3 tokens"),
    (text_rows.SelfBleu(6), words.VIEW, "asked for 6 rows; S_t has 5"),
    (text_rows.Mauve(), words.VIEW, "no held-out rows; set held_out"),
    (text_models.Perplexity(), seen.SEEN, "Known is not text"),
    (text_models.Perplexity(), words.VIEW, "SmallText gives tokens no probabilities"),
    (text_models.PredictiveEntropy(), words.VIEW, "SmallText gives tokens no probabilities"),
    (text_models.PredictiveEntropy(), words.ASKED, "no held-out rows; set held_out"),
    (text_judged.SequencePerplexity(), replace(words.JUDGED, t=0), "the judge is p_1, which does"),
    (text_judged.SequencePerplexity(), words.JUDGED, "NoneType gives tokens no probabilities"),
    (
        text_judged.PerplexityTail(0.2, "base"),
        words.JUDGED,
        "a tail of 0.2 takes 5 held-out rows: 4",
    ),
    (
        text_judged.PerplexityTail(0.2, "base"),
        words.VIEW,
        "fits begin at no pretrained model; give the learner a base",
    ),
    (
        text_judged.PerplexityTail(0.2, "base"),
        replace(words.JUDGED, held_out=None),
        "no held-out rows; set held_out",
    ),
]


@pytest.mark.parametrize(
    ("metric", "view", "reason"), CASES, ids=lambda part: getattr(part, "name", "")
)
def test_reasons(metric, view, reason):
    value = metric(replace(view, memo={}, lasting={}))
    assert isinstance(value, NotApplicable), value
    assert value.why.startswith(reason)


def test_the_absent_numbers_of_tokens_are_named():
    partial = text.RarefiedTypes((3, 4))(replace(SHORT, memo={}))
    assert partial.absent == {"4": "asked for 4 n-grams; a chain of S_t has 3"}
    assert np.isnan(partial.values[:, 1]).all()
    np.testing.assert_allclose(partial.values[0, 0], 2)


def test_windows_name_their_width():
    with pytest.raises(SpecError, match="stride is 3; expected 1 to 2, or 0, for blocks of 3"):
        text_models.Perplexity(stride=3)(words.ASKED)
    text_models.Perplexity(stride=2)(words.ASKED)


def test_no_labels_are_those_of_no_chain():
    for label in (None, np.array([[0, 1, 2, 0], [-1, -1, -1, -1]])):
        unlabelled = replace(seen.SEEN, samples=Samples.of(seen.SEEN.samples.x, 3, label), memo={})
        assert "S_t has no labels" in classes.LabelAccuracy(seen.Shares())(unlabelled).why


LEAST = [
    (text.DistinctN, "n", 1),
    (text.DistinctN, "tokens", 0),
    (text.RarefiedTypes, "n", 1),
    (text_rows.Repetition, "n", 1),
    (text_rows.SelfBleu, "rows", 2),
    (text_rows.Mauve, "rows", 2),
    (text_models.Perplexity, "stride", 0),
    (text_models.Perplexity, "blocks", 0),
    (text_models.BitsPerByte, "stride", 0),
    (text_models.PredictiveEntropy, "rows", 0),
    (tokens.SymbolProbability, "symbol", 0),
    (tokens.ForwardKL, "smoothing", 0),
]


@pytest.mark.parametrize(("kind", "option", "least"), LEAST)
def test_the_least_of_an_option_is_taken_and_one_less_refused(kind, option, least):
    assert getattr(kind(**{option: least}), option) == least
    with pytest.raises(GenlossError, match=f"{option} is {least - 1}; expected"):
        kind(**{option: least - 1})
