"""Scores against the papers' formulas, written anew in plain numpy on the same logits."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from genloss.errors import DataError, SpecError
from genloss.models.torch.lm.detection.binoculars import Binoculars
from genloss.models.torch.lm.detection.judge import judge
from genloss.models.torch.lm.detection.single import Curvature, LogPerplexity, LogRank
from genloss.models.torch.lm.detection.token_laws import positions
from genloss.testing import check_scorer
from genloss.testing.scorer import TEXTS


def logits_and_tokens(base, text):
    """Return logits (T, V) in float64 of a model read by transformers alone, and tokens (T,)."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(base)(text, add_special_tokens=False)["input_ids"]
    model = AutoModelForCausalLM.from_pretrained(base).double().eval()
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0].numpy()
    return logits, np.array(tokens)


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def by_hand(base, text):
    """Return perplexity, mean log-rank and curvature, one position after another."""
    logits, tokens = logits_and_tokens(base, text)
    surprise, ranks, above, variances = [], [], 0.0, 0.0
    for i in range(1, len(tokens)):
        p = softmax(logits[i - 1])
        own = p[tokens[i]]
        surprise.append(-np.log(own))
        ranks.append(1 + np.sum(p > own))
        mu = (p * np.log(p)).sum()
        sigma2 = (p * np.log(p) ** 2).sum() - mu**2
        above += np.log(own) - mu
        variances += sigma2
    return np.exp(np.mean(surprise)), np.mean(np.log(ranks)), above / np.sqrt(variances)


@pytest.fixture(scope="module")
def known(bases):
    return np.array([by_hand(bases[0], text) for text in TEXTS])


def test_perplexity(bases, known):
    scores = LogPerplexity(bases[0], device="cpu").scores(TEXTS)
    assert_allclose(scores, -np.log(known[:, 0]), atol=1e-4)


def test_log_rank(bases, known):
    assert_allclose(LogRank(bases[0], device="cpu").scores(TEXTS), -known[:, 1], atol=1e-4)


def test_curvature(bases, known):
    assert_allclose(Curvature(bases[0], device="cpu").scores(TEXTS), known[:, 2], atol=1e-4)


def test_binoculars(bases):
    """The authors' ratio: log-perplexity under the performer, over the cross-entropy of observer
    and performer."""
    for text, score in zip(
        TEXTS, Binoculars(*bases[1::-1], device="cpu").scores(TEXTS), strict=True
    ):
        observer, tokens = logits_and_tokens(bases[0], text)
        performer, _ = logits_and_tokens(bases[1], text)
        log_ppl = np.mean(
            [-np.log(softmax(performer[i - 1])[tokens[i]]) for i in range(1, len(tokens))]
        )
        crossed = np.mean(
            [
                -(softmax(p) * np.log(softmax(q))).sum()
                for p, q in zip(observer[:-1], performer[:-1], strict=True)
            ]
        )
        assert score == pytest.approx(-log_ppl / crossed, abs=1e-4)


def test_a_model_beside_itself_is_the_ratio_of_surprise_and_entropy(bases):
    own = Binoculars(bases[0], bases[0], device="cpu").scores(TEXTS[:1])
    turned = Binoculars(bases[1], bases[0], device="cpu").scores(TEXTS[:1])
    logits, tokens = logits_and_tokens(bases[0], TEXTS[0])
    p = [softmax(z) for z in logits[:-1]]
    entropy = -np.mean([(q * np.log(q)).sum() for q in p])
    surprise = -np.mean([np.log(q[t]) for q, t in zip(p, tokens[1:], strict=True)])
    assert own[0] == pytest.approx(-surprise / entropy, abs=1e-4)
    assert abs(own[0] - turned[0]) > 0.01


def test_two_tokenisers_are_no_pair(bases):
    with pytest.raises(SpecError, match="different tokenisers"):
        Binoculars(bases[2], bases[0], device="cpu").scores(TEXTS)
    with pytest.raises(SpecError, match="expected a second model"):
        Binoculars("")


@pytest.mark.parametrize("kind", [LogPerplexity, LogRank, Curvature])
def test_scorers_keep_the_laws_of_their_role(bases, kind):
    check_scorer(kind(bases[0], device="cpu"))


def test_pairs_keep_the_laws_of_their_role(bases):
    check_scorer(Binoculars(bases[1], bases[0], device="cpu"))


def test_only_the_first_tokens_are_read(bases):
    short = LogPerplexity(bases[0], tokens=20, device="cpu")
    whole = TEXTS[0]
    cut = judge(bases[0], "", "cpu").tokeniser
    first = cut.decode(cut(whole, add_special_tokens=False)["input_ids"][:20])
    assert_allclose(short.scores([whole]), short.scores([first]), atol=1e-6)
    assert abs(short.scores([whole])[0] - LogPerplexity(bases[0]).scores([whole])[0]) > 1e-3


def test_a_model_that_is_certain_has_no_curvature():
    """All variance is gone: nan, not a division."""
    from genloss.models.torch.lm.detection.single import curvature
    from genloss.models.torch.lm.detection.token_laws import TokenLaws

    none = np.zeros(9)
    assert np.isnan(curvature(TokenLaws(none, none + 1, none, none)))


def test_a_text_longer_than_the_model_is_cut_to_its_positions(bases):
    assert np.isfinite(LogPerplexity(bases[0], tokens=512).scores([" ".join(TEXTS) * 4])).all()


def test_a_folder_without_a_tokeniser_is_named(bases, tmp_path):
    import shutil

    shutil.copytree(bases[0], tmp_path / "bare")
    for file in (tmp_path / "bare").glob("tokenizer*"):
        file.unlink()
    with pytest.raises(DataError, match="has no tokeniser"):
        LogPerplexity(str(tmp_path / "bare")).scores(TEXTS)


def test_long_and_short_rows_go_together_and_nothing_leaks():
    """Logits that name their own place: every row gets the values of its own positions."""
    rows = [np.arange(n) for n in (5, 1, 0, 3, 9)]

    def logits(x):
        return torch.nn.functional.one_hot(x, 10).float() * (1 + x[..., None])

    def laws(z, target):
        return torch.stack([z.max(1).values, target.float()], 1)

    found = positions(rows, torch.device("cpu"), logits, laws, 2)
    for row, values in zip(rows, found, strict=True):
        assert values.shape == (max(0, len(row) - 1), 2)
        if len(row) > 1:
            assert_allclose(values[:, 0], 1 + row[:-1])
            assert_allclose(values[:, 1], row[1:])
