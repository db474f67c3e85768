"""Tokenisers of pretrained models have AutoTokenizer's tokens, or they are refused by name."""

import json
from collections import Counter
from itertools import product

import numpy as np
import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

from genloss.core.samples import NO_TOKEN
from genloss.corpus import subwords
from genloss.corpus.documents import embedded
from genloss.corpus.tokenisers import END, BytePair, Pretrained
from genloss.errors import DataError

from .generated_tokenisers import CONFIGS, FAST, KINDS, NAMES, NASTY, OPTIONS, SLOW, begun, write

TEXTS = [d.text for d in embedded()[:12]]
LEARNED = BytePair(600).made_from(TEXTS)
ONE = Tokenizer(models.WordLevel({"a": 0}, unk_token="a")).to_str()


def theirs(folder):
    """Return the tokens that AutoTokenizer gives the texts, None where it does not load."""
    from transformers import AutoTokenizer

    plain = {"add_special_tokens": False, "split_special_tokens": True}
    try:
        found = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        return [found(text, **plain, truncation=False, padding=False).input_ids for text in NASTY]
    except Exception:
        return None


def outcome(folder):
    """Return how ours compares: equal or refused, and whether theirs loads."""
    wanted = theirs(folder)
    try:
        found = Pretrained(str(folder)).made_from([])
    except DataError:
        return "refused", wanted is not None
    assert wanted is not None
    assert [tokens.tolist() for tokens in found.encode(NASTY)] == wanted
    return "equal", True


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_tokens_of_auto_tokenizer(tmp_path, kind):
    inner = OPTIONS["begun"](OPTIONS["added"](KINDS[kind]()))
    folder = write(tmp_path / "all", inner, {"tokenizer_config.json": FAST | NAMES})
    assert outcome(folder) == ("equal", True)
    found = Pretrained(str(folder)).made_from([])
    assert found.end == inner.token_to_id("</s>")
    assert found.begin == inner.token_to_id("<s>")


PAIRS = list(product(OPTIONS, CONFIGS))


@pytest.mark.slow
@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.deep)])
@pytest.mark.parametrize("kind", KINDS)
def test_every_folder_with_a_tokenizer_json_is_read_as_theirs(tmp_path, kind, every):
    """Options x classes: refused are those alone that AutoTokenizer does not load either.

    Every other pair, the others of the next kind; all of them in the deep lane.
    """
    counts = Counter()
    for option, name in PAIRS[list(KINDS).index(kind) % every :: every]:
        folder = write(
            tmp_path / f"{option}, {name}", OPTIONS[option](KINDS[kind]()), CONFIGS[name]
        )
        counts[outcome(folder)] += 1
    assert set(counts) <= {("equal", True), ("refused", False)}
    assert counts["equal", True] >= 0.9 * counts.total()


LOADED = {
    "GPT2Tokenizer",
    "GPT2TokenizerFast",
    "RobertaTokenizer",
    "Qwen2Tokenizer",
    "CLIPTokenizer",
    "of opt",
    "legacy additions",
}


BARE = ("byte level", "nothing")
"""The pair of files that shows by itself what it is."""


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in ("byte level", "word ends") for name in SLOW if (kind, name) != BARE],
)
def test_folders_of_slow_tokenisers_are_read_as_theirs_or_refused(tmp_path, kind, name):
    folder = write(tmp_path / "slow", KINDS[kind](), SLOW[name], pair=True)
    found = outcome(folder)
    if name in LOADED and kind == "byte level":
        assert found == ("equal", True)
    if name not in LOADED:
        assert found[0] == "refused"


def test_a_byte_level_without_a_class_is_gpt2s(tmp_path):
    """AutoTokenizer does not load it; the class that its entries show does."""
    from transformers import GPT2Tokenizer

    folder = write(tmp_path / "bare", KINDS["byte level"](), {}, pair=True)
    found = Pretrained(str(folder)).made_from([])
    plain = {"add_special_tokens": False, "split_special_tokens": True}
    wanted = GPT2Tokenizer.from_pretrained(folder)
    assert [t.tolist() for t in found.encode(NASTY)] == [
        wanted(t, **plain).input_ids for t in NASTY
    ]


