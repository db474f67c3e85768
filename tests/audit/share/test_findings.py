"""Findings where texts of one author are alike: what is said of all of them knows of authors."""

from functools import cache

import numpy as np

from genloss.audit.share.findings import Findings, Judged, findings

AUTHORS = 60
EACH = 10


def clustered(rng, name, share):
    """Texts of 60 authors, ten each: half of the variance of a score is the author's."""
    made = np.repeat(rng.random(AUTHORS) < share, EACH)
    own = np.repeat(rng.normal(size=AUTHORS), EACH)
    scores = 2 * made + np.sqrt(0.5) * (own + rng.normal(size=AUTHORS * EACH))
    texts = tuple(" ".join(rng.choice(list("abcdef"), 4)) for _ in scores)
    authors = tuple(f"{name} {i // EACH}" for i in range(len(scores)))
    return Judged(texts, scores, authors, ("m",) * len(scores), {"domain": ("web",) * len(scores)})


@cache
def found() -> Findings:
    rng = np.random.default_rng(1)
    human, machine = clustered(rng, "human", 0), clustered(rng, "machine", 1)
    return findings(clustered(rng, "corpus", 0.3), human, machine, None, "score")


def test_one_group_that_is_the_whole_corpus_has_the_interval_of_the_whole():
    assert found().by["domain"].shares == {"web": found().pair}
