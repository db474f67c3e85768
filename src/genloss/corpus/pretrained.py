"""The tokeniser of a pretrained model: the tokens of transformers' AutoTokenizer, or a refusal."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genloss.core.extras import optional
from genloss.core.parsing import parsing_reason
from genloss.errors import DataError

WHOLE = "tokenizer.json"
CONFIG = "tokenizer_config.json"
MODEL = "config.json"
PAIR = ("vocab.json", "merges.txt")

VOCABULARIES = (
    "vocab.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "spm.model",
    "tekken.json",
    "tiktoken.model",
)
"""Files that hold a vocabulary each, beside those of `WHOLE` and `PAIR`."""

FILES = (WHOLE, CONFIG, MODEL, *PAIR, *VOCABULARIES, "special_tokens_map.json", "added_tokens.json")
"""What is read of a folder, or fetched from the hub."""

CHAT = "chat_template.jinja"

CLASS = ("model_type", "model_name", "tokenizer_class")
"""What a model's config.json says about its tokeniser."""

AWKWARD = (
    "The cat's 2,000 mats  aren't\there.\r\n\n So?",
    "\u00c9cole na\u00efve \u4e16\u754c \U0001f44d\U0001f3fd \ufb01ve e\u0301 \u00a0x\u3000y",
    "  def f(x_1):\n\treturn x_1**2  # HTML &amp; <b>it</b>",
)
"""Texts that must get the tokens that transformers' own call gives them."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """What the files of a tokeniser say.

    inner: the tokenizers.Tokenizer. ends: the end tokens that they name. absent: special tokens
    that its class brings along and they lack. note: what was assumed.
    """

    inner: Any
    ends: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()
    note: str = ""


def loaded(files: dict[str, Path], source: str) -> Loaded:
    """Return the tokeniser that the files mean.

    Raises:
        DataError: files that transformers does not load, or a tokeniser written in Python.
        MissingExtra: a folder needs transformers.
    """
    if files.keys() == {WHOLE}:
        # AutoTokenizer makes the same of it.
        try:
            text = files[WHOLE].read_text("utf-8")
            return Loaded(optional("tokenizers", "this text").Tokenizer.from_str(text))
        # The library raises bare exceptions for whatever it cannot parse.
        except Exception as error:
            raise DataError(
                f"{source}: no tokeniser of that format ({parsing_reason(error)}); get it again"
            ) from error
    assumed = _unnamed(files)
    theirs = _of_transformers(files, source, assumed)
    inner = getattr(theirs, "backend_tokenizer", None)
    if inner is None:
        raise DataError(
            f"{source}: {type(theirs).__name__} is written in Python; expected a tokeniser of the "
            "library tokenizers, with a tokenizer.json"
        )
    _check(theirs, inner, files, source)
    ends = (str(theirs.eos_token),) if theirs.eos_token else ()
    note = "no file names the tokeniser's class: read as GPT-2's" if assumed else ""
    if WHOLE in files and _differs(inner, files[WHOLE]):
        note = (
            f"transformers' {type(theirs).__name__} gives other tokens than tokenizer.json alone "
            "would; where the model was trained on those, take tokenizer_class out of its config"
        )
    if _has_chat(files):
        chat = "a chat model's tokeniser: texts are plain, without its template"
        note = "; ".join(filter(None, (note, chat)))
    return Loaded(inner, ends, frozenset(_absent(inner, files)), note)


def _has_chat(files: dict[str, Path]) -> bool:
    """Return whether a template for chats is among the files, or beside them."""
    beside = next(iter(files.values())).parent / CHAT
    return beside.is_file() or (CONFIG in files and "chat_template" in json_object(files[CONFIG]))


def _differs(inner: Any, file: Path) -> bool:
    """Return whether a class made another tokeniser of the file than it describes."""
    plain = optional("tokenizers", "this text").Tokenizer.from_file(str(file))
    return any(
        plain.encode(text, add_special_tokens=False).ids
        != inner.encode(text, add_special_tokens=False).ids
        for text in AWKWARD
    )


def _unnamed(files: dict[str, Path]) -> bool:
    """Return whether no file says what a vocabulary without a tokenizer.json belongs to."""
    configs = [json_object(files[name]) for name in (CONFIG, MODEL) if name in files]
    return WHOLE not in files and not any(part.get(key) for part in configs for key in CLASS)


def _of_transformers(files: dict[str, Path], source: str, assumed: bool) -> Any:
    folder = next(iter(files.values())).parent
    library = optional("transformers", "this text")
    kind = library.AutoTokenizer
    if assumed:
        _check_bytes(files, source)
        kind = library.GPT2Tokenizer
    try:
        return kind.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    # It raises whatever went wrong: bad JSON, classes that need other libraries, remote code.
    except Exception as error:
        lines = str(error).strip().splitlines()
        raise DataError(
            f"{source}: transformers does not load this tokeniser ({type(error).__name__}: "
            f"{lines[0] if lines else ''}); no tokeniser of that format; get it again, or save it "
            "as tokenizer.json"
        ) from error


def _check_bytes(files: dict[str, Path], source: str) -> None:
    """Refuse a vocabulary that no file calls GPT-2's and that does not show to be."""
    library = optional("tokenizers", "this text")
    known = json_object(files["vocab.json"]) if set(PAIR) <= files.keys() else {}
    alphabet = set(library.pre_tokenizers.ByteLevel.alphabet())
    if not alphabet <= known.keys() or any(entry.endswith("</w>") for entry in known):
        raise DataError(
            f"{source}: no file says which tokeniser this vocabulary of {len(known)} entries "
            "belongs to, and it is not GPT-2's: single bytes are missing, or words end in '</w>'; "
            "set tokenizer_class in a tokenizer_config.json, or save it as tokenizer.json"
        )


