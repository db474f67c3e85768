"""Decoding: which prompts are asked, and what is refused before anything is written."""

from dataclasses import dataclass

import numpy as np
import pytest

from genloss.core.decoding import BeamSearch, Prompts, Sampling, choices, penalised
from genloss.core.samples import NO_TOKEN
from genloss.core.text import checked_tokens, lengths
from genloss.errors import DataError, SpecError
from genloss.models.gaussian import GaussianModel

END = 0
ROWS = np.array(
    [
        [[5, 6, 0, 7], [8, 9, 1, 2], [0, 3, 4, 5]],
        [[0, 1, 0, 2], [3, 3, 3, 3], [4, 0, NO_TOKEN, NO_TOKEN]],
    ]
)
RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Counter:
    """Writes after every prompt its last token + 1, + 2, ..."""

    n_chains: int = 2
    vocabulary: int = 100
    end: int = END

    def decoding(self, how):
        self_ = self

        @dataclass(frozen=True)
        class Writer:
            n_chains: int = self_.n_chains

            def continue_(self, prompts, rng):
                return prompts[:, :, -1:] + 1 + np.arange(how.max_new)

            def sample(self, n, rng):
                raise AssertionError

            def state(self):
                return {}

        return Writer()

    def sample(self, n, rng):
        return np.zeros((self.n_chains, n, 4), dtype=np.int64)

    def token_log_probs(self, x):
        return np.zeros((*x.shape[:2], x.shape[2] - 1))

    def token_entropies(self, x):
        return np.zeros((*x.shape[:2], x.shape[2] - 1))

    def state(self):
        return {"end": np.array([self.end])}


def test_blocks_are_the_real_rows_in_order_and_again():
    found = Prompts("blocks").of(ROWS, END, 2, 5)
    np.testing.assert_array_equal(found, ROWS[:, [0, 1, 2, 0, 1]])
    np.testing.assert_array_equal(Prompts("blocks", 2).of(ROWS, END, 2, 3), ROWS[:, :, :2])


def test_starts_are_what_follows_an_end_inside_a_row():
    found = Prompts("starts", 1).of(ROWS, END, 2, 3)
    np.testing.assert_array_equal(found[0], [[0, 7], [0, 3], [0, 7]])
    np.testing.assert_array_equal(found[1], [[0, 1], [0, 2], [0, 1]])


def test_what_follows_a_prompt_is_the_text_behind_it():
    rest = np.array([[[8, 9, 1, 2], [7, 7, 7, 7], [6, NO_TOKEN, NO_TOKEN, NO_TOKEN]]])
    one = ROWS[:1]
    found = Prompts("blocks").after(one, rest, END, 4, 3)
    np.testing.assert_array_equal(found[0], [[8, 9, 1], [7, 7, 7], [6, -1, -1], [8, 9, 1]])
    found = Prompts("blocks", 3).after(one, rest, END, 2, 3)
    np.testing.assert_array_equal(found[0], [[7, 8, 9], [2, 7, 7]])
    # The starts are those of `of`: [0, 7] in row 0 and [0, 3] in row 2.
    found = Prompts("starts", 1).after(one, rest, END, 3, 4)
    np.testing.assert_array_equal(found[0], [[8, 9, 1, 2], [4, 5, 6, -1], [8, 9, 1, 2]])
    with pytest.raises(SpecError, match="stand in no text"):
        Prompts("none").after(one, rest, END, 1, 1)


def test_without_prompts_every_text_begins_a_document():
    np.testing.assert_array_equal(Prompts("none").of(None, 7, 2, 3), np.full((2, 3, 1), 7))


def test_too_long_a_start_or_no_rows_at_all_are_refused():
    with pytest.raises(SpecError, match="no document begins with 4 tokens"):
        Prompts("starts", 4).of(ROWS, END, 2, 1)
    with pytest.raises(SpecError, match="need real rows of tokens"):
        Prompts("blocks").of(None, END, 2, 1)
    with pytest.raises(SpecError, match="need real rows of tokens"):
        Prompts("blocks").of(np.zeros((2, 3, 4)), END, 2, 1)
    with pytest.raises(DataError, match="prompts: tokens"):
        Prompts("starts")
    with pytest.raises(SpecError, match="expected 'blocks', 'starts' or 'none'"):
        Prompts("rows")


