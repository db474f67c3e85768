"""Scorers without a network: by hand, on planted differences, and by the laws of their role."""

import json
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from genloss.audit.scorers.features import NAMES, features
from genloss.audit.scorers.function import ByFunction
from genloss.audit.scorers.green_list import GreenList, green_z
from genloss.audit.scorers.linear import LinearFeatures, fitted
from genloss.audit.scorers.ngram import NGramCrossEntropy, mean_log_probs, tokens
from genloss.audit.scorers.tells import tells
from genloss.corpus.record.record import id_of
from genloss.errors import DataError, SpecError
from genloss.models.ngram.ngram import NGramLearner
from genloss.testing import check_scorer

WORDS = {
    "human": ["mud", "rope", "lantern", "she", "they", "went", "quarrelled", "rain", "thatch"],
    "machine": ["delve", "tapestry", "furthermore", "leverage", "important", "crucial"],
}


def text_of(origin, rng, n=60):
    return " ".join(rng.choice(WORDS[origin], n)) + "."


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Return a file of 30 human and 30 machine texts of different words."""
    rng = np.random.default_rng(3)
    file = tmp_path_factory.mktemp("labelled") / "labelled.jsonl"
    rows = [{"text": text_of(o, rng), "origin": o} for o in ("human", "machine") * 30]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.mark.parametrize("kind", [NGramCrossEntropy, LinearFeatures])
def test_what_was_planted_is_found_in_new_texts(labelled, rng, kind):
    scorer = kind(str(labelled))
    own = scorer.scores([text_of("human", rng) for _ in range(20)])
    other = scorer.scores([text_of("machine", rng) for _ in range(20)])
    assert other.min() > own.max()


@pytest.mark.parametrize("kind", [NGramCrossEntropy, LinearFeatures])
def test_taught_scorers_keep_the_laws_and_know_their_texts(labelled, kind):
    scorer = kind(str(labelled))
    check_scorer(scorer)
    texts = [json.loads(line)["text"] for line in labelled.read_text().splitlines()]
    assert scorer.taught_on() == {id_of(text) for text in texts}


def test_an_edited_file_is_another_scorer(labelled, tmp_path):
    again = tmp_path / "again.jsonl"
    again.write_text(labelled.read_text())
    same = NGramCrossEntropy(str(again)).identity()
    assert same == NGramCrossEntropy(str(labelled)).identity()
    again.write_text(labelled.read_text() * 2)
    assert NGramCrossEntropy(str(again)).identity() != same


def test_cross_entropy_is_that_of_the_n_gram_model(labelled):
    """The difference of two means over bytes, one byte after another."""
    texts = [json.loads(line) for line in labelled.read_text().splitlines()]
    text, expected = "the rope was under the landscape, furthermore", 0.0
    for origin, sign in (("machine", 1), ("human", -1)):
        rows = [tokens(t["text"]) for t in texts if t["origin"] == origin]
        model = learned(rows)
        for i in range(1, len(tokens(text))):
            row = tokens(text)[max(0, i - 2) : i + 1]
            step = model.token_log_probs(row[None, None])[0, 0, -1]
            expected += sign * step / (len(tokens(text)) - 1)
    assert NGramCrossEntropy(str(labelled), order=3).scores([text])[0] == pytest.approx(expected)


def learned(rows):
    from genloss.core.samples import Samples

    width = max(map(len, rows))
    x = np.array([[*row, *[-1] * (width - len(row))] for row in rows])[None]
    learner = NGramLearner(vocabulary=257, order=3)
    return learner.fit(Samples.of(x, 0), np.random.default_rng(0))


def test_long_and_short_texts_are_scored_in_one_go():
    model = learned([tokens("abcabcabcabcabcabcabcabcabc")])
    texts = ["abc" * 10, "x", "", "abd" * 2000, "cab" * 9]
    found = mean_log_probs(model, texts)
    assert np.isnan(found[[1, 2]]).all()
    for i in (0, 3, 4):
        assert_allclose(found[i], mean_log_probs(model, [texts[i]])[0])


def test_without_machine_text_the_score_is_that_of_human_text(tmp_path, labelled, rng):
    file = tmp_path / "human.jsonl"
    file.write_text("\n".join(x for x in labelled.read_text().splitlines() if '"human"' in x))
    scores = NGramCrossEntropy(str(file)).scores([text_of("human", rng), text_of("machine", rng)])
    assert scores[0] > scores[1]
    assert (scores < 0).all()


@pytest.mark.parametrize("kind", [NGramCrossEntropy, LinearFeatures])
def test_too_little_to_learn_from_is_named(tmp_path, kind):
    file = tmp_path / "few.jsonl"
    file.write_text('{"text": "all by a machine", "origin": "machine"}\n')
    with pytest.raises(DataError, match="no record of origin 'human' to learn from"):
        kind(str(file)).scores(["a text"])
    file.write_text('{"text": "one", "origin": "human"}\n')
    with pytest.raises(DataError, match="20 of each"):
        LinearFeatures(str(file)).scores(["a text"])


class TestFeatures:
    def test_by_hand(self):
        """Ten words of four letters, twice; two sentences; one comma a ten."""
        text = ("Back then they went over that hill, past many barn. " * 2).strip()
        found = dict(zip(NAMES, features([text])[0], strict=True))
        assert found["mean word length"] == 4
        assert found["spread of word lengths"] == 0
        assert found["mean sentence length"] == pytest.approx(np.log(10))
        assert found["spread of sentence lengths"] == 0
        assert found["different words of 100"] == 0.5
        assert found["words of 100 that stand once"] == 0
        assert found["repeated triples of words"] == pytest.approx(1 - 10 / 18)
        assert found["commas per word"] == 0.1
        assert found["capitals per letter"] == 2 / 80
        assert found["digits per letter"] == found["line breaks per word"] == 0

    def test_few_words_have_none(self):
        assert np.isnan(features(["only a few words", ""])).all()


def test_the_logistic_fit_is_where_its_slope_is_nothing(rng):
    """The gradient of the penalised, balanced likelihood; scikit-learn beside it."""
    from sklearn.linear_model import LogisticRegression

    human, machine = rng.normal(size=(80, 3)), rng.normal(0.7, 1.3, size=(40, 3))
    mean, spread, weight = fitted(human, machine, 1.0)
    z = (np.concatenate([human, machine]) - mean) / spread
    y = np.repeat([0, 1], [80, 40])
    theirs = LogisticRegression(C=1.0, class_weight="balanced", tol=1e-10, max_iter=1000).fit(z, y)
    assert_allclose(weight, [*theirs.intercept_, *theirs.coef_[0]], atol=1e-5)


class TestGreenList:
    def test_z_by_hand(self):
        """30 of 40 green at one half: (30 - 20) / sqrt(10)."""
        assert green_z(30, 40, 0.5) == pytest.approx(10 / np.sqrt(10))

    def test_text_that_follows_the_rule_is_found_with_its_key_alone(self, rng):
        scorer, words = GreenList("secret"), [f"w{i}" for i in range(50)]
        text = ["w0"]
        while len(text) < 120:
            green = [w for w in words if scorer.is_green(text[-1], w)]
            text.append(str(rng.choice(green)))
        marked = " ".join(text)
        assert scorer.scores([marked])[0] > 5
        assert abs(GreenList("other").scores([marked])[0]) < 4
        pairs = set(pairwise(text))
        assert scorer.scores([marked])[0] == pytest.approx(green_z(len(pairs), len(pairs), 0.5))

    def test_without_it_z_is_standard_normal(self, rng):
        texts = [" ".join(rng.choice([f"w{i}" for i in range(500)], 80)) for _ in range(800)]
        z = GreenList("k", 0.3).scores(texts)
        assert abs(z.mean()) < 4 / np.sqrt(800)
        assert abs(z.std() - 1) < 4 / np.sqrt(1600)

    def test_few_words_have_no_score(self):
        assert np.isnan(GreenList("k").scores(["a b c d"])[0])


def letters(texts):
    return [len(t) if len(t) > 40 else float("nan") for t in texts]


def wrong(texts):
    return [0.0]


class TestFunction:
    def test_a_function_of_ones_own(self, monkeypatch):
        monkeypatch.syspath_prepend(str(__file__).rpartition("/")[0])
        check_scorer(ByFunction("test_scorers:letters"))

    def test_what_it_cannot_be(self):
        from genloss.core.scorer import scored

        with pytest.raises(SpecError, match="cannot load"):
            ByFunction("no_such_module:f").scores(["a"])
        with pytest.raises(SpecError, match="no function"):
            ByFunction("genloss.audit.scorers.features:NAMES").scores(["a"])
        with pytest.raises(SpecError, match="expected package"):
            ByFunction("math")
        with pytest.raises(DataError, match="one number per text"):
            scored(Wrong(), ["a", "b"])
        with pytest.raises(DataError, match="infinite"):
            scored(Endless(), ["a"])


class Wrong:
    def scores(self, texts):
        return np.zeros(1)


class Endless:
    def scores(self, texts):
        return np.full(len(texts), np.inf)


class TestTells:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("As an AI language model, I have no opinion.", "speaks as a model"),
            ("I’m sorry, but I cannot assist with that.", "refuses"),
            ("As of my last knowledge update in 2021, it was so.", "names a cutoff"),
            ("Certainly! Here is a short essay on bees.", "answers a prompt"),
            ("Regenerate response", "button of a chat"),
            ("as shown turn0search3 by them", "marks of a tool"),
            ("Dear [Your Name], we write", "open slot"),
            ("wo\u200brd and word", "zero-width"),
            ("hid\U000e0041\U000e0042den", "tag characters"),
            ("ten\u202fpeople", "narrow no-break space"),
        ],
    )
    def test_what_is_left_behind_is_named(self, text, name):
        assert name in {tell.name for tell in tells(text)}

    @pytest.mark.parametrize(
        "text",
        [
            "The model of a bridge stood in the hall, and I am sorry that I cannot come.",
            "نمی\u200cخواهم",  # Persian needs the joiner
            "\ufeffA file may begin with a mark of byte order.",
            "a family \U0001f468\u200d\U0001f469\u200d\U0001f466 of one emoji",
            "10\u202f000 francs",  # typesetting of numbers
            "the flag \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f waved",
        ],
    )
    def test_what_people_write_is_not(self, text):
        assert tells(text) == ()
