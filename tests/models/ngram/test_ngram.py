"""N-gram models: probabilities by hand, by an independent recursion, and by their own draws."""

from collections import Counter

import numpy as np
import pytest

from genloss.core.abilities import ConditionalModel
from genloss.core.decoding import PromptedModel, Prompts, Sampling
from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.source import Source
from genloss.errors import DataError, FitError, SpecError
from genloss.metrics.laws import DensityModel
from genloss.models.ngram.ngram import NGramLearner

V = 6


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def text(chains: int = 2, n: int = 30, length: int = 9, key: int = 1) -> np.ndarray:
    """Rows whose tokens hang together, of different lengths, without the last token of V."""
    x = np.minimum(np.cumsum(rng(key).choice([0, 1, 3], size=(chains, n, length)), axis=2) % 7, 4)
    x[np.arange(length) >= rng(key + 1).integers(1, length + 1, size=(chains, n, 1))] = NO_TOKEN
    return x


def fitted(x=None, weight=None, **options):
    x = text() if x is None else np.asarray(x)
    train = Samples(x, np.zeros(x.shape[:2], dtype=int), weight)
    return NGramLearner(V, **options).fit(train, rng())


def next_law(model, context, chain=0):
    """p(. | context) of one chain by scoring every continuation."""
    rows = np.array([[*context, w] for w in range(model.vocabulary)])
    rows = np.broadcast_to(rows, (model.n_chains, *rows.shape))
    return np.exp(model.token_log_probs(rows))[chain, :, -1]


def test_a_bigram_by_hand():
    """Text 0 1 0 1 0 2 over 4 tokens.

    Bigrams 01 01 10 10 02: n1 = 1, n2 = 2, D = 1/5. Left neighbours of 0: 1 and the row's
    beginning, of 1 and 2: 0; n1 = 2, n2 = 1, D = 1/2 of 4 in all, 3/8 left for 1/4 each.
    """
    model = NGramLearner(4, order=2).fit(Samples.of(np.array([[[0, 1, 0, 1, 0, 2]]]), 0), rng())
    p_1 = np.array([1.5, 0.5, 0.5, 0.0]) / 4 + 3 / 8 / 4
    np.testing.assert_allclose(next_law(model, [3]), p_1, rtol=1e-14)
    np.testing.assert_allclose(next_law(model, [2]), p_1, rtol=1e-14)
    after_0 = np.array([0, 1.8, 0.8, 0]) / 3 + 0.2 * 2 / 3 * p_1
    np.testing.assert_allclose(next_law(model, [0]), after_0, rtol=1e-14)
    np.testing.assert_allclose(next_law(model, [1]), [0.9, 0, 0, 0] + 0.1 * p_1, rtol=1e-14)


def ngrams_of(rows, n):
    rows = [[w for w in row if w >= 0] for row in rows.tolist()]
    return Counter(tuple(r[i : i + n]) for r in rows for i in range(len(r) - n + 1))


def plain_kneser_ney(rows, order, context, discount=None):
    """Textbook recursion over dictionaries; a row's beginning is one more left neighbour."""

    def counts(n):
        if n == order:
            return ngrams_of(rows, n)
        left = Counter(gram[1:] for gram in ngrams_of(rows, n + 1))
        left.update({tuple(r[:n]) for r in rows.tolist() if min(r[:n]) >= 0 and len(r) >= n})
        return left

    def law(h):
        lower = law(h[1:]) if h else np.full(V, 1 / V)
        c = counts(len(h) + 1)
        mine = np.array([c[(*h, w)] for w in range(V)], dtype=float)
        if not mine.sum():
            return lower
        n_1, n_2 = (sum(v == r for v in c.values()) for r in (1, 2))
        d = discount if discount is not None else n_1 / (n_1 + 2 * n_2) if n_1 and n_2 else 0.5
        spare = np.minimum(mine, d).sum() / mine.sum()
        return np.maximum(mine - d, 0) / mine.sum() + spare * lower

    return law(tuple(context))


CONTEXTS = [[0], [4], [5], [1, 2], [5, 0], [0, 0, 0], [3, 4, 4], [0, 1, 4]]


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("discount", [None, 0.7])
def test_kneser_ney_is_the_textbook_recursion(order, discount):
    model = fitted(order=order, discount=discount)
    for chain, rows in enumerate(text()):
        for context in CONTEXTS:
            short = context[-(order - 1) :] if order > 1 else []
            right = plain_kneser_ney(rows, order, short, discount)
            np.testing.assert_allclose(next_law(model, context, chain), right, rtol=1e-12)


