"""Tokenisers of every kind, trained on a few texts and saved as their folders come."""

import json

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

TEXTS = [
    "The cat's 2,000 mats aren't there; naïve élan, 世界 and Grüße. new york, New York!",
    "def f(x_1):\n\treturn x_1**2  # <b>it</b> &amp; so on [SEP] </s>",
    "Every word of a text is a word; every word, every text. a b c d e 0 1 2 3",
] * 4

NASTY = (
    "",
    " ",
    "   two  spaces   ",
    "The cat's 2,000 mats  aren't\there.\r\n\r\n So?",
    "École naïve 世界 👍🏽👩‍🚀 ﬁve e\u0301 \u00a0x\u3000y\u200bz",
    "<x>a <x> b<x>\n<y> c<y>d foo foobar FOO barfoo",
    "</s> <s> [SEP] [CLS] <unk> [UNK] <|endoftext|> <0x0A> <|im_start|>user\nhi<|im_end|>",
    "\x00\x01\x7f \ud7ff\ufffd \u202eabc",
    "١٢٣ ² Ⅷ 12345678901 3.14e-10",
    "▁a ▁▁b Ġc Ċ ##d e</w> f@@",
)

SPECIAL = ["<unk>", "<s>", "</s>", "<|endoftext|>", "[UNK]", "[CLS]", "[SEP]"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def bpe(pre, decoder, size=450, suffix="", normaliser=None, alphabet=(), **options):
    ends = {"end_of_word_suffix": suffix} if suffix else {}
    inner = Tokenizer(models.BPE(**options, **ends))
    inner.pre_tokenizer, inner.decoder = pre, decoder
    if normaliser is not None:
        inner.normalizer = normaliser
    fallback = BYTES if options.get("byte_fallback") else []
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[*SPECIAL, *fallback],
        **ends,
        initial_alphabet=list(alphabet),
        show_progress=False,
    )
    inner.train_from_iterator(TEXTS, trainer)
    return inner


def byte_level(*before, prefix=False, regex=True):
    own = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)
    pre = pre_tokenizers.Sequence([*before, own]) if before else own
    return bpe(pre, decoders.ByteLevel(), alphabet=pre_tokenizers.ByteLevel.alphabet())


def unigram(fallback=False):
    inner = Tokenizer(models.Unigram())
    inner.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    special = [*SPECIAL, *(BYTES if fallback else [])]
    trainer = trainers.UnigramTrainer(
        vocab_size=120 + len(special),
        special_tokens=special,
        unk_token="<unk>",
        show_progress=False,
    )
    inner.train_from_iterator(TEXTS, trainer)
    if fallback:
        held = json.loads(inner.to_str())
        held["model"]["byte_fallback"] = True
        inner = Tokenizer.from_str(json.dumps(held))
    return inner


def word_piece():
    inner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=120, special_tokens=SPECIAL, show_progress=False)
    inner.train_from_iterator(TEXTS, trainer)
    return inner


def word_level():
    inner = Tokenizer(models.WordLevel(unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordLevelTrainer(vocab_size=60, special_tokens=SPECIAL, show_progress=False)
    inner.train_from_iterator(TEXTS, trainer)
    return inner


def llama2():
    """BPE over whole texts, spaces written as U+2581, bytes for what it does not know."""
    rules = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    return bpe(
        None,
        decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)]),
        size=600,
        normaliser=normalizers.Sequence(rules),
        unk_token="<unk>",
        byte_fallback=True,
        fuse_unk=True,
    )


def llama3():
    split = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    return byte_level(split, regex=False)


KINDS = {
    "byte level": byte_level,
    "byte level, space first": lambda: byte_level(prefix=True),
    "byte level, single digits": lambda: byte_level(pre_tokenizers.Digits(True)),
    "byte level, whole texts": lambda: byte_level(regex=False),
    "llama 3": llama3,
    "llama 2": llama2,
    "word ends": lambda: bpe(
        pre_tokenizers.Whitespace(), decoders.BPEDecoder(), suffix="</w>", unk_token="<unk>"
    ),
    "metaspace, no unknown": lambda: bpe(pre_tokenizers.Metaspace(), decoders.Metaspace()),
    "unigram": unigram,
    "unigram, bytes": lambda: unigram(fallback=True),
    "word piece": word_piece,
    "words": word_level,
}


