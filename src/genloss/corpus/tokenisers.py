"""How a text gets its tokens: byte pairs learned from it, or those of a pretrained model."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from genloss.core.arrays import checked_count
from genloss.core.bases import GGUF, folder_on_disk
from genloss.core.extras import optional
from genloss.corpus.hub import hub_folder
from genloss.corpus.pretrained import (
    CLASS,
    CONFIG,
    FILES,
    MODEL,
    PAIR,
    VOCABULARIES,
    WHOLE,
    json_object,
    loaded,
)
from genloss.corpus.subwords import Subwords, ready
from genloss.errors import DataError

END = "<|endoftext|>"
ENDS = (END, "</s>", "<|end_of_text|>", "<eos>", "[SEP]")
"""Names of the end token, tried in this order where no file says which it is."""

BYTES = 256


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
        library = optional("tokenizers", "this text")
        inner = _byte_level(library.models.BPE())
        trainer = library.trainers.BpeTrainer(
            vocab_size=self.vocabulary,
            min_frequency=2,
            special_tokens=[END],
            initial_alphabet=sorted(library.pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        inner.train_from_iterator(texts, trainer)
        return ready(inner, END)

    def identity(self) -> dict[str, str]:
        """Return the number of entries; the training text is part of the reality's identity."""
        return {"tokeniser": f"{self.vocabulary} byte pairs"}


@dataclass(frozen=True)
class Pretrained:
    """The tokeniser of a pretrained model, with the tokens of transformers' AutoTokenizer.

    source: a base (`folder_on_disk`), the name of a model on the hub, or a tokenizer.json. end: its
    end token; empty means the one that its files name. Names of special tokens inside a text are
    words. Only data are read; nothing that came with the model is run. A folder with vocab.json
    and merges.txt alone, which AutoTokenizer refuses, is GPT-2's, if it holds all bytes and an end.

    Raises:
        DataError: missing files, those that transformers does not load, tokenisers written in
            Python, dropout of merges, more than one token before a text, or no end token.
        MissingExtra: a folder needs transformers.
    """

    source: str
    end: str = ""

    def made_from(self, texts: Iterable[str]) -> Subwords:
        """Return the tokeniser; texts are not looked at."""
        files = self._files()
        source = loaded(files, self.source)
        inner = source.inner
        if getattr(inner.model, "dropout", None):
            raise DataError(
                f"{self.source}: a dropout of {inner.model.dropout} leaves out merges at random, "
                "so that a text has other tokens each time; expected none; set it to null in "
                "tokenizer.json"
            )
        known = inner.get_vocab(with_added_tokens=True)
        ends = [self.end] if self.end else [*source.ends, *ENDS]
        for end in ends:
            if end in known:
                return ready(inner, end, source.absent, source.note)
        raise DataError(
            f"{self.source}: {len(known)} entries, none of them {', '.join(map(repr, ends))}; "
            "set end to the token that ends a document"
        )

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the files that make the tokeniser, and the end token if given."""
        whole = sha256(self.end.encode())
        for name, file in sorted(self._files().items()):
            content = file.read_bytes()
            if name == MODEL:
                settings = json_object(file)
                content = json.dumps({key: settings.get(key) for key in CLASS}).encode()
            whole.update(name.encode() + b"\0" + content)
        return {"tokeniser": whole.hexdigest()}

    def _files(self) -> dict[str, Path]:
        path = Path(self.source)
        if path.is_file() and path.suffix != GGUF:
            if path.name != WHOLE or not (path.parent / CONFIG).is_file():
                return {WHOLE: path}
            # What stands beside it belongs to it.
            path = path.parent
        path = path if path.is_dir() else self._folder()
        files = {name: path / name for name in FILES if (path / name).is_file()}
        if WHOLE in files:
            # Older copies of the same vocabulary may stand beside it.
            return {k: v for k, v in files.items() if k not in (*PAIR, *VOCABULARIES)}
        if files.keys() >= set(PAIR) or files.keys() & set(VOCABULARIES):
            return files
        raise DataError(
            f"{path}: holds neither tokenizer.json nor vocab.json with merges.txt nor another "
            "vocabulary; save the tokeniser there with transformers: "
            "AutoTokenizer.from_pretrained(...).save_pretrained(folder)"
        )

    def _folder(self) -> Path:
        local = folder_on_disk(self.source)
        if local is None and not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", self.source):
            raise DataError(
                f"{self.source}: no such file or folder, and no name of a model on the hub; "
                "check the path"
            )
        return hub_folder(self.source, FILES) if local is None else local


def _byte_level(model: Any) -> Any:
    library = optional("tokenizers", "this text")
    inner = library.Tokenizer(model)
    inner.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = library.decoders.ByteLevel()
    return inner
