"""Beam search over n-grams, token for token that of transformers."""

import numpy as np
import pytest

from genloss.core.abilities import ConditionalModel
from genloss.core.decoding import BeamSearch, Prompts
from genloss.core.samples import NO_TOKEN, Samples
from genloss.models.ngram.ngram import NGramLearner

pytestmark = pytest.mark.slow

V, END, NEW = 12, 3, 8


def rng(key=0):
    return np.random.default_rng(key)


def dense(order, smoothing):
    """A model that saw nearly every n-gram, as often as no other one: no ties."""
    x = rng(1).integers(V, size=(2, 3000, 12))
    weight = rng(2).lognormal(0.0, 2.5, size=x.shape[:2])
    train = Samples(x, np.zeros(x.shape[:2], dtype=int), weight)
    return NGramLearner(V, order=order, smoothing=smoothing, end=END, discount=0.6, k=0.1).fit(
        train, rng()
    )


def sparse(**options):
    """A model of a few rows, which leave most n-grams unseen."""
    x = rng(3).choice(V, p=np.arange(1, V + 1) / 78, size=(2, 40, 9))
    return NGramLearner(V, end=END, **options).fit(Samples.of(x, 0), rng())


PROMPTS = rng(4).integers(V, size=(2, 30, 5))


def theirs(model, how, prompts):
    """transformers' generate with the first chain's logits ln p."""
    import torch
    from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
    from transformers.modeling_outputs import CausalLMOutput

    every = np.arange(V)[:, None]

    class Wrapped(PreTrainedModel, GenerationMixin):
        config_class = PretrainedConfig
        main_input_name = "input_ids"
        _supports_cache_class = False

        def __init__(self):
            super().__init__(PretrainedConfig(vocab_size=V, is_encoder_decoder=False))
            self.anchor = torch.nn.Parameter(torch.zeros(1))

        def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **_):
            return {"input_ids": input_ids}

        def forward(self, input_ids, **_):
            before = np.repeat(input_ids.numpy(), V, axis=0)
            rows = np.concatenate([before, np.tile(every, (len(input_ids), 1))], axis=1)
            both = np.broadcast_to(rows, (2, *rows.shape))
            logits = model.token_log_probs(both)[0, :, -1].reshape(len(input_ids), 1, V)
            return CausalLMOutput(logits=torch.from_numpy(logits).float())

    tokens = torch.from_numpy(prompts)
    out = (
        Wrapped()
        .generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            num_beams=how.beams,
            max_new_tokens=how.max_new,
            min_new_tokens=how.min_new,
            length_penalty=how.length_penalty,
            repetition_penalty=how.repetition_penalty,
            do_sample=False,
            use_cache=False,
            eos_token_id=END,
            pad_token_id=END,
        )[:, prompts.shape[1] :]
        .numpy()
    )
    out = np.pad(out, ((0, 0), (0, how.max_new - out.shape[1])), constant_values=END)
    return np.where(np.cumsum(out == END, axis=1) > (out == END), NO_TOKEN, out)


HOWS = [
    (1, 0, 1.0, 1.0),
    (1, 4, 1.0, 1.8),
    (2, 0, 0.0, 1.0),
    (3, 0, 1.0, 1.0),
    (3, 2, 2.0, 1.0),
    (5, 0, 1.0, 1.3),
    (5, 0, -1.0, 1.0),
    (5, NEW, 1.0, 2.0),
    (4, 0, 2.0, 0.8),
    (4, 3, 1.0, 3.0),
]


@pytest.mark.parametrize(
    ("order", "smoothing"), [(2, "kneser_ney"), (3, "kneser_ney"), (2, "add_k")]
)
def test_tokens_are_those_of_transformers(order, smoothing):
    pytest.importorskip("transformers")
    model, early = dense(order, smoothing), 0
    for beams, least, length, penalty in HOWS:
        how = BeamSearch(beams, NEW, least, length, penalty)
        found = model.decoding(how).continue_(PROMPTS, rng())
        expected = theirs(model, how, PROMPTS[0])
        np.testing.assert_array_equal(found[0], expected, str(how))
        early += (expected == NO_TOKEN).any(axis=1).sum()
    assert early > 20  # else nothing about endings was tested


def all_texts(model, prompt, how):
    """Every text of max_new tokens without the end, and its ln p by the first chain."""
    texts = np.array(np.meshgrid(*[np.arange(V)] * how.max_new, indexing="ij"))
    texts = texts.reshape(how.max_new, -1).T
    texts = texts[(texts != END).all(axis=1)]
    rows = np.concatenate([np.tile(prompt, (len(texts), 1)), texts], axis=1)
    with np.errstate(divide="ignore"):
        log_p = model.token_log_probs(np.broadcast_to(rows, (2, *rows.shape)))[0]
    return texts, log_p[:, -how.max_new :].sum(axis=1)


