"""A base takes the text of its own tokeniser, and no other."""

import json
import shutil
from dataclasses import dataclass, replace

import pytest

from genloss.errors import SpecError
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.study.own_model import learner_of

pytestmark = pytest.mark.slow

V, END = 97, 2


@dataclass(frozen=True)
class Words:
    """The sizes of a tokeniser, which is all that is looked at."""

    size: int
    end: int
    begin: int = -1


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


@pytest.mark.parametrize("kind", LEARNERS)
def test_of_several_ends_the_text_s_is_taken_unless_one_is_named(base, kind):
    folder = base(eos_token_id=[5, 9, 0])
    for end in (5, 9, 0):
        several = kind(folder).of_text(Words(V, end))
        assert several.base_model().read().end == end
        assert several.restore(several.base_model().state()).end == end
    for end in (5, 9):
        assert kind(folder, end=end).of_text(Words(V, end)) == kind(folder, end=end)
    with pytest.raises(SpecError, match=r"by token 2 and .* by 5 or 9 or 0;"):
        kind(folder).of_text(Words(V, 2))
    with pytest.raises(SpecError, match=r"by token 5 and .* by 9;"):
        kind(folder, end=9).of_text(Words(V, 5))


def test_without_a_text_the_first_of_several_ends_or_none_at_all(base):
    folder = base(eos_token_id=[5, 9])
    assert learner_of(folder)["kind"] == "transformer"
    assert TransformerLearner(folder).decoder().end == 5
    assert TransformerLearner(folder, end=9).decoder().end == 9
    with pytest.raises(SpecError, match=r"eos_token_id is \[5, 9\]; name one token"):
        HuggingFaceLearner(folder).base_model().state()


def test_the_token_that_begins_a_text_may_also_end_it(base):
    learner = HuggingFaceLearner(base(bos_token_id=1, eos_token_id=2), end=1)
    assert learner.of_text(Words(V, 1)) == learner


def test_a_model_that_names_no_end_is_asked_for_its_size_alone(base):
    learner = HuggingFaceLearner(base(eos_token_id=None))
    assert learner.of_text(Words(V, 8)) == replace(learner, end=8)
    with pytest.raises(SpecError, match="98 entries"):
        learner.of_text(Words(V + 1, 8))
