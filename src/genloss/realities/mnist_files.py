"""Where the four files of MNIST are: under the names and folders that archives give them."""

import re
from pathlib import Path

PLACES = (".", "raw", "MNIST/raw", "mnist/raw", "MNIST", "mnist")
"""Folders below the one that is named; MNIST/raw is torchvision's."""

NAME = re.compile(
    r"(?P<split>train|t10k|test)[-_.](?P<what>images|labels)([-_.]idx[13])?([-_.]ubyte)?"
    r"(\.idx)?(\.gz)?",
    re.IGNORECASE,
)
"""train-images-idx3-ubyte, train-images.idx3-ubyte, test-labels.idx1-ubyte.gz and the like."""


def mnist_file(folder: Path, name: str) -> Path | None:
    """Return the file that an archive has for one of MNIST's own names, or None.

    The first of `PLACES` that has any file of that split is the place of all its files. In a place:
    .gz before plain, MNIST's own name before others; a folder that is called like the file may hold
    it.
    """
    wanted = _part(name)
    for place in PLACES:
        files = [(f, part) for f in _files(folder / place) if (part := _part(f.name))]
        if any(part[0] == wanted[0] for _, part in files):
            same = [f for f, part in files if part == wanted]
            return min(same, key=lambda f: _rank(f, name), default=None)
    return None


def _files(place: Path) -> list[Path]:
    """Return the files of a place, and of the folders in it that are called like one of MNIST."""
    direct = list(place.glob("*"))
    inside = [f for folder in direct if _part(folder.name) for f in folder.glob("*")]
    return [f for f in (*direct, *inside) if f.is_file()]


def _part(name: str) -> tuple[str, ...]:
    """Return the split and what a name stands for ('train', 'images'), or () for other names."""
    match = NAME.fullmatch(name)
    if match is None:
        return ()
    split = "train" if match["split"].lower() == "train" else "test"
    return split, match["what"].lower()


def _rank(file: Path, name: str) -> tuple[bool, bool, str]:
    own = file.name.removesuffix(".gz") == name
    return not file.name.lower().endswith(".gz"), not own, file.name
