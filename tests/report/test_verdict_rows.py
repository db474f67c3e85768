import pytest

from genloss.report.verdict_rows import (
    BANDS,
    band_words,
    sorts_of_targets,
    source_marks,
    verdict_rows,
)

from .conftest import verdict


def rows_of(*verdicts):
    missed, met = verdict_rows({"targets": list(verdicts)})
    return [*met, *missed]


def test_a_verdict_shows_published_band_and_ours():
    (row,) = rows_of(verdict(published=0.92062, low=0.882, high=0.959, measured=0.9187))
    assert (row.published, row.band, row.ours) == ("0.92062", "0.882 to 0.959", "0.9187")
    assert row.passed
    assert row.run == "n=10,replace"
    left, right = 26.0, 70.0
    assert left < row.strip["ours"] < right
    # (0.92062 - 0.882) / (0.959 - 0.882) = 0.5016 of the way through the band.
    assert row.strip["published"] == pytest.approx(left + 0.5016 * (right - left), abs=0.1)


def test_a_missed_one_lies_outside_its_band():
    (row,) = rows_of(verdict(passed=False, measured=1e9))
    assert not row.passed
    assert row.strip["ours"] > 70.0


def test_narrow_bands_get_the_digits_they_need():
    (row,) = rows_of(verdict(low=0.999891, high=1.000019, measured=0.99995, published=None))
    assert row.band == "0.999891 to 1.00002"
    assert row.published == "–"
    assert row.strip["published"] is None


def test_a_claim_that_something_rises_or_falls_has_one_end():
    rises = verdict(band="interval", low=20.0, high=1e6, measured=84.6, published=None)
    falls = verdict(band="interval", low=-1e6, high=-0.1, measured=-0.93, published=None)
    short = verdict(band="interval", low=20.0, high=1e6, measured=12.0, passed=False) | {
        "published": None
    }
    up, down, missed = rows_of(rises, falls, short)
    assert (up.band, down.band, missed.band) == ("20 or more", "−0.1 or less", "20 or more")
    assert {row.published for row in (up, down, missed)} == {"claim"}
    # The band is drawn to the end of its rail, ours well inside where it is met.
    assert (up.strip["start"], up.strip["end"]) == (26.0, 96.0)
    assert (down.strip["start"], down.strip["end"]) == (0.0, 70.0)
    assert 30.0 < up.strip["ours"] < 66.0
    assert 30.0 < down.strip["ours"] < 66.0
    assert missed.strip["ours"] < 26.0


def test_bands_of_large_and_of_small_numbers_have_both_ends():
    large = verdict(low=1.9e6, high=2.1e6, measured=2e6)
    # Ours three times as far out as the end of an open band, in any unit.
    one, two = (
        verdict(band="interval", low=s, high=1e9, measured=3.0 * s, published=None)
        for s in (1.0, 1e-12)
    )
    large, one, two = rows_of(large, one, two)
    assert " to " in large.band
    assert (large.strip["start"], large.strip["end"]) == (26.0, 70.0)
    assert one.strip == two.strip


def test_targets_say_of_what_sort_they_are():
    some = [verdict(), verdict(published=None), verdict(published=None)]
    assert sorts_of_targets({"targets": some}) == "1 published number and 2 claims or exact laws"
    assert sorts_of_targets({"targets": some[1:2]}) == "1 claim or exact law"
    assert sorts_of_targets({"targets": []}) == ""


def test_one_draw_is_a_share_of_our_chains():
    single = verdict(band="one_draw", low=0.005, high=0.995, measured=0.43, published=536.28)
    (row,) = rows_of(single)
    assert (row.published, row.ours) == ("536.28", "43 % below")
    assert row.band == "0.5 % to 99.5 %"
    assert row.strip["published"] is None


def test_missed_ones_are_apart_and_every_target_is_there():
    met = [verdict(id=f"T{i}") for i in range(30)]
    late = verdict(passed=False, what="the missed one")
    missed, others = verdict_rows({"targets": [*met[:9], late, *met[9:]]})
    assert [row.what for row in missed] == ["the missed one"]
    assert len(others) == 30
    assert all(row.passed for row in others)


def test_every_band_of_the_targets_has_words():
    from genloss.judge.targets import BANDS as KNOWN

    # Two kinds compare our own runs and are judged without a function of their own.
    assert set(KNOWN) | {"one_draw", "between"} == set(BANDS)
    (found,) = band_words({"targets": [verdict(band="readoff")]})
    assert found == ("readoff", BANDS["readoff"])


def test_sources_get_marks():
    targets = {"targets": [verdict(source=s) for s in ("x", "y", "x")]}
    assert source_marks(targets) == {"x": "a", "y": "b"}
    many = {"targets": [verdict(source=str(i)) for i in range(28)]}
    assert source_marks(many)["27"] == "bb"
