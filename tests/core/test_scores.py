"""Scores of rows of text under a model of it, by hand."""

from dataclasses import dataclass

import numpy as np

from genloss.core.curators.reference import Reference
from genloss.core.curators.scores import EntropyUnderFirst, Likelihood
from genloss.core.samples import Samples
from genloss.core.streams import Streams


@dataclass(frozen=True)
class Tenths:
    """A model of rows of tokens after which the entropy is a tenth of the token that comes."""

    n_chains: int = 1
    vocabulary: int = 9

    def sample(self, n, rng):
        raise AssertionError("nothing is drawn here")

    def state(self):
        return {}

    def token_entropies(self, x):
        return x[..., 1:] / 10

    def token_log_probs(self, x):
        return -np.maximum(x[..., 1:], 0.0)


def test_scores_under_a_model_of_text_are_means_over_tokens_that_are_there():
    """An empty row begins with a token that is not scored."""
    x = np.array([[[5, 1, 2, 6], [5, 4, -1, -1], [7, -1, -1, -1], [-1, -1, -1, -1]]])
    reference = Reference(Tenths(), Streams(31), 4, first=Tenths())
    rows = Samples.of(x, 1)
    np.testing.assert_allclose(EntropyUnderFirst().scores(rows, reference), [[0.3, 0.4, 0, 0]])
    np.testing.assert_allclose(Likelihood().scores(rows, reference), [[-3, -4, 0, 0]])
