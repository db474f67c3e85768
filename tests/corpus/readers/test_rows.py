"""Rows of a file for a study: no file is opened more often than it needs."""

import io
from collections import Counter
from pathlib import Path

from genloss.corpus.reading import read_corpus


def test_a_short_text_is_opened_once(tmp_path, monkeypatch):
    """Whether it is rows of JSON after all is told from the bytes that are read."""
    opened, open_of = Counter(), io.open

    def counted(file, *args, **kwargs):
        opened[Path(file).name] += 1
        return open_of(file, *args, **kwargs)

    texts = ["\ufeffone\r\n", "{ two", " three"]
    for i, text in enumerate(texts):
        (tmp_path / f"{i}.txt").write_bytes(text.encode())
    monkeypatch.setattr("io.open", counted)
    read = read_corpus(tmp_path).documents["train"]
    assert [document.text for document in read] == ["one\n", "{ two", " three"]
    assert (opened["0.txt"], opened["2.txt"]) == (1, 1)
