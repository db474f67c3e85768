"""A base takes the text of its own tokeniser, and no other."""

import json
import shutil
from dataclasses import dataclass

import pytest

from genloss.errors import SpecError
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.transformer_learner import TransformerLearner

pytestmark = pytest.mark.slow

V, END = 97, 2


@dataclass(frozen=True)
class Words:
    """The sizes of a tokeniser, which is all that is looked at."""

    size: int
    end: int


@pytest.fixture
def base(pair, tmp_path):
    """Return a function that copies a base and changes its config."""

    def build(**changes):
        folder = shutil.copytree(pair("opt").folder, tmp_path / "base")
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
        return str(folder)

    return build


LEARNERS = [TransformerLearner, HuggingFaceLearner]


@pytest.mark.parametrize("kind", LEARNERS)
def test_the_model_s_own_tokeniser_fits(base, kind):
    folder = base()
    for start in ("base", "last", "scratch"):
        learner = kind(folder, start=start)
        for size in (V, V - 7):  # as OPT: 50,265 entries in a table of 50,272 rows
            assert learner.of_text(Words(size, END)) == learner


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_tokeniser_of_another_model_is_refused_though_its_tokens_are_in_range(base, kind):
    learner = kind(base())
    with pytest.raises(
        SpecError,
        match=r"not that of the model: it ends .*by token 0 and .*base by 2; .*reality\.end",
    ):
        learner.of_text(Words(40, 0))
    with pytest.raises(
        SpecError,
        match=r"not that of the model: it has 98 entries and .*base has 97; .*reality\.tokeniser",
    ):
        learner.of_text(Words(V + 1, END))


@pytest.mark.parametrize("kind", LEARNERS)
def test_one_end_in_a_list_is_one_end(base, kind):
    learner = kind(base(eos_token_id=[5]))
    assert learner.of_text(Words(V, 5)) == learner
    with pytest.raises(SpecError, match=r"by token 2 and .* by 5;"):
        learner.of_text(Words(V, 2))


def test_of_several_ends_any_will_do_unless_one_is_named(base):
    folder = base(eos_token_id=[5, 9])
    for end in (5, 9):
        several, named = HuggingFaceLearner(folder), HuggingFaceLearner(folder, end=end)
        assert several.of_text(Words(V, end)) == several
        assert named.of_text(Words(V, end)) == named
    with pytest.raises(SpecError, match=r"by token 2 and .* by 5 or 9;"):
        HuggingFaceLearner(folder).of_text(Words(V, 2))
    with pytest.raises(SpecError, match=r"by token 5 and .* by 9;"):
        HuggingFaceLearner(folder, end=9).of_text(Words(V, 5))


def test_the_token_that_begins_a_text_may_also_end_it(base):
    learner = HuggingFaceLearner(base(bos_token_id=1, eos_token_id=2), end=1)
    assert learner.of_text(Words(V, 1)) == learner


def test_a_model_that_names_no_end_is_asked_for_its_size_alone(base):
    learner = HuggingFaceLearner(base(eos_token_id=None))
    assert learner.of_text(Words(V, 8)) == learner
    with pytest.raises(SpecError, match="98 entries"):
        learner.of_text(Words(V + 1, 8))
