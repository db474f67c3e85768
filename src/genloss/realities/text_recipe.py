"""What every reality of text shares: its splits become blocks of tokens."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import numpy as np

from genloss.core.arrays import checked_count
from genloss.core.extras import check_installed
from genloss.core.samples import REAL
from genloss.corpus.blocks import Corpus, corpus_of
from genloss.corpus.document import Document
from genloss.corpus.documents import digest
from genloss.corpus.origins import check_reality, origin_digest, with_origins
from genloss.corpus.split import Splits, held_out, without_leaks
from genloss.corpus.tokenisers import BytePair, Pretrained, Tokenising
from genloss.corpus.walk import Stamp
from genloss.errors import SpecError
from genloss.realities.text_rows import TextRows

VOCABULARY = 4096
OUTSIDE = {"identity": False}
"""Fields of where the text is and how it is read: the identity covers the content instead."""

Cutting = Literal["whole", "wikitext", "pieces"]
"""What of a text is a document."""


@dataclass(frozen=True, kw_only=True)
class TextRecipe(ABC):
    """Splits of documents, cut into blocks of tokens; subclasses say where documents come from.

    block: T, tokens of a block. tokeniser: a file, folder or hub name, see `Pretrained`, with its
    end token `end`; empty learns `vocabulary` byte pairs from the training split. validation, test:
    shares of the characters that are held out where a split is not given, by document; seed picks
    them. Documents half of whose text occurs in training documents leave those splits. human:
    values of `origin` and `generator` that stand for real text, see `with_origins`; machine-made
    documents are trained on, as rows that are not real, and never held out.

    Neither places nor the way of reading belong to the identity; texts and tokeniser do.

    Raises:
        SpecError, DataError: an option out of range.
    """

    block: int = 64
    vocabulary: int = field(default=VOCABULARY, metadata=OUTSIDE)
    tokeniser: str = field(default="", metadata=OUTSIDE)
    end: str = field(default="", metadata=OUTSIDE)
    validation: float = 0.1
    test: float = 0.1
    seed: int = 0
    documents: Cutting = field(default="whole", metadata=OUTSIDE)
    text_field: str = field(default="text", metadata=OUTSIDE)
    human: tuple[str, ...] = field(default=(), metadata=OUTSIDE)

    def __post_init__(self) -> None:
        checked_count(self.block, "text: block", 2)
        checked_count(self.seed, "text: seed", 0)
        self.tokenising()
        if self.documents not in ("whole", "wikitext", "pieces"):
            raise SpecError(
                f"text: documents is {self.documents!r}; expected 'whole', 'wikitext' or 'pieces'"
            )
        for name in ("validation", "test"):
            share = getattr(self, name)
            if not 0.0 < share < 1.0:
                raise SpecError(f"text: {name} is {share}; expected a share above 0 and below 1")
        if self.validation + self.test >= 1.0:
            raise SpecError(
                f"text: validation {self.validation} and test {self.test} leave nothing to train "
                "on; expected a sum below 1"
            )
        if self.tokeniser and self.vocabulary != VOCABULARY:
            raise SpecError(
                f"text: vocabulary is {self.vocabulary}, but the tokeniser {self.tokeniser!r} has "
                "its own; drop one of the two"
            )
        if self.end and not self.tokeniser:
            raise SpecError(
                f"text: end is {self.end!r} without a tokeniser; learned ones have their own"
            )

    @abstractmethod
    def splits(self) -> Splits:
        """Read and split the documents."""

    @abstractmethod
    def stamps(self) -> tuple[Stamp, ...]:
        """Return what changes with the files that are read."""

    def check_extras(self) -> None:
        """Raise MissingExtra where tokenizers is not installed."""
        check_installed("tokenizers", "text")

    def realise(self, n_chains: int, rng: np.random.Generator) -> TextRows:
        """Return the blocks for n_chains chains; rng puts them in order."""
        return TextRows.of(_corpus(self, self.stamps()), n_chains, rng)

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the documents, split by split, and of the tokeniser."""
        return _digests(self, self.stamps()) | self.tokenising().identity()

    def read_splits(self) -> Splits:
        """Return the split documents; read once per process and content."""
        return _splits(self, self.stamps())

    def data_summary(self) -> str:
        """Return in one line what was read and what was left out."""
        stamps = self.stamps()
        lines = [_splits(self, stamps).summary()]
        if self.tokeniser:
            # Byte pairs that were learned lose nothing.
            corpus = _corpus(self, stamps)
            lost = "" if corpus.tokeniser.lossless else corpus.summary.lost.summary()
            lines += [part for part in (corpus.tokeniser.note, lost) if part]
        return "; ".join(lines)

    def tokenising(self) -> Tokenising:
        """Return how the text gets its tokens."""
        if self.tokeniser:
            return Pretrained(self.tokeniser, self.end)
        return BytePair(self.vocabulary)


@lru_cache(maxsize=2)
def _splits(text: TextRecipe, stamps: tuple[Stamp, ...]) -> Splits:
    """Read once per process and content; stamps change with the files."""
    return text.splits()


@lru_cache(maxsize=2)
def _digests(text: TextRecipe, stamps: tuple[Stamp, ...]) -> dict[str, str]:
    splits = _splits(text, stamps)
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    hashes = {f"{part}_sha256": digest(documents) for part, documents in parts.items()}
    return hashes | origin_digest(splits.train)


@lru_cache(maxsize=2)
def _corpus(text: TextRecipe, stamps: tuple[Stamp, ...]) -> Corpus:
    return corpus_of(_splits(text, stamps), text.tokenising(), text.block)


def split_documents(
    text: TextRecipe,
    documents: list[Document],
    own: Mapping[str, list[Document]],
    empty: int,
    notes: list[str],
) -> Splits:
    """Hold out real documents for splits that are not the text's own, and look for leaks."""
    parts, origins = with_origins({"train": documents, **own}, text.human)
    check_reality(parts)
    machine = [d for d in parts["train"] if d.origin != REAL]
    real = [d for d in parts["train"] if d.origin == REAL]
    # Shares are of the whole, so the second is a larger share of what the first has left.
    shares, left = {"test": text.test, "validation": text.validation}, 1.0
    for part, share in shares.items():
        if part in own:
            parts[part] = [d for d in parts[part] if d.origin == REAL]
        else:
            real, parts[part] = held_out(real, share / left, text.seed, part)
            left -= share
    return without_leaks(
        Splits(
            (*real, *machine),
            tuple(parts["validation"]),
            tuple(parts["test"]),
            empty,
            notes=tuple(note for note in (origins, *notes) if note),
        ),
        frozenset(own),
    )
