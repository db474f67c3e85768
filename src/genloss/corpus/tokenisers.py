"""Tokenisers: byte pairs learned from the training text, or those of a pretrained model."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Ints, checked_count
from genloss.core.samples import NO_TOKEN
from genloss.corpus.extras import optional
from genloss.corpus.hub import hub_folder
from genloss.errors import DataError

Compact = NDArray[np.int32]

END = "<|endoftext|>"
ENDS = (END, "</s>", "<|end_of_text|>", "<eos>", "[SEP]")
"""Names of the end token, tried in this order where no file says which it is."""

FILES = (
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
)

BYTES = 256
PIECE = 1 << 16
BATCH = 1 << 21
"""Characters of one piece of a long text, and of the pieces that are encoded together: the library
keeps some 100 bytes per token until it hands them out."""

BETWEEN_WORDS = re.compile(r"(?<=[^\W\d_]) (?=[^\W\d_])")


@dataclass(frozen=True, eq=False)
class Subwords:
    """A tokeniser of the library `tokenizers`; nothing in a text becomes the end token.

    inner: the tokenizers.Tokenizer. end: the token that ends a document. bytewise: a token is a
    string of bytes and any text comes back as it was, so that a long text may be encoded in parts.
    """

    inner: Any
    end: int
    bytewise: bool

    @property
    def size(self) -> int:
        """Entries of the vocabulary, V; the largest token is V - 1."""
        return 1 + max(self.inner.get_vocab(with_added_tokens=True).values())

    def encode(self, texts: Sequence[str]) -> list[Ints]:
        """Return the tokens of each text, without an end token; no special token is read in it."""
        return [tokens.astype(np.int64) for tokens in self.each(texts)]

    def each(self, texts: Iterable[str]) -> Iterator[Compact]:
        """Yield the tokens of one text after the other, in bounded memory."""
        parts: list[list[int]] = []
        for batch in _batches(texts, self.bytewise):
            pieces = [piece for piece, _ in batch]
            encoded = self.inner.encode_batch_fast(pieces, add_special_tokens=False)
            for (_, last), found in zip(batch, encoded, strict=True):
                parts.append(found.ids)
                if last:
                    yield np.concatenate([np.array(ids, dtype=np.int32) for ids in parts])
                    parts = []

    def decode(self, tokens: Ints) -> str:
        """Return the text of tokens (T,); NO_TOKEN and the end token are left out."""
        tokens = np.asarray(tokens)
        text = tokens[(tokens != NO_TOKEN) & (tokens != self.end)]
        return str(self.inner.decode(text.tolist(), skip_special_tokens=True))

    def to_json(self) -> str:
        """Return the whole tokeniser as the text of a tokenizer.json."""
        return str(self.inner.to_str())


class Tokenising(Protocol):
    """How a text gets its tokens: a frozen recipe."""

    def made_from(self, texts: Iterable[str]) -> Subwords:
        """Return the tokeniser; texts are those of the training split alone."""
        ...

    def identity(self) -> dict[str, str]:
        """Return what the fingerprint covers."""
        ...


@dataclass(frozen=True)
class BytePair:
    """Byte-level byte-pair encoding, learned from the training text; token 0 ends a document.

    vocabulary: entries, V >= 257: the end token, 256 bytes, and merges of pairs that stand twice at
    least; a short text may not have enough of them. Cost: 0.2 s for 0.5 MB, a minute for 130 MB.
    Sennrich, Haddow and Birch 2016; over bytes, Radford et al. 2019.

    Raises:
        DataError: fewer entries than there are bytes.
    """

    vocabulary: int = 4096

    def __post_init__(self) -> None:
        checked_count(self.vocabulary, "vocabulary", BYTES + 1)

    def made_from(self, texts: Iterable[str]) -> Subwords:
        """Return the tokeniser learned from texts: the same texts, the same tokeniser."""
        library = optional("tokenizers")
        inner = _byte_level(library.models.BPE())
        trainer = library.trainers.BpeTrainer(
            vocab_size=self.vocabulary,
            min_frequency=2,
            special_tokens=[END],
            initial_alphabet=sorted(library.pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        inner.train_from_iterator(texts, trainer)
        return _ready(inner, END)

    def identity(self) -> dict[str, str]:
        """Return the number of entries; the training text is part of the reality's identity."""
        return {"tokeniser": f"{self.vocabulary} byte pairs"}


