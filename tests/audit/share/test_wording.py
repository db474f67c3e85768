"""The alarm over many features: its level, its power by formula, and what lies on the line."""

import numpy as np
import pytest

from genloss.audit.share.power import wording_power
from genloss.audit.share.wording import (
    Moments,
    common,
    larger,
    line_p,
    line_power,
    moments,
    occurring,
)

FEATURES = 15
SCALES = np.sqrt(np.linspace(0.05, 1, FEATURES))
ORIGIN = np.eye(FEATURES)[0] * 2
FOREIGN = np.eye(FEATURES)[1] * 2


def drawn(rng, n, shifts=0.0):
    return Moments.of(rng.normal(size=(n, FEATURES)) * SCALES + shifts)


def made(rng, n, share):
    return (rng.random((n, 1)) < share) * ORIGIN


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("n", [60, 300])
def test_prevalence_alone_raises_it_in_one_draw_of_twenty(share, n):
    """400 draws: 5 % and 3 binomial errors at most."""
    rng = np.random.default_rng(n)
    p = [
        line_p(drawn(rng, n), drawn(rng, n, ORIGIN), drawn(rng, n, made(rng, n, share)))
        for _ in range(400)
    ]
    assert np.mean(np.array(p) < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.slow
def test_an_unknown_sort_is_seen_about_as_often_as_the_formula_says():
    """100 draws of 60 texts: within 3 binomial errors and .1, as the formula takes a normal law."""
    rng = np.random.default_rng(2)
    seen, said = [], []
    for _ in range(100):
        human, machine = drawn(rng, 60), drawn(rng, 60, ORIGIN)
        strange = rng.random((60, 1)) < 0.25
        corpus = drawn(rng, 60, np.where(strange, FOREIGN, made(rng, 60, 0.3)))
        seen.append(line_p(human, machine, corpus) < 0.05)
        said.append(line_power(human, machine, corpus, 0.3, 0.25, 0.05))
    assert 0.2 < np.mean(seen) < 0.999
    assert np.mean(seen) == pytest.approx(np.mean(said), abs=0.1 + 3 * 0.05)


def test_more_texts_give_more_power_until_80_percent():
    rng = np.random.default_rng(3)
    sets = drawn(rng, 50), drawn(rng, 50, ORIGIN / 2), drawn(rng, 50)
    powers = [line_power(*(larger(s, t) for s in sets), 0.1, 0.4, 0.0167) for t in (1, 2, 4, 8)]
    assert powers == sorted(powers)
    said = wording_power(sets, 0.1, 0.0167)
    assert said.power == powers[0] < 0.8
    assert said.times is not None
    assert said.times > 1


def test_where_human_and_machine_texts_are_alike_there_is_no_distance_to_go_by():
    rng = np.random.default_rng(4)
    own = drawn(rng, 100)
    assert line_power(own, own, drawn(rng, 100), 0.5, 0.4, 0.05) == 0.05


def test_what_occurs_is_counted_by_hand():
    known = common(["a b, b", "A c"], ["b"])
    assert known == ("a", "b", ",", "c")
    assert occurring(["b b , x"], known) ** 2 == pytest.approx(np.array([[0, 0.5, 0.25, 0]]))
    texts = ["a b", "c , c", "a a b"] * 700
    one, other = moments(texts, known), Moments.of(occurring(texts, known))
    assert one.n == 2100
    assert one.mean == pytest.approx(other.mean)
    assert one.error == pytest.approx(other.error)


def test_texts_that_are_all_the_same_are_no_alarm_and_another_text_is_one():
    same = Moments.of(np.ones((60, 2)))
    assert line_p(same, same, same) == 1
    assert line_p(same, same, Moments.of(np.full((60, 2), 0.5))) == 0