@pytest.mark.parametrize(
    "options", [{"order": 3}, {"order": 2, "smoothing": "add_k", "k": 0.0}, {"order": 1}], ids=str
)
def test_finds_the_best_of_all_texts_where_beams_allow_it(options):
    model, how = sparse(**options), BeamSearch(beams=V, max_new=2, min_new=2)
    found = model.decoding(how).continue_(PROMPTS, rng())[0]
    for prompt, text in zip(PROMPTS[0], found, strict=True):
        texts, log_p = all_texts(model, prompt, how)
        mine = log_p[(texts == text).all(axis=1)]
        # Many texts are equally good; any of them will do.
        np.testing.assert_allclose(mine, log_p.max(), rtol=1e-12)


def test_more_beams_find_no_worse_texts_on_the_whole():
    model = sparse(order=3)
    means = []
    for beams in (1, 5, 40):
        texts = model.decoding(BeamSearch(beams, NEW, NEW)).continue_(PROMPTS, rng())
        rows = np.concatenate([PROMPTS, texts], axis=2)
        means.append(model.token_log_probs(rows)[:, :, -NEW:].sum(axis=2).mean())
    assert means[0] < means[1] < means[2]


def test_lost_tokens_come_only_where_nothing_else_may():
    """After 1 only the end was seen: before it may come, any other token costs the same."""
    x = np.array([[[1, END, 1, END, 1, END]]])
    model = NGramLearner(V, order=2, smoothing="add_k", end=END).fit(Samples.of(x, 0), rng())
    ask = np.ones((1, 4, 1), dtype=int)
    np.testing.assert_array_equal(
        model.decoding(BeamSearch(3, 4, 0)).continue_(ask, rng()), [[[END, -1, -1, -1]] * 4]
    )
    forced = model.decoding(BeamSearch(3, 4, 2)).continue_(ask, rng())
    # A lost token leads back to the frequencies of 1 and the end, of which 1 goes on.
    np.testing.assert_array_equal(forced[:, :, 1:], [[[1, END, -1]] * 4])
    assert (forced[:, :, 0] != END).all()


def test_a_penalty_reads_the_whole_prompt_and_nothing_else_does():
    model = sparse(order=2)
    late = np.array([[[0, 0, 11], [5, 7, 11], [11, 11, 11]]] * 2)
    plain = model.decoding(BeamSearch(3, 4, 4)).continue_(late, rng())
    np.testing.assert_array_equal(plain, np.broadcast_to(plain[:, :1], plain.shape))
    seen = np.array([[[11, 10, 9, 8, 11], [0, 1, 2, 4, 11]]] * 2)
    texts = model.decoding(BeamSearch(3, 2, 2, 1.0, 50.0)).continue_(seen, rng())
    for row in range(2):
        assert not np.isin(texts[:, row], seen[0, row]).any()


def test_chains_know_nothing_of_one_another_and_filled_prompts_are_their_tokens():
    model, how = sparse(order=3), BeamSearch(4, NEW, 0, 1.0, 1.5)
    both = model.decoding(how).continue_(PROMPTS, stream := rng())
    assert stream.random() == rng().random()
    assert not np.array_equal(both[0], both[1])
    state = {name: v[1:] for name, v in model.state().items()}
    alone = model.learner.restore(state).decoding(how).continue_(PROMPTS[1:], rng())
    np.testing.assert_array_equal(alone[0], both[1])
    filled = np.concatenate([PROMPTS, np.full((2, 30, 3), NO_TOKEN)], axis=2)
    np.testing.assert_array_equal(model.decoding(how).continue_(filled, rng()), both)


def test_a_sampler_asks_it_about_the_rows_of_s_0():
    model, how = sparse(order=3), BeamSearch(2, 5, 5, prompts=Prompts("blocks", 2))
    assert isinstance(model.decoding(how), ConditionalModel)
    found = how.ask(model, PROMPTS).sample(40, rng())
    right = model.decoding(how).continue_(PROMPTS[:, np.arange(40) % 30, :2], rng())
    np.testing.assert_array_equal(found, right)
    after_end = model.decoding(how).sample(3, rng())
    ends = np.full((2, 3, 1), END)
    np.testing.assert_array_equal(after_end, model.decoding(how).continue_(ends, rng()))
