"""Labels say what differs; panels hold runs that compare."""

import pytest

from genloss.report.factors import factors, is_kind, kind_of
from genloss.report.labels import MOST_SERIES, named, plain
from genloss.report.measured import measured

from .conftest import decay, make_run


def runs_of(tmp_path, *specs):
    return [
        measured(make_run(tmp_path / str(i), metrics={"trace_ratio": decay(3, 2)}, **spec))
        for i, spec in enumerate(specs)
    ]


def test_names_of_an_author_say_what_varies(tmp_path):
    names = ["replace,d=1,n=10", "replace,d=1,n=1000", "accumulate,d=1,n=10"]
    found = factors(runs_of(tmp_path, *({"name": n} for n in names)))
    assert found[0] == {"kind": "replace", "n": "n = 10"}
    assert found[1] == {"kind": "replace", "n": "n = 1,000"}
    assert found[2] == {"kind": "accumulate", "n": "n = 10"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("digits,mix_10", "digits · mix 10"),
        ("regime=accumulate,n_real=1000", "accumulate · n = 1,000"),
        ("regime=mix-real_fraction=0.1,n_real=10", "mix, real share = 0.1 · n = 10"),
        ("regime=augment-n_real=5-keep=-1,lam=-0.5", "augment, fresh n = 5, keep = -1 · λ = -0.5"),
        ("sampler=top_p", "top p"),
    ],
)
def test_a_name_is_said_in_words(name, words):
    assert plain(name) == words


def test_what_is_named_like_a_kind_is_none(tmp_path):
    names = ["replace,fast,mankind=1", "replace,slow,mankind=2", "accumulate,slow,mankind=3"]
    found = factors(runs_of(tmp_path, *({"name": n} for n in names)))
    assert [key for key in found[0] if is_kind(key)] == ["kind", "1.kind"]


def test_other_names_leave_it_to_the_specs(tmp_path):
    specs = [
        {"name": "first", "n_real": 10, "n_synthetic": 10},
        {"name": "second", "n_real": 10, "n_synthetic": 10, "regime": {"kind": "accumulate"}},
        {"name": "third", "n_real": 1000, "n_synthetic": 1000},
    ]
    labels = [n.label for n in named(runs_of(tmp_path, *specs))]
    # n_synthetic splits the runs as n_real does and is not said again.
    assert labels == ["n = 10 · replace", "n = 10 · accumulate", "n = 1,000 · replace"]


def test_a_list_of_nothing_is_no_part_of_a_label(tmp_path):
    real_only = {"name": "b", "regime": {"kind": "real_only", "rows": []}}
    labels = [n.label for n in named(runs_of(tmp_path, {"name": "a"}, real_only))]
    assert labels == ["replace", "real only"]


def test_an_option_that_one_kind_does_not_use_is_no_part_of_a_label(tmp_path):
    kinds = ("replace", "accumulate", "accumulate_subsample")
    specs = [{"name": f"run {i}", "regime": {"kind": kind}} for i, kind in enumerate(kinds)]
    specs[2]["regime"]["size"] = 0
    labels = [n.label for n in named(runs_of(tmp_path / "a", *specs))]
    assert labels == ["replace", "accumulate", "accumulate subsample"]
    used = {"name": "run 3", "regime": {"kind": "accumulate_subsample", "size": 5}}
    labels = [n.label for n in named(runs_of(tmp_path / "b", *specs, used))]
    assert labels[2:] == ["accumulate subsample · size = 0", "accumulate subsample · size = 5"]


def test_runs_that_differ_in_seed_alone_say_so(tmp_path):
    found = named(runs_of(tmp_path, {"seed": 0}, {"seed": 1}))
    assert [n.label for n in found] == ["seed = 0", "seed = 1"]


def test_runs_that_cannot_be_told_apart_get_their_fingerprint(tmp_path):
    found = named(runs_of(tmp_path, {"form": {"kind": "rows"}}, {"form": {"kind": "moments"}}))
    assert len({n.label for n in found}) == 2
    assert all(n.label.startswith("run ") for n in found)


def test_a_grid_becomes_panels_with_regimes_side_by_side(tmp_path):
    specs = [
        {"name": f"{regime},d={d},n={n}", "regime": {"kind": regime}}
        for n in (10, 32, 100)
        for d in (1, 3)
        for regime in ("replace", "accumulate")
    ]
    found = named(runs_of(tmp_path, *specs))
    panels = {}
    for n in found:
        panels.setdefault(n.panel, []).append(n.label)
    # Two panels would hold six series each; three with four are easier to read.
    assert list(panels) == ["n = 10", "n = 32", "n = 100"]
    assert panels["n = 10"] == [
        "replace · d = 1",
        "accumulate · d = 1",
        "replace · d = 3",
        "accumulate · d = 3",
    ]
    assert len({n.full for n in found}) == len(found)


def test_arms_are_compared_on_one_pair_of_axes_however_long_they_are(tmp_path):
    specs = [{"name": k, "generations": t} for k, t in (("replace", 8), ("mix", 6), ("all", 5))]
    assert {n.panel for n in named(runs_of(tmp_path, *specs))} == {""}
    # More runs than a panel holds are split by what was varied, never by their length.
    many = [
        {"name": f"{kind},n={n}", "regime": {"kind": kind}, "n_real": n, "generations": t}
        for kind, t in (("replace", 8), ("accumulate", 100))
        for n in (1, 2, 3, 4, 5)
    ]
    panels = {}
    for n in named(runs_of(tmp_path / "b", *many)):
        panels.setdefault(n.panel, set()).add(n.label)
    assert all(labels == {"replace", "accumulate"} for labels in panels.values())


def test_many_runs_that_form_no_grid_are_shown_in_order(tmp_path):
    specs = [{"name": f"r{i}", "n_real": 10 + i, "seed": i} for i in range(MOST_SERIES + 3)]
    found = named(runs_of(tmp_path, *specs))
    assert [n.panel for n in found] == ["runs 1 to 8"] * 8 + ["runs 9 to 11"] * 3
    assert len({n.label for n in found}) == len(specs)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"kind": "two_moons", "noise": 0.1}, "two moons"),
        ({"kind": "my.module:SwissRoll"}, "swiss roll"),
        ("replace", "replace"),
    ],
)
def test_kinds_in_words(part, words):
    assert kind_of(part) == words
