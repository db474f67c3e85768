"""A line that says which numbers, and BibTeX that holds it."""

import re

from genloss.report.citation import how_to_cite, signature

from .conftest import make_run


def test_a_run_is_cited_by_version_spec_and_seed(tmp_path):
    run = make_run(tmp_path, seed=7)
    assert signature(run) == f"genloss ?, spec {run.header.fingerprint}, seed 7"
    assert how_to_cite("t", [run]).signature == signature(run)


def test_a_report_is_cited_by_all_its_specs_in_any_order(tmp_path):
    runs = [make_run(tmp_path, f"r{n}", n_real=n, seed=s) for n, s in ((1, 0), (2, 5))]
    found = how_to_cite("t", runs)
    assert found == how_to_cite("t", runs[::-1])
    assert re.fullmatch(r"genloss \?, 2 specs [0-9a-f]{16}, seeds 0, 5", found.signature)
    other = make_run(tmp_path, "r3", n_real=3, seed=0)
    assert how_to_cite("t", [runs[0], other]).signature != found.signature


def test_bibtex_has_balanced_braces_whatever_the_title(tmp_path):
    run = make_run(tmp_path)
    text = how_to_cite("50 % of {a}, b_c & \\d}", [run]).bibtex
    assert text.startswith("@misc{genloss2026")
    assert text.count("{") == text.count("}")
    assert "50 \\% of  a , b\\_c \\&  d " in text
    assert "year = {2026}" in text
    assert signature(run) in text
