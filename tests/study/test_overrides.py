"""Overrides of a sweep's spec: what holds, and what the grid would undo, which is refused."""

import pytest

from genloss.errors import GenlossError, SpecError
from genloss.study.sweep import load_sweep

TOML = """
reality = "gaussian"
form = "moments"
n_real = 10
generations = 2
[learner]
kind = "gaussian"
ddof = 1
"""


@pytest.fixture
def studies(tmp_path):
    """Return a function from a grid and the words of a command line to the studies of the cells."""

    def call(grid, *overrides, vary=()):
        path = tmp_path / "s.toml"
        path.write_text(f"{TOML}[sweep]\n{grid}\n")
        return [study for _, study in load_sweep(path, overrides, vary).cells]

    return call


def test_chains_are_the_number_of_seeds(studies):
    grid = "vary = { n_real = [10, 20] }\nseeds = 8"
    assert {study.chains for study in studies(grid)} == {8}
    assert {study.chains for study in studies(grid, "chains=16")} == {16}
    assert {study.chains for study in studies("seeds = [0, 1]", "chains=16")} == {16}
    with pytest.raises(GenlossError, match="chains is 'many'; expected a whole number"):
        studies(grid, "chains=many")
    with pytest.raises(SpecError, match="chains is overridden, and --vary seeds=4 sets it"):
        studies(grid, "chains=16", vary=["seeds=4"])


def test_seeds_need_no_brackets_either(studies):
    grid = "vary = { n_real = [10] }"
    for text in ("seeds=0,1", "seeds=[0, 1]", "seeds= 0, 1"):
        assert [(s.seed, s.chains) for s in studies(grid, vary=[text])] == [(0, 1), (1, 1)]
    assert [(s.seed, s.chains) for s in studies(grid, vary=["seeds=2"])] == [(0, 2)]
    with pytest.raises(
        SpecError, match=r"seeds is \['a', 'b'\]; expected a number of chains or a li"
    ):
        studies(grid, vary=["seeds=a,b"])


@pytest.mark.parametrize(
    ("grid", "override", "why"),
    [
        (
            "vary = { n_real = [10, 20] }",
            "n_real=500",
            r"override n_real=500: n_real varies over \[10, 20\] .* in every cell; "
            "try --vary n_real=500",
        ),
        ("cases = [{ n_real = 10 }, { n_real = 20 }]", "n_real=5", "n_real is set .*change it th"),
        ('vary = { "n_real, held_out" = [[10, 3]] }', "held_out=5", "held_out is set .*change it"),
        (
            "vary = { n_real = [1, 2] }\nexclude = [{ n_real = 1 }]",
            "n_real=2",
            "n_real varies over",
        ),
        ("seeds = [0, 1]", "seed=7", r"seeds is \[0, 1\] .*try --vary seeds=\[7\]"),
        ("vary = { chains = [2, 4] }", "chains=7", r"chains varies .*try --vary chains=7"),
        (
            'vary = { learner = [{ kind = "gaussian", ddof = 1 }] }',
            "learner.ddof=0",
            "learner varies over .*try --vary learner.ddof=0",
        ),
        (
            'cases = [{ regime = "replace" }, { regime = "fresh", "regime.n_real" = 3 }]',
            "regime=accumulate",
            "regime is set .*change it there",
        ),
        (
            'vary = { "learner.kind" = ["laplace"] }',
            "learner={kind='gaussian', ddof=0}",
            "learner.kind varies",
        ),
        (
            'vary = { "learner.ddof" = [0, 1] }',
            "learner={kind='gaussian', ddof=0}",
            r"learner.ddof varies over \[0, 1\]",
        ),
    ],
)
def test_an_override_that_the_grid_undoes_is_refused(studies, grid, override, why):
    assert studies(grid)
    with pytest.raises(SpecError, match=why) as error:
        studies(grid, override)
    assert "\n" not in str(error.value)


def test_what_is_said_to_try_holds(studies):
    grid = "vary = { n_real = [10, 20] }"
    assert [study.n_real for study in studies(grid, vary=["n_real=500"])] == [500]
    grid = 'vary = { learner = [{ kind = "gaussian", ddof = 1 }] }'
    assert [study.learner.ddof for study in studies(grid, vary=["learner.ddof=0"])] == [0]


def test_overrides_that_hold_are_taken(studies):
    """Of other fields, of a part whose field varies, of cells that do not set it themselves."""
    assert studies("vary = { n_real = [10] }", "held_out=5")[0].held_out == 5
    assert studies('vary = { "regime.real_fraction" = [0.1] }', "regime=mix")
    cells = studies("cases = [{ n_real = 20 }, { held_out = 3 }]", "n_real=50")
    assert [study.n_real for study in cells] == [20, 50]
    cells = studies('vary = { "learner.kind" = ["gaussian", "laplace"] }', "learner.ddof=0")
    assert cells[0].learner.ddof == 0
