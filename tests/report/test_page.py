"""The page as a file: pure, whole, and silent towards every network."""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from genloss.errors import StoreError
from genloss.report.markup import embedded, strong
from genloss.report.page import render, write_report
from genloss.report.sections import find_sections

from .conftest import decay, make_experiment, make_run, verdict

LOADING = ("src", "srcset", "poster", "data", "background", "ping", "action", "manifest")


class Reader(HTMLParser):
    """Collects tags, ids, and what the page would load; script and style text apart."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loads, self.links, self.raw, self.text = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.loads += [attrs[name] for name in LOADING if attrs.get(name)]
        if tag == "link":
            self.loads.append(attrs["href"])
        elif tag == "a":
            self.links.append(attrs["href"])

    def handle_data(self, data):
        inside = self.tags[-1][0] if self.tags else ""
        (self.raw if inside in ("script", "style") else self.text).append(data)

    def ids(self):
        return [attrs["id"] for _, attrs in self.tags if "id" in attrs]


@pytest.fixture(scope="module")
def html(lab):
    return render(find_sections([lab]), title="A <b>lab</b> & more")


@pytest.fixture(scope="module")
def page(html):
    return Reader(html)


@pytest.mark.slow
def test_the_same_folders_give_the_same_bytes_anywhere(lab, html, tmp_path):
    assert render(find_sections([lab]), title="A <b>lab</b> & more") == html
    elsewhere = shutil.copytree(lab, tmp_path / "copied")
    assert render(find_sections([elsewhere]), title="A <b>lab</b> & more") == html
    assert str(lab) not in html


@pytest.mark.slow
def test_a_fresh_interpreter_with_another_hash_seed_gives_the_same_bytes(lab, html, tmp_path):
    out = tmp_path / "report.html"
    code = (
        "import sys; from pathlib import Path; from genloss.report.page import write_report\n"
        "assert not {'jinja2', 'vl_convert', 'scipy'} & set(sys.modules)\n"
        f"write_report([Path({str(lab)!r})], Path({str(out)!r}), title='A <b>lab</b> & more')"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=120)
    assert out.read_bytes() == html.encode()


def test_nothing_is_loaded_from_anywhere(page):
    assert page.loads
    assert all(url.startswith("data:") for url in page.loads)
    styles = "".join(page.raw[i] for i in range(2))
    assert "@import" not in styles
    assert "url(" not in styles
    assert not [tag for tag, _ in page.tags if tag in ("iframe", "object", "embed", "base")]
    policy = next(a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a)
    assert "default-src 'none'" in policy
    # Scripts may stand in the page and nowhere else; images may be written out in it.
    assert set(re.findall(r"https?:|\*|'self'|blob:|data:", policy)) == {"blob:", "data:"}


def test_links_lead_to_citations_and_into_the_page(page):
    outside = [link for link in page.links if not link.startswith("#")]
    assert outside
    assert all(re.match(r"https://(arxiv|doi)\.org/", link) for link in outside)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids())


def test_ids_are_unique_and_every_chart_has_its_spec(page):
    assert len(page.ids()) == len(set(page.ids()))
    specs = {a["id"] for t, a in page.tags if t == "script" and a.get("type")}
    charts = [a["data-spec"] for t, a in page.tags if "data-spec" in a]
    assert {f"{key}-spec" for key in charts} | {"themes"} == specs
    described = [a["aria-label"] for t, a in page.tags if a.get("class") == "canvas"]
    assert len(described) == len(charts)
    assert all(described)


def test_headings_do_not_skip_a_level(page):
    levels = [int(t[1]) for t, _ in page.tags if re.fullmatch(r"h[1-6]", t)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_what_was_run_and_met_is_said_first(page):
    text = "".join(page.text)
    said = "1 published experiment repeated at smoke scale: 1 of 2 targets met. 8 runs in all."
    assert said in text
    assert "1 of 2 targets met: 2 published numbers to hold ours against." in text
    assert text.index("1 of 2 targets met") < text.index("ours beside published numbers")
    assert text.count("✗") == 1
    assert "missed" in text
    assert "genloss reproduce kazdan-2024-gaussian --scale smoke" in text
    assert "no held-out rows; set held_out" in text


def test_the_order_is_question_answer_picture_experiment(page):
    text = "".join(page.text[page.text.index("Skip to the results") :])
    order = (
        "Do our runs show what was published on:",
        "1 of 2 met",
        "1 published experiment repeated at smoke scale: 1 of 2 targets met.",
        "Samples through the generations",
        "4 runs of 20 chains over 20 generations.",
        "1 missed",
        "closest to reality (",
        "1 target met",
        "Each later generation learns from",
        "Cite this report",
    )
    places = [text.index(said) for said in order]
    assert places == sorted(places)


class Open(Reader):
    """Collects the text that can be seen with nothing opened."""

    def __init__(self, text):
        self.folds, self.inside, self.seen = [], False, []
        super().__init__(text)

    def handle_starttag(self, tag, attrs):
        super().handle_starttag(tag, attrs)
        if tag == "details":
            self.folds.append("open" in dict(attrs))
        self.inside = self.inside or tag == "summary"

    def handle_endtag(self, tag):
        if tag == "details":
            self.folds.pop()
        self.inside = self.inside and tag != "summary"

    def handle_data(self, data):
        super().handle_data(data)
        if all(self.folds) or (self.inside and all(self.folds[:-1])):
            self.seen.append(data)


@pytest.mark.slow
def test_misses_are_open_and_all_that_was_met_is_folded(tmp_path):
    many = [verdict(id=f"T{i}", what=f"target {i}") for i in range(30)]
    missed = [verdict(id=f"M{i}", what=f"miss {i}", passed=False, measured=9.0) for i in range(20)]
    make_experiment(tmp_path, many + missed)
    seen = "".join(Open(render(find_sections([tmp_path]), title="t")).seen)
    assert all(f"miss {i}" in seen for i in range(20))
    assert "20 missed" in seen
    assert "30 targets met" in seen
    assert not re.search(r"target \d", seen)


@pytest.mark.slow
def test_the_contents_are_an_outline_of_what_there_is(tmp_path):
    make_experiment(tmp_path)
    html = render(find_sections([tmp_path]), title="t")
    parts = html[html.index("<nav") : html.index("</nav>")]
    shown = re.findall(r'href="#([^"]+)">([^<]+)', parts)
    assert [name for _, name in shown] == [
        "What was asked",
        "Answer",
        "Replace against accumulate",
        "Trace ratio",
        "Targets missed",
        "Targets met",
        "Runs",
        "All figures",
        "How to reproduce",
        "How to cite",
        "References",
        "Words of this page",
    ]
    assert {where for where, _ in shown} <= set(Reader(html).ids())


@pytest.mark.slow
def test_nothing_is_judged_where_no_target_is(tmp_path):
    make_run(tmp_path)
    text = "".join(Reader(render(find_sections([tmp_path]), title="t")).text)
    assert "Over 20 generations of gaussian on gaussian: what becomes of the model" in text
    assert "is not judged here" in text


@pytest.mark.slow
def test_unfinished_runs_are_not_counted_or_listed_as_finished(tmp_path):
    make_run(tmp_path, "done", metrics={"trace_ratio": decay(4, 3)})
    half = make_run(tmp_path, "half", metrics={"trace_ratio": decay(2, 5)}, generations=4)
    assert not half.is_complete
    text = "".join(Reader(render(find_sections([tmp_path]), title="t")).text)
    assert "2 runs (1 unfinished)" in text
    assert "1 of 2" in text
    assert "2 of 4" in text
    # Chains of a run that may still change are not counted as done.
    assert re.search(r"independent chains\s*3\s", text)


def test_text_is_escaped(page, html):
    assert "<b>lab</b>" not in html
    assert "A <b>lab</b> & more" in "".join(page.text)
    assert str(embedded("</script><!--")) == '"\\u003c/script>\\u003c!--"'
    assert str(strong("**a<b** & c")) == "<b>a&lt;b</b> &amp; c"


def test_specs_in_the_page_are_json(page):
    specs = [
        json.loads(text)
        for text in page.raw
        if text.startswith("{") and '"description"' in text[:20]
    ]
    # Two metrics of the experiment, one each of four loose runs, three runs with charts of rows.
    assert len(specs) == 2 + 4 + 3


@pytest.mark.slow
def test_a_page_without_experiments_or_numbers(tmp_path):
    make_run(tmp_path, "only", metrics={"x": decay(3, 1)}, t=[0, 1, 2, 3])
    text = render(find_sections([tmp_path]), title="t")
    assert "1 run" in text
    run = make_run(tmp_path / "b", "empty")
    for name in ("metrics.jsonl", "manifest.json"):
        (run.blocks[0].path / name).unlink()
    assert "No generation has been measured yet." in render(
        find_sections([tmp_path / "b"]), title="t"
    )


@pytest.mark.slow
def test_a_page_of_families_alone_does_not_say_that_nothing_was_measured(tmp_path):
    tokens = (100, 1000, 10000)
    make_run(tmp_path, metrics={f"rarefied_types[{n}]": decay(5, 2) * n for n in tokens})
    text = render(find_sections([tmp_path]), title="t")
    assert ">Rarefied types</h3>" in text
    assert "No generation has been measured yet." not in text


@pytest.mark.slow
def test_a_report_is_written_whole_or_not_at_all(lab, html, tmp_path):
    out = tmp_path / "report.html"
    assert write_report([lab], out, title="A <b>lab</b> & more") == out
    assert out.read_text() == html
    with pytest.raises(StoreError):
        write_report([tmp_path / "nothing"], out)
    assert out.read_text() == html
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.slow
def test_a_report_takes_runs_as_it_takes_their_folders(tmp_path):
    runs = [make_run(tmp_path, name, metrics={"trace_ratio": decay(4, 20)}) for name in "ab"]
    for these in (runs[0], runs):
        folders = these.path if these is runs[0] else [run.path for run in runs]
        written = [write_report(what, tmp_path / "r.html").read_text() for what in (these, folders)]
        assert written[0] == written[1]


@pytest.mark.slow
def test_charts_that_cannot_be_drawn_say_in_their_places_what_adds_them(lab, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    html = render(find_sections([lab]), title="t")
    assert "vegaEmbed = async () => { throw" in html
    assert "pip install 'genloss[report]'" in html


@pytest.mark.slow
def test_a_page_of_many_lines_stays_small(tmp_path):
    # More lines get fewer points each: these 300 fill what a page spends on lines.
    for i in range(6):
        metrics = {f"m{j}": decay(220, 2, seed=i) for j in range(50)}
        make_run(tmp_path, f"r{i}", metrics=metrics, n_real=10 + i)
    text = render(find_sections([tmp_path]), title="t")
    assert len(text.encode()) < 6e6


@pytest.mark.slow
def test_many_questions_are_folded_behind_the_one_that_they_share(tmp_path):
    for i in range(7):
        make_run(tmp_path / str(i), f"run{i}")
        page = render(find_sections([tmp_path]), title="x") if i > 4 else ""
        asked = page.partition('id="asked"')[2].partition('id="answer"')[0]
        assert asked.count("<li>") == (i + 1 if page else 0)
        assert ("<details>" in asked) == (i == 6)
    assert "What becomes of the model? In 7 sections, one by one" in asked


def test_what_is_said_of_a_table_does_not_scroll_away_with_it(html):
    tables = html.count('<details class="numbers">')
    assert tables
    said = re.findall(
        r"<summary>Numbers</summary>\n<p [^>]*>[^<]+</p>\n<div class=\"scroll\"", html
    )
    assert len(said) == tables
    assert "<caption" not in html


@pytest.mark.slow
def test_one_run_is_no_runs(tmp_path):
    digits = {t: np.full((9, 64), t / 20) for t in (0, 20)}
    for n in range(4):
        make_run(tmp_path, f"n={n}", kept=digits, reality={"kind": "digits8x8"}, n_real=n)
    html = render(find_sections([tmp_path]), title="four, of which three are shown")
    assert "of 1 more run<" in html
    assert not re.search(r"\b1 (more )?runs", html)


@pytest.mark.slow
def test_the_first_figure_has_no_note_on_a_run_that_it_does_not_draw(tmp_path):
    """Ten runs are five panels; two of one that is not shown at once lie on one another."""
    for n in range(5):
        for power, kind in enumerate(("accumulate", "replace")):
            values = decay(9, 20, seed=n) * 10.0 ** (power * (n > 0))
            made = {"regime": {"kind": kind}, "n_real": 10 * n + 10}
            make_run(tmp_path, f"{kind},n={10 * n + 10}", metrics={"trace_ratio": values}, **made)
    html = render(find_sections([tmp_path]), title="ten runs")
    assert html.count("lie on one another") == 1
    [lead] = re.findall(r'<figure class="metric lead".*?</figure>', html, re.S)
    assert "lie on one another" not in lead