def test_word_pieces_of_a_vocab_txt(tmp_path):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "two", "Two", "wor", "##ds", "'", "s"]
    (tmp_path / "vocab.txt").write_text("\n".join(words) + "\n")
    for lower, wanted in ((True, [5, 7, 8]), (False, [6, 7, 8])):
        said = {"tokenizer_class": "BertTokenizer", "do_lower_case": lower, "sep_token": "[SEP]"}
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(said))
        assert outcome(tmp_path) == ("equal", True)
        found = Pretrained(str(tmp_path)).made_from([])
        assert found.encode(["Two words"])[0].tolist() == wanted
        assert (found.begin, found.end) == (2, 3)


def test_what_stands_before_a_text(tmp_path):
    """As AutoTokenizer says, of templates and of what the config of a slow tokeniser asks for."""
    from transformers import AutoTokenizer

    gpt2 = NAMES | {"tokenizer_class": "GPT2Tokenizer"}
    asked = gpt2 | {"add_bos_token": True}
    said = ({"tokenizer_config.json": content} for content in (FAST | NAMES, gpt2, asked))
    fast, slow, begins = said
    level = KINDS["byte level"]
    folders = [
        write(tmp_path / "none", KINDS["llama 2"](), fast),
        write(tmp_path / "template", begun(KINDS["llama 2"]()), fast),
        write(tmp_path / "slow", level(), slow, pair=True),
        write(tmp_path / "slow, begun", level(), begins, pair=True),
    ]
    for folder, begin in zip(folders, (False, True, False, True), strict=True):
        found = Pretrained(str(folder)).made_from([])
        wanted = AutoTokenizer.from_pretrained(folder)
        first = wanted("a").input_ids[0]
        assert found.begin == (first if first == wanted.bos_token_id else NO_TOKEN)
        assert (found.begin >= 0) == begin
        assert wanted.bos_token_id not in found.encode(["<s> a"])[0]
    first = wanted.convert_tokens_to_ids("<s>")
    two = KINDS["llama 2"]()
    named = [("<s>", first), ("</s>", two.token_to_id("</s>"))]
    two.post_processor = processors.TemplateProcessing(single="<s> </s> $A", special_tokens=named)
    with pytest.raises(DataError, match="begins a text by 2 tokens"):
        Pretrained(str(write(tmp_path / "two", two, {}))).made_from([])


@pytest.mark.parametrize(
    "kind", ["byte level, whole texts", "byte level, single digits", "llama 3"]
)
def test_long_texts_have_the_tokens_of_the_whole(tmp_path, kind, monkeypatch):
    """Also where a merge or an added token reaches over the space between two words."""
    monkeypatch.setattr(subwords, "PIECE", 20)
    text = "Every word of a text is a word of New York foo text; " * 60
    for change in (OPTIONS["plain"], OPTIONS["added"], spaces):
        inner = change(KINDS[kind]())
        inner.save(str(tmp_path / "tokenizer.json"))
        found = Pretrained(str(tmp_path)).made_from([])
        wanted = found.inner.encode(text, add_special_tokens=False).ids
        np.testing.assert_array_equal(found.encode([text])[0], wanted)


def spaces(inner):
    """Add what GPT-NeoX has: tokens of spaces, and one that takes the space after it along."""
    inner.add_tokens([AddedToken("   "), AddedToken("of", rstrip=True)])
    return inner


def test_which_long_texts_go_in_parts(tmp_path):
    for kind, wanted in (("byte level, single digits", True), ("byte level, whole texts", False)):
        inner = KINDS[kind]()
        inner.save(str(tmp_path / "tokenizer.json"))
        found = Pretrained(str(tmp_path)).made_from([])
        assert (found.parted, found.lossless) == (wanted, True)


def test_merges_left_out_at_random_are_refused(tmp_path):
    for dropout, refused in ((0.5, True), (0.0, False), (None, False)):
        held = json.loads(KINDS["byte level"]().to_str())
        held["model"]["dropout"] = dropout
        (tmp_path / "tokenizer.json").write_text(json.dumps(held))
        if refused:
            with pytest.raises(DataError, match=r"dropout of 0\.5 .* set it to null"):
                Pretrained(str(tmp_path)).made_from([])
        else:
            Pretrained(str(tmp_path)).made_from([])


