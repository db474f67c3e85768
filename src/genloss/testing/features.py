"""Laws of features: one fixed map of single rows, the same for every chain and generation."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from genloss.core.arrays import Array, Ints
from genloss.core.features import ClassMap, FeatureMap, Features
from genloss.core.roles import Model
from genloss.core.source import Given
from genloss.realities.finite import FiniteRows
from genloss.testing.examples import Kind, example
from genloss.testing.laws import Law, Outcome, Skipped, check, digest, gap, near, require, rng
from genloss.testing.objects import OBJECT_LAWS


@dataclass(frozen=True, eq=False)
class FeaturesCase:
    """Features, and a reality from which their map may be learned."""

    features: Features
    p_0: Model
    given: Array
    role: str = field(default="features", init=False)

    @property
    def subject(self) -> Features:
        """The object that is checked."""
        return self.features

    @property
    def rows(self) -> Array:
        """A copy of the rows (C, n, ...)."""
        return self.given.copy()

    @cached_property
    def map(self) -> FeatureMap:
        """The map of the reality."""
        return self.features.learned(self.p_0)


def check_features(
    features: Features, rows: Array | Kind = "space", *, p_0: Model | None = None
) -> Outcome:
    """Hold features to the laws of their role.

    rows: (C, n, ...) of two chains or more, or the kind of ours; see `check_learner`. p_0: the
    reality that the map is learned from, by default the rows of the first chain with their classes.

    Raises:
        ContractError: with all laws that do not hold.
    """
    train = None if isinstance(rows, np.ndarray) else example(rows)
    x = train.x if train is not None else np.asarray(rows)
    reality = p_0 or _reality(x, None if train is None else train.label)
    return check(type(features).__name__, FEATURES_LAWS, FeaturesCase(features, reality, x))


def _reality(x: Array, label: Ints | None) -> Model:
    if x.dtype.kind != "f" or x.ndim != 3:
        return Given(x, label)
    return FiniteRows.of(x[0], len(x), rng(), None if label is None else label[0])


def features_are_finite_numbers_for_every_row(case: FeaturesCase) -> None:
    """(C, n, k) for rows (C, n, ...), k the same for any number of them."""
    c, n = case.given.shape[:2]
    whole, few = case.map.features(case.rows), case.map.features(case.rows[:1, :3])
    require(whole.ndim == 3 and whole.shape[:2] == (c, n), f"shape {whole.shape}", f"({c}, {n}, k)")
    require(few.shape == (1, 3, whole.shape[2]), f"{few.shape} of few", f"(1, 3, {whole.shape[2]})")
    require(whole.dtype.kind == "f" and np.isfinite(whole).all(), f"{whole.dtype}", "finite floats")


def a_row_is_seen_alone(case: FeaturesCase) -> None:
    """In another order, and without the others, a row has the features that it had."""
    x = case.rows
    whole, order = case.map.features(x), np.arange(x.shape[1])[::-1]
    turned = case.map.features(np.ascontiguousarray(x[::-1][:, order]))
    same = near(turned[::-1][:, order], whole, 1e-4, 1e-5)
    require(same, gap(turned[::-1][:, order], whole), "the same features in another order")
    alone = case.map.features(x[:1, :1])
    require(near(alone, whole[:1, :1], 1e-4, 1e-5), gap(alone, whole[:1, :1]), "the same alone")


def looking_changes_nothing(case: FeaturesCase) -> None:
    """Not the rows, and not what is seen the next time."""
    x = case.rows
    before, one = digest({"x": x}), case.map.features(x)
    require(digest({"x": x}) == before, "other rows afterwards", "the same")
    two = case.map.features(case.rows)
    require(np.array_equal(one, two), f"{gap(one, two)} the second time", "the same features")


def a_map_depends_on_reality_alone(case: FeaturesCase) -> None:
    """Learned again from the same reality, it is the same map."""
    one = case.map.features(case.rows)
    two = case.features.learned(case.p_0).features(case.rows)
    require(np.array_equal(one, two), f"{gap(one, two)} when learned again", "the same features")


def different_rows_are_told_apart(case: FeaturesCase) -> None:
    """Features that see nothing would call all generations alike."""
    x = case.map.features(case.rows)
    flat = x.reshape(-1, x.shape[2])
    require(len(np.unique(flat, axis=0)) > 1, "the same features of all rows", "others for others")


def classes_have_probabilities(case: FeaturesCase) -> None:
    """(C, n, K), not negative, sums of 1."""
    if not isinstance(case.map, ClassMap):
        raise Skipped("the map knows no classes")
    p = case.map.class_probabilities(case.rows)
    right = case.given.shape[:2]
    require(p.ndim == 3 and p.shape[:2] == right, f"shape {p.shape}", f"{right} and K")
    require((p >= 0).all(), f"a probability of {p.min():.3g}", "0 or more")
    total = p.sum(axis=2)
    require(near(total, np.ones_like(total), 1e-5), f"a total of {total.ravel()[0]:.6g}", "1")


FEATURES_LAWS: tuple[Law[FeaturesCase], ...] = (
    *OBJECT_LAWS,
    features_are_finite_numbers_for_every_row,
    a_row_is_seen_alone,
    looking_changes_nothing,
    a_map_depends_on_reality_alone,
    different_rows_are_told_apart,
    classes_have_probabilities,
)
