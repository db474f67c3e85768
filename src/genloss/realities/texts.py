"""Text of your own as a reality, or Python's help."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from genloss.core.about import About
from genloss.corpus.document import Document
from genloss.corpus.documents import embedded
from genloss.corpus.inventory import Entry, NamedSplits
from genloss.corpus.reading import read_corpus, read_part
from genloss.corpus.split import Splits
from genloss.corpus.splits_by_name import SplitName
from genloss.corpus.walk import Stamp, stamps_of
from genloss.errors import SpecError
from genloss.realities.text_recipe import OUTSIDE, TextRecipe, split_documents


@dataclass(frozen=True)
class Texts(TextRecipe):
    """Your own text, or the help topics of Python where path is empty.

    path: a file or folder, see `read_corpus`; documents, text_field, files and named_splits say how
    it is read. validation_path, test_path: the same for splits that exist already, unless names in
    path say them. For the other fields see `TextRecipe`.

    Raises:
        SpecError, DataError: an option out of range.
    """

    about = About(
        "text",
        "Text",
        "Your own documents, cut into rows of tokens.",
        ("sennrich-2016",),
        finite=True,
    )
    path: str = field(default="", metadata=OUTSIDE)
    validation_path: str = field(default="", metadata=OUTSIDE)
    test_path: str = field(default="", metadata=OUTSIDE)
    files: tuple[str, ...] = field(default=(), metadata=OUTSIDE)
    named_splits: NamedSplits = field(default="use", metadata=OUTSIDE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.named_splits not in ("use", "ignore"):
            raise SpecError(
                f"text: named_splits is {self.named_splits!r}; expected 'use' or 'ignore'"
            )

    def splits(self) -> Splits:
        """Read and split the documents."""
        paths: dict[SplitName, str] = {"validation": self.validation_path, "test": self.test_path}
        own: dict[str, list[Document]] = {}
        files: list[Entry] = []
        empty, notes = 0, []
        for part, path in paths.items():
            if path:
                own[part], dropped, there = read_part(path, part, self.documents, self.text_field)
                empty += dropped
                notes.append(f"{part}_path: {there.summary()}")
                files += there.entries
        if not self.path:
            return replace(split_documents(self, embedded(), own, empty, notes), files=tuple(files))
        reading = read_corpus(
            self.path, self.documents, self.text_field, self.files, self.named_splits, tuple(own)
        )
        parts = {**reading.documents, **own}
        cut = {"pieces": ["cut into pieces at blank lines"], "wikitext": ["cut at headings"]}
        rows = [reading.by_rows] if reading.by_rows else []
        notes = [reading.inventory.summary(), *rows, *cut.get(self.documents, []), *notes]
        splits = split_documents(self, parts.pop("train"), parts, empty + reading.empty, notes)
        return replace(splits, files=(*reading.inventory.entries, *files))

    def files_read(self) -> tuple[Entry, ...]:
        """Return every file below the paths: read into which split, or left out, and why."""
        return self.read_splits().files

    def stamps(self) -> tuple[Stamp, ...]:
        """Return size, time and place of every file below the paths."""
        paths = (p for p in (self.path, self.validation_path, self.test_path) if p)
        return tuple(stamp for path in paths for stamp in stamps_of(Path(path)))
