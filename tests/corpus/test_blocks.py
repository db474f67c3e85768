"""Blocks know the bytes of their documents, and what their tokens lose of them."""

import re
from itertools import pairwise

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from genloss.corpus import subwords, tokenisers
from genloss.corpus.blocks import Lost, corpus_of
from genloss.corpus.document import Document
from genloss.corpus.split import Splits
from genloss.corpus.tokenisers import BytePair, Pretrained
from genloss.errors import DataError
from genloss.realities.texts import Texts

from .generated_tokenisers import KINDS, NASTY, OPTIONS, TEXTS

AWKWARD = [text for text in NASTY if text.strip() and "</s>" not in text]
LOSSLESS = {kind for kind in KINDS if kind.startswith(("byte level", "llama 3"))}


def documents(texts):
    return tuple(Document(text, f"document {i}") for i, text in enumerate(texts))


def corpus(tokenising, test, block, train=TEXTS):
    return corpus_of(Splits(documents(train), documents(train), documents(test)), tokenising, block)


def saved(inner, tmp_path):
    inner.save(str(tmp_path / "tokenizer.json"))
    return Pretrained(str(tmp_path / "tokenizer.json"))


def words():
    """A vocabulary of five words; all others are unknown."""
    entries = {word: i for i, word in enumerate(["[UNK]", "</s>", "a", "bb", "ccc"])}
    inner = Tokenizer(models.WordLevel(entries, unk_token="[UNK]"))
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.WhitespaceSplit(), decoders.WordPiece("##")
    return inner


@pytest.mark.parametrize("option", ["plain", "lower"])
@pytest.mark.parametrize("kind", KINDS)
def test_bytes_are_those_of_the_documents_whatever_the_tokeniser_loses(tmp_path, kind, option):
    """Blocks of two tokens leave out the last end token at most."""
    tokenising = saved(OPTIONS[option](KINDS[kind]()), tmp_path)
    plain = [text.replace("</s>", "").replace("[SEP]", "") for text in TEXTS]
    found = corpus(tokenising, AWKWARD, 2, plain)
    assert found.test_bytes == sum(len(text.encode()) for text in AWKWARD)
    assert found.tokeniser.lossless == (kind in LOSSLESS and option == "plain")
    lost = found.summary.lost
    assert (lost.letters + lost.spaces > 0) == bool(lost.summary())
    if found.tokeniser.lossless:
        assert lost.summary() == ""


def test_the_last_document_counts_as_far_as_its_last_token(tmp_path):
    """The stream: end, a, bb, unknown, end, ccc, unknown, a, end."""
    first, second = "a  bb x\u00e9", "ccc \u4e16 a"
    whole, tokenising = len(first.encode()), saved(words(), tmp_path)
    wanted = {5: whole, 6: whole + 3, 7: whole + 7, 8: whole + 9, 9: whole + 9, 2: whole + 9}
    for block, size in wanted.items():
        found = corpus(tokenising, [first, second], block, ["a bb ccc"] * 6)
        assert found.test.size == 9
        assert found.test_bytes == size


def test_what_is_lost_is_counted_by_hand(tmp_path):
    """Unknown words, letters of another case, runs of white space and line ends."""
    texts = ["  a bb\n", "a xyz bb", "A  bb", "a\nbb ccc", "\u4e16"]
    wanted = [(0, 0), (3, 1), (1, 2), (0, 1), (1, 0)]
    tokenising = saved(words(), tmp_path)
    for text, (letters, spaces) in zip(texts, wanted, strict=True):
        found = corpus(tokenising, [text], 2, ["a bb ccc"] * 6).summary.lost
        assert found == Lost(letters, spaces, len(text) + 2 * 6 * len("a bb ccc"))


def chat():
    """Words of two texts; the tokens of a chat are entries like any other."""
    entries = ["<unk>", "<s>", "</s>", "<|im_start|>", "<pad>", "a", "cat", "and", "mat"]
    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(entries)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    inner.add_special_tokens(["<unk>", "<|im_start|>", "<pad>"])
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return inner


