"""Damaged files of every make: the documents, or one line that says what is wrong; no traceback."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genloss.corpus.reading import read_corpus
from genloss.errors import GenlossError
from genloss.realities.from_file import TableFile

from .written import PACKED, ROWS


def damaged(content: bytes, pick: random.Random) -> bytes:
    """Return bytes cut, flipped, doubled or with others put in."""
    for _ in range(pick.randint(1, 3)):
        at = pick.randrange(len(content) + 1)
        more = pick.choice(
            [b"\0", b"\xff", b'"', b"[" * 3000, b"1" * 5000, b"\n", b"\\ud800", b"{", b","]
        )
        content = pick.choice(
            [
                lambda c, at: c[:at],
                lambda c, at: c[at:],
                lambda c, at, more=more: c[:at] + more + c[at:],
                lambda c, at: c[:at] + bytes([pick.randrange(256)]) + c[at + 1 :],
                lambda c, at: c[:at] + c,
            ]
        )(content, at)
    return content


def refusal(read: Callable[[], object]) -> str:
    try:
        read()
    except GenlossError as error:
        return str(error)
    return ""


def is_one_line_about(said: str, file: Path) -> bool:
    return not said or (str(file) in said and "\n" not in said)


@pytest.mark.parametrize("way", [*ROWS, "prose.txt"])
def test_damage_gives_documents_or_one_line(tmp_path, way):
    pick = random.Random(way)
    texts = ["one, é", 'two "x"', "three\nlines"]
    whole = ROWS[way](texts, "text") if way in ROWS else "\n".join(texts).encode()
    for case in range(60):
        packing = pick.choice(sorted(PACKED))
        inside = damaged(whole, pick) if pick.random() < 0.7 else whole
        content = PACKED[packing](inside)
        content = content if inside != whole else damaged(content, pick)
        file = tmp_path / f"{case}.{way.partition('.')[2]}{packing}"
        file.write_bytes(content)
        said = refusal(lambda file=file: read_corpus(file))
        assert is_one_line_about(said, file), (case, content)


@pytest.mark.parametrize("suffix", [".csv", ".npy"])
def test_damaged_tables_give_rows_or_one_line(tmp_path, suffix):
    pick = random.Random(suffix)
    x = np.random.default_rng(0).normal(size=(5, 2)).round(3)
    file = tmp_path / f"x{suffix}"
    if suffix == ".csv":
        np.savetxt(file, x, fmt="%.3f", delimiter=",", header="x,y", comments="")
    else:
        np.save(file, x)
    whole = file.read_bytes()
    for case in range(300):
        content = damaged(whole, pick)
        file.write_bytes(content)
        said = refusal(lambda: TableFile(str(file)).data_summary())
        assert is_one_line_about(said, file), (case, content)