def test_a_class_that_reads_a_tokenizer_json_otherwise_is_told(tmp_path):
    """Classes of transformers build some parts anew; SmolLM2's folder does not suffer by it."""
    chat = {"eos_token": "<|im_end|>", "bos_token": "<|im_start|>"}
    smol = {"tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer"} | chat}
    llama = smol | {"config.json": {"model_type": "llama"}}
    digits = OPTIONS["added"](KINDS["byte level, single digits"]())
    for name, files, told in (
        ("smol", llama, False),
        ("bert", CONFIGS["as BertTokenizer"], True),
        ("fast", CONFIGS["fast"], False),
    ):
        found = Pretrained(str(write(tmp_path / name, digits, files))).made_from([])
        assert ("other tokens than tokenizer.json alone" in found.note) == told
    found = Pretrained(str(tmp_path / "smol")).made_from([])
    assert (found.end, found.begin) == (digits.token_to_id("<|im_end|>"), NO_TOKEN)
    text = "<|im_start|>user\nIn 1999<|im_end|>"
    (tokens,) = found.encode([text])
    assert found.end not in tokens
    assert found.decode(tokens) == text


def test_special_tokens_that_only_a_class_brings_are_no_entries(tmp_path):
    """GPT-NeoX's class adds a padding token to a vocabulary that has none."""
    inner = KINDS["byte level"]()
    for name, model, more in (("own", "gpt2", 0), ("theirs", "gpt_neox", 0), ("said", "gpt2", 1)):
        files = {"config.json": {"model_type": model}}
        if more:
            files["tokenizer_config.json"] = {"pad_token": "<pad>"}
        found = Pretrained(str(write(tmp_path / name, inner, files))).made_from([])
        assert found.size == inner.get_vocab_size() + more
        assert found.inner.get_vocab_size() >= found.size


def test_code_beside_a_tokeniser_is_not_run(tmp_path):
    said = {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": ["own.Own", None]}}
    folder = write(tmp_path / "own", KINDS["byte level"](), {"tokenizer_config.json": said})
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    with pytest.raises(DataError, match="does not load this tokeniser"):
        Pretrained(str(folder)).made_from([])
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("kind", "said", "says"),
    [
        ("byte level", "LlamaTokenizer", r"took \d+ of the \d+ entries"),
        ("byte level", "CTRLTokenizer", "is written in Python"),
        ("word ends", "", r"no file says which .* set tokenizer_class"),
        ("byte level", "LayoutLMv2Tokenizer", "takes no plain text|took|more than"),
    ],
)
def test_refusals_say_why(tmp_path, kind, said, says):
    files = {"tokenizer_config.json": {"tokenizer_class": said}} if said else {}
    folder = write(tmp_path / "x", KINDS[kind](), files, pair=True)
    if said.startswith("LayoutLM"):
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "two"]
        (folder / "vocab.txt").write_text("\n".join(words))
    with pytest.raises(DataError, match=says):
        Pretrained(str(folder)).made_from([])


def test_what_stands_beside_a_tokenizer_json_belongs_to_it(tmp_path):
    said = FAST | {"eos_token": "<|endoftext|>"}
    folder = write(tmp_path / "x", KINDS["llama 2"](), {"tokenizer_config.json": said})
    ends = {
        Pretrained(str(source)).made_from([]).end for source in (folder, folder / "tokenizer.json")
    }
    assert ends == {KINDS["llama 2"]().token_to_id("<|endoftext|>")}


def test_a_model_s_type_is_part_of_the_identity(tmp_path):
    folder = write(tmp_path / "x", KINDS["byte level"](), {"config.json": {"model_type": "gpt2"}})
    before = Pretrained(str(folder)).identity()
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_layer": 3}))
    assert Pretrained(str(folder)).identity() == before
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen2"}))
    assert Pretrained(str(folder)).identity() != before


@pytest.fixture
def files(tmp_path):
    """Write the learned tokeniser as GPT-2 stores its own: vocab.json and merges.txt."""
    model = json.loads(LEARNED.to_json())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]), "utf-8")
    merges = "".join(f"{' '.join(pair)}\n" for pair in model["merges"])
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + merges, "utf-8")
    return tmp_path