@dataclass(frozen=True)
class Pretrained:
    """The tokeniser of a pretrained model.

    source: a tokenizer.json, a folder with one or with vocab.json and merges.txt (GPT-2, OPT), or
    the name of a model on the hub. end: its end token; empty means the one that its files name.
    Only data are read; nothing that came with the model is run.

    Raises:
        DataError: missing or foreign files, or no end token.
    """

    source: str
    end: str = ""

    def made_from(self, texts: Iterable[str]) -> Subwords:
        """Return the tokeniser; texts are not looked at."""
        files = self._files()
        inner = _loaded(files, self.source)
        known = inner.get_vocab(with_added_tokens=True)
        named = [self.end] if self.end else [*_named_ends(files), *ENDS]
        for end in named:
            if end in known:
                return _ready(inner, end)
        raise DataError(
            f"{self.source}: {len(known)} entries, none of them {', '.join(map(repr, named))}; "
            "set end to the token that ends a document"
        )

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the files that make the tokeniser, and the end token if given."""
        whole = sha256(self.end.encode())
        for name, file in sorted(self._files().items()):
            whole.update(name.encode() + b"\0" + file.read_bytes())
        return {"tokeniser": whole.hexdigest()}

    def _files(self) -> dict[str, Path]:
        path = Path(self.source)
        if path.is_file():
            return {"tokenizer.json": path}
        if not path.is_dir():
            if not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", self.source):
                raise DataError(
                    f"{self.source}: no such file or folder, and no name of a model on the hub; "
                    "check the path"
                )
            path = hub_folder(self.source, FILES)
        found = {name: path / name for name in FILES if (path / name).is_file()}
        if "tokenizer.json" in found:
            # Older copies of the same vocabulary may stand beside it.
            return {k: v for k, v in found.items() if k not in ("vocab.json", "merges.txt")}
        if "vocab.json" in found and "merges.txt" in found:
            return found
        raise DataError(
            f"{path}: holds neither tokenizer.json nor vocab.json with merges.txt; save the "
            "tokeniser there with transformers: AutoTokenizer.from_pretrained(...)"
            ".save_pretrained(folder)"
        )


def _loaded(files: dict[str, Path], source: str) -> Any:
    library = optional("tokenizers")
    try:
        if "tokenizer.json" in files:
            return library.Tokenizer.from_str(files["tokenizer.json"].read_text("utf-8"))
        names = (str(files["vocab.json"]), str(files["merges.txt"]))
        return _byte_level(library.models.BPE.from_file(*names))
    # The library raises bare exceptions for whatever it cannot parse.
    except Exception as error:
        raise DataError(f"{source}: no tokeniser of that format ({error}); get it again") from error


def _byte_level(model: Any) -> Any:
    library = optional("tokenizers")
    inner = library.Tokenizer(model)
    inner.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = library.decoders.ByteLevel()
    return inner


def _ready(inner: Any, end: str) -> Subwords:
    # A tokenizer.json may ask for cut or padded rows, and the words "</s>" in a text are words.
    inner.no_truncation()
    inner.no_padding()
    inner.encode_special_tokens = True
    bytewise = (
        isinstance(inner.decoder, optional("tokenizers").decoders.ByteLevel)
        and inner.normalizer is None
    )
    return Subwords(inner, int(inner.token_to_id(end)), bytewise)


def _named_ends(files: dict[str, Path]) -> list[str]:
    ends = []
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if name in files:
            try:
                said = json.loads(files[name].read_text("utf-8")).get("eos_token")
            except (ValueError, AttributeError) as error:
                raise DataError(f"{files[name]}: not a JSON object ({error})") from error
            ends.append(said.get("content") if isinstance(said, dict) else said)
    return [end for end in ends if isinstance(end, str)]


def _batches(texts: Iterable[str], bytewise: bool) -> Iterator[list[tuple[str, bool]]]:
    """Yield lists of (piece, whether it is the last of its text) of bounded size."""
    batch: list[tuple[str, bool]] = []
    size = 0
    for text in texts:
        pieces = list(_pieces(text)) if bytewise else [text]
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

    Byte-level tokenisers cut there themselves, so the tokens are those of the whole.
    """
    start = 0
    while len(text) - start > PIECE:
        gap = BETWEEN_WORDS.search(text, start + PIECE)
        if gap is None:
            break
        yield text[start : gap.start()]
        start = gap.start()
    yield text[start:]
