"""about.json: written once, read with care."""

import json

import pytest

from genloss.core.about import Entry, Work
from genloss.errors import StoreError
from genloss.store.about import ABOUT, read_about, write_about

WORK = Work("student-1908", "Student", 1908, "The Probable Error of a Mean", link="https://a.b")
ENTRIES = {
    "regime": {"odd": Entry("odd", "Odd", "Odd rows.", (WORK,), trains_on="odd rows")},
    "metric": {"share(q=1)": Entry("share", "Share", headline=True)},
}


def test_what_is_written_is_read(tmp_path):
    write_about(tmp_path, ENTRIES)
    assert read_about(tmp_path) == ENTRIES


def test_a_run_without_words_has_none(tmp_path):
    assert read_about(tmp_path) == {}


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"metric": []},
        {"metric": {"m": 3}},
        {"metric": {"m": {"kind": "m"}}},
        {"metric": {"m": {"kind": "m", "title": 4}}},
        {"metric": {"m": {"kind": "m", "title": "M", "more": 1}}},
        {"metric": {"m": {"kind": "m", "title": "M", "works": [{"key": "k"}]}}},
        {
            "metric": {
                "m": {
                    "kind": "m",
                    "title": "M",
                    "works": [
                        {"key": "k", "authors": "A", "year": 1, "title": "T", "link": "data:x"}
                    ],
                }
            }
        },
    ],
)
def test_another_shape_is_refused_by_name(tmp_path, content):
    (tmp_path / ABOUT).write_text(json.dumps(content))
    with pytest.raises(StoreError, match=r"about\.json lacks or garbles"):
        read_about(tmp_path)