@pytest.mark.parametrize("k", [0.0, 0.3])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_add_k_is_its_closed_form_after_contexts_that_were_seen(order, k):
    """(c(h w) + k) / (c(h) + k V); an unseen context gives way to its longest suffix seen."""
    model = fitted(order=order, smoothing="add_k", k=k)
    for chain, rows in enumerate(text()):
        for context in CONTEXTS:
            h = tuple(context[-(order - 1) :] if order > 1 else [])
            while not any(ngrams_of(rows, len(h) + 1)[(*h, w)] for w in range(V)):
                h = h[1:]
            c = np.array([ngrams_of(rows, len(h) + 1)[(*h, w)] for w in range(V)])
            with np.errstate(divide="ignore"):
                found = next_law(model, context, chain)
            np.testing.assert_allclose(found, (c + k) / (c.sum() + k * V), rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"smoothing": "add_k", "k": 0.01}, {"discount": 1.0}])
def test_probabilities_sum_to_one_and_entropies_are_theirs(options):
    model = fitted(order=3, **options)
    x = text()
    entropy = model.token_entropies(x)
    assert entropy.shape == (2, 30, 8)
    for chain in range(2):
        for row in range(5):
            for i in range(1, 9):
                if x[chain, row, i] == NO_TOKEN:
                    assert entropy[chain, row, i - 1] == 0
                    continue
                p = next_law(model, x[chain, row, :i], chain)
                np.testing.assert_allclose(p.sum(), 1.0, rtol=1e-12)
                right = -(p[p > 0] * np.log(p[p > 0])).sum()
                np.testing.assert_allclose(entropy[chain, row, i - 1], right, atol=1e-12)


def test_scores_have_their_shape_and_stop_at_the_end_of_a_row():
    model, x = fitted(), text()
    found = model.token_log_probs(x)
    assert found.shape == (2, 30, 8)
    np.testing.assert_array_equal(found[x[:, :, 1:] == NO_TOKEN], 0.0)
    assert (found[x[:, :, 1:] != NO_TOKEN] < 0).all()


def test_the_law_of_rows_is_that_of_their_tokens_after_an_end_token():
    model, x = fitted(end=2), text()
    after_end = np.concatenate([np.full((2, 30, 1), 2), x], axis=2)
    right = model.token_log_probs(after_end).sum(axis=2)
    np.testing.assert_allclose(model.log_prob(x), right, rtol=1e-12)


def assert_frequencies(drawn, p):
    """Every token occurs Binomial(n, p) times: 4 standard errors; one of probability 0 never.

    Three draws more for rare tokens, which are Poisson: P(more than 3) = 4e-6 at mean 0.1.
    """
    share = np.bincount(drawn, minlength=V) / drawn.size
    band = 4 * np.sqrt(p * (1 - p) / drawn.size) + np.where(p > 0, 3 / drawn.size, 0)
    assert (np.abs(share - p) <= band + 1e-15).all(), (share, p)


@pytest.mark.parametrize("options", [{}, {"smoothing": "add_k", "k": 0.1}, {"discount": 1.0}])
def test_draws_have_the_probabilities_of_the_scores(options):
    model = fitted(order=3, **options)
    x = model.sample(8000, rng(3))
    assert x.shape == (2, 8000, 9)
    for chain in range(2):
        assert_frequencies(x[chain, :, 0], next_law(model, [0], chain))
        for before in ([1, 4], [4, 4], [0, 1]):
            here = (x[chain, :, 3] == before[0]) & (x[chain, :, 4] == before[1])
            assert_frequencies(x[chain, here, 5], next_law(model, before, chain))


HOWS = [
    {"temperature": 0.5},
    {"temperature": 2.0, "top_k": 3},
    {"top_k": 2},
    {"top_p": 0.6},
    {"top_p": 0.85, "top_k": 4, "temperature": 1.3},
    {"repetition_penalty": 1.7},
    {"repetition_penalty": 0.6, "top_p": 0.9},
    {"min_new": 2},
    {"min_new": 2, "temperature": 0.7},
    {"temperature": 0.01},
]
END = 4


def plain_law(p, how, seen):
    """The options of `Sampling` in their order, on logits ln p."""
    with np.errstate(divide="ignore"):
        logits = np.log(p)
    logits[list(seen)] *= how.repetition_penalty
    if how.min_new:
        logits[END] = -np.inf
    logits = logits / how.temperature
    if how.top_k:
        logits[logits < np.sort(logits)[-how.top_k]] = -np.inf
    q = np.exp(logits - logits.max())
    q /= q.sum()
    order = np.argsort(-q, kind="stable")
    before = np.cumsum(q[order]) - q[order]
    q[order[before >= how.top_p]] = 0.0
    return q / q.sum()


