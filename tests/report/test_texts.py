"""Kept texts: read back whole, set beside their prompts, and shown as what they are."""

import re

import numpy as np
import pytest

from genloss.report.page import render
from genloss.report.sections import find_sections
from genloss.report.texts import (
    LONGEST,
    Prompt,
    beside,
    continued,
    prompts_of,
    readable,
    text_figure,
)
from genloss.store.parts import pack_texts

from .conftest import make_run

NASTY = "</p><script>alert(1)</script>&amp; \x00\x1b[31m \u202eabc עברית 日本語"


def with_texts(root, kept, prompts=None, name="run", zero=None):
    """Return a run that kept texts {t: [text]}; prompts are kept after generation 0.

    zero: the prompts of generation 0.
    """
    arrays = {t: pack_texts(texts, prompts if t else zero) for t, texts in kept.items()}
    return with_arrays(root, arrays, name)


def with_arrays(root, arrays, name="run"):
    rows = {t: np.ones((2, 3), dtype=np.int64) for t in arrays}
    return make_run(root, name, kept=rows, parts={t: {0: {"texts": a}} for t, a in arrays.items()})


def test_texts_are_read_back(tmp_path):
    run = with_texts(tmp_path, {0: ["a", "", "日本"], 3: ["x", NASTY, ""]}, ["p", "", "é"])
    assert run.texts(0) == [("", "a"), ("", ""), ("", "日本")]
    assert run.texts(3) == [("p", "x"), ("", NASTY), ("é", "")]
    assert make_run(tmp_path, "other", kept={0: np.ones((2, 3))}).texts(0) is None
    assert with_texts(tmp_path, {0: []}, name="none").texts(0) == []


def test_bytes_that_are_no_text_are_marked(tmp_path):
    arrays = {"utf8": np.array([0xFF, 0x61], dtype=np.uint8), "ends": np.array([2])}
    run = with_arrays(tmp_path, {0: arrays})
    assert run.texts(0) == [("", "\ufffda")]


def test_a_prompt_gathers_what_the_generations_made_of_it():
    kept = {
        0: [("", "The tower was built."), ("", "An unrelated row.")],
        1: [("The tower", " is old."), ("A nave", " is long.")],
        2: [("The tower", "The tower tower"), ("A nave", "")],
    }
    assert prompts_of(kept) == [
        Prompt("The tower", (("reality", "was built."), ("t = 1", "is old."), ("t = 2", "tower"))),
        # Real text that does not begin with the prompt is not its continuation.
        Prompt("A nave", (("t = 1", "is long."), ("t = 2", ""))),
    ]


def test_real_text_that_was_kept_with_its_prompt_is_its_continuation():
    kept = {0: [("a", "b c")], 1: [("a", "d")]}
    assert prompts_of(kept) == [Prompt("a", (("reality", "b c"), ("t = 1", "d")))]


def test_a_text_that_stays_the_same_is_told_once():
    kept = {t: [("a", "same" if t != 3 else "other")] for t in (0, 1, 2, 3, 4)}
    (only,) = prompts_of(kept)
    assert only.passages == (
        ("reality", "same"),
        ("t = 1 to t = 2", "same"),
        ("t = 3", "other"),
        ("t = 4", "same"),
    )


def test_texts_without_prompts_stand_side_by_side():
    kept = {0: [("", "real"), ("", "too")], 1: [("", "made")]}
    assert [p.passages for p in prompts_of(kept)] == [
        (("reality", "real"), ("t = 1", "made")),
        (("reality", "too"),),
    ]
    assert prompts_of({}) == []


def test_another_prompt_in_the_same_place_is_left_out():
    assert continued("a", "b", "text") is None
    assert continued("a", "a", "text") == "text"
    assert continued("a b", "", "a b", real=True) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1bc\x7f", "a\u2400b\u241bc\u2421"),
        ("x\u202ey", "x⟨U+202E⟩y"),
        ("one\n\ttwo\n", "one\n\ttwo"),
        ("one\n\n\ntwo", "one\n\n\ntwo"),
        ("one \n\n \n\n\n  two", "one\n⟨5 line breaks⟩\ntwo"),
        ("\n" * 40, "⟨40 line breaks⟩"),
        ("one" + " " * 30, "one ⟨30 spaces⟩"),
        (
            "e\u0301 می\u200cخواهم \u00a0日本語 👩\u200d🔬",
            "e\u0301 می\u200cخواهم \u00a0日本語 👩\u200d🔬",
        ),
    ],
)
def test_what_cannot_be_seen_is_shown(text, shown):
    assert readable(text) == shown