def test_gpt2_files_give_the_same_tokens(files):
    found = Pretrained(str(files)).made_from([])
    assert (found.size, found.end, found.lossless) == (600, 0, True)
    for ours, theirs in zip(LEARNED.encode(TEXTS), found.encode(TEXTS), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert found.decode(found.encode([f"x {END} y"])[0]) == f"x {END} y"


def test_a_tokenizer_json_is_read_without_its_cuts_fillings_and_templates(tmp_path):
    inner = Tokenizer.from_str(LEARNED.to_json())
    inner.enable_truncation(5)
    inner.enable_padding(length=50)
    inner.save(str(tmp_path / "tokenizer.json"))
    for source in (tmp_path, tmp_path / "tokenizer.json"):
        found = Pretrained(str(source)).made_from([])
        np.testing.assert_array_equal(found.encode(TEXTS[:1])[0], LEARNED.encode(TEXTS[:1])[0])


def test_the_end_token_is_the_one_that_the_files_name(files):
    vocabulary = json.loads((files / "vocab.json").read_text("utf-8"))
    (files / "vocab.json").write_text(json.dumps({**vocabulary, "</s>": 600, "<X>": 601}), "utf-8")
    assert Pretrained(str(files)).made_from([]).end == 0
    for said in ("</s>", {"__type": "AddedToken", "content": "</s>", "lstrip": False}):
        (files / "tokenizer_config.json").write_text(json.dumps({"eos_token": said}))
        assert Pretrained(str(files)).made_from([]).end == 600
    assert Pretrained(str(files), end="<X>").made_from([]).end == 601
    assert Pretrained(str(files)).made_from([]).size == 602


def test_identity_is_the_content(files, tmp_path_factory):
    before = Pretrained(str(files)).identity()
    other = tmp_path_factory.mktemp("copy")
    for file in files.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    assert Pretrained(str(other)).identity() == before
    assert Pretrained(str(other), end="a").identity() != before
    merges = (other / "merges.txt").read_text("utf-8").splitlines()
    (other / "merges.txt").write_text("\n".join(merges[:-1]), "utf-8")
    assert Pretrained(str(other)).identity() != before
    assert BytePair(300).identity() != BytePair(301).identity()


def test_tokenisers_that_are_not_byte_level_are_given_whole_texts(tmp_path):
    """Words of a WordPiece model: nothing is cut, and what it does not know is unknown."""
    inner = Tokenizer(models.WordPiece({"[UNK]": 0, "[SEP]": 1, "a": 2, "b": 3}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.decoder = decoders.WordPiece()
    inner.save(str(tmp_path / "tokenizer.json"))
    found = Pretrained(str(tmp_path)).made_from([])
    assert (found.lossless, found.end) == (False, 1)
    np.testing.assert_array_equal(found.encode(["a b c"])[0], [2, 3, 0])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "neither tokenizer.json nor vocab.json with merges.txt"),
        ({"vocab.json": "{}"}, "neither"),
        ({"tokenizer.json": "{"}, "no tokeniser of that format"),
        ({"vocab.json": "{", "merges.txt": ""}, "no tokeniser of that format"),
        ({"vocab.json": '{"a": 0}', "merges.txt": ""}, "no file says which .* of 1 entries"),
        ({"tokenizer_config.json": '{"tokenizer_class": "GPT2Tokenizer"}'}, "neither"),
        ({"tokenizer.json": ONE}, "1 entries, none of them.*set end"),
    ],
)
def test_folders_that_hold_no_tokeniser(tmp_path, content, says):
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=says):
        Pretrained(str(tmp_path)).made_from([])


def test_an_end_that_is_not_there_and_a_path_that_is_not(files):
    with pytest.raises(DataError, match="none of them '<nope>'"):
        Pretrained(str(files), end="<nope>").made_from([])
    with pytest.raises(DataError, match="no such file or folder"):
        Pretrained("./not/here").made_from([])
    (files / "tokenizer_config.json").write_text("[]")
    with pytest.raises(DataError, match="not a JSON object"):
        Pretrained(str(files)).made_from([])
