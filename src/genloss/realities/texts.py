"""Text as a reality: your own files, Python's help, or a data set of the Hugging Face hub."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import checked_count
from genloss.core.samples import REAL
from genloss.corpus.blocks import Corpus, corpus_of
from genloss.corpus.document import Document
from genloss.corpus.documents import cut, digest, embedded, without_empty
from genloss.corpus.hub import hub_rows
from genloss.corpus.inventory import NamedSplits
from genloss.corpus.origins import check_reality, origin_digest, with_origins
from genloss.corpus.reading import read_corpus, read_part
from genloss.corpus.split import Splits, held_out, without_leaks
from genloss.corpus.tokenisers import BytePair, Pretrained, Tokenising
from genloss.corpus.walk import Stamp, stamps_of
from genloss.errors import SpecError
from genloss.realities.text_rows import TextRows

VOCABULARY = 4096
OUTSIDE = {"identity": False}
"""Fields of where the text is and how it is read: the identity covers the content instead."""


@dataclass(frozen=True)
class Texts:
    """Your own text, or the help topics of Python where path is empty.

    path: a file or folder, see `read_corpus`; documents, text_field, files and named_splits say how
    it is read. validation_path, test_path: the same for splits that exist already, unless names in
    path say them; a split that is not given is held out from path, by document: validation and test
    are shares of the characters, seed picks the documents. Documents half of which stand in
    training documents leave those splits. human: values of `origin` and `generator` that stand for
    real text, see `with_origins`; machine-made documents are trained on, as rows that are not real,
    and never held out. block: T, tokens of a block. tokeniser: a file, folder or hub name, see
    `Pretrained`, with its end token `end`; empty learns `vocabulary` byte pairs from the training
    split.

    Neither paths nor the way of reading belong to the identity; texts and tokeniser do.

    Raises:
        SpecError, DataError: an option out of range.
    """

    about = About(
        "text",
        "Text",
        "Documents of one's own, cut into rows of tokens.",
        ("sennrich-2016",),
    )
    path: str = field(default="", metadata=OUTSIDE)
    block: int = 64
    vocabulary: int = field(default=VOCABULARY, metadata=OUTSIDE)
    tokeniser: str = field(default="", metadata=OUTSIDE)
    end: str = field(default="", metadata=OUTSIDE)
    validation: float = 0.1
    test: float = 0.1
    seed: int = 0
    documents: Literal["whole", "wikitext", "pieces"] = field(default="whole", metadata=OUTSIDE)
    text_field: str = field(default="text", metadata=OUTSIDE)
    validation_path: str = field(default="", metadata=OUTSIDE)
    test_path: str = field(default="", metadata=OUTSIDE)
    files: tuple[str, ...] = field(default=(), metadata=OUTSIDE)
    named_splits: NamedSplits = field(default="use", metadata=OUTSIDE)
    human: tuple[str, ...] = field(default=(), metadata=OUTSIDE)

    def __post_init__(self) -> None:
        _check(self)
        if self.named_splits not in ("use", "ignore"):
            raise SpecError(
                f"text: named_splits is {self.named_splits!r}; expected 'use' or 'ignore'"
            )

    def realise(self, n_chains: int, rng: np.random.Generator) -> TextRows:
        """Return the blocks for n_chains chains; rng puts them in order."""
        return TextRows.of(_corpus(self, self._stamps()), n_chains, rng)

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the documents, split by split, and of the tokeniser."""
        return _identity(self, self._stamps())

    def told(self) -> str:
        """Return in one line what was found in the text."""
        return _told(self, self._stamps())

    def tokenising(self) -> Tokenising:
        """Return how the text gets its tokens."""
        return _tokenising(self)

    def splits(self) -> Splits:
        """Read and split the documents."""
        paths = {"validation": self.validation_path, "test": self.test_path}
        given, empty, notes = {}, 0, []
        for part, path in paths.items():
            if path:
                given[part], dropped, account = read_part(
                    path, part, self.documents, self.text_field
                )
                empty += dropped
                notes.append(f"{part}_path: {account}")
        if not self.path:
            return _split(self, embedded(), given, empty, notes)
        reading = read_corpus(
            self.path, self.documents, self.text_field, self.files, self.named_splits, tuple(given)
        )
        parts = {**reading.documents, **given}
        cut = {"pieces": ["cut into pieces at blank lines"], "wikitext": ["cut at headings"]}
        notes = [reading.inventory.summary(), *cut.get(self.documents, []), *notes]
        return _split(self, parts.pop("train"), parts, empty + reading.empty, notes)

    def _stamps(self) -> tuple[Stamp, ...]:
        paths = (p for p in (self.path, self.validation_path, self.test_path) if p)
        return tuple(stamp for path in paths for stamp in stamps_of(Path(path)))


