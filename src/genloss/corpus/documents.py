"""Documents: whole texts, which a split keeps whole."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Literal

from genloss.corpus.document import Document
from genloss.corpus.duplicates import originals
from genloss.errors import DataError

Form = Literal["whole", "wikitext", "pieces"]

HEADING = re.compile(r" = (?!=)(.*[^=\s]) = ?")
"""A WikiText article begins with a line such as ' = Title = '; sections have more signs."""

PIECE = 8000
"""Characters after which a piece of a long text ends at the next blank line."""


def embedded() -> list[Document]:
    """Return the help topics of this Python, by name, without those that occur in longer ones.

    Python 3.11 has 79, 465,000 characters; 23 of them are sections of others, such as 'for' of
    'compound'. Other versions of Python bring other texts; the identity of the reality says so.
    """
    from pydoc_data.topics import topics

    names = sorted(topics)
    unique = originals([topics[name] for name in names])
    return [Document(topics[names[i]], f"topic {names[i]}") for i in unique]


def cut(rows: Iterable[Document], form: Form) -> Iterator[Document]:
    """Yield the documents in rows of text, in one of the forms of `read_corpus`."""
    cutters: dict[Form, Callable[[Iterable[Document]], Iterator[Document]]] = {
        "whole": iter,
        "wikitext": _articles,
        "pieces": _pieces,
    }
    return cutters[form](rows)


def without_empty(documents: Iterable[Document], what: str) -> tuple[list[Document], int]:
    """Return the documents that hold more than white space, and the number of the others.

    Raises:
        DataError: nothing is left, or a text that is not valid Unicode.
    """
    written, empty = [], 0
    for document in documents:
        if document.text.strip():
            written.append(_encodable(document))
        else:
            empty += 1
    if not written:
        raise DataError(
            f"{what}: holds no text ({empty} empty documents); expected some; check the path"
        )
    return written, empty


def _encodable(document: Document) -> Document:
    try:
        document.text.encode()
    except UnicodeEncodeError as error:
        at, text = error.start, document.text
        raise DataError(
            f"{document.source}: character {at + 1} is {text[at]!r}, half a surrogate pair, after "
            f"{text[max(at - 30, 0) : at]!r}; no UTF-8 text can hold it; remove it"
        ) from None
    return document


def content_hash(text: str, salt: str = "") -> str:
    """Return the SHA-256 of salt and text as hex digits."""
    return sha256(f"{salt}\0{text}".encode()).hexdigest()


def digest(documents: Iterable[Document]) -> str:
    """Return the SHA-256 of the texts in their order; boundaries count, sources do not."""
    whole = sha256()
    for document in documents:
        whole.update(bytes.fromhex(content_hash(document.text)))
    return whole.hexdigest()


def _articles(rows: Iterable[Document]) -> Iterator[Document]:
    lines: list[str] = []
    begins: list[int] = []
    owners: list[Document] = []
    for row in rows:
        begins.append(len(lines))
        owners.append(replace(row, text=""))
        lines.extend(row.text.removesuffix("\n").split("\n"))
    source = owners[0].source if owners else ""
    starts = _headings(lines)
    if not starts and any(line.strip() for line in lines):
        raise DataError(
            f"{source}: no line such as ' = Title = ' begins an article; expected WikiText; set "
            "reality.documents to 'whole' or 'pieces'"
        )
    for start, end in zip([0, *starts], [*starts, len(lines)], strict=True):
        # Copies of WikiText differ in their blank lines; documents do not have them.
        text = "".join(f"{line}\n" for line in lines[start:end] if line.strip())
        if text:
            # An article has the origin of the row that it begins in.
            owner = owners[bisect_right(begins, start) - 1]
            yield replace(owner, text=text, source=f"{source}, line {start + 1}")


def _headings(lines: list[str]) -> list[int]:
    """Return where articles begin.

    Formulas broken over lines look like headings. Most copies put blank lines around true ones; in
    a copy that has none, every such line counts.
    """
    headings = [i for i, line in enumerate(lines) if HEADING.fullmatch(line)]
    last = len(lines) - 1
    apart = [
        i
        for i in headings
        if (i == 0 or not lines[i - 1].strip()) and (i == last or not lines[i + 1].strip())
    ]
    return apart if 2 * len(apart) > len(headings) else headings


def _pieces(rows: Iterable[Document]) -> Iterator[Document]:
    for row in rows:
        gap = "\n\n" if "\n\n" in row.text else "\n"
        parts = row.text.split(gap)
        start, size = 0, 0
        for end, part in enumerate(parts, start=1):
            size += len(part)
            if size >= PIECE or end == len(parts):
                text, source = gap.join(parts[start:end]), f"{row.source}, part {start + 1}"
                yield replace(row, text=text, source=source)
                start, size = end, 0
