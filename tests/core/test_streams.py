"""Named random streams never coincide, and the same name gives the same draws."""

import ast
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

import genloss
from genloss.core.streams import Streams
from genloss.core.view import stream_key
from genloss.errors import DataError
from genloss.spec.registry import CATALOG

ROLES = ("reality", "fit", "sample", "compose", "curate", "held_out", "realise", "metric:sigma")


def first_draws(seed, block, t, role):
    return tuple(Streams(seed, block).rng(t, role).integers(2**63, size=2))


def test_no_two_streams_of_a_grid_coincide():
    """576 streams of 126 bits each: a coincidence by chance has probability 2e-33."""
    grid = product(range(4), range(3), range(6), ROLES)
    seen = [first_draws(*place) for place in grid]
    assert len(set(seen)) == len(seen) == 576


def test_the_same_name_gives_the_same_draws_and_successive_draws_differ():
    a, b = (Streams(3, 1).rng(7, "fit") for _ in range(2))
    one, two = a.random(100), a.random(100)
    np.testing.assert_array_equal(one, b.random(100))
    assert not np.intersect1d(one, two).size


def test_seed_0_generation_1_is_not_seed_1_generation_0():
    """`seed + generation` made them the same in the field's own code."""
    for k in range(1, 20):
        assert first_draws(0, 0, k, "sample") != first_draws(k, 0, 0, "sample")
        assert first_draws(0, k, 0, "sample") != first_draws(k, 0, 0, "sample")
        assert first_draws(0, k, 0, "sample") != first_draws(0, 0, k, "sample")


def test_drawing_again_is_another_stream():
    draws = [Streams(0).rng(1, "sample", k).standard_normal() for k in range(4)]
    assert len(set(draws)) == 4
    assert draws[0] == Streams(0).rng(1, "sample").standard_normal()


def test_streams_are_uncorrelated():
    """Correlation of n = 4000 pairs has standard error 1 / sqrt(n)."""
    x = np.stack([Streams(0).rng(t, "sample").standard_normal(4000) for t in range(6)])
    off_diagonal = np.corrcoef(x)[np.triu_indices(6, 1)]
    assert np.abs(off_diagonal).max() < 4 / np.sqrt(4000)


def roles_in_source() -> set[str]:
    """Every literal role: the second argument of a call `something.rng(t, "role")`."""
    found = set()
    for path in Path(next(iter(genloss.__path__))).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if is_call and node.func.attr == "rng" and len(node.args) >= 2:
                role = node.args[1]
                found |= {role.value} if isinstance(role, ast.Constant) else set()
    return found


@pytest.mark.slow
def test_roles_of_the_package_have_distinct_checksums():
    roles = roles_in_source() | {f"metric:{kind}" for kind in CATALOG["metric"]}
    assert {"reality", "fit", "sample", "compose", "curate", "held_out", "realise"} <= roles
    assert len({crc32(role.encode()) for role in roles}) == len(roles)


@pytest.mark.parametrize(("seed", "block"), [(-1, 0), (0, -1), (1.5, 0), ("0", 0), (True, 0)])
def test_seeds_and_blocks_must_be_whole_numbers(seed, block):
    with pytest.raises(DataError, match="expected a whole number of at least 0"):
        Streams(seed, block)


FROZEN = {
    "centres", "compose", "curate", "curate_reality", "fit", "held_out", "keep", "realise",
    "reality", "sample",
}  # fmt: skip
"""Renaming one of these gives other draws: a change of numbers, not of names."""


@pytest.mark.slow
def test_the_roles_of_streams_are_frozen():
    assert roles_in_source() >= FROZEN
    for kind in CATALOG["metric"]:
        assert stream_key(Called(f"{kind}(an=option)")) == f"metric:{kind}"


def test_the_roles_of_streams_inside_a_fit_are_frozen():
    from genloss.models.torch import feeds

    names = ("SHUFFLE", "MIX", "DRAW", "NOISE", "START", "CHECK", "LOOK")
    assert [getattr(feeds, name) for name in names] == list(range(7))


@dataclass(frozen=True)
class Called:
    """A metric of that name, nothing else."""

    name: str
