"""Watermarks that transformers writes are found with their key, and with no other."""

import numpy as np
import pytest
import torch

from genloss.audit.scorers.green_list import green_z
from genloss.core.scorer import evidence_of
from genloss.errors import SpecError
from genloss.models.torch.lm.detection.judge import judge, tokens_of
from genloss.models.torch.lm.detection.watermarks import KGW, SynthID
from genloss.testing import check_scorer

KEYS = (654, 400, 836, 123, 340, 443, 597, 160, 57)


def written(base, n, watermark):
    """Return n rows of 200 tokens as a model writes them, decoded."""
    own = judge(base, "", "cpu")
    start = torch.arange(1, n + 1)[:, None] % 200 + 40
    torch.manual_seed(7)
    rows = own.module.generate(
        start,
        attention_mask=torch.ones_like(start),
        watermarking_config=watermark,
        do_sample=True,
        max_new_tokens=200,
        pad_token_id=0,
    )
    return rows[:, 1:].numpy()


@pytest.fixture
def read_as(monkeypatch):
    """Let texts be numbers of rows: a random model writes bytes that no text holds."""

    def use(rows):
        module = "genloss.models.torch.lm.detection.watermarks.tokens_of"
        monkeypatch.setattr(module, lambda t, texts, most: [rows[int(text)] for text in texts])
        return [str(i) for i in range(len(rows))]

    return use


@pytest.fixture(scope="module")
def plain(bases):
    return written(bases[0], 12, None)


@pytest.mark.slow
def test_kgw(bases, plain, read_as):
    from transformers import WatermarkingConfig

    marked = written(bases[0], 12, WatermarkingConfig(bias=4.0, hashing_key=91))
    right, wrong = KGW(bases[0], key=91), KGW(bases[0], key=92)
    names = read_as(marked)
    assert right.scores(names).min() > 4
    assert np.abs(wrong.scores(names).mean()) < 1.5
    assert np.abs(right.scores(read_as(plain)).mean()) < 1.5


def test_kgw_is_the_z_test_of_the_paper(bases, plain, read_as):
    """Green words counted with torch's own generator, each pair once."""
    scorer, row = KGW(bases[0], key=91, ratio=0.4), plain[0]
    size = judge(bases[0], "", "cpu").module.config.vocab_size
    pairs = set(zip(row[:-1].tolist(), row[1:].tolist(), strict=True))
    green = 0
    for before, word in pairs:
        generator = torch.Generator().manual_seed(91 * before % (2**64 - 1))
        green += word in torch.randperm(size, generator=generator)[: int(0.4 * size)].tolist()
    expected = green_z(green, len(pairs), 0.4)
    assert scorer.scores(read_as(plain[:1]))[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_synthid(bases, plain, read_as):
    from transformers import SynthIDTextWatermarkingConfig

    marked = written(bases[0], 12, SynthIDTextWatermarkingConfig(keys=list(KEYS), ngram_len=5))
    right, wrong = SynthID(KEYS, bases[0]), SynthID((1, 2, 3, 4, 5, 6, 7, 8, 9), bases[0])
    names = read_as(marked)
    assert right.scores(names).mean() > 4
    assert np.abs(wrong.scores(names).mean()) < 1.5
    unmarked = right.scores(read_as(plain))
    assert np.abs(unmarked.mean()) < 1.5
    assert 0.3 < unmarked.std() < 2.5


@pytest.mark.parametrize("kind", [lambda base: KGW(base), lambda base: SynthID(KEYS, base)])
def test_watermark_tests_keep_the_laws_of_scorers(bases, kind):
    assert evidence_of(kind(bases[0])) == "watermark"
    check_scorer(kind(bases[0]))


def test_real_text_becomes_tokens_without_special_ones(bases):
    rows = tokens_of(judge(bases[0], "", "cpu").tokeniser, ["the river", ""], 99)
    assert (rows[0] > 0).all()
    assert len(rows[1]) == 0


def test_options_out_of_range_are_refused():
    with pytest.raises(SpecError, match="share such as"):
        KGW(ratio=1.0)
    with pytest.raises(SpecError, match="keys is empty"):
        SynthID(())
