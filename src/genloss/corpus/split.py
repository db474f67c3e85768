"""Train, validation and test: documents fall as a whole, by their content alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from genloss.corpus.document import Document
from genloss.corpus.documents import content_hash
from genloss.corpus.duplicates import copied
from genloss.corpus.inventory import Entry
from genloss.errors import DataError

Part = tuple[Document, ...]


@dataclass(frozen=True)
class Splits:
    """The documents of each part.

    empty: documents without text, dropped. leaked: pairs of sources, a held-out document and the
    one of another part that holds most of it. dropped: how many of the leaked were taken out.
    notes: what else is to be said, of files and origins; files: what became of each. Machine-made
    documents, in train alone, come last.
    """

    train: Part
    validation: Part
    test: Part
    empty: int = 0
    leaked: tuple[tuple[str, str], ...] = ()
    dropped: int = 0
    notes: tuple[str, ...] = ()
    files: tuple[Entry, ...] = ()

    def summary(self) -> str:
        """Return in one line how many documents there are, and what was left out or leaks."""
        sizes = (len(part) for part in (self.train, self.validation, self.test))
        parts = ["{:,} training, {:,} validation, {:,} test documents".format(*sizes)]
        if self.dropped:
            parts.append(f"{self.dropped:,} left out as copies of documents of another split")
        if stay := len(self.leaked) - self.dropped:
            parts.append(f"{stay:,} of a given split kept although they are such copies")
        parts += [f"{self.empty:,} empty"] if self.empty else []
        parts += [f"a copy is {copy} of {of}" for copy, of in self.leaked[:1]]
        return "; ".join([*parts, *self.notes])


def held_out(
    documents: Sequence[Document], share: float, seed: int, part: str
) -> tuple[list[Document], list[Document]]:
    """Return the documents without, and with, a share of their characters.

    Documents are ranked by the SHA-256 of seed, part and content; the first ones whose lengths come
    nearest to the share are held out, one at least. Equal documents stay together.

    Raises:
        DataError: a single document.
    """
    if len(documents) < 2:
        raise DataError(
            f"1 document is left ({documents[0].source}), and the {part} split needs one of its "
            "own; equal documents stay together and none is cut in two by a split; give at least "
            "three that differ, or cut long texts at blank lines by reality.documents=pieces"
        )
    keys = [content_hash(d.text, f"{seed}\0{part}") for d in documents]
    ranks = sorted(range(len(documents)), key=lambda i: (keys[i], i))
    wanted = share * sum(len(d.text) for d in documents)
    best, gap, size = 1, float("inf"), 0
    for taken, i in enumerate(ranks[:-1], start=1):
        size += len(documents[i].text)
        if abs(size - wanted) < gap:
            best, gap = taken, abs(size - wanted)
    while best < len(ranks) - 1 and keys[ranks[best]] == keys[ranks[best - 1]]:
        best += 1
    held = set(ranks[:best])
    rest = [d for i, d in enumerate(documents) if i not in held]
    return rest, [d for i, d in enumerate(documents) if i in held]


def without_leaks(splits: Splits, own: frozenset[str] = frozenset()) -> Splits:
    """Return the splits without held-out documents half of whose text occurs in another part.

    Both are compared with train, validation with test as well (shingles of 5 words, see `copied`).
    own: parts ('validation', 'test') that came with the data; they are used as they are, and what
    leaks into them is only reported.

    Raises:
        DataError: every document of a part is a copy.
    """
    held = splits.test + splits.validation
    copies_of = copied([d.text for d in held], [d.text for d in splits.train])
    at = len(splits.test)
    test, from_test = _without(
        splits.test, {i: splits.train[j] for i, j in copies_of.items() if i < at}, "test", own
    )
    again = copied([d.text for d in splits.validation], [d.text for d in test])
    copies = {i: test[j] for i, j in again.items()}
    copies |= {i - at: splits.train[j] for i, j in copies_of.items() if i >= at}
    validation, from_validation = _without(splits.validation, copies, "validation", own)
    gone = len(held) - len(test) - len(validation)
    leaked = (*from_test, *from_validation)
    return replace(splits, test=test, validation=validation, leaked=leaked, dropped=gone)


def _without(
    part: Part, copies: dict[int, Document], name: str, own: frozenset[str]
) -> tuple[Part, list[tuple[str, str]]]:
    leaked = [(part[i].source, copies[i].source) for i in sorted(copies)]
    if name in own:
        return part, leaked
    if len(copies) == len(part):
        raise DataError(
            f"nothing is left of the {name} split: half or more of each of its {len(part)} "
            f"documents occurs in another split too, such as {leaked[0][0]} in {leaked[0][1]}; "
            "remove the copies, give more documents, cut them at blank lines by "
            "reality.documents=pieces, or draw others by reality.seed=1, 2, ..."
        )
    return tuple(d for i, d in enumerate(part) if i not in copies), leaked
