"""about.json: written once, read with care."""

import pytest

from genloss.core.about import Entry, Work
from genloss.errors import StoreError
from genloss.store.about import ABOUT, read_about, write_about
from genloss.store.files import write_sealed

WORK = Work("student-1908", "Student", 1908, "The Probable Error of a Mean", link="https://a.b")
ENTRIES = {
    "regime": {"odd": Entry("odd", "Odd", "Odd rows.", (WORK,), trains_on="odd rows")},
    "metric": {"share(q=1)": Entry("share", "Share", headline=True)},
}


def test_what_is_written_is_read(tmp_path):
    write_about(tmp_path, "a1", ENTRIES)
    assert read_about(tmp_path, ["b2", "a1"]) == ENTRIES


def test_words_of_another_run_are_refused(tmp_path):
    write_about(tmp_path, "a1", ENTRIES)
    with pytest.raises(StoreError, match=r"about\.json is about run a1; expected b2"):
        read_about(tmp_path, ["b2"])


def test_a_run_without_words_has_none(tmp_path):
    assert read_about(tmp_path, ["a1"]) == {}


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
    write_sealed(tmp_path / ABOUT, {"run": "a1", "about": content})
    with pytest.raises(StoreError, match=r"about\.json(: about| lacks or garbles)"):
        read_about(tmp_path, ["a1"])
