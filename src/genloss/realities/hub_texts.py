"""Text of the Hugging Face hub as a reality."""

from dataclasses import dataclass, field

from genloss.core.about import About
from genloss.core.arrays import checked_count
from genloss.corpus.document import Document
from genloss.corpus.documents import cut, without_empty
from genloss.corpus.hub import hub_rows
from genloss.corpus.split import Splits
from genloss.corpus.walk import Stamp
from genloss.realities.text_recipe import OUTSIDE, Cutting, TextRecipe, split_documents


@dataclass(frozen=True)
class HubTexts(TextRecipe):
    """A data set of the Hugging Face hub, streamed; the default is the paper's, WikiText-2.

    name, config, revision: which one; name may be a local folder too. train_split,
    validation_split, test_split: its own splits, used as they are; an empty name holds that part
    out from train instead. limit: rows of each split that are read; 0 reads all. For the other
    fields see `TextRecipe`.

    Raises:
        SpecError, DataError: an option out of range.
    """

    about = About(
        "hub_text",
        "Text of the Hugging Face hub",
        "Documents of a public data set, cut into rows of tokens.",
        ("merity-2017", "sennrich-2016"),
        finite=True,
    )
    name: str = field(default="Salesforce/wikitext", metadata=OUTSIDE)
    config: str = field(default="wikitext-2-raw-v1", metadata=OUTSIDE)
    revision: str = field(default="", metadata=OUTSIDE)
    train_split: str = field(default="train", metadata=OUTSIDE)
    validation_split: str = field(default="validation", metadata=OUTSIDE)
    test_split: str = field(default="test", metadata=OUTSIDE)
    documents: Cutting = field(default="wikitext", kw_only=True, metadata=OUTSIDE)
    limit: int = field(default=0, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_count(self.limit, "hub_text: limit", 0)

    def splits(self) -> Splits:
        """Stream and split the documents."""
        names = {"validation": self.validation_split, "test": self.test_split}
        read = {part: self._read(split) for part, split in names.items() if split}
        train, empty = self._read(self.train_split)
        parts: dict[str, list[Document]] = {p: documents for p, (documents, _) in read.items()}
        return split_documents(
            self, train, parts, empty + sum(dropped for _, dropped in read.values()), []
        )

    def stamps(self) -> tuple[Stamp, ...]:
        """Return nothing: a revision of a data set does not change."""
        return ()

    def _read(self, split: str) -> tuple[list[Document], int]:
        rows = hub_rows(self.name, self.config, split, self.revision, self.text_field, self.limit)
        return without_empty(cut(rows, self.documents), f"{self.name}, split {split}")
