"""Options of metrics of text and of symbols that make no sense are refused before a run."""

import numpy as np
import pytest

from genloss.errors import GenlossError
from genloss.metrics import classes, curation, makers, novelty, tokens
from genloss.metrics import text as corpus
from genloss.metrics import text_judged as judged
from genloss.metrics import text_languages as languages
from genloss.metrics import text_models as models
from genloss.metrics import text_rows as rows
from genloss.metrics.features import PIXELS
from genloss.metrics.laws import TraceRatio


@pytest.mark.parametrize(
    "make",
    [
        lambda: corpus.DistinctN(0),
        lambda: corpus.DistinctN(2, -1),
        lambda: corpus.RarefiedTypes((0,)),
        lambda: rows.Repetition(0),
        lambda: rows.SelfBleu(1),
        lambda: models.Perplexity(stride=-1),
        lambda: corpus.RarefiedTypes((300, 100)),
        lambda: judged.SequencePerplexity((0.0,)),
        lambda: judged.SequencePerplexity((0.5, 0.05)),
        lambda: judged.SequencePerplexity(()),
        lambda: judged.PerplexityTail(0.6),
        lambda: corpus.RareTokenShare(1.0),
        lambda: corpus.RareTokenShare(5),
        lambda: corpus.SurvivingNGrams(2, "frequent"),
        lambda: corpus.SurvivingNGrams(0),
        lambda: rows.Mauve(100, "median"),
        lambda: tokens.RareMass(5),
        lambda: tokens.ForwardKL(-1e-6),
        lambda: tokens.BackwardKL(np.nan),
    ],
)
def test_options_out_of_range_are_refused(make):
    with pytest.raises(GenlossError):
        make()


COUNTS = {
    "distinct_n": (corpus.DistinctN, 1),
    "distinct_n tokens": (lambda n: corpus.DistinctN(2, n), 0),
    "type_token_ratio tokens": (corpus.TypeTokenRatio, 0),
    "surviving_ngrams": (corpus.SurvivingNGrams, 1),
    "missing mass": (corpus.GoodTuringMissingMass, 1),
    "rarefied tokens": (lambda n: corpus.RarefiedTypes((n, 9)), 1),
    "rarefied n": (lambda n: corpus.RarefiedTypes((9,), n), 1),
    "repetition": (rows.Repetition, 1),
    "self_bleu rows": (rows.SelfBleu, 2),
    "mauve rows": (rows.Mauve, 2),
    "perplexity stride": (lambda n: models.Perplexity(stride=n), 0),
    "perplexity blocks": (lambda n: models.Perplexity(blocks=n), 0),
    "predictive_entropy rows": (models.PredictiveEntropy, 0),
    "language_share rows": (lambda n: languages.LanguageShare(("de",), n), 0),
    "language_perplexity blocks": (lambda n: languages.LanguagePerplexity(("de",), n), 0),
    "symbol": (tokens.SymbolProbability, 0),
    "classes": (lambda n: classes.ClassShare(PIXELS, n), 1),
    "groups": (lambda n: curation.AcceptedByGroup(n), 1),
    "makers": (lambda n: makers.ByMaker(TraceRatio(), n), 1),
    "far_rows rows": (lambda n: novelty.FarRows(rows=n), 0),
    "far_rows reference": (lambda n: novelty.FarRows(reference=n), 1),
}


@pytest.mark.parametrize(("make", "least"), COUNTS.values(), ids=COUNTS)
def test_the_least_count_is_taken_and_one_less_is_not(make, least):
    make(least)
    for bad in (least - 1, least + 0.5):
        with pytest.raises(GenlossError, match="expected a whole number of at least"):
            make(bad)


def test_ends_of_other_options():
    assert tokens.ForwardKL(0.0).smoothing == tokens.BackwardKL(0.0).smoothing == 0
    assert judged.PerplexityTail(0.5).q == 0.5
    assert judged.SequencePerplexity((0.001, 0.999)).labels
    assert curation.AcceptedByRarity((0.5,)).bounds == (0.5,)
    for make in (
        lambda: tokens.ForwardKL(np.inf),
        lambda: judged.PerplexityTail(np.nextafter(0.5, 1)),
        lambda: judged.PerplexityTail(0.0),
        lambda: judged.SequencePerplexity((1.0,)),
        lambda: judged.SequencePerplexity((0.5, 0.5)),
        lambda: corpus.RareTokenShare(0.0),
        lambda: corpus.RarefiedTypes((9, 9)),
        lambda: corpus.RarefiedTypes(()),
        lambda: novelty.FarRows(q=1.0),
        lambda: novelty.FarRows(q=0.0),
        lambda: curation.AcceptedByRarity(()),
        lambda: curation.AcceptedByRarity((0.0, 0.5)),
        lambda: curation.AcceptedByRarity((0.5, 1.0)),
        lambda: curation.AcceptedByRarity((0.5, 0.5)),
        lambda: curation.AcceptedByGroup(3, "maker"),
        lambda: curation.RefusalReasons(()),
        lambda: curation.RefusalReasons(("a", "a")),
        lambda: curation.RefusalReasons(("a", "other")),
        lambda: makers.ByMaker(curation.AcceptedByGroup(3)),
        lambda: languages.LanguageShare(("german",)),
        lambda: languages.LanguagePerplexity(()),
        lambda: tokens.RareMass(0.0),
    ):
        with pytest.raises(GenlossError):
            make()
