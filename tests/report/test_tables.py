import tomllib

import numpy as np
import pytest

from genloss.report.reading import measured
from genloss.report.tables import (
    AT_ONCE,
    BANDS,
    band_words,
    judged,
    not_applicable,
    number_table,
    origin,
    source_marks,
    verdict_rows,
)
from genloss.report.toml import toml_text

from .conftest import decay, make_run, verdict


def rows_of(*verdicts):
    return verdict_rows({"targets": list(verdicts)})


def test_a_verdict_shows_published_band_and_ours():
    (row,), more = rows_of(verdict(published=0.92062, low=0.882, high=0.959, measured=0.9187))
    assert more == []
    assert (row.published, row.band, row.ours) == ("0.92062", "0.882 to 0.959", "0.9187")
    assert row.passed
    assert row.run == "n=10,replace"
    left, right = 26.0, 70.0
    assert left < row.strip["ours"] < right
    # (0.92062 - 0.882) / (0.959 - 0.882) = 0.5016 of the way through the band.
    assert row.strip["published"] == pytest.approx(left + 0.5016 * (right - left), abs=0.1)


def test_a_missed_one_lies_outside_its_band():
    (row,), _ = rows_of(verdict(passed=False, measured=1e9))
    assert not row.passed
    assert row.strip["ours"] > 70.0


def test_narrow_bands_get_the_digits_they_need():
    (row,), _ = rows_of(verdict(low=0.999891, high=1.000019, measured=0.99995, published=None))
    assert row.band == "0.999891 to 1.00002"
    assert row.published == "–"
    assert row.strip["published"] is None


def test_a_claim_that_something_rises_or_falls_has_one_end():
    rises = verdict(band="interval", low=20.0, high=1e6, measured=84.6, published=None)
    falls = verdict(band="interval", low=-1e6, high=-0.1, measured=-0.93, published=None)
    short = verdict(band="interval", low=20.0, high=1e6, measured=12.0, passed=False) | {
        "published": None
    }
    (up, down, missed), _ = rows_of(rises, falls, short)
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
    (large, one, two), _ = rows_of(large, one, two)
    assert " to " in large.band
    assert (large.strip["start"], large.strip["end"]) == (26.0, 70.0)
    assert one.strip == two.strip


def test_targets_say_of_what_sort_they_are():
    some = [verdict(), verdict(published=None), verdict(published=None)]
    assert judged({"targets": some}) == "1 published number and 2 claims or exact laws"
    assert judged({"targets": some[1:2]}) == "1 claim or exact law"
    assert judged({"targets": []}) == ""


def test_one_draw_is_a_share_of_our_chains():
    single = verdict(band="one_draw", low=0.005, high=0.995, measured=0.43, published=536.28)
    (row,), _ = rows_of(single)
    assert (row.published, row.ours) == ("536.28", "43 % below")
    assert row.band == "0.5 % to 99.5 %"
    assert row.strip["published"] is None


def test_many_verdicts_are_folded_but_never_the_missed_ones():
    met = [verdict(id=f"T{i}", published=0.9 if i % 2 else None) for i in range(30)]
    missed = verdict(id="late", passed=False, what="the missed one")
    shown, more = rows_of(*met, missed)
    assert len(shown) == AT_ONCE
    assert len(shown) + len(more) == 31
    assert [r.what for r in shown if not r.passed] == ["the missed one"]
    assert all(r.passed for r in more)
    # Those with a published number come before those without.
    assert sum(r.published != "–" for r in shown if r.passed) == AT_ONCE - 1


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


def test_numbers_are_medians_with_the_middle_ninety_percent(tmp_path):
    values = decay(20, 50)
    law = {"trace_ratio": {"label": "E", "t": list(range(21)), "value": [0.5] * 21}}
    run = measured(make_run(tmp_path, metrics={"trace_ratio": values}, theory=law))
    table = number_table([("r", run, "trace_ratio")])
    last = "last generation: theory / measured"
    assert table.headings == ("chains", "t = 0", "t = 10", "t = 20", last)
    ((label, cells),) = table.rows
    assert (label, cells[0], cells[1]) == ("r", "50", "1 [1, 1]")
    low, median, high = np.quantile(values[20], [0.05, 0.5, 0.95])
    assert cells[3] == f"{median:.3g} [{low:.3g}, {high:.3g}]"
    assert cells[4] == f"0.5 / {values[20].mean():.3g} (mean)"


def test_runs_of_different_length_name_their_generations(tmp_path):
    runs = [
        ("a", measured(make_run(tmp_path, "a", metrics={"trace_ratio": decay(10, 4)}))),
        ("b", measured(make_run(tmp_path, "b", metrics={"trace_ratio": decay(1, 4)}))),
    ]
    table = number_table([(label, run, "trace_ratio") for label, run in runs])
    assert table.headings == ("chains", "first", "middle", "last")
    assert table.rows[0][1][3].startswith("t = 10: ")
    assert all(len(cells) == 4 for _, cells in table.rows)


def test_reasons_are_listed_with_their_runs(tmp_path):
    runs = [
        measured(make_run(tmp_path, "a", absent={"recall": "no held-out rows"})),
        measured(make_run(tmp_path, "b", n_real=7)),
    ]
    assert not_applicable(runs) == [("Recall", "no held-out rows", "a")]
    assert not_applicable(runs[:1]) == [("Recall", "no held-out rows", "all runs")]


def test_a_run_tells_how_it_came_to_be(tmp_path):
    found = origin(make_run(tmp_path, "a"))
    assert found.status == "complete"
    facts = dict(found.facts)
    assert facts["versions"] == "numpy 2"
    assert facts["started"] == "2026-01-01T00:00:00+00:00"
    assert facts["finished"] == "2026-01-01T00:01:00+00:00"
    assert found.fingerprint in make_run(tmp_path, "a").path.name


def test_an_unfinished_run_says_how_far_it_came(tmp_path):
    run = make_run(tmp_path, metrics={"trace_ratio": decay(7, 8)}, generations=20)
    assert origin(run).status == "unfinished: generation 7 of 20"


def test_specs_survive_toml(tmp_path):
    spec = dict(
        make_run(
            tmp_path,
            metrics={"trace_ratio": decay(2, 2)},
            reality={"kind": "mode_grid", "weights": [0.25, 1e-7], "nested": {"a": True}},
            at=[1, 2],
            title='a "quoted" title with ü and a \\ in it',
        ).spec
    )
    spec["metrics"] = [{"kind": "manifold", "k": 3}, {"kind": "w2"}]
    assert tomllib.loads(toml_text(spec)) == spec


def test_toml_leaves_out_what_has_no_value():
    assert tomllib.loads(toml_text({"a": None, "b": {"c": None, "d": 1}})) == {"b": {"d": 1}}
