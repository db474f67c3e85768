"""The same text under two suffixes, which would count twice."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

from genloss.corpus.document import Document
from genloss.corpus.readers.byte_stream import endings
from genloss.errors import DataError

HALF = 0.5
"""Share of equal documents from which on two suffixes are suspected to be one text."""

Content = Counter[bytes]
"""Documents by their hash, white space around them aside."""


def copies_among(documents: Mapping[Path, Sequence[Document]]) -> dict[Path, str]:
    """Return the files to leave out, as another suffix has their documents too, and the reasons.

    First files of one name in one folder ('a.txt', 'a.txt.gz'), then all files of one suffix beside
    all of another; of two that are equal, the one with fewer files goes, or the later one.

    Raises:
        DataError: half or more of the documents are equal, and not all: two versions of one text,
            perhaps.
    """
    if len({_suffixes(path) for path in documents}) < 2:
        return {}
    contents = {path: _content(documents_read) for path, documents_read in documents.items()}
    dropped: dict[Path, str] = {}
    for stem in _grouped(contents, lambda path: (path.parent, _stem(path))):
        _compare([[path] for path in stem], contents, dropped)
    rest = {path: content for path, content in contents.items() if path not in dropped}
    _compare(_grouped(rest, _suffixes), contents, dropped)
    return dropped


def _compare(
    groups: Sequence[Sequence[Path]], contents: Mapping[Path, Content], dropped: dict[Path, str]
) -> None:
    """Drop the groups whose documents all occur in a group that stays."""
    totals = [sum((contents[path] for path in group), Counter()) for group in groups]
    order = sorted(range(len(groups)), key=lambda i: (-totals[i].total(), -len(groups[i]), i))
    unique: list[int] = []
    for i in order:
        for j in unique:
            equal = (totals[i] & totals[j]).total()
            if not totals[i] or equal < HALF * totals[i].total():
                continue
            ours, theirs = groups[i][0], groups[j][0]
            if equal < totals[i].total():
                raise DataError(
                    f"{ours}: {equal:,} of {totals[i].total():,} documents of its suffix occur in "
                    f"{_suffixes(theirs)} files too, such as {theirs.name}; two versions of one "
                    "text would count twice; name the files to be read by reality.files, such as "
                    f"reality.files=['*{_suffixes(theirs)}'], or ['*'] for all"
                )
            dropped |= dict.fromkeys(groups[i], f"the same text as {theirs.name}")
            break
        else:
            unique.append(i)


def _grouped(paths: Iterable[Path], key: Callable[[Path], Hashable]) -> list[list[Path]]:
    groups: dict[Hashable, list[Path]] = {}
    for path in paths:
        groups.setdefault(key(path), []).append(path)
    return list(groups.values())


def _content(documents: Iterable[Document]) -> Content:
    texts = (document.text.strip() for document in documents)
    return Counter(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        for text in texts
        if text
    )


def _suffixes(path: Path) -> str:
    suffix, packed = endings(path)
    return suffix + packed


def _stem(path: Path) -> str:
    name = path.name
    return name[: len(name) - len(_suffixes(path))] if _suffixes(path) else name
