"""Dates: what people write becomes an interval, and what is none is refused."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from genloss.corpus.record.dated import Dated, dated
from genloss.errors import DataError

DAY = date(2019, 5, 31)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        (2019, date(2019, 1, 1), date(2019, 12, 31)),
        ("1839", date(1839, 1, 1), date(1839, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2019-12", date(2019, 12, 1), date(2019, 12, 31)),
        ("2019-05-31", DAY, DAY),
        # Half past midnight in Berlin is still the day before in UTC.
        ("2019-06-01T00:30:00+02:00", DAY, DAY),
        ("2019-05-31T23:59:59Z", DAY, DAY),
        ("20190531235959", DAY, DAY),
        ("2019-05/2019-07", date(2019, 5, 1), date(2019, 7, 31)),
        (datetime(2019, 5, 31, 12, tzinfo=UTC), DAY, DAY),
        (1559260800, DAY, DAY),
        (1559260800000, DAY, DAY),
        ("9999", date(9999, 1, 1), date(9999, 12, 31)),
    ],
)
def test_a_date_becomes_an_interval(written, first, last):
    assert dated(written, "crawl") == Dated(first, last, "crawl")


@pytest.mark.parametrize(
    "written", ["yesterday", "2019-13", "2019-02-30", "", "2019/", "05/2019", True, 1e30, 0, "0000"]
)
def test_what_is_no_date_is_refused(written):
    with pytest.raises(DataError, match="no date"):
        dated(written)


def test_an_interval_that_ends_before_it_begins_is_refused():
    with pytest.raises(DataError, match="ends before it begins"):
        dated("2020/2019")


def test_grades_are_ordered_and_periods_are_those_that_hold_the_whole_interval():
    crawl = dated("2019-05-03/2019-05-20", "crawl")
    assert crawl.is_as_good_as("claimed")
    assert crawl.is_as_good_as("crawl")
    assert not crawl.is_as_good_as("archive")
    assert crawl.within("%Y-%m") == "2019-05"
    assert dated("2019-05/2019-06").within("%Y-%m") == ""
    with pytest.raises(DataError, match="no grade"):
        dated("2019", "sworn")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        # Where a zone leads beyond the calendar, the day that is written stands.
        ("0001-01-01T00:00:00+05:00", date.min),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))), date.max),
    ],
)
def test_the_ends_of_the_calendar_are_days_in_every_zone(written, day):
    assert dated(written) == Dated(day, day)


@pytest.mark.parametrize("written", [10**400, 10**30, float("inf")])
def test_numbers_beyond_all_years_are_refused(written):
    with pytest.raises(DataError, match=r"no date: .* after 1970; expected years to 9999"):
        dated(written)
