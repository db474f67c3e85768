"""A corpus: documents, split and turned into tokens, as blocks of T of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Ints
from genloss.core.samples import NO_TOKEN, REAL
from genloss.corpus.document import Document
from genloss.corpus.split import Splits
from genloss.corpus.subwords import Compact, Subwords
from genloss.corpus.tokenisers import Tokenising
from genloss.errors import DataError


@dataclass(frozen=True)
class SplitSize:
    """What one split holds.

    size is in bytes of UTF-8; tokens include the end tokens; blocks are whole blocks of T tokens.
    """

    documents: int
    size: int
    tokens: int
    blocks: int


@dataclass(frozen=True)
class Lost:
    """Characters that tokens do not give back: others than white space, white space, of how many.

    A letter that comes back in another case or without its accent is lost too.
    """

    letters: int = 0
    spaces: int = 0
    characters: int = 0

    def __add__(self, other: "Lost") -> "Lost":
        """Return the sum over two texts."""
        return Lost(
            self.letters + other.letters,
            self.spaces + other.spaces,
            self.characters + other.characters,
        )

    def summary(self) -> str:
        """Return in a few words what is lost, empty where nothing is."""
        if not self.letters + self.spaces:
            return ""
        return (
            f"the tokeniser loses {self.letters + self.spaces:,} of {self.characters:,} characters "
            f"({self.spaces:,} of them white space)"
        )


@dataclass(frozen=True)
class Summary:
    """What became of a text.

    vocabulary: entries of the tokeniser. empty: documents without text. leaked, dropped: see
    `Splits`. lost: what the tokens of all splits do not give back.
    """

    train: SplitSize
    validation: SplitSize
    test: SplitSize
    block: int
    vocabulary: int
    empty: int
    leaked: tuple[tuple[str, str], ...]
    dropped: int
    lost: Lost


@dataclass(frozen=True, eq=False)
class Corpus:
    """The streams of tokens of the three splits.

    A stream is end, document, end, document, ..., end: every document follows an end token and is
    followed by one. Blocks are its cuts of T tokens, in order; the remainder is dropped.
    test_bytes: UTF-8 bytes of the documents in the test blocks, as they stand, and none for an end.
    real: tokens of the training stream before its machine-made documents, which come last.
    """

    tokeniser: Subwords
    train: Compact
    validation: Compact
    test: Compact
    summary: Summary
    test_bytes: int
    real: int

    @property
    def real_blocks(self) -> int:
        """Training blocks at least half of whose tokens are of real documents; they come first."""
        t = self.summary.block
        return min((2 * self.real + t) // (2 * t), self.summary.train.blocks)

    def blocks(self, stream: Compact) -> Compact:
        """Return the whole blocks of a stream (N, T)."""
        t = self.summary.block
        return stream[: stream.size // t * t].reshape(-1, t)

    def starts(self) -> Ints:
        """Return the first T tokens of each training document (m, T), filled up with NO_TOKEN."""
        t, end = self.summary.block, self.tokeniser.end
        ends = np.flatnonzero(self.train == end)
        first, length = ends[:-1] + 1, np.diff(ends) - 1
        padded = np.pad(self.train, (0, t), constant_values=NO_TOKEN)
        rows = padded[first[:, None] + np.arange(t)].astype(np.int64)
        rows[np.arange(t) >= length[:, None]] = NO_TOKEN
        return rows[length > 0]


def corpus_of(splits: Splits, tokenising: Tokenising, block: int) -> Corpus:
    """Return the corpus of split documents; the tokeniser may learn from the training split.

    Raises:
        DataError: a split too small for one block, with the numbers, or a document in which the
            tokeniser reads an end, begin or special token.
    """
    tokeniser = tokenising.made_from(document.text for document in splits.train)
    named = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    read = {part: _stream(documents, tokeniser) for part, documents in named.items()}
    streams = {part: stream for part, (stream, _) in read.items()}
    parts = {part: _part(named[part], stream, block) for part, stream in streams.items()}
    for name, part in parts.items():
        if not part.blocks:
            larger = "" if name == "train" else f", or a larger share by reality.{name}"
            raise DataError(
                f"the {name} split has {part.documents} documents of {part.size} bytes and "
                f"{part.tokens} tokens, too few for one block of {block}; give more text, or a "
                f"smaller reality.block{larger}"
            )
    real = _real_tokens(splits.train, streams["train"], tokeniser.end)
    if 2 * real < block:
        raise DataError(
            f"the real documents of the train split have {real} tokens, too few for one block of "
            f"{block}; give more real text, or a smaller reality.block"
        )
    summary = Summary(
        parts["train"],
        parts["validation"],
        parts["test"],
        block,
        tokeniser.size,
        splits.empty,
        splits.leaked,
        splits.dropped,
        sum((lost for _, lost in read.values()), Lost()),
    )
    size = _bytes_in(splits.test, streams["test"], parts["test"].blocks * block, tokeniser)
    return Corpus(
        tokeniser, streams["train"], streams["validation"], streams["test"], summary, size, real
    )


def _stream(documents: Sequence[Document], tokeniser: Subwords) -> tuple[Compact, Lost]:
    """Return the stream of tokens, and what they do not give back."""
    end = np.array([tokeniser.end], dtype=np.int32)
    parts, lost = [end], Lost()
    read = tokeniser.each(document.text for document in documents)
    for document, tokens in zip(documents, read, strict=True):
        _check_plain(document, tokens, tokeniser)
        lost += _lost(document.text, tokens, tokeniser)
        parts += [tokens, end]
    return np.concatenate(parts), lost


def _check_plain(document: Document, tokens: Compact, tokeniser: Subwords) -> None:
    """Raise DataError where a token is read in a text that is no text: end, begin, special."""
    (places,) = np.isin(tokens, tokeniser.markers).nonzero()
    if not places.size:
        return
    token = int(tokens[places[0]])
    name = tokeniser.inner.id_to_token(token)
    role = {tokeniser.begin: "begin", tokeniser.end: "end"}.get(token, "special")
    # A special token stays one, whichever ends a document.
    other = "another tokeniser by reality.tokeniser"
    remedy = other if tokeniser.is_special(token) else "another end token by reality.end"
    raise DataError(
        f"{document.source}: the tokeniser reads its {role} token in the text, {name!r} at token "
        f"{int(places[0])}; take that name out of the text, or name {remedy}"
    )


def _lost(text: str, tokens: Compact, tokeniser: Subwords) -> Lost:
    if tokeniser.lossless:
        return Lost(characters=len(text))
    missing = Counter(text)
    missing.subtract(tokeniser.known(tokens))
    # A text's first and last spaces are the decoder's to keep or not.
    missing.subtract(text[: len(text) - len(text.lstrip())])
    missing.subtract(text[len(text.rstrip()) :])
    gone = {c: n for c, n in missing.items() if n > 0}
    spaces = sum(n for c, n in gone.items() if c.isspace())
    return Lost(sum(gone.values()) - spaces, spaces, len(text))


def _bytes_in(
    documents: Sequence[Document], stream: Compact, used: int, tokeniser: Subwords
) -> int:
    """Return the UTF-8 bytes of the documents behind the first `used` tokens of their stream.

    Of the one that is cut, those up to the end of its last token.
    """
    ends = np.flatnonzero(stream == tokeniser.end)
    size = 0
    for document, before, after in zip(documents, ends[:-1], ends[1:], strict=True):
        text = document.text
        if used < after:
            text = tokeniser.first(text, max(0, used - int(before) - 1))
        size += len(text.encode())
    return size


def _real_tokens(documents: Sequence[Document], stream: Compact, end: int) -> int:
    """Return the tokens of a stream up to the end of its last real document."""
    real = sum(document.origin == REAL for document in documents)
    return int(stream.size if real == len(documents) else np.flatnonzero(stream == end)[real] + 1)


def _part(documents: Sequence[Document], stream: Compact, block: int) -> SplitSize:
    size = sum(len(document.text.encode()) for document in documents)
    return SplitSize(len(documents), size, int(stream.size), int(stream.size // block))
