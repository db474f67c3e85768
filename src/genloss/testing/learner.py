"""Laws of learners: what is learned is a function of the rows, their weights and the stream."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from genloss.core.abilities import DensityModel
from genloss.core.arrays import Array
from genloss.core.roles import Learner, Model
from genloss.core.samples import Samples
from genloss.errors import DataError, FitError, GenlossError, SpecError
from genloss.testing.examples import Kind, example, forms, is_text
from genloss.testing.laws import (
    Law,
    Outcome,
    Skipped,
    check,
    digest,
    gap,
    near,
    require,
    rng,
)
from genloss.testing.models import (
    MODEL_LAWS,
    a_state_is_arrays_with_chains_on_axis_0,
    scores,
)
from genloss.testing.notebooks import a_broken_fit_goes_on_to_the_same_model
from genloss.testing.objects import OBJECT_LAWS

Start = Callable[[Samples], Model]


@dataclass(frozen=True, eq=False)
class LearnerCase:
    """A learner and the rows that it is tried on; every fit gets a copy of them."""

    learner: Learner
    given: Samples
    init: Start | None
    refuses: frozenset[str] | None
    role: str = field(default="learner", init=False)

    @property
    def subject(self) -> Learner:
        """The object that is checked."""
        return self.learner

    @property
    def rows(self) -> Array:
        """The rows (C, n, ...)."""
        return self.given.x

    def train(self, x: Array | None = None, weight: Array | None = None) -> Samples:
        """Return a copy of the rows, or others with the same labels, with weights."""
        x = self.given.x if x is None else x
        label = None if self.given.label is None else self.given.label.copy()
        return Samples(x.copy(), np.zeros(x.shape[:2], dtype=np.int64), weight, label)

    def fit(self, train: Samples | None = None, key: int = 0) -> Model:
        """Fit, from the start that the case names, if any."""
        train = train or self.train()
        return self.learner.fit(
            train, rng(key), init=self.init(train) if self.init else None, valid=None
        )

    @cached_property
    def model(self) -> Model:
        """The model of the rows."""
        return self.fit()

    @cached_property
    def without_chance(self) -> bool:
        """Whether the fit is a function of the rows alone."""
        return digest(self.fit(key=1).state()) == digest(self.model.state())

    def fit_weighted(self, weight: Array, x: Array | None = None) -> Model:
        """Fit weighted rows; raises Skipped where they are refused."""
        try:
            return self.fit(self.train(x, weight))
        except GenlossError as error:
            raise Skipped(f"weighted rows are refused: {error}") from error


def check_learner(
    learner: Learner,
    train: Samples | Kind = "line",
    *,
    init: Start | None = None,
    refuses: Collection[str] | None = None,
) -> Outcome:
    """Hold a learner to the laws of its role; about twenty short fits.

    train: two chains or more of rows that differ, or the kind of ours: 'line' (C, n, 1), 'space'
    (C, n, 3), 'labels' (C, n, 3) with 0 or 1 last, 'symbols' (C, n), 'images' (C, n, 64) with
    labels, 'text' (C, n, 8) of 12 tokens.
    init: where a fit starts, given its rows, if chance would decide where it ends. refuses: exactly
    the forms and kinds of data that must be refused, of 'rows', 'symbols', 'text', 'moments',
    'counts' and 'source'; if None, each may be learned from or refused.

    Raises:
        ContractError: with all laws that do not hold.
        DataError: an example of a single chain, where nothing can leak.
    """
    rows = train if isinstance(train, Samples) else example(train)
    if rows.n_chains < 2 or rows.n_rows < 10:
        raise DataError(
            f"train has {rows.n_chains} chains of {rows.n_rows} rows; expected two chains or "
            "more, of ten rows or more"
        )
    case = LearnerCase(learner, rows, init, None if refuses is None else frozenset(refuses))
    return check(type(learner).__name__, LEARNER_LAWS, case)


def a_fit_is_a_function_of_data_and_stream(case: LearnerCase) -> None:
    """The same rows and an equal stream give the same model, one chain for each of the data."""
    one, two = case.model, case.fit()
    c = case.given.n_chains
    require(one.n_chains == c, f"{one.n_chains} chains", f"those of the data, {c}")
    require(digest(one.state()) == digest(two.state()), "another model the second time", "the same")


def a_fit_leaves_its_data_alone(case: LearnerCase) -> None:
    """Rows, origins, weights and labels; those of the validation data too."""
    for data in (case.train(), case.train(weight=np.ones(case.rows.shape[:2]))):
        before, valid = digest(data.arrays()), case.train()
        try:
            case.learner.fit(data, rng(), valid=valid)
        except GenlossError:
            continue
        for name, one in (("training", data), ("validation", valid)):
            right = before if name == "training" else digest(case.train().arrays())
            require(digest(one.arrays()) == right, f"other {name} data afterwards", "the same")


def chains_of_the_same_rows_draw_apart(case: LearnerCase) -> None:
    """Chains are independent, whatever they were fitted to."""
    x = np.repeat(case.rows[:1], case.given.n_chains, axis=0)
    rows = case.fit(Samples.of(x, 0, case.train().label)).sample(50, rng(7))
    require(not np.array_equal(rows[0], rows[1]), "the same rows in two chains", "others")


def a_state_restores_the_same_model(case: LearnerCase) -> None:
    """Its samples and scores, bit for bit, from copies of its arrays in any order."""
    model = case.model
    state = {k: np.ascontiguousarray(v).copy() for k, v in sorted(model.state().items())}
    again = case.learner.restore(state)
    same = digest(again.state()) == digest(model.state())
    require(same, "another state after restore(state())", "the same")
    one, two = model.sample(30, rng(2)), again.sample(30, rng(2))
    require(np.array_equal(one, two), f"samples {gap(one, two)}", "the same rows")
    known, restored = scores(model, case.rows), scores(again, case.rows)
    if known is not None and restored is not None:
        require(np.array_equal(known, restored), f"scores {gap(known, restored)}", "the same")


def weights_are_frequencies(case: LearnerCase) -> None:
    """Rows of weight w count like w rows; each chain has weights of its own, 0 among them."""
    c, n = case.rows.shape[:2]
    counts = np.stack([rng(17 + k).permutation(np.arange(n) % 4) for k in range(c)])
    weighted = case.fit_weighted(counts.astype(float))
    if not case.without_chance:
        raise Skipped("its fit uses its stream: repeated rows would be other batches")
    repeated = np.stack([np.repeat(x, k, axis=0) for x, k in zip(case.rows, counts, strict=True)])
    label = case.given.label
    if label is not None:
        label = np.stack([np.repeat(x, k) for x, k in zip(label, counts, strict=True)])
    known = case.fit(Samples.of(repeated, 0, label))
    for name, (got, right) in _both(case, weighted, known).items():
        require(near(got, right, 1e-6, 1e-9), f"{name} {gap(got, right)}", "those of repeated rows")


def _two_thirds(case: LearnerCase) -> Array:
    """Return weights of 1 and, at other rows in every chain, 0."""
    c, n = case.rows.shape[:2]
    return np.where((np.arange(n) + np.arange(c)[:, None]) % 3 == 0, 0.0, 1.0)


def weights_matter(case: LearnerCase) -> None:
    """A learner that takes weights and ignores them would be wrong without a word."""
    weighted = case.fit_weighted(_two_thirds(case))
    moved = any(not near(a, b, 1e-4, 1e-4) for a, b in _both(case, weighted, case.model).values())
    require(moved, "the same model with and without every third row", "another model")


def rows_of_weight_0_leave_no_trace(case: LearnerCase) -> None:
    """What they show must not matter; to rounding, as sums may run over them."""
    weight, rows = _two_thirds(case), case.rows.copy()
    for x, w in zip(rows, weight, strict=True):
        x[w == 0] = x[int(w.argmax())]
    one, two = case.fit_weighted(weight), case.fit_weighted(weight, rows)
    for name, (got, right) in _both(case, one, two).items():
        require(near(got, right, 1e-5, 1e-5), f"{name} {gap(got, right)}", "no difference")


def chains_are_fitted_apart(case: LearnerCase) -> None:
    """Other rows and weights in the last chain leave the first as it was, and change the last."""
    x = case.rows.copy()
    n = x.shape[1]
    x[-1] = x[-1, rng(3).integers(n // 2, size=n)]
    both = _both(case, case.model, case.fit(case.train(x)))
    for name, (one, two) in both.items():
        require(near(one[0], two[0], 1e-7, 1e-7), f"{name} of the first {gap(one[0], two[0])}",
                "no trace of another chain's rows")  # fmt: skip
    require(
        any(not np.array_equal(one[-1], two[-1]) for one, two in both.values()),
        "the same model of other rows",
        "another model",
    )


def chains_do_not_know_their_place(case: LearnerCase) -> None:
    """The rows in reverse order of chains give the models in reverse order."""
    if not case.without_chance:
        raise Skipped("its fit uses its stream: chains draw in turn")
    swapped = np.ascontiguousarray(case.rows[::-1])
    label = case.given.label
    label = None if label is None else label[::-1].copy()
    swapped_model = case.fit(Samples.of(swapped, 0, label))
    both = _both(case, case.model, swapped_model, swapped)
    for name, (one, two) in both.items():
        if name == "samples":
            # Chains draw in turn from one stream.
            continue
        require(near(one, two[::-1], 1e-7), f"{name} {gap(one, two[::-1])}", "the same by chain")


def _both(
    case: LearnerCase, one: Model, two: Model, x: Array | None = None
) -> Mapping[str, tuple[Array, Array]]:
    """Return what two models say of rows (x for the second), or else what they are and draw."""
    known = scores(one, case.rows)
    if known is not None:
        scores_of_two = scores(two, case.rows if x is None else x)
        return {"scores": (known, np.asarray(scores_of_two))}
    states = {k: (v, two.state()[k]) for k, v in one.state().items()}
    return states | {"samples": (one.sample(40, rng(2)), two.sample(40, rng(2)))}


def other_forms_are_learned_from_or_refused(case: LearnerCase) -> None:
    """Never another error than a DataError, and exactly those refused that the caller names."""
    for form, data in forms(case.train()).items():
        try:
            model = case.learner.fit(data, rng())
        except DataError as error:
            must = case.refuses is None or form in case.refuses
            require(must, f"{form} refused ({error})", "a model of them")
            require(len(str(error)) > 20, f"{form} refused with {error}", "what to try instead")
        except FitError:
            continue
        else:
            require(
                model.n_chains == data.n_chains, f"{model.n_chains} chains", "those of the data"
            )
            taken = case.refuses is None or form not in case.refuses
            require(taken, f"a model of {form}", "a DataError")


def a_warm_start_is_accepted(case: LearnerCase) -> None:
    """A fit that begins at its own result, with validation data, ends near it; or is refused."""
    model = case.model
    try:
        again = case.learner.fit(case.train(), rng(1), init=model, valid=case.train())
    except SpecError as error:
        raise Skipped(f"a warm start is refused: {error}") from error
    one, two = again.sample(3, rng()), model.sample(3, rng())
    require(one.shape == two.shape or is_text(one), f"rows of shape {one.shape}", f"{two.shape}")
    if isinstance(model, DensityModel) and isinstance(again, DensityModel):
        got, right = again.log_prob(case.rows), model.log_prob(case.rows)
        require(near(got, right, 0, 0.1), f"log_prob {gap(got, right)}", "0.1 nats or less between")


LEARNER_LAWS: tuple[Law[LearnerCase], ...] = (
    *OBJECT_LAWS,
    a_fit_is_a_function_of_data_and_stream,
    a_fit_leaves_its_data_alone,
    *MODEL_LAWS,
    a_state_is_arrays_with_chains_on_axis_0,
    a_state_restores_the_same_model,
    chains_of_the_same_rows_draw_apart,
    chains_are_fitted_apart,
    chains_do_not_know_their_place,
    weights_are_frequencies,
    weights_matter,
    rows_of_weight_0_leave_no_trace,
    other_forms_are_learned_from_or_refused,
    a_warm_start_is_accepted,
    a_broken_fit_goes_on_to_the_same_model,
)
