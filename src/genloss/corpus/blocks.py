"""A corpus: documents, split and turned into tokens, as blocks of T of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Ints
from genloss.core.samples import NO_TOKEN
from genloss.corpus.files import Document
from genloss.corpus.split import Splits
from genloss.corpus.subwords import Compact, Subwords
from genloss.corpus.tokenisers import Tokenising
from genloss.errors import DataError


@dataclass(frozen=True)
class Part:
    """What one split holds.

    size is in bytes of UTF-8; tokens include the end tokens; blocks are whole blocks of T tokens.
    """

    documents: int
    size: int
    tokens: int
    blocks: int


@dataclass(frozen=True)
class Summary:
    """What became of a text.

    vocabulary: entries of the tokeniser. empty: documents without text. leaked, dropped: see
    `Splits`.
    """

    train: Part
    validation: Part
    test: Part
    block: int
    vocabulary: int
    empty: int
    leaked: tuple[tuple[str, str], ...]
    dropped: int


@dataclass(frozen=True, eq=False)
class Corpus:
    """The streams of tokens of the three splits.

    A stream is end, document, end, document, ..., end: every document follows an end token and is
    followed by one. Blocks are its cuts of T tokens, in order; the remainder is dropped.
    """

    tokeniser: Subwords
    train: Compact
    validation: Compact
    test: Compact
    summary: Summary

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

    def test_bytes(self) -> int:
        """Return the UTF-8 bytes of the text of the test blocks; end tokens have none.

        The stream is decoded document by document: a block may end inside a character.
        """
        used = self.blocks(self.test).ravel()
        texts = np.split(used, np.flatnonzero(used == self.tokeniser.end))
        return sum(len(self.tokeniser.decode(text.astype(np.int64)).encode()) for text in texts)


def corpus_of(splits: Splits, tokenising: Tokenising, block: int) -> Corpus:
    """Return the corpus of split documents; the tokeniser may learn from the training split.

    Raises:
        DataError: a split too small for one block, with the numbers.
    """
    tokeniser = tokenising.made_from(document.text for document in splits.train)
    named = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    streams = {part: _stream(documents, tokeniser) for part, documents in named.items()}
    parts = {part: _part(named[part], stream, block) for part, stream in streams.items()}
    for name, part in parts.items():
        if not part.blocks:
            larger = "" if name == "train" else f", or a larger share by reality.{name}"
            raise DataError(
                f"the {name} split has {part.documents} documents of {part.size} bytes and "
                f"{part.tokens} tokens, too few for one block of {block}; give more text, or a "
                f"smaller reality.block{larger}"
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
    )
    return Corpus(tokeniser, streams["train"], streams["validation"], streams["test"], summary)


def _stream(documents: Iterable[Document], tokeniser: Subwords) -> Compact:
    end = np.array([tokeniser.end], dtype=np.int32)
    parts = [end]
    for tokens in tokeniser.each(document.text for document in documents):
        parts += [tokens, end]
    return np.concatenate(parts)


def _part(documents: Sequence[Document], stream: Compact, block: int) -> Part:
    size = sum(len(document.text.encode()) for document in documents)
    return Part(len(documents), size, int(stream.size), int(stream.size // block))
