"""Entries of targets.toml: what varies, what a scale replaces, what is refused."""

import tomllib

import pytest

from genloss.errors import SpecError
from genloss.judge.targets import Ensemble, Formula, Law, Place
from genloss.published.target_entries import targets_of
from genloss.study.grid import combinations

COMMON = """
[names]
paper = "A. Author 2024"
figure = "{paper}, figure 2"
args = { t = "{t}", n = "$n_real" }
[target]
metric = "trace_ratio"
source = "{figure}"
[scale.smoke]
t = 3
names = { when = "early" }
[scale.laptop]
t = 9
names = { when = "late" }
[scale.paper]
t = 99
names = { when = "last" }
"""
LAW = """
[[targets]]
id = "law.n={n},{scale}"
what = "mean tr ratio at {t} ({when}), {n} rows"
run = "replace,n={n}"
band = { kind = "law", expected = { law = "moments.replace", field = "spread", args = "{args}" } }
vary = { n = [10, 100] }
smoke = { vary = { n = [10] } }
"""
TABLE = """
[[targets]]
id = "{regime}.{published}"
what = "w"
run = "{regime},n={n}"
minus = { run = "other,n={n}", t = 1 }
band = { kind = "ensemble", chains = 5 }
scales = ["paper"]
[targets.vary]
regime = ["replace", "accumulate"]
"n, published, band.rounding" = [[10, 0.5, 0.01], [32, 0.25, 0.02]]
"""


def read(text, scale="smoke"):
    return targets_of(tomllib.loads(text), scale, "targets.toml")


def test_a_scale_sets_the_horizon_and_replaces_what_varies():
    (few,) = read(COMMON + LAW)
    assert few.id == "law.n=10,smoke"
    assert few.what == "mean tr ratio at 3 (early), 10 rows"
    assert few.at == Place("replace,n=10", "trace_ratio", 3)
    assert [t.id for t in read(COMMON + LAW, "laptop")] == ["law.n=10,laptop", "law.n=100,laptop"]
    assert [t.at.t for t in read(COMMON + LAW, "paper")] == [99, 99]


def test_a_text_that_is_one_name_becomes_its_value_and_names_are_made_of_names():
    (few,) = read(COMMON + LAW)
    assert few.source == "A. Author 2024, figure 2"
    assert few.band == Law(Formula("moments.replace", "spread", {"t": 3, "n": "$n_real"}))


def test_rows_of_a_table_vary_together_and_against_every_other_list():
    targets = read(COMMON + TABLE, "paper")
    assert [t.id for t in targets] == [
        "replace.0.5",
        "replace.0.25",
        "accumulate.0.5",
        "accumulate.0.25",
    ]
    last = targets[-1]
    assert last.at == Place("accumulate,n=32", "trace_ratio", 99)
    assert last.minus == Place("other,n=32", "trace_ratio", 1)
    assert (last.published, last.band) == (0.25, Ensemble(chains=5, rounding=0.02))
    assert read(COMMON + TABLE, "smoke") == ()


def test_an_entry_that_does_not_vary_is_one_target():
    text = (
        '[[targets]]\nid = "a"\nwhat = "w"\nrun = "r"\nmetric = "m"\nt = "last"\n'
        'source = "s"\nband = { kind = "interval", low = 0, high = 1 }\n'
    )
    assert [t.id for t in read(text)] == ["a"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("n={n},{scale}", "n={m},{scale}", r"targets\[0\]: nothing is called \{m\}"),
        ("{when}", "{wehn}", r"nothing is called \{wehn\} \(did you mean 'when'"),
        ("vary = { n =", "vary = { k = [1], n =", r"k varies, but no text holds \{k\}"),
        ("vary = { n = [10] }", "vary = { n = 10 }", "n varies over 10; expected a list"),
        ("n = [10] }", '"n, t" = [[10]] }', "n stands twice in vary; name it once"),
        ("n = [10] }", "n = [10, 10] }", "two targets are called 'law.n=10,smoke'"),
        ("run =", "rnu =", r"unknown key 'rnu' \(did you mean 'run'"),
        ("smoke = {", "smaok = {", "unknown key 'smaok'"),
        ("smoke = {", "smoke = { scales = 1, ", r"smoke: unknown key 'scales'"),
        ("[scale.smoke]", "[scale.tiny]", "scale: unknown key 'tiny'"),
        ("[target]", "[targetz]", r"unknown key 'targetz' \(did you mean 'target'"),
        ('metric = "trace_ratio"', "", r"targets\[0\] has no 'metric'"),
        ('run = "replace,n={n}"', "run = 3", "target law.n=10,smoke: run is 3; expected text"),
        ('paper = "A. Author 2024"', 'paper = "{figure}"', r"nothing is called \{figure\}"),
    ],
)
def test_an_entry_that_says_something_else_is_refused(old, new, why):
    text = (COMMON + LAW).replace(old, new, 1)
    assert text != COMMON + LAW
    with pytest.raises(SpecError, match=why):
        read(text)


def test_a_file_without_targets_is_refused():
    with pytest.raises(SpecError, match="has no 'targets'"):
        read(COMMON)
    with pytest.raises(SpecError, match=r"targets is .*; expected \[\[targets\]\]"):
        read("targets = 3")


def test_combinations_are_a_product_of_columns():
    found = list(combinations({"a, b": [[1, 2], [3, 4]], "c": ["x", "y"]}, "here"))
    assert found[0] == {"a": 1, "b": 2, "c": "x"}
    assert [(f["a"], f["c"]) for f in found] == [(1, "x"), (1, "y"), (3, "x"), (3, "y")]
    assert list(combinations({}, "here")) == [{}]