def _check(theirs: Any, inner: Any, files: dict[str, Path], source: str) -> None:
    """Refuse what was made of another vocabulary than that of the files, or not by inner alone."""
    have = len(inner.get_vocab(with_added_tokens=True))
    entries = _entries(files)
    if have < entries:
        raise DataError(
            f"{source}: {type(theirs).__name__} of transformers took {have} of the {entries} "
            "entries; the files are those of another class; correct tokenizer_class in "
            "tokenizer_config.json, or save it as tokenizer.json"
        )
    for text in AWKWARD:
        try:
            wanted = theirs(text, add_special_tokens=False).input_ids
        # Some want boxes or pairs beside a text.
        except Exception as error:
            raise DataError(
                f"{source}: {type(theirs).__name__} of transformers takes no plain text ({error}); "
                "expected the tokeniser of a language model"
            ) from error
        tokens = inner.encode(text, add_special_tokens=False).ids
        if tokens != wanted:
            raise DataError(
                f"{source}: {type(theirs).__name__} of transformers does more than the library "
                f"tokenizers: {text!r} has tokens {wanted[:8]} ..., not {tokens[:8]} ...; expected "
                "a tokeniser that is its tokenizer.json alone"
            )


def _entries(files: dict[str, Path]) -> int:
    """Return how many entries the vocabulary of the files has, 0 where they do not tell."""
    if WHOLE in files:
        return len(json_object(files[WHOLE]).get("model", {}).get("vocab", ()))
    if set(PAIR) <= files.keys():
        return len(json_object(files["vocab.json"]))
    if "vocab.txt" in files:
        return len(set(files["vocab.txt"].read_text("utf-8").splitlines()))
    return 0


def _absent(inner: Any, files: dict[str, Path]) -> set[str]:
    """Return the special tokens that are in no file."""
    added = inner.get_added_tokens_decoder().values()
    special = {token.content for token in added if token.special}
    for name, file in files.items():
        if name.endswith(".json"):
            special -= set(_strings(json_object(file)))
        elif name in VOCABULARIES and not name.endswith(".txt"):
            # What a binary file holds, its entries tell.
            special -= inner.get_vocab(with_added_tokens=False).keys()
        else:
            special -= set(file.read_text("utf-8").splitlines())
    return special


def _strings(value: Any) -> Iterator[str]:
    """Yield all keys and strings in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def json_object(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file; raises DataError where it holds none."""
    try:
        content = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{file}: no tokeniser of that format ({parsing_reason(error)}); get it again"
        ) from error
    if not isinstance(content, dict):
        raise DataError(f"{file}: not a JSON object; get it again")
    return content
