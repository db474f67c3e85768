"""Findings where texts of one author are alike: what is said of all of them knows of authors."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from genloss.audit.share.findings import Findings, findings
from genloss.audit.share.independent import Independent, OneEach
from genloss.audit.share.judged import Judged
from genloss.errors import DataError

AUTHORS = 60
EACH = 10
WORDS = [f"{a} {b} {c}" for a in "abcdef" for b in "abcdef" for c in ("", "g", "h hh")]


def clustered(rng, name, share, authors=AUTHORS):
    """Ten texts an author: four fifths of the variance of a score are the author's."""
    made = np.repeat(rng.random(authors) < share, EACH)
    own = np.repeat(rng.normal(size=authors), EACH)
    scores = 2 * made + np.sqrt(0.8) * own + np.sqrt(0.2) * rng.normal(size=authors * EACH)
    texts = tuple(WORDS[i] for i in rng.integers(0, len(WORDS), len(scores)))
    authors = tuple(f"{name} {i // EACH}" for i in range(len(scores)))
    return Judged(texts, scores, authors, ("m",) * len(scores), {"domain": ("web",) * len(scores)})


@cache
def found() -> Findings:
    corpus, human, machine = drawn(np.random.default_rng(1))
    return findings(corpus, human, machine, None, "score")


def drawn(rng, authors=AUTHORS):
    shares = {"corpus": 0.3, "human": 0, "machine": 1}
    return [clustered(rng, name, share, authors) for name, share in shares.items()]


@pytest.mark.slow
def test_one_group_that_is_the_whole_corpus_has_the_interval_of_the_whole():
    assert found().by["domain"].shares == {"web": found().pair}


def test_what_takes_independent_texts_takes_one_of_every_author():
    assert found().one_each == OneEach("source", 60, 60, 60, None)
    sets = drawn(np.random.default_rng(1))
    assert found().alarms == Independent.drawn(*sets, None).alarms()
    assert found().bound is None
    own = replace(sets[0], sources=tuple(map(str, range(600))))
    assert Independent.drawn(own, own, None, None).one_each is None


@pytest.mark.slow
def test_prevalence_raises_no_alarm_where_texts_of_one_author_are_alike():
    """60 draws: 5 % and 3 binomial errors at most; of texts taken as independent, far more."""
    rng = np.random.default_rng(2)
    raised = np.zeros((60, 2), bool)
    for i in range(len(raised)):
        sets = drawn(rng)
        apart = [replace(s, sources=tuple(map(str, range(len(s))))) for s in sets]
        for j, three in enumerate((sets, apart)):
            alarms = Independent.drawn(*three, None, seed=i).alarms()
            raised[i, j] = any(a.raised for a in alarms)
    assert raised[:, 0].mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(raised))
    assert raised[:, 1].mean() > 0.3


@pytest.mark.slow
def test_a_lower_bound_holds_where_texts_of_one_author_are_alike():
    """60 draws: above the truth in 5 % and 3 binomial errors at most; of all texts in far more."""
    rng = np.random.default_rng(3)
    above = np.zeros((60, 2), bool)
    for i in range(len(above)):
        human, corpus = (clustered(rng, name, 0, 200) for name in ("human", "corpus"))
        apart = [replace(s, sources=tuple(map(str, range(len(s))))) for s in (corpus, human)]
        for j, two in enumerate(((corpus, human), apart)):
            bound = Independent.drawn(*two, None, None, seed=i).bound(0.95)
            assert bound is not None
            above[i, j] = bound.low > 1e-6
    assert above[:, 0].mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(above))
    assert above[:, 1].mean() > 0.3


def test_of_few_authors_it_is_said_that_nothing_independent_is_told():
    sets = drawn(np.random.default_rng(4), 30)
    few = findings(*sets, None, "score")
    assert few.one_each is not None
    assert few.one_each.are_few
    assert few.pair is not None
    assert (few.alarms, few.powers, few.words, few.ternary) == ((), (), None, None)
    with pytest.raises(DataError, match="got 30 human texts and 30 of the corpus"):
        findings(*sets[:2], None, None, "score")


def test_texts_of_one_source_cannot_teach_and_calibrate_a_score():
    corpus, human, machine = drawn(np.random.default_rng(5))
    human = replace(human, sources=("one citation",) * len(human))
    corpus = replace(corpus, scores=np.full(len(corpus), np.nan))
    with pytest.raises(DataError, match="all human texts are of one source"):
        findings(corpus, human, machine, None, "score")
