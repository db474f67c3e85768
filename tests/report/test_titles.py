"""The words of a page where its runs do not agree, and where they have none."""

import pytest

from genloss.core.about import Entry
from genloss.report.page import render
from genloss.report.sections import find_sections
from genloss.report.titles import title_of, wording
from genloss.store.provenance import append

from .conftest import make_run


def worded(title):
    return {"metric": {"trace_ratio": Entry("trace_ratio", title, "What is left.")}}


@pytest.mark.slow
def test_the_newest_run_words_a_page_and_that_is_noted(tmp_path):
    old = make_run(tmp_path, "old", about=worded("Share of variance"))
    new = make_run(tmp_path, "new", about=worded("Variance left"))
    earlier = {"event": "start", "time": "2025-01-01T00:00:00+00:00"}
    append(old.path / "provenance.jsonl", old.header.origin, earlier)
    for runs in ((old, new), (new, old)):
        told = wording(runs)
        assert told.entries["metric"]["trace_ratio"].title == "Variance left"
        assert told.changed == ("metric trace ratio",)
    html = render(find_sections([tmp_path]), title="t")
    assert "Runs on this page describe metric trace ratio in different words" in html
    assert "Share of variance" not in html
    assert wording([new]).changed == ()


def test_a_metric_that_says_nothing_is_called_by_its_name():
    assert title_of("first_mean(q=2)", {}) == "First mean (q=2)"
    about = {"metric": {"first_mean": Entry("my:FirstMean", "Mean of the first")}}
    assert title_of("first_mean(q=2)", about) == "Mean of the first (q=2)"