def test_long_texts_are_cut():
    assert readable("x" * LONGEST) == "x" * LONGEST
    assert readable("x" * (LONGEST + 1)) == "x" * LONGEST + " …"


def test_few_prompts_at_once_and_more_folded_away(tmp_path):
    texts = [f"text {i}" for i in range(20)]
    kept = {t: [f"{text} at {t}" for text in texts] for t in range(15)}
    run = with_texts(tmp_path, kept, [f"prompt {i}" for i in range(20)])
    figure = text_figure(run, "label")
    assert 2 <= len(figure.prompts) <= 4
    assert len(figure.prompts) + len(figure.more) == 12
    when = [when for when, _ in figure.prompts[0].passages]
    assert (when[0], when[-1]) == ("t = 1", "t = 14")
    assert len(when) <= 12
    assert text_figure(make_run(tmp_path, "none"), "x") is None


@pytest.mark.slow
def test_one_run_is_the_picture_and_all_are_folded(tmp_path):
    for name in "ab":
        texts = {0: ["real"], 2: ["made"], 20: [f"made by {name}"]}
        with_texts(tmp_path, texts, ["prompt"], name=name)
    html = render(find_sections([tmp_path]), title="t")
    picture, together = html.index('<section id="picture"'), html.index("All runs at their last")
    line, fold = html.index('class="metric lead"'), html.index('-texts"><summary>')
    first, second = (
        [found.start() for found in re.finditer(f"made by {name}", html)] for name in "ab"
    )
    # The first run alone; then, folded, both runs side by side and each alone.
    assert picture < first[0] < line < fold < together < first[1] < second[0] < first[2] < second[1]


def test_runs_stand_side_by_side_under_the_prompts_that_they_share(tmp_path):
    def told(name, prompts, last):
        texts = [f"{prompt} by {name}" for prompt in prompts]
        run = with_texts(tmp_path, {0: ["x"], 3: texts, last: [*texts[:-1], "end"]}, prompts, name)
        return text_figure(run, name)

    a, b = told("a", ["alone", "shared"], 9), told("b", ["shared"], 20)
    c, d = told("c", ["other", "pair"], 9), told("d", ["pair"], 9)
    assert beside([a, b, c, d]) == [
        Prompt("shared", (("a, t = 9", "end"), ("b, t = 20", "end"))),
        Prompt("pair", (("c, t = 9", "end"), ("d, t = 9", "end"))),
    ]
    assert beside([a]) == beside([a, c]) == beside([]) == []


def test_real_text_comes_first_beside_the_runs(tmp_path):
    figures = []
    for name in "ab":
        run = with_texts(tmp_path, {0: ["goes on"], 3: [f"made by {name}"]}, ["p"], name, ["p"])
        figures.append(text_figure(run, name))
    (only,) = beside(figures)
    assert only.passages == (
        ("reality", "goes on"),
        ("a, t = 3", "made by a"),
        ("b, t = 3", "made by b"),
    )


def test_prompts_with_words_come_before_tables(tmp_path):
    prompts = ["+----+----+", "some words here", "| a | b |", "more of the words"]
    run = with_texts(tmp_path, {0: ["x"] * 4, 1: list("abcd")}, prompts)
    figure = text_figure(run, "x")
    shown = [p.text for p in (*figure.prompts, *figure.more)]
    assert shown == [prompts[i] for i in (1, 3, 2, 0)]


def test_reality_with_its_prompt_is_said_to_go_on(tmp_path):
    run = with_texts(tmp_path, {0: ["go on"], 3: ["x"]}, ["p"])
    assert "Reality is" not in text_figure(run, "x").reading
    run = with_texts(tmp_path, {0: ["goes on"], 3: ["x"]}, ["p"], "prompted", ["p"])
    figure = text_figure(run, "x")
    assert "Reality is how the real text goes on." in figure.reading
    assert figure.prompts[0].passages == (("reality", "goes on"), ("t = 3", "x"))


@pytest.mark.slow
def test_the_page_shows_texts_and_runs_nothing_in_them(tmp_path):
    with_texts(tmp_path, {0: ["real"], 20: [NASTY]}, [NASTY + "?"])
    html = render(find_sections([tmp_path]), title="t")
    # Prompt and text, as the picture and in the fold.
    assert "Texts through the generations" in html
    assert "alert(1)</script>" not in html
    assert html.count("&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;") == 4
    assert "\x00" not in html
    assert "\u202e" not in html
    assert render(find_sections([tmp_path]), title="t") == html