def plain(inner):
    """Return it as it is."""
    return inner


def lower(inner):
    rules = [normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()]
    before = [inner.normalizer] if inner.normalizer else []
    inner.normalizer = normalizers.Sequence([*rules, *before])
    return inner


def added(inner):
    inner.add_tokens([AddedToken("<x>", lstrip=True), AddedToken("<y>", rstrip=True)])
    inner.add_tokens([AddedToken("foo", single_word=True), AddedToken("New York", normalized=True)])
    inner.add_special_tokens([AddedToken("<|im_start|>", normalized=False), "<|im_end|>"])
    return inner


def begun(inner):
    first, last = inner.token_to_id("<s>"), inner.token_to_id("</s>")
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B", special_tokens=[("<s>", first), ("</s>", last)]
    )
    return inner


def cut(inner):
    inner.enable_truncation(3)
    inner.enable_padding(length=9)
    return inner


OPTIONS = {"plain": plain, "lower": lower, "added": added, "begun": begun, "cut": cut}

NAMES = {"eos_token": "</s>", "bos_token": "<s>", "unk_token": "<unk>"}
FAST = {"tokenizer_class": "PreTrainedTokenizerFast"}
EXTRA = {
    "content": "<z>",
    "lstrip": True,
    "rstrip": False,
    "normalized": False,
    "single_word": False,
    "special": False,
}

CONFIGS = {
    "json alone": {},
    "fast": {"tokenizer_config.json": FAST | NAMES},
    "config alone": {"config.json": {"model_type": "llama"}},
    "no class": {"tokenizer_config.json": NAMES},
    "unknown class": {"tokenizer_config.json": {"tokenizer_class": "OwnTokenizer"}},
    "begin asked for": {"tokenizer_config.json": FAST | NAMES | {"add_bos_token": True}},
    "extra tokens": {
        "tokenizer_config.json": FAST | NAMES | {"added_tokens_decoder": {"900": EXTRA}},
    },
    "space first": {"tokenizer_config.json": FAST | NAMES | {"add_prefix_space": True}},
    **{
        f"as {name}": {"tokenizer_config.json": {"tokenizer_class": name} | NAMES}
        for name in (
            "GPT2Tokenizer",
            "LlamaTokenizerFast",
            "T5TokenizerFast",
            "BertTokenizer",
            "Qwen2Tokenizer",
            "GemmaTokenizer",
            "RobertaTokenizerFast",
            "CLIPTokenizer",
            "XLMRobertaTokenizer",
        )
    },
    **{
        f"of {kind}": {"tokenizer_config.json": FAST | NAMES, "config.json": {"model_type": kind}}
        for kind in ("gpt2", "opt", "llama", "gpt_neox", "qwen2", "mistral", "phi3", "bert")
    },
}

SLOW = {
    name: {"tokenizer_config.json": {"tokenizer_class": name} | more}
    for name, more in {
        "GPT2Tokenizer": {},
        "GPT2TokenizerFast": {"add_prefix_space": True, "eos_token": "</s>"},
        "RobertaTokenizer": {"added_tokens_decoder": {"900": EXTRA}},
        "Qwen2Tokenizer": {"eos_token": "<|endoftext|>"},
        "CLIPTokenizer": {},
        "BioGptTokenizer": {"eos_token": "</s>"},
        "CTRLTokenizer": {},
        "LlamaTokenizer": {},
        "WhisperTokenizer": {},
        "PreTrainedTokenizerFast": {},
    }.items()
} | {
    "nothing": {},
    "of opt": {"config.json": {"model_type": "opt"}},
    "of llama": {"config.json": {"model_type": "llama"}},
    "legacy additions": {
        "tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer"},
        "added_tokens.json": {"<new>": 900},
        "special_tokens_map.json": {"eos_token": "</s>", "additional_special_tokens": ["<q>"]},
    },
}


def write(folder, inner, files, pair=False):
    """Save as tokenizer.json, or as vocab.json and merges.txt, beside these JSON files."""
    folder.mkdir(parents=True)
    if pair:
        inner.model.save(str(folder))
    else:
        inner.save(str(folder / "tokenizer.json"))
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), "utf-8")
    return folder