@pytest.mark.parametrize("how", [BeamSearch(2, max_new=3, min_new=0), Sampling(max_new=3)])
def test_row_i_continues_prompt_i_and_the_model_stays_what_it_is(how):
    model = Counter()
    asked = how.ask(model, ROWS[:, :2])
    np.testing.assert_array_equal(asked.sample(3, RNG)[0], [[8, 9, 10], [3, 4, 5], [8, 9, 10]])
    assert asked.n_chains == 2
    np.testing.assert_array_equal(asked.state()["end"], model.state()["end"])


@pytest.mark.parametrize(
    ("kind", "options", "why"),
    [
        (BeamSearch, {"beams": 0}, "beams"),
        (BeamSearch, {"min_new": 5, "max_new": 4}, "min_new is 5, above max_new = 4"),
        (BeamSearch, {"repetition_penalty": 0.0}, "repetition_penalty is 0.0"),
        (Sampling, {"temperature": 0.0}, "temperature is 0.0; expected above 0; greedy"),
        (Sampling, {"top_p": 0.0}, "top_p is 0.0"),
        (Sampling, {"top_p": 1.1}, "top_p is 1.1"),
        (Sampling, {"top_k": -1}, "top_k"),
        (Sampling, {"max_new": 0}, "max_new"),
    ],
)
def test_options_out_of_range_are_refused(kind, options, why):
    with pytest.raises(ValueError, match=why):
        kind(**options)


def test_a_model_that_does_not_write_is_refused():
    model = GaussianModel(np.zeros((1, 1)), np.ones((1, 1, 1)))
    with pytest.raises(SpecError, match="BeamSearch needs a language model; got GaussianModel"):
        BeamSearch().ask(model)


def test_rows_of_tokens_are_checked_once():
    assert lengths(ROWS).tolist() == [[4, 4, 4], [4, 4, 2]]
    np.testing.assert_array_equal(checked_tokens(ROWS, 10), ROWS)
    with pytest.raises(DataError, match="expected 0 to 8: the tokeniser of the text is not that"):
        checked_tokens(ROWS, 9)
    with pytest.raises(DataError, match="expected tokens"):
        checked_tokens(ROWS.astype(float), 10)
    for gap in ([[[NO_TOKEN, 1]]], [[[1, NO_TOKEN, 2]]]):
        with pytest.raises(DataError, match="an empty row or a gap"):
            checked_tokens(np.array(gap), 10)


class Chosen:
    def __init__(self, tokens):
        self.tokens = np.asarray(tokens)

    def choose(self, logits, uniform):
        return self.tokens


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        ([0, 5], r"Chosen\.choose returned tokens 0 to 5; expected 0 to 4"),
        ([4, -3], r"returned tokens -3 to 4; expected 0 to 4"),
        ([1.0, 2.0], r"returned float64 of shape \(2,\); expected whole numbers \(2,\)"),
        ([1], r"returned int64 of shape \(1,\); expected whole numbers \(2,\)"),
    ],
)
def test_what_no_decoding_may_choose(tokens, says):
    with pytest.raises(SpecError, match=says):
        choices(Chosen(tokens), np.zeros((2, 5)), None)


def test_the_first_and_the_last_token_may_be_chosen():
    found = choices(Chosen(np.array([0, 4], dtype=np.int32)), np.zeros((2, 5)), None)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, [0, 4])
    assert choices(Chosen(np.zeros(0, dtype=int)), np.zeros((0, 5)), None).shape == (0,)


def test_what_occurred_is_penalised_and_an_end_before_its_time_is_not_there():
    """Of 4, -4, 1, 2 the first two occurred: divided and multiplied by 2. Places after an end do
    not count, and the last token is none of them."""
    logits = np.array([[4.0, -4, 1, 2], [4, -4, 1, 2]])
    seen = np.array([[0, 1, 1], [2, NO_TOKEN, NO_TOKEN]])
    how = Sampling(min_new=2, repetition_penalty=2.0)
    late = penalised(logits, seen, how, 2, 3)
    np.testing.assert_array_equal(late, [[2, -8, 1, 2], [4, -4, 0.5, 2]])
    early = penalised(logits, seen, how, 1, 3)
    np.testing.assert_array_equal(early, [[2, -8, 1, -np.inf], [4, -4, 0.5, -np.inf]])
    np.testing.assert_array_equal(penalised(logits, seen, Sampling(), 0, 3), logits)
    assert logits[0, 0] == 4
