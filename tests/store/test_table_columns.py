"""Many lines of a table at once: the same numbers, and every line checked."""

import io
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from genloss.errors import StoreError
from genloss.store import digest_chain
from genloss.store.digest_chain import Mark, chained, first_link, verified, verified_pieces
from genloss.store.links_loop import links_fit
from genloss.store.numbers_loop import decimal
from genloss.store.table import Columns, Table, absent_row, metric_row, table_link

NAMES = ["sigma", 'odd "name", [x]', "é\n},{", '"values":[', 'a","metric":"b']


def lines_of(table_rows, owner="run/0000") -> list[bytes]:
    link, out = first_link(owner), []
    for row in table_rows:
        line, link = chained(row, link)
        out.append(line)
    return out


def numbers(rng, n: int, chains: int) -> list[dict]:
    """Rows of finite numbers of any size, those that are hard to read among them."""
    hard = [5e-324, -0.0, 1.7976931348623157e308, 0.1, 1e22, 2.0**53 + 2, -1e-7]
    out = []
    for i in range(n):
        values = rng.standard_normal(chains) * 10.0 ** rng.integers(-300, 300, chains)
        values[0] = hard[i % len(hard)] if i % 2 else values[0]
        out.append(metric_row(i // len(NAMES), NAMES[i % len(NAMES)], values))
    return out


def table_of(tmp_path: Path, table_rows) -> Table:
    lines = lines_of(table_rows, "run/0000")
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b"".join(lines))
    last = json.loads(lines[-1])["chain"]
    return Table(path, "run", 0, Mark(path.stat().st_size, len(lines), last))


def flat(found) -> list[tuple]:
    """Return rows of columns and rows alike, a tuple each, to the bit."""
    out = []
    for row in found:
        if isinstance(row, Columns):
            every = zip(row.t.tolist(), row.metric.tolist(), row.values, strict=True)
            out += [(t, row.metrics[m], v.tobytes()) for t, m, v in every]
        else:
            t, name, value = row
            out.append((t, name, value.tobytes() if isinstance(value, np.ndarray) else value))
    return out


@pytest.fixture(autouse=True)
def compiled_from_one_line_on(monkeypatch):
    monkeypatch.setattr(digest_chain, "FEWEST", 1)


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("chains", [1, 3])
def test_columns_are_the_rows_to_the_bit(tmp_path, monkeypatch, chains, compiled):
    monkeypatch.setattr(digest_chain, "PIECE", 400)
    table = table_of(tmp_path, numbers(np.random.default_rng(chains), 60, chains))
    found = list(table.columns(compiled))
    assert sum(isinstance(row, Columns) for row in found) > 5
    assert flat(found) == flat(table.rows())
    assert len(flat(found)) == 60


@pytest.mark.parametrize("compiled", [False, True])
def test_other_lines_are_read_one_by_one_in_their_places(tmp_path, monkeypatch, compiled):
    """Components, reasons, infinities, another number of chains."""
    monkeypatch.setattr(digest_chain, "PIECE", 200)
    rng = np.random.default_rng(0)
    odd = [
        metric_row(9, "q", np.ones((2, 2)), {0: "too few"}),
        metric_row(9, "far", np.array([np.inf, 1.0])),
        metric_row(9, "low", np.array([-np.inf])),
        metric_row(9, "more", np.ones(5)),
        absent_row(9, "kl", "no held-out rows"),
    ]
    table_rows = [row for one in odd for row in (*numbers(rng, 9, 1), one)]
    table = table_of(tmp_path, table_rows)
    found = list(table.columns(compiled))
    assert any(isinstance(row, Columns) for row in found)
    assert len(flat(found)) == len(table_rows)
    assert str(flat(found)) == str(flat(table.rows()))


PIECES = [(1, False), (300, False), (1 << 18, False), (300, True), (1 << 18, True)]


@pytest.mark.slow
@pytest.mark.parametrize(("piece", "compiled"), PIECES)
def test_every_changed_byte_is_found_where_it_is(monkeypatch, piece, compiled):
    """Alone, among a few, and among all: the lines before it are yielded, and no other."""
    monkeypatch.setattr(digest_chain, "PIECE", piece)
    lines = lines_of(numbers(np.random.default_rng(1), 8, 1))
    text, ends = b"".join(lines), np.cumsum([len(line) for line in lines])
    mark = Mark(len(text), len(lines), json.loads(lines[-1])["chain"])
    for i in range(len(text)):
        broken = bytearray(text)
        broken[i] ^= 1
        got: list[bytes] = []
        link = first_link("run/0000")
        found = verified_pieces(io.BytesIO(broken), Path("x"), link, mark, compiled)
        with pytest.raises(StoreError, match=r"damaged|is not the file|half-deleted"):
            got.extend(line for piece in found for line in piece.lines())
        assert got == lines[: int(np.searchsorted(ends, i, side="right"))]


@pytest.mark.parametrize("piece", [1, 300, 1 << 18])
def test_a_mark_inside_the_file_is_held_to_the_line(monkeypatch, piece):
    monkeypatch.setattr(digest_chain, "PIECE", piece)
    lines = lines_of(numbers(np.random.default_rng(2), 9, 1))
    text, link = b"".join(lines), first_link("run/0000")
    for n in range(1, len(lines) + 1):
        size, last = sum(map(len, lines[:n])), json.loads(lines[n - 1])["chain"]
        for whole in (text, text[: size + 7]):
            got = list(verified(io.BytesIO(whole), Path("x"), link, Mark(size, n, last)))
            assert got == (lines if whole is text else lines[:n])
        wrong = (Mark(size, n + 1, last), Mark(size, n, "0" * 16), Mark(size - 1, n, last))
        for mark in wrong:
            with pytest.raises(StoreError, match="is not the file that its manifest vouches for"):
                list(verified(io.BytesIO(text), Path("x"), link, mark))
        with pytest.raises(StoreError, match="half-deleted: 3 bytes"):
            list(verified(io.BytesIO(text[:size]), Path("x"), link, Mark(size + 3, n, last)))


def test_the_line_of_the_mark_is_no_reason_to_read_line_by_line(tmp_path):
    """A small table is one piece, else ten thousand of them take as long as single lines do."""
    whole = table_of(tmp_path, numbers(np.random.default_rng(4), 40, 1))
    assert [piece.ends.size for piece in whole.pieces()] == [40]
    assert [len(rows.t) for rows in whole.columns()] == [40]
    lines = list(whole.lines())
    for n in (1, 12, 39):
        mark = Mark(sum(map(len, lines[:n])), n, json.loads(lines[n - 1])["chain"])
        ahead = Table(whole.path, "run", 0, mark)
        assert [piece.ends.size for piece in ahead.pieces()] == [n, 40 - n]
        assert flat(ahead.columns()) == flat(whole.rows())


@pytest.mark.slow
def test_the_compiled_loop_hashes_as_hashlib_does():
    """Lines of every length up to six blocks, more of them than lanes, and links changed."""
    rng, link = np.random.default_rng(5), first_link("run/0000")
    texts = ["x" * n for n in rng.permutation(400)]
    lines = lines_of({"t": i, "metric": text} for i, text in enumerate(texts))
    ends = np.cumsum([len(line) for line in lines])
    text, first = (np.frombuffer(some, np.uint8) for some in (b"".join(lines), link))
    assert links_fit(text, ends, first)
    assert not links_fit(text, ends, first[::-1].copy())
    for end in ends[::23]:
        for place in (end - 19, end - 4, end - 29, end - 1, end - 40):
            broken = text.copy()
            broken[place] ^= 1
            assert not links_fit(broken, ends, first)


def test_decimals_are_read_to_the_bit():
    """Against Python's own reader; what lies too near the middle of two floats is left to it."""
    rng = np.random.default_rng(6)
    read, many = [], rng.standard_normal(2000) * 10.0 ** rng.integers(-220, 220, 2000)
    known = [float(2**53), 1e22, 1e23, 0.1, 1 / 3, 123456.0, *(2.0**e for e in range(-700, 700, 7))]
    for value in (*many.tolist(), *known):
        _, digits, exponent = Decimal(repr(value)).as_tuple()
        whole = int("".join(map(str, digits)))
        read.append(decimal(whole, exponent) / abs(value))
    assert np.isnan(read).mean() < 0.05
    assert set(np.array(read)[~np.isnan(read)]) == {1.0}
    wide = zip(rng.integers(0, 10**18, 2000).tolist(), rng.integers(-250, 251, 2000), strict=True)
    assert all(decimal(w, q) == float(f"{w}e{q}") for w, q in wide)
    assert np.isnan(decimal(2**53 + 1, 0)), "a tie is not decided"
    assert np.isnan(decimal(5, -324))


def test_a_line_that_is_being_written_ends_the_file():
    """Even if it is written on while the file is read."""
    lines = lines_of(numbers(np.random.default_rng(3), 4, 1))

    class Growing(io.BytesIO):
        def read(self, size=-1):
            found = super().read(size)
            place = self.tell()
            self.write(lines[3][5:])
            self.seek(place)
            return found

    file = Growing(b"".join(lines[:3]) + lines[3][:5])
    pieces = list(verified_pieces(file, Path("x"), first_link("run/0000"), None))
    assert [line for piece in pieces for line in piece.lines()] == lines[:3]


def test_the_link_of_a_table_is_that_of_its_run_and_block():
    assert table_link("run", 0) == first_link("run/0000")