@pytest.mark.parametrize(
    ("make", "name", "role", "remedy"),
    [
        (KINDS["unigram"], "</s>", "end", r"tokeniser by reality\.tokeniser"),
        (words, "</s>", "end", r"end token by reality\.end"),
        (chat, "</s>", "end", r"end token by reality\.end"),
        (chat, "<s>", "begin", r"tokeniser by reality\.tokeniser"),
        (chat, "<|im_start|>", "special", r"tokeniser by reality\.tokeniser"),
        (chat, "<pad>", "special", r"tokeniser by reality\.tokeniser"),
    ],
)
def test_a_text_in_which_a_token_is_read_that_is_no_text_is_refused(
    tmp_path, make, name, role, remedy
):
    """Some models may choose any entry; then the tokeniser still encodes as AutoTokenizer does."""
    tokenising = Pretrained(saved(make(), tmp_path).source, end="</s>")
    text = f"a cat {name} and a mat"
    tokeniser = tokenising.made_from([])
    assert tokeniser.inner.token_to_id(name) in tokeniser.encode([text])[0]
    expected = rf"^document 0: .*its {role} token in the text, '{re.escape(name)}' at .*{remedy}$"
    with pytest.raises(DataError, match=expected):
        corpus(tokenising, [text], 2, ["a cat"] * 6)


def test_unknown_words_and_names_that_are_words_are_text(tmp_path):
    """<unk> stands for a word as any unknown one does; byte pairs spell the names out."""
    tokenising = Pretrained(saved(chat(), tmp_path).source, end="</s>")
    assert corpus(tokenising, ["a <unk> zebra"], 2, ["a cat"] * 6).test.tolist() == [2, 5, 0, 0, 2]
    names = "</s> <s> <|im_start|>user\nhi<|im_end|> <|endoftext|>"
    assert corpus(BytePair(300), [names], 2).tokeniser.lossless


def test_the_first_tokens_of_a_text_are_a_beginning_of_it(tmp_path, monkeypatch):
    """Also of a long one, which is read in parts."""
    monkeypatch.setattr(subwords, "PIECE", 30)
    text = " ".join(TEXTS[:3])
    for tokenising in (BytePair(400), saved(KINDS["llama 2"](), tmp_path)):
        found = tokenising.made_from(TEXTS)
        (tokens,) = found.encode([text])
        parts = [found.first(text, n) for n in range(len(tokens) + 1)]
        assert (parts[0], parts[-1]) == ("", text)
        assert all(after.startswith(before) for before, after in pairwise(parts))
        for n, part in enumerate(parts):
            assert abs(len(part.encode()) - len(found.decode(tokens[:n]).encode())) <= 3


def test_losses_are_told(tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    for i in range(20):
        (texts / f"{i}.txt").write_text(f"a bb ccc number{i} " * 9 + f"unlike{i} others{i}")
    tokeniser = saved(words(), tmp_path).source
    told = Texts(str(texts), block=4, tokeniser=tokeniser).data_summary()
    assert "the tokeniser loses" in told
    assert "of them white space" in told
    assert "loses" not in Texts(str(texts), block=4, vocabulary=300).data_summary()
    inner = KINDS["byte level"]()
    inner.model.save(str(tmp_path))
    (tmp_path / "tokenizer.json").unlink()
    assert "read as GPT-2's" in Texts(str(texts), block=4, tokeniser=str(tmp_path)).data_summary()


def test_a_tokeniser_is_read_once(tmp_path, monkeypatch):
    """That of a base takes seconds: rows and what is said of them come from one."""
    texts = tmp_path / "texts"
    texts.mkdir()
    for i in range(20):
        (texts / f"{i}.txt").write_text(f"a bb ccc number{i} " * 9)
    source, read = saved(words(), tmp_path).source, []
    plain = tokenisers.loaded
    monkeypatch.setattr(tokenisers, "loaded", lambda *args: read.append(args) or plain(*args))
    text = Texts(str(texts), block=4, tokeniser=source)
    assert text.realise(1, np.random.default_rng(0)).n_rows > 0
    assert "loses" in text.data_summary()
    assert len(read) == 1
