"""A language model that is honest, and others that each break a law."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from genloss.core.samples import NO_TOKEN
from genloss.models.ngram.ngram import NGramLearner

WRONG: list[tuple[str, Any, str]] = []


@dataclass(frozen=True)
class Written:
    """An n-gram model behind another face."""

    inner: Any

    def __getattr__(self, name):
        return getattr(object.__getattribute__(self, "inner"), name)

    @property
    def n_chains(self):
        return self.inner.n_chains

    @property
    def vocabulary(self):
        return self.inner.vocabulary

    @property
    def end(self):
        return self.inner.end

    def decoding(self, how):
        return self.inner.decoding(how)

    def sample(self, n, rng):
        return self.inner.sample(n, rng)

    def state(self):
        return self.inner.state()

    def token_log_probs(self, x):
        return self.inner.token_log_probs(x)

    def token_entropies(self, x):
        return self.inner.token_entropies(x)


@dataclass(frozen=True)
class Writes:
    model = Written
    inner: NGramLearner = field(default_factory=lambda: NGramLearner(12, 2, "add_k", k=0.5))

    def fit(self, train, rng, *, init=None, valid=None):
        return self.model(self.inner.fit(train, rng))

    def restore(self, state):
        return self.model(self.inner.restore(state))


def wrong_text(law):
    """Plant a wrong language model."""

    def planted(cls):
        learner = dataclass(frozen=True)(type(cls.__name__, (Writes,), {"model": cls}))
        WRONG.append((law, learner(), "text"))
        return cls

    return planted


@wrong_text("next tokens have probabilities that sum to 1")
class Unnormalised(Written):
    def token_log_probs(self, x):
        return np.where(x[:, :, 1:] == NO_TOKEN, 0, super().token_log_probs(x) + 0.01)


@wrong_text("next tokens have probabilities that sum to 1")
class Bits(Written):
    def token_entropies(self, x):
        return super().token_entropies(x) / np.log(2)


@wrong_text("what fills a row is not scored")
class ScoresTheRest(Written):
    def token_log_probs(self, x):
        return super().token_log_probs(x) - (x[:, :, 1:] == NO_TOKEN)


@wrong_text("rows are written with their own probabilities")
class Hotter(Written):
    def sample(self, n, rng):
        hot = replace(self.inner, learner=replace(self.inner.learner, k=1.0))
        return hot.sample(n, rng)
