"""The page on a corpus: from the numbers alone, offline, and without a word of its texts."""

import re

import pytest

from genloss.audit.profile.audit import audit_of
from genloss.audit.profile.options import AuditOptions
from genloss.audit.share.power import EDITED, MOVED, STRANGERS
from genloss.corpus.record.dated import dated
from genloss.corpus.record.record import Record
from genloss.errors import DataError
from genloss.report.corpus.page import ARMS, corpus_page
from genloss.report.corpus.sentences import in_short
from genloss.report.corpus.shares import interval, percent, periods, points

AROUND = {
    "genloss": "0",
    "title": "Five <texts>",
    "inputs": ["a.jsonl"],
    "reference": [],
    "numbers": "audit.json",
    "aside": {"left_out": {"not JSON": 2}, "doubts": {}},
}


def audit(**change):
    records = [
        Record.of(f"Unquotable sentence number {i} by ada@example.org.", origin="human",
                  claimed=dated(1850), **change)
        for i in range(4)
    ]  # fmt: skip
    records.append(Record.of("The internet is new.", claimed=dated(1850), origin="machine"))
    return {**audit_of(records, AuditOptions()), **AROUND}


@pytest.mark.slow
def test_the_page_says_what_was_found_and_quotes_nothing():
    found = audit()
    page = corpus_page(found)
    words = " ".join(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]).split())
    for expected in (
        "By what the files declare, 80 % of the texts were written by people, 20 % by machines.",
        # Four texts of six words, and one of four.
        "By words instead of texts: human 85.7 %, machine 14.3 %.",
        "No text has a known licence: whether it may be used has to be asked elsewhere.",
        "80 % of the texts hold what looks like personal data; genloss corpus read --mask "
        "replaces it.",
        "1 text of 5 holds words that are younger than the date they claim.",
        "Left out, or not to be read: 2 items, which do not count; the last section names them.",
        "Five &lt;texts&gt;",
        "No text is quoted.",
    ):
        assert expected in words, expected
    assert "Unquotable" not in page
    assert "ada@example.org" not in page
    assert re.findall(r"(?:src|href)=\"(?!data:|#)", page) == []
    assert "<script" not in page
    assert corpus_page(found) == page


@pytest.mark.slow
def test_what_is_estimated_is_said_beside_the_number():
    found = audit()
    found["duplicates"]["exact"] = {"count": 1, "of": 5, "share": 0.2, "low": 0.1, "high": 0.3}
    found["duplicates"] |= {"largest": 2, "largest_at_most": 4}
    found["counts"]["source"]["sketch"] = {"different": [210_000, 220_000], "missing": 7}
    words = " ".join(re.sub(r"<[^>]+>", " ", corpus_page(found)).split())
    assert "About 1 text repeats an earlier one word for word" in words
    assert "is there 2 to 4 times; estimated, from 10 % to 30 % (95 %)" in words
    assert "210,000 to 220,000 different ones (95 %)" in words
    assert "may be too low by 7" in words


@pytest.mark.slow
def test_a_group_called_like_markup_does_no_harm():
    found = audit(attributes={"domain": "<script>alert(1)</script>"})
    assert "<script" not in corpus_page(found)


@pytest.mark.slow
def test_another_format_is_refused():
    with pytest.raises(DataError, match="format 2"):
        corpus_page({**audit(), "format": 2})


def test_shares_are_said_as_people_say_them():
    shares = (None, 0, 1, 0.0004, 0.9996, 0.0123, 0.5)
    assert [percent(x) for x in shares] == [
        "unknown", "none", "all", "under 0.1 %", "over 99.9 %", "1.2 %", "50 %",
    ]  # fmt: skip
    assert interval({"low": 0.012, "high": 0.034}) == "1.2 to 3.4 %"
    assert interval({"share": 0.1}) == ""
    assert [points(x) for x in (0.012, -0.3, 0)] == ["+1.2", "−30.0", "0.0"]


def test_too_many_years_become_decades_and_centuries():
    years = [{"value": str(y), "count": 1} for y in range(1900, 1960)]
    assert periods(years)[0] == {"value": "1900 to 1909", "count": 10}
    assert len(periods(years, most=3)) == 1
    assert periods(years[:3])[0] == {"value": "1900", "count": 1}
    several = [{"value": "several years", "count": 2}]
    assert periods(several) == several


def test_in_short_is_short():
    assert len(in_short(audit())) <= 8


@pytest.mark.slow
def test_what_scrolls_is_named_and_reached_by_keys():
    page = corpus_page(audit())
    regions = page.split('<div class="scroll"')[1:]
    assert regions
    named = [region.partition(">")[0] for region in regions]
    assert all('tabindex="0" role="region" aria-label="' in region for region in named)


def test_every_arm_of_an_alarm_is_said_in_plain_words():
    assert set(ARMS) == {EDITED, MOVED, STRANGERS}
