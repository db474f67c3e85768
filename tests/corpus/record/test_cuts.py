"""Of a file of JSON lines that grew, what was known is cut as it was, unless it changed."""

import os
import random
from hashlib import sha256
from itertools import pairwise

import pytest

from genloss.corpus.record.cuts import Cuts

MOST = 6400


def lines(n, seed=0):
    rng = random.Random(seed)
    return b"".join(b'{"text": "%s"}\n' % (b"w" * rng.randrange(300)) for _ in range(n))


def cut(file, before=None, most=MOST):
    """Cut a file, hold the cuts to its bytes, and return them with what is remembered."""
    cuts = Cuts(before.found if before else {})
    found = cuts.of(file, most)
    content = file.read_bytes()
    spans = [c.span for c in found]
    assert spans[0].start == 0
    assert spans[-1].stop == len(content)
    assert all(a.stop == b.start for a, b in pairwise(spans))
    for c in found:
        part = content[c.span.start : c.span.stop]
        assert c.digest == sha256(part).hexdigest()
        assert c.span.before == content[: c.span.start].count(b"\n")
        assert part.endswith(b"\n") or c.span.stop == len(content)
        assert part.count(b"\n") < 2 or len(part) < most + 400
    return cuts, found


@pytest.mark.parametrize("most", [1, 50, 6400, 1 << 20])
def test_pieces_are_whole_lines_with_their_digests(tmp_path, monkeypatch, most):
    monkeypatch.setattr("genloss.corpus.record.cuts.CHUNK", 97)
    (tmp_path / "a.jsonl").write_bytes(lines(200) + b"{}")
    cut(tmp_path / "a.jsonl", most=most)


def test_what_is_appended_is_a_piece_of_its_own_once_it_is_long_enough(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines(130))
    before, first = cut(file)
    for seed in range(1, 6):
        with file.open("ab") as stream:
            stream.write(lines(9, seed))
        before, found = cut(file, before)
        assert found[: len(first)] == first
        assert len(found) > len(first)
        first = found
    file.write_bytes(file.read_bytes() + b"{}\n")
    before, short = cut(file, before)
    file.write_bytes(file.read_bytes() + lines(9))
    _, found = cut(file, before)
    # Three bytes are no piece that another one follows.
    assert found[:-1] == first == short[:-1]


def test_a_line_that_goes_on_is_read_again_with_its_piece(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines(130) + b'{"text": "half')
    before, first = cut(file)
    file.write_bytes(file.read_bytes() + b' a line"}\n' + lines(40))
    _, found = cut(file, before)
    assert found[: len(first) - 1] == first[:-1]
    assert first[-1].span.stop not in {c.span.stop for c in found}


def test_a_changed_byte_changes_the_digest_of_its_piece_alone(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines(130))
    before, first = cut(file)
    content = bytearray(file.read_bytes())
    content[first[1].span.start + 20] ^= 1
    file.write_bytes(bytes(content) + lines(30, 1))
    _, found = cut(file, before)
    assert [a == b for a, b in zip(first, found, strict=False)] == [
        i != 1 for i in range(len(first))
    ]


def test_a_file_of_the_same_size_and_time_is_not_opened(tmp_path, monkeypatch):
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines(130))
    before, first = cut(file)
    monkeypatch.setattr("genloss.corpus.record.cuts._cut", lambda *_: pytest.fail("was read"))
    assert Cuts(before.found).of(file, MOST) == first
    os.utime(file, ns=(0, 0))
    with pytest.raises(pytest.fail.Exception):
        Cuts(before.found).of(file, MOST)
