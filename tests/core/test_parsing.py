"""Why a file cannot be parsed, said without the names of codecs, parsers and their advice."""

import json

import pytest

from genloss.core.parsing import parsing_reason
from genloss.errors import DataError, SpecError
from genloss.realities.from_file import TableFile
from genloss.spec.toml import read_spec
from genloss.study.own_model import config_of

BAD = {
    b'{"a": 1,\n "b" 2}': "expecting ':' delimiter in line 2, column 6",
    b"\xff\xfe{}": "byte 1 is 0xff, which is not UTF-8 text",
    b'{"a": "' + b"x" * 99 + b'\xe9"}': "byte 107 is 0xe9, which is not UTF-8 text",
    b"[" * 100_000: "its brackets are nested too deep",
    b'{"n": ' + b"1" * 5000 + b"}": "Exceeds the limit",
}
LEAKS = ("codec", "set_int_max_str_digits", "(char ", "pydantic", "Input should")


@pytest.mark.parametrize("content", BAD, ids=lambda c: repr(c[:8]))
def test_the_place_is_named_and_no_parser(content):
    with pytest.raises((ValueError, RecursionError)) as caught:
        json.loads(content.decode("utf-8"))
    assert BAD[content] in parsing_reason(caught.value)


@pytest.mark.parametrize("content", BAD, ids=lambda c: repr(c[:8]))
def test_no_reader_lets_its_parser_speak(tmp_path, content):
    readers = {
        "x.toml": (read_spec, SpecError),
        "config.json": (lambda path: config_of(str(path.parent)), DataError),
    }
    for name, (read, error) in readers.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(error) as caught:
            read(tmp_path / name)
        assert not any(leak in str(caught.value) for leak in LEAKS)
        assert str(tmp_path / name) in str(caught.value)


def test_a_table_in_another_encoding_names_the_byte(tmp_path):
    (tmp_path / "x.csv").write_bytes("a,b\n1,2\n3,\u00e9\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"x\.csv: byte 11 is 0xe9, which is not UTF-8 text; save"):
        TableFile(str(tmp_path / "x.csv")).data_summary()