@pytest.mark.parametrize("options", HOWS, ids=str)
@pytest.mark.parametrize("learner", [{}, {"smoothing": "add_k", "k": 0.2}], ids=["kn", "add_k"])
def test_decoding_options_have_their_law(options, learner):
    model, how = fitted(order=3, end=END, **learner), Sampling(max_new=2, **options)
    prompts = np.broadcast_to(np.array([0, 1, 3]), (2, 6000, 3))
    x = model.decoding(how).continue_(prompts, rng(5))
    assert x.shape == (2, 6000, 2)
    for chain in range(2):
        first = plain_law(next_law(model, [0, 1, 3], chain), how, {0, 1, 3})
        assert_frequencies(x[chain, :, 0], first)
        second = x[chain, x[chain, :, 0] == 3, 1]
        right = plain_law(next_law(model, [0, 1, 3, 3], chain), how, {0, 1, 3})
        if len(second):
            assert_frequencies(second, right)


def test_text_ends_at_the_end_token_and_not_before_it_may():
    model = fitted(order=2, end=END)
    how = Sampling(max_new=12, min_new=3)
    x = model.decoding(how).continue_(text()[:, :, :1], rng(1))
    assert (x[:, :, :3] != END).all()
    ended = np.cumsum(x == END, axis=2) - (x == END) > 0
    np.testing.assert_array_equal(x[ended], NO_TOKEN)
    assert (x[~ended] != NO_TOKEN).all()
    assert ended.any()


def test_where_only_the_end_may_follow_but_must_not_another_token_does():
    model = fitted(np.array([[[1, END, 1, END]]]), order=2, smoothing="add_k", end=END)
    prompts = np.ones((1, 50, 1), dtype=int)
    np.testing.assert_array_equal(
        model.decoding(Sampling(max_new=1)).continue_(prompts, rng()), END
    )
    forced = model.decoding(Sampling(max_new=3, min_new=3)).continue_(prompts, rng())
    assert (forced != END).all()
    assert len(np.unique(forced)) > 1


def test_weighted_rows_count_like_repeated_rows_and_weight_0_not_at_all():
    x = text()
    weight = rng(2).integers(0, 4, size=x.shape[:2])
    one = fitted(x, weight.astype(float))
    for chain in range(2):
        repeated = np.repeat(x[chain], weight[chain], axis=0)[None]
        two = fitted(repeated)
        right = two.token_log_probs(x[chain][None])[0]
        np.testing.assert_allclose(one.token_log_probs(x)[chain], right, rtol=1e-10)
    assert np.abs(one.token_log_probs(x) - fitted(x).token_log_probs(x)).max() > 1e-2


def test_chains_know_nothing_of_one_another():
    x, both = text(), fitted()
    for chain in range(2):
        alone = fitted(x[chain][None])
        np.testing.assert_array_equal(
            alone.token_log_probs(x[chain][None])[0], both.token_log_probs(x)[chain]
        )


@pytest.mark.parametrize("smoothing", ["kneser_ney", "add_k"])
def test_the_state_rebuilds_the_model_and_leading_chains_of_it(smoothing):
    learner = NGramLearner(V, order=4, smoothing=smoothing, k=0.1)
    model = learner.fit(Samples.of(text(), 0), rng())
    state = model.state()
    again = learner.restore({name: v.copy() for name, v in state.items()})
    np.testing.assert_array_equal(again.token_log_probs(text()), model.token_log_probs(text()))
    np.testing.assert_array_equal(again.sample(5, rng(1)), model.sample(5, rng(1)))
    first = learner.restore({name: v[:1] for name, v in state.items()})
    one = text()[:1]
    np.testing.assert_array_equal(first.token_log_probs(one)[0], model.token_log_probs(text())[0])
    for value in state.values():
        assert len(value) == 2
        with pytest.raises(ValueError, match="read-only"):
            value[...] = 0
    with pytest.raises(FitError, match="order 4"):
        NGramLearner(V, order=3).restore(state)


