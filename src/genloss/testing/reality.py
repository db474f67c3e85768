"""Laws of realities: any number of chains, finite rows once each, and the laws of every model."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from genloss.core.abilities import FiniteModel
from genloss.core.arrays import Array
from genloss.core.roles import Model, Reality
from genloss.errors import GenlossError, RealityExhausted
from genloss.testing.laws import Law, Outcome, Skipped, check, digest, require, rng
from genloss.testing.models import MODEL_LAWS
from genloss.testing.objects import OBJECT_LAWS

C = 3


@dataclass(frozen=True, eq=False)
class RealityCase:
    """A reality, and how many of its rows equal another."""

    reality: Reality
    repeats: int
    role: str = field(default="reality", init=False)

    @property
    def subject(self) -> Reality:
        """The object that is checked."""
        return self.reality

    @cached_property
    def model(self) -> Model:
        """p_0 of three chains."""
        return self.reality.realise(C, rng(0))

    @cached_property
    def rows(self) -> Array:
        """Rows of it (C, n, ...)."""
        if isinstance(self.model, FiniteModel):
            return self.model.rows(0, min(60, self.model.n_rows))
        return self.model.sample(60, rng(3))

    @property
    def finite(self) -> FiniteModel:
        """p_0 where it owns rows; raises Skipped elsewhere."""
        model = self.model
        if not isinstance(model, FiniteModel):
            raise Skipped("the reality is a law: it owns no rows")
        return model


def check_reality(reality: Reality, *, repeats: int = 0) -> Outcome:
    """Hold a reality to the laws of its role; a finite one is read once as a whole.

    repeats: how many rows of a finite reality equal another of its rows, n - (different rows).

    Raises:
        ContractError: with all laws that do not hold.
    """
    return check(type(reality).__name__, REALITY_LAWS, RealityCase(reality, repeats))


def it_is_realised_for_any_number_of_chains(case: RealityCase) -> None:
    """1, 3; and a number that is none is refused."""
    for c in (1, C):
        model = case.reality.realise(c, rng(0))
        require(isinstance(model, Model), type(model).__name__, "a Model")
        require(model.n_chains == c, f"{model.n_chains} chains", f"{c}")
        require(len(model.sample(2, rng(1))) == c, "samples of other chains", f"{c} chains")
    for none in (0, -1, 1.5):
        wrong: Any = none
        try:
            case.reality.realise(wrong, rng(0))
        except GenlossError:
            continue
        require(False, f"a model of {none} chains", "a DataError")


def it_is_a_function_of_its_fields_and_the_stream(case: RealityCase) -> None:
    """The same reality with every realisation from an equal stream."""
    again = case.reality.realise(C, rng(0))
    same = digest(again.state()) == digest(case.model.state())
    require(same, "another state from an equal stream", "the same")
    one, two = case.model.sample(20, rng(1)), again.sample(20, rng(1))
    require(np.array_equal(one, two), "other rows from an equal stream", "the same rows")


def chains_draw_apart(case: RealityCase) -> None:
    """No two chains have the same rows."""
    x = case.model.sample(50, rng(7))
    for one, two in ((0, 1), (1, 2), (0, 2)):
        require((x[one] != x[two]).any(), f"the same rows in chains {one} and {two}", "others")


def finite_rows_are_handed_out_once(case: RealityCase) -> None:
    """In one order per chain, the same rows in all, and none after the last."""
    model = case.finite
    n = model.n_rows
    whole = model.rows(0, n)
    parts = [model.rows(0, n // 3), model.rows(n // 3, n - n // 3)]
    require(np.array_equal(np.concatenate(parts, axis=1), whole), "another order in parts", "one")
    flat = whole.reshape(len(whole), n, -1)
    different = [len(np.unique(rows, axis=0)) for rows in flat]
    right = n - case.repeats
    require(set(different) == {right}, f"{different} different rows of {n}", f"{right}")
    if n > 5:
        require((whole[0] != whole[1]).any(), "one order for all chains", "one for each")
    try:
        model.rows(n - 1, 2)
    except RealityExhausted:
        return
    require(False, "rows after the last", "RealityExhausted")


def labels_belong_to_rows(case: RealityCase) -> None:
    """Parts have the labels that the whole has."""
    model = case.finite
    n = model.n_rows
    whole = model.labels_of(0, n)
    if whole is None:
        raise Skipped("its rows have no classes")
    require(whole.shape == (C, n), f"labels of shape {whole.shape}", f"{(C, n)}")
    part = model.labels_of(1, n - 1)
    same = part is not None and np.array_equal(whole[:, 1:], part)
    require(same, "other labels of a part", "the same")
    flat = model.rows(0, n).reshape(C, n, -1)
    known = {row.tobytes(): int(k) for row, k in zip(flat[0], whole[0], strict=True)}
    if case.repeats == 0:
        moved = [known.get(r.tobytes()) != k for r, k in zip(flat[1], whole[1], strict=True)]
        require(not any(moved), f"{sum(moved)} rows of another class in chain 1", "one class a row")


def held_out_rows_are_left_out(case: RealityCase) -> None:
    """A split shares no row with what it leaves, and leaves the model as it was."""
    model = case.finite
    before, n = digest(model.state()), model.n_rows
    m = max(1, n // 4)
    rest, held_out = model.split(m)
    require(held_out.shape[:2] == (C, m), f"held-out rows {held_out.shape}", f"({C}, {m}, ...)")
    require(digest(model.state()) == before, "another model after a split", "the same")
    left = rest.rows(0, rest.n_rows)
    if case.repeats:
        raise Skipped("its rows repeat: equal rows may be on both sides")
    for one, two in zip(left, held_out, strict=True):
        mine = {row.tobytes() for row in np.ascontiguousarray(one)}
        shared = sum(row.tobytes() in mine for row in np.ascontiguousarray(two))
        require(not shared, f"{shared} rows on both sides", "none")


REALITY_LAWS: tuple[Law[RealityCase], ...] = (
    *OBJECT_LAWS,
    it_is_realised_for_any_number_of_chains,
    it_is_a_function_of_its_fields_and_the_stream,
    *MODEL_LAWS,
    chains_draw_apart,
    finite_rows_are_handed_out_once,
    labels_belong_to_rows,
    held_out_rows_are_left_out,
)
