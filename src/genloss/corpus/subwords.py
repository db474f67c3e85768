"""A tokeniser at work: texts to tokens and back, in bounded memory."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Ints
from genloss.core.extras import optional
from genloss.core.samples import NO_TOKEN
from genloss.errors import DataError

Compact = NDArray[np.int32]

PIECE = 1 << 16
BATCH = 1 << 21
"""Characters of one piece of a long text, and of the pieces that are encoded together: the library
keeps some 100 bytes per token until it hands them out."""

BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")
LETTER = re.compile(r"[^\W\d_]")
BETWEEN_WORDS = re.compile(r"(?<=[^\W\d_]) (?=[^\W\d_])")


@dataclass(frozen=True, eq=False)
class Subwords:
    """A tokeniser of the library `tokenizers`, with its own tokens for every text.

    A model that may choose any entry reads a special token where its name stands in a text;
    `markers` are those that no document may hold.

    inner: the tokenizers.Tokenizer. end: the token that ends a document. begin: the one that it
    puts before a text that a model is given, NO_TOKEN where it puts none. size: entries of the
    vocabulary, V; the largest token is V - 1. note: what was assumed, to be reported.
    """

    inner: Any
    end: int
    begin: int
    size: int
    note: str = ""

    @cached_property
    def parted(self) -> bool:
        """Whether a long text may be encoded in parts; see `words_end_at_spaces`."""
        return words_end_at_spaces(self.inner)

    @cached_property
    def lossless(self) -> bool:
        """Whether every text comes back from its tokens."""
        return keeps_every_byte(self.inner)

    def encode(self, texts: Sequence[str]) -> list[Ints]:
        """Return the tokens of each text, those that AutoTokenizer gives, without an end token."""
        return [tokens.astype(np.int64) for tokens in self.each(texts)]

    def each(self, texts: Iterable[str]) -> Iterator[Compact]:
        """Yield the tokens of one text after the other, in bounded memory."""
        parts: list[list[int]] = []
        for batch in _batches(texts, lambda: self.parted):
            pieces = [piece for piece, _ in batch]
            encoded = self.inner.encode_batch_fast(pieces, add_special_tokens=False)
            for (_, last), encoding in zip(batch, encoded, strict=True):
                parts.append(encoding.ids)
                if last:
                    yield np.concatenate([np.array(ids, dtype=np.int32) for ids in parts])
                    parts = []

    def decode(self, tokens: Ints) -> str:
        """Return the text of tokens (T,); NO_TOKEN and the end token are left out."""
        tokens = np.asarray(tokens)
        text = tokens[(tokens != NO_TOKEN) & (tokens != self.end)]
        return str(self.inner.decode(text.tolist(), skip_special_tokens=True))

    def known(self, tokens: Ints | Compact) -> str:
        """Return the text of tokens (T,) without what stands for an unknown one."""
        known = np.asarray(tokens)[np.asarray(tokens) != self.unknown]
        return str(self.inner.decode(known.tolist(), skip_special_tokens=True))

    @cached_property
    def unknown(self) -> int:
        """The token of what the vocabulary does not have, NO_TOKEN without one."""
        model = json.loads(self.inner.to_str())["model"]
        named = self.inner.token_to_id(model.get("unk_token") or "")
        token = model.get("unk_id") if named is None else named
        return NO_TOKEN if token is None else int(token)

    def first(self, text: str, n: int) -> str:
        """Return the text up to the end of its n-th token; empty for n = 0."""
        place = 0
        for piece in _pieces(text) if self.parted else (text,):
            offsets = self.inner.encode(piece, add_special_tokens=False).offsets
            if n <= len(offsets):
                return text[: place + offsets[n - 1][1]] if n else text[:place]
            n, place = n - len(offsets), place + len(piece)
        return text

    @cached_property
    def markers(self) -> Ints:
        """The tokens that are no text: end, begin and special ones, such as those of a chat (m,).

        Neither what stands for an unknown character nor a byte is among them.
        """
        special = {
            token
            for token, added in self.inner.get_added_tokens_decoder().items()
            if added.special and not BYTE.fullmatch(added.content)
        }
        special -= {self.unknown}
        return np.array(sorted((special | {self.end, self.begin}) - {NO_TOKEN}), dtype=np.int64)

    def is_special(self, token: int) -> bool:
        """Return whether a token is a marker even where it does not end a document."""
        added = self.inner.get_added_tokens_decoder().get(token)
        return token == self.begin or (added is not None and added.special)

    def to_json(self) -> str:
        """Return the whole tokeniser as the text of a tokenizer.json."""
        return str(self.inner.to_str())


def ready(inner: Any, end: str, absent: Collection[str] = (), note: str = "") -> Subwords:
    """Return a tokenizers.Tokenizer as one that cuts, fills and reads nothing into a text.

    absent: special tokens of its own that no model has; they never occur. note: see `Subwords`.
    """
    # A tokenizer.json may ask for cut or padded rows, and the words "</s>" in a text are words.
    inner.no_truncation()
    inner.no_padding()
    inner.encode_special_tokens = True
    known = inner.get_vocab(with_added_tokens=True)
    last, begin = known[end], first_of(inner)
    most = max(token for name, token in known.items() if name not in absent)
    return Subwords(inner, last, begin, 1 + max(most, last, begin), note)


def first_of(inner: Any) -> int:
    """Return the token that the tokeniser puts before every text, NO_TOKEN where it puts none.

    Raises:
        DataError: more than one.
    """
    known = inner.get_vocab(with_added_tokens=False)
    for text in ("a", "the", "1", ".", *sorted(known)[:256]):
        body = inner.encode(text, add_special_tokens=False).ids
        whole = inner.encode(text, add_special_tokens=True).ids
        places = [i for i in range(len(whole)) if whole[i : i + len(body)] == body]
        if body and places:
            first = whole[: places[0]]
            if len(first) > 1:
                raise DataError(
                    f"the tokeniser begins a text by {len(first)} tokens, {first}; expected one or "
                    "none; give its tokenizer.json a post_processor that adds no more"
                )
            return int(first[0]) if first else NO_TOKEN
    return NO_TOKEN


def words_end_at_spaces(inner: Any) -> bool:
    """Return whether GPT-2's rule parts texts, so that a word never reaches over a space.

    Then a text may be encoded in parts that begin with a space between two letters: neither a
    normaliser nor an added token looks over that place either.
    """
    steps = json.loads(inner.to_str())
    first = steps["pre_tokenizer"] or {}
    rules = first.get("pretokenizers", [first])
    kinds = {rule.get("type") for rule in rules}
    words = [added for added in steps["added_tokens"] if not added["special"]]
    return (
        steps["normalizer"] is None
        and kinds <= {"ByteLevel", "Digits", "Punctuation"}
        and any(rule.get("use_regex", True) for rule in rules if rule.get("type") == "ByteLevel")
        and not any(added["single_word"] or LETTER.search(added["content"]) for added in words)
    )


def keeps_every_byte(inner: Any) -> bool:
    """Return whether every text comes back from its tokens: all 256 bytes are entries."""
    library = optional("tokenizers", "this text")
    alphabet = library.pre_tokenizers.ByteLevel.alphabet()
    bytewise = isinstance(inner.decoder, library.decoders.ByteLevel) and inner.normalizer is None
    return bytewise and set(alphabet) <= inner.get_vocab(with_added_tokens=False).keys()


def _batches(texts: Iterable[str], parted: Callable[[], bool]) -> Iterator[list[tuple[str, bool]]]:
    """Yield lists of (piece, whether it is the last of its text) of bounded size."""
    batch: list[tuple[str, bool]] = []
    size = 0
    for text in texts:
        pieces = list(_pieces(text)) if len(text) > PIECE and parted() else [text]
        for number, piece in enumerate(pieces, start=1):
            batch.append((piece, number == len(pieces)))
            size += len(piece)
            if size >= BATCH:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _pieces(text: str) -> Iterator[str]:
    """Yield parts of a long text, cut before a space between two letters.

    Tokenisers whose words end there cut there themselves, so the tokens are those of the whole.
    """
    start = 0
    while len(text) - start > PIECE:
        gap = BETWEEN_WORDS.search(text, start + PIECE)
        if gap is None:
            break
        yield text[start : gap.start()]
        start = gap.start()
    yield text[start:]