@dataclass(frozen=True)
class HubTexts:
    """A data set of the Hugging Face hub, streamed; the default is the paper's, WikiText-2.

    name, config, revision: which one; name may be a local folder too. train_split,
    validation_split, test_split: its own splits, used as they are; an empty name holds that part
    out from train instead. limit: rows of each split that are read; 0 reads all. For the other
    fields see `Texts`.

    Raises:
        SpecError, DataError: an option out of range.
    """

    about = About(
        "hub_text",
        "Text of the Hugging Face hub",
        "Documents of a public data set, cut into rows of tokens.",
        ("merity-2017", "sennrich-2016"),
    )
    name: str = field(default="Salesforce/wikitext", metadata=OUTSIDE)
    config: str = field(default="wikitext-2-raw-v1", metadata=OUTSIDE)
    revision: str = field(default="", metadata=OUTSIDE)
    train_split: str = field(default="train", metadata=OUTSIDE)
    validation_split: str = field(default="validation", metadata=OUTSIDE)
    test_split: str = field(default="test", metadata=OUTSIDE)
    documents: Literal["whole", "wikitext", "pieces"] = field(default="wikitext", metadata=OUTSIDE)
    text_field: str = field(default="text", metadata=OUTSIDE)
    limit: int = field(default=0, metadata=OUTSIDE)
    block: int = 64
    vocabulary: int = field(default=VOCABULARY, metadata=OUTSIDE)
    tokeniser: str = field(default="", metadata=OUTSIDE)
    end: str = field(default="", metadata=OUTSIDE)
    validation: float = 0.1
    test: float = 0.1
    seed: int = 0
    human: tuple[str, ...] = field(default=(), metadata=OUTSIDE)

    def __post_init__(self) -> None:
        _check(self)
        checked_count(self.limit, "hub_text: limit", 0)

    def realise(self, n_chains: int, rng: np.random.Generator) -> TextRows:
        """Return the blocks for n_chains chains; rng puts them in order."""
        return TextRows.of(_corpus(self, ()), n_chains, rng)

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the documents, split by split, and of the tokeniser."""
        return _identity(self, ())

    def told(self) -> str:
        """Return in one line what was found in the text."""
        return _told(self, ())

    def tokenising(self) -> Tokenising:
        """Return how the text gets its tokens."""
        return _tokenising(self)

    def splits(self) -> Splits:
        """Stream and split the documents."""
        names = {"validation": self.validation_split, "test": self.test_split}
        read = {part: self._read(split) for part, split in names.items() if split}
        found, empty = self._read(self.train_split)
        given: dict[str, list[Document]] = {p: documents for p, (documents, _) in read.items()}
        return _split(self, found, given, empty + sum(dropped for _, dropped in read.values()), [])

    def _read(self, split: str) -> tuple[list[Document], int]:
        rows = hub_rows(self.name, self.config, split, self.revision, self.text_field, self.limit)
        return without_empty(cut(rows, self.documents), f"{self.name}, split {split}")


Text = Texts | HubTexts


@lru_cache(maxsize=2)
def _splits(text: Text, stamps: tuple[Stamp, ...]) -> Splits:
    """Read once per process and content; stamps change with the files."""
    return text.splits()


@lru_cache(maxsize=2)
def _corpus(text: Text, stamps: tuple[Stamp, ...]) -> Corpus:
    return corpus_of(_splits(text, stamps), text.tokenising(), text.block)


def _told(text: Text, stamps: tuple[Stamp, ...]) -> str:
    said = [_splits(text, stamps).told()]
    if text.tokeniser:
        # Byte pairs that were learned lose nothing.
        tokeniser = text.tokenising().made_from(())
        lost = "" if tokeniser.lossless else _corpus(text, stamps).summary.lost.told()
        said += [part for part in (tokeniser.note, lost) if part]
    return "; ".join(said)


def _identity(text: Text, stamps: tuple[Stamp, ...]) -> dict[str, str]:
    splits = _splits(text, stamps)
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    hashes = {f"{part}_sha256": digest(found) for part, found in parts.items()}
    return hashes | origin_digest(splits.train) | text.tokenising().identity()


def _tokenising(text: Text) -> Tokenising:
    return Pretrained(text.tokeniser, text.end) if text.tokeniser else BytePair(text.vocabulary)


def _split(
    text: Text,
    documents: list[Document],
    given: Mapping[str, list[Document]],
    empty: int,
    notes: list[str],
) -> Splits:
    """Hold out real documents for what is not given, and look for leaks."""
    parts, origins = with_origins({"train": documents, **given}, text.human)
    check_reality(parts)
    machine = [d for d in parts["train"] if d.origin != REAL]
    real = [d for d in parts["train"] if d.origin == REAL]
    # Shares are of the whole, so the second is a larger share of what the first has left.
    shares, left = {"test": text.test, "validation": text.validation}, 1.0
    for part, share in shares.items():
        if part in given:
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
        frozenset(given),
    )


def _check(text: Text) -> None:
    checked_count(text.block, "text: block", 2)
    checked_count(text.seed, "text: seed", 0)
    _tokenising(text)
    if text.documents not in ("whole", "wikitext", "pieces"):
        raise SpecError(
            f"text: documents is {text.documents!r}; expected 'whole', 'wikitext' or 'pieces'"
        )
    for name in ("validation", "test"):
        share = getattr(text, name)
        if not 0.0 < share < 1.0:
            raise SpecError(f"text: {name} is {share}; expected a share above 0 and below 1")
    if text.validation + text.test >= 1.0:
        raise SpecError(
            f"text: validation {text.validation} and test {text.test} leave nothing to train on; "
            "expected a sum below 1"
        )
    if text.tokeniser and text.vocabulary != VOCABULARY:
        raise SpecError(
            f"text: vocabulary is {text.vocabulary}, but the tokeniser {text.tokeniser!r} has its "
            "own; drop one of the two"
        )
    if text.end and not text.tokeniser:
        raise SpecError(
            f"text: end is {text.end!r} without a tokeniser; learned ones have their own"
        )
