"""Laws of curators: decisions from a chain's own rows and how often they are."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np

from genloss.core.arrays import Array
from genloss.core.curators.reference import Reference
from genloss.core.curators.rounds import curated
from genloss.core.curators.selection import Covers, Curator, Selection
from genloss.core.samples import Samples
from genloss.errors import DataError, GenlossError
from genloss.testing.beside import beside, without_memory
from genloss.testing.examples import Kind, example
from genloss.testing.laws import Law, Outcome, Skipped, check, digest, require, rng
from genloss.testing.objects import OBJECT_LAWS


@dataclass(frozen=True, eq=False)
class CuratorCase:
    """A curator and rows of two chains or more; every decision is about a copy of them."""

    curator: Curator
    given: Samples
    beside: Reference
    role: str = field(default="curator", init=False)

    @property
    def subject(self) -> Curator:
        """The object that is checked."""
        return self.curator

    def rows(self, x: Array | None = None, weight: Array | None = None) -> Samples:
        """Return a copy of the rows, or others, with weights."""
        parts = {k: v.copy() for k, v in self.given.arrays().items()}
        copy = replace(Samples.from_arrays(parts), weight=weight)
        return copy if x is None else replace(copy, x=x.copy())

    def select(self, rows: Samples | None = None, key: int = 0) -> Selection:
        """Decide about rows, beside a reference that remembers nothing yet."""
        return self.curator.select(rows or self.rows(), without_memory(self.beside), rng(key))

    @cached_property
    def selection(self) -> Selection:
        """What it decides about the rows."""
        return self.select()

    @cached_property
    def without_chance(self) -> bool:
        """Whether a decision is a function of the rows alone."""
        return same(self.select(key=1), self.selection)

    def weighted(self, weight: Array, x: Array | None = None) -> Selection:
        """Decide about weighted rows; raises Skipped where they are refused."""
        try:
            return self.select(self.rows(x, weight))
        except GenlossError as error:
            raise Skipped(f"weighted rows are refused: {error}") from error


def same(one: Selection, two: Selection, chain: int | None = None) -> bool:
    """Whether two decisions agree, in a chain or in all: rows, weights and reasons."""
    place = slice(None) if chain is None else chain
    accepted = np.array_equal(one.accepted[place], two.accepted[place])
    weights = np.allclose(weights_of(one)[place], weights_of(two)[place])
    refused = ~one.accepted[place]
    reasons = accepted and np.array_equal(one.reason[place][refused], two.reason[place][refused])
    return bool(accepted and weights and reasons)


def weights_of(selection: Selection) -> Array:
    """Return the weights of accepted rows, 0 for others."""
    weight = 1.0 if selection.weight is None else selection.weight
    return np.where(selection.accepted, weight, 0.0)


def check_curator(
    curator: Curator, rows: Samples | Kind = "line", reference: Reference | None = None
) -> Outcome:
    """Hold a curator to the laws of its role.

    rows: two chains or more of which it accepts some, or the kind of ours; see `check_learner`.
    reference: what it looks at beside them, or one where a plain model of the rows is reality, p_1
    and writer; see `beside`.

    Raises:
        ContractError: with all laws that do not hold.
        DataError: an example of a single chain, where nothing can leak.
    """
    given = rows if isinstance(rows, Samples) else example(rows)
    if given.n_chains < 2 or given.n_rows < 10:
        raise DataError(
            f"rows of {given.n_chains} chains of {given.n_rows}; expected two chains or more, of "
            "ten rows or more"
        )
    return check(
        type(curator).__name__,
        CURATOR_LAWS,
        CuratorCase(curator, given, reference or beside(given)),
    )


def rounds_and_what_it_covers_are_known(case: CuratorCase) -> None:
    """A whole number of rounds, and which rows must pass."""
    rounds: Any = case.curator.rounds
    covers: Any = case.curator.covers
    require(isinstance(rounds, int) and rounds >= 1, f"rounds {rounds!r}", "1 or more")
    require(covers in get_args(Covers), f"covers {covers!r}", f"one of {get_args(Covers)}")


def it_decides_about_every_row(case: CuratorCase) -> None:
    """A Selection of the shape of the rows, with some accepted, and named reasons."""
    made = case.selection
    require(isinstance(made, Selection), type(made).__name__, "a genloss Selection")
    right = case.given.x.shape[:2]
    require(made.accepted.shape == right, f"decisions {made.accepted.shape}", f"{right}")
    reasons: Any = made.reasons
    named = all(isinstance(why, str) and why for why in reasons)
    require(named and len(set(made.reasons)) == len(made.reasons), f"{made.reasons}", "names")
    require(made.accepted.any(axis=1).all(), "no row of a chain accepted", "some in every chain")


def a_decision_is_a_function_of_rows_and_stream(case: CuratorCase) -> None:
    """The same rows and an equal stream give the same decisions."""
    require(same(case.select(), case.selection), "other decisions the second time", "the same")


def it_leaves_its_rows_alone(case: CuratorCase) -> None:
    """Rows, origins, weights and labels."""
    rows = case.rows()
    before = digest(rows.arrays())
    case.select(rows)
    require(digest(rows.arrays()) == before, "other rows afterwards", "the same")


def a_decision_does_not_depend_on_neighbours(case: CuratorCase) -> None:
    """Other rows in the last chain change nothing in the first."""
    size = case.given.x[-1].reshape(case.given.n_rows, -1).sum(axis=1)
    for place in (size.argmin(), size.argmax()):
        x = case.rows().x.copy()
        x[-1] = x[-1, place]
        alike = same(case.select(case.rows(x)), case.selection, 0)
        require(alike, "other decisions about the first chain beside other rows", "the same")
    if case.without_chance:
        turned = case.select(case.rows(np.ascontiguousarray(case.given.x[::-1])))
        alike = np.array_equal(turned.accepted[::-1], case.selection.accepted)
        require(alike, "other decisions with the chains in reverse order", "the same by chain")


def rows_of_weight_0_leave_no_trace(case: CuratorCase) -> None:
    """What they show must not change what is decided about others."""
    c, n = case.given.x.shape[:2]
    weight = np.where((np.arange(n) + np.arange(c)[:, None]) % 3 == 0, 0.0, 1.0)
    shown = case.rows().x.copy()
    for x, w in zip(shown, weight, strict=True):
        x[w == 0] = x[int(w.argmax())]
    one, two = case.weighted(weight), case.weighted(weight, shown)
    there = weight > 0
    alike = np.array_equal(one.accepted[there], two.accepted[there])
    alike &= np.allclose(weights_of(one)[there], weights_of(two)[there])
    require(alike, "other decisions beside other rows of weight 0", "the same")


def weights_are_frequencies(case: CuratorCase) -> None:
    """A row of weight w is accepted where one of w copies is, all else being as often there."""
    c, n = case.given.x.shape[:2]
    counts = np.stack([rng(17 + k).permutation(1 + np.arange(n) % 3) for k in range(c)])
    weighted = case.weighted(counts.astype(float))
    if not case.without_chance:
        raise Skipped("it uses its stream: repeated rows would be decided about apart")
    pairs = list(zip(case.given.x, counts, strict=True))
    copies = case.select(Samples.of(np.stack([np.repeat(x, k, axis=0) for x, k in pairs]), 0))
    for accepted, k, of_copies in zip(weighted.accepted, counts, copies.accepted, strict=True):
        any_of = np.logical_or.reduceat(of_copies, np.cumsum(k) - k)
        other = int((any_of != accepted).sum())
        require(not other, f"other decisions about {other} rows than about copies", "the same")


def what_enters_is_what_it_accepted(case: CuratorCase) -> None:
    """In rounds, until as many rows as were asked for are accepted; a shortfall has no weight."""
    n = case.given.n_rows
    entering, curation = curated(
        lambda k: case.rows(), n, case.curator, case.beside, lambda k: rng(20 + k)
    )
    weight = np.ones(entering.x.shape[:2]) if entering.weight is None else entering.weight
    got = (weight > 0).sum(axis=1)
    require(np.array_equal(got, curation.accepted), f"{got} rows enter", f"{curation.accepted}")
    refused = sum(curation.refused.values(), np.zeros(case.given.n_chains, dtype=np.int64))
    counted = curation.accepted + refused
    require(np.array_equal(counted, curation.seen), f"{counted} rows", f"{curation.seen} seen")


CURATOR_LAWS: tuple[Law[CuratorCase], ...] = (
    *OBJECT_LAWS,
    rounds_and_what_it_covers_are_known,
    it_decides_about_every_row,
    a_decision_is_a_function_of_rows_and_stream,
    it_leaves_its_rows_alone,
    a_decision_does_not_depend_on_neighbours,
    rows_of_weight_0_leave_no_trace,
    weights_are_frequencies,
    what_enters_is_what_it_accepted,
)