def test_a_unigram_collapses_by_the_law_of_its_collision_probability():
    """S_m = 1 - (1 - 1/n)^m (1 - S_0) in the mean (Seddik et al. 2024), n = 20 tokens a chain."""
    chains, steps = 1500, 6
    learner = NGramLearner(V, order=1, smoothing="add_k")
    x = np.broadcast_to(np.array([[0, 1, 2, 3, 4], [0, 0, 1, 1, 2]] * 2), (chains, 4, 5))
    model, stream = learner.fit(Samples.of(x, 0), rng()), rng(8)
    p_0 = np.bincount(x[0].ravel(), minlength=V) / 20
    for _ in range(steps):
        model = learner.fit(Samples.of(model.sample(4, stream), 1), stream)
    every = np.broadcast_to(np.array([[0, w] for w in range(V)]), (chains, V, 2))
    p = np.exp(model.token_log_probs(every))[:, :, 0]
    found = (p**2).sum(axis=1)
    right = 1 - (1 - 1 / 20) ** steps * (1 - (p_0**2).sum())
    assert abs(found.mean() - right) < 4 * found.std() / np.sqrt(chains)


def test_vocabulary_is_lost_under_replacement():
    learner = NGramLearner(V, order=2, smoothing="add_k")
    rows, stream = text(20, 4), rng(3)
    kinds = []
    for _ in range(12):
        kinds.append([len(np.unique(r[r >= 0])) for r in rows])
        rows = learner.fit(Samples.of(rows, 1), stream).sample(4, stream)
    kinds = np.array(kinds)
    assert (np.diff(kinds, axis=0) <= 0).all()
    assert kinds[-1].mean() < kinds[0].mean() - 0.5


def test_it_is_a_prompted_model_that_sampling_leaves_alone():
    model = fitted()
    assert isinstance(model, PromptedModel)
    assert isinstance(model, DensityModel)
    assert isinstance(model.decoding(Sampling()), ConditionalModel)
    before = {name: v.tobytes() for name, v in model.state().items()}
    one, two = model.sample(50, s := rng(1)), model.sample(50, s)
    assert not np.array_equal(one, two)
    assert not np.array_equal(one[0], one[1])
    assert {name: v.tobytes() for name, v in model.state().items()} == before


def test_a_sampler_asks_it_about_the_rows_of_s_0():
    model, real = fitted(end=END), np.where(text() < 0, 1, text())
    asked = Sampling(max_new=5, prompts=Prompts("blocks", 2)).ask(model, real)
    assert asked.sample(40, rng()).shape == (2, 40, 5)
    right = model.decoding(Sampling(max_new=5)).continue_(real[:, np.arange(40) % 30, :2], rng())
    np.testing.assert_array_equal(asked.sample(40, rng()), right)


def test_an_endless_source_is_learned_from():
    model = NGramLearner(V, source_rows=300).fit(Source.of(fitted(), 10, 1), rng())
    assert model.sample(3, rng()).shape == (2, 3, 9)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"order": 6}, "order is 6; expected 1 to 5"),
        ({"order": 0}, "order is 0"),
        ({"smoothing": "katz"}, "smoothing is 'katz'; expected"),
        ({"discount": 1.5}, "discount is 1.5"),
        ({"k": -1.0}, "k is -1.0; expected 0 or more"),
        ({"k": np.nan}, "k is nan"),
        ({"end": 6}, "end is 6; expected a token below 6"),
    ],
)
def test_options_out_of_range_are_refused(options, why):
    with pytest.raises((SpecError, DataError), match=why):
        NGramLearner(V, **options)


@pytest.mark.parametrize(
    ("x", "why"),
    [
        (np.zeros((1, 2, 3)), "needs rows of tokens"),
        (np.zeros((1, 2), dtype=int), "needs rows of tokens"),
        (np.full((1, 2, 3), V), "tokens 6 to 6; expected 0 to 5"),
        (np.array([[[1, -1, 2]]]), "gap"),
    ],
)
def test_rows_that_are_no_tokens_are_refused(x, why):
    with pytest.raises(DataError, match=why):
        NGramLearner(V).fit(Samples.of(x, 0), rng())


@pytest.mark.parametrize(
    ("top_p", "right"),
    [
        (0.5, [4, 0, 0, 0]),
        (0.75, [4, 0, 2, 0]),
        (0.8, [4, 1, 2, 0]),
        (0.875, [4, 1, 2, 0]),
        (0.9, [4, 1, 2, 1]),
    ],
)
def test_a_nucleus_that_holds_exactly_p_takes_no_further_token(top_p, right):
    """Halves, quarters and eighths, so that sums are exact; of ties the smaller token stays."""
    from genloss.models.ngram.draw import keep_nucleus

    scores = np.array([4.0, 1.0, 2.0, 1.0])
    keep_nucleus(scores, top_p)
    np.testing.assert_array_equal(scores, right)
