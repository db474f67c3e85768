"""Grids: what varies together, one by one and not at all, and what is refused."""

import pytest

from genloss.errors import SpecError
from genloss.study.grid import Grid
from genloss.study.sweep import _cell_name, sweep_from

SPEC = {
    "name": "small",
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "form": "moments",
    "n_real": 10,
    "generations": 2,
}


def cells(**table):
    return list(Grid.of(table, "grid").cells("grid"))


def test_a_product_runs_over_every_combination_the_last_key_fastest():
    assert cells(vary={"a": [1, 2], "b": ["x", "y"]}) == [
        {"a": a, "b": b} for a in (1, 2) for b in ("x", "y")
    ]


def test_rows_cases_exclusions_and_seeds_combine():
    """Two rows of (n, m) x two cases is four; one is excluded; seeds are chains."""
    got = cells(
        vary={"n, m": [[1, 10], [2, 20]]},
        cases=[{"r": "a"}, {"r": "b", "k": 3}],
        exclude=[{"n": 2, "r": "a"}],
        seeds=8,
    )
    assert got == [
        {"chains": 8, "r": "a", "n": 1, "m": 10},
        {"chains": 8, "r": "b", "k": 3, "n": 1, "m": 10},
        {"chains": 8, "r": "b", "k": 3, "n": 2, "m": 20},
    ]


def test_a_list_of_seeds_is_a_run_each():
    assert cells(seeds=[3, 5]) == [{"seed": 3}, {"seed": 5}]
    assert Grid.of({"seeds": [3, 5]}, "g").varying == ["seed"]
    assert Grid.of({"seeds": 5, "vary": {"a": [1]}}, "g").varying == ["a"]


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"varry": {}}, "unknown key .varry."),
        ({"vary": {"n": 3}}, "n varies over 3; expected a list"),
        ({"vary": {"a, b": [[1, 2], [3]]}}, r"a, b takes \[3\]; expected a row of 2"),
        ({"vary": [1]}, "vary is .*; expected a table of lists"),
        ({"cases": {"a": 1}}, "cases is .*; expected a list of tables"),
        ({"vary": {"a": [1]}, "cases": [{"a": 2}]}, "a stands in vary and in cases"),
        ({"vary": {"a": [1]}, "exclude": [{"b": 2}]}, "exclude names 'b'.*does not vary"),
        ({"vary": {"a": [1]}, "exclude": [{"a": 2}]}, "which matches no cell"),
        ({"seeds": "x"}, "seeds is 'x'; expected a number of chains or a list"),
        ({"vary": {"a": [1], "a, b": [[1, 2]]}}, "a stands twice in vary"),
        ({"vary": {"chains": [2, 3]}, "seeds": 8}, "chains varies, and seeds sets it"),
        ({"vary": {"seed": [2, 3]}, "seeds": [8]}, "seed varies, and seeds sets it"),
        ({"vary": {"r.n": [1], "r": ["a"]}}, "r sets all of r, and undoes r.n; write r first"),
        ({"vary": {"r": ["a"]}, "cases": [{"r.n": 1}]}, "undoes r.n"),
        ({"vary": {"r.n": [1], "r.kind": ["a"]}}, "r.kind sets all of r, and undoes r.n"),
        ({"seeds": []}, "seeds is .*; expected a number of chains"),
    ],
)
def test_what_is_laid_out_otherwise_is_refused(table, why):
    with pytest.raises(SpecError, match=why):
        cells(**table)


def test_cells_are_studies_called_after_what_varies():
    sweep = sweep_from(SPEC, {"vary": {"n_real": [10, 20], "learner.ddof": [0, 1]}, "seeds": 3})
    names = [study.name for _, study in sweep.cells]
    assert names == [f"n_real={n},ddof={d}" for n in (10, 20) for d in (0, 1)]
    assert {study.chains for _, study in sweep.cells} == {3}
    assert sweep.cells[3][1].learner.ddof == 1


def test_tables_and_long_values_make_names_that_a_folder_can_have():
    regimes = [{"kind": "fresh", "n_real": n} for n in (1, 2)]
    sweep = sweep_from(SPEC, {"vary": {"regime": regimes}})
    assert [s.name for _, s in sweep.cells] == ["regime=fresh-n_real=1", "regime=fresh-n_real=2"]
    many = [{"at": list(range(n))} for n in (100, 101)]
    names = [s.name for _, s in sweep_from(SPEC, {"vary": {"measure": many}}).cells]
    assert len(set(names)) == 2
    assert max(map(len, names)) <= 120


@pytest.mark.parametrize(
    ("grid", "why"),
    [
        ({}, "nothing varies"),
        ({"seeds": 4}, "nothing varies"),
        ({"vary": {"name": ["a", "b"]}}, "name varies, which is no part of what a run does"),
        ({"vary": {"n_real": []}}, "no cell is left; .*or a list is empty"),
        ({"vary": {"n_rael": [1, 2]}}, "n_rael.*did you mean 'n_real'"),
        ({"vary": {"regime": ["replase"]}}, "replase.*did you mean 'replace'"),
        ({"vary": {"n_real": [1]}, "exclude": [{"n_real": 1}]}, "no cell is left"),
    ],
)
def test_a_sweep_of_nothing_or_of_no_field_is_refused(grid, why):
    with pytest.raises(SpecError, match=why):
        sweep_from(SPEC, grid)


def test_names_fit_a_file_system_that_counts_bytes():
    grid = {"vary": {"measure": [{"at": list(range(n))} for n in (100, 101)]}}
    names = [s.name for _, s in sweep_from(SPEC, grid).cells]
    wide = _cell_name({"text": "\u65e5" * 100}, 7)
    assert wide.endswith("-000007")
    assert max(len(name.encode()) for name in [*names, wide]) <= 120


def test_keys_that_add_to_a_list_make_names_too():
    grid = {"vary": {"metrics+": [["sigma"], ["entropy"]]}}
    names = [s.name for _, s in sweep_from({**SPEC, "metrics": []}, grid).cells]
    assert names == ["metrics-=sigma", "metrics-=entropy"]
