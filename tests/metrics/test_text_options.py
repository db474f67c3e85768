"""Options of metrics of text and of symbols that make no sense are refused before a run."""

import numpy as np
import pytest

from genloss.errors import GenlossError
from genloss.metrics import text as corpus
from genloss.metrics import text_judged as judged
from genloss.metrics import text_models as models
from genloss.metrics import text_rows as rows
from genloss.metrics import tokens


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
