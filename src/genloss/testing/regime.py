"""Laws of regimes: sizes that come true, rows that say who made them, nothing needed forgotten."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, pairwise

import numpy as np

from genloss.core.arrays import Array
from genloss.core.chain import Generation, generation_zero, run_chain
from genloss.core.forms import AsCounts, AsMoments, Endless, Rows
from genloss.core.roles import Data, Form, History, Learner, Model, Regime
from genloss.core.samplers import Ancestral
from genloss.core.samples import FOREIGN, REAL, Samples
from genloss.core.streams import Streams
from genloss.errors import DataError
from genloss.models.categorical import CategoricalLearner, CategoricalModel
from genloss.models.gaussian import GaussianLearner, GaussianModel
from genloss.testing.laws import Law, Outcome, Skipped, check, digest, require
from genloss.testing.objects import OBJECT_LAWS

N_REAL, N, C, LAST = 12, 8, 3, 6
"""Unequal, so that no two are mistaken for one another."""

STREAMS = Streams(5)
Origins = Callable[[int], Mapping[int, int]]


@dataclass(frozen=True)
class Tags:
    """Rows (chain, a number that never repeats) of every chain."""

    n_chains: int

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw new rows (C, n, 2)."""
        chain = np.broadcast_to(np.arange(self.n_chains)[:, None], (self.n_chains, n))
        return np.stack([chain, rng.random((self.n_chains, n))], axis=2)

    def state(self) -> dict[str, Array]:
        """Return the chains."""
        return {"chain": np.arange(self.n_chains)}


@dataclass(frozen=True)
class TagLearner:
    """Learns nothing; its model tags its rows."""

    def fit(
        self,
        train: Data,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> Tags:
        """Return tags."""
        return Tags(train.n_chains)

    def restore(self, state: Mapping[str, Array]) -> Tags:
        """Return tags."""
        return Tags(len(state["chain"]))


def chain(
    p_0: Model, learner: Learner, regime: Regime, form: Form | None = None
) -> list[Generation]:
    """Return generations 0 .. LAST of a small study."""
    return list(generations(p_0, learner, regime, form or Rows()))


def generations(p_0: Model, learner: Learner, regime: Regime, form: Form) -> Iterator[Generation]:
    """Yield them one after another."""
    zero = generation_zero(p_0, form, N_REAL, STREAMS)
    yield zero
    running = run_chain(
        p_0,
        learner,
        regime,
        sampler=Ancestral(),
        form=form,
        n_synthetic=N,
        streams=STREAMS,
        after=zero.history,
    )
    yield from islice(running, LAST)


def _law(d: int) -> GaussianModel:
    return GaussianModel(np.zeros((C, d)), np.tile(np.eye(d), (C, 1, 1)))


FORMS: Mapping[str, tuple[Model, Form, Learner]] = {
    "moments": (_law(2), AsMoments(), GaussianLearner(ddof=1)),
    "counts": (CategoricalModel(np.full((C, 4), 0.25)), AsCounts(), CategoricalLearner(4)),
    "source": (_law(2), Endless(), GaussianLearner(ddof=1, source_rows=20)),
}


@dataclass(frozen=True, eq=False)
class RegimeCase:
    """A regime, the origins of D_t where the caller knows them, and the forms that it must take."""

    regime: Regime
    origins: Origins | None
    forms: frozenset[str] | None
    role: str = field(default="regime", init=False)

    @property
    def subject(self) -> Regime:
        """The object that is checked."""
        return self.regime

    @cached_property
    def generations(self) -> list[Generation]:
        """Generations 0 .. LAST of tagged rows."""
        return chain(Tags(C), TagLearner(), self.regime)

    def training(self) -> Iterator[tuple[int, Samples]]:
        """Yield t and D_t."""
        for g in self.generations[1:]:
            require(isinstance(g.train, Samples), f"{type(g.train).__name__} from rows", "Samples")
            if isinstance(g.train, Samples):
                yield g.t, g.train

    def fresh(self, t: int) -> Samples | None:
        """Return the new real rows of generation t."""
        n = self.regime.sizes(t, N_REAL, N).fresh
        rows = Tags(C).sample(n, STREAMS.rng(t, "reality")) if n else None
        return None if rows is None else Samples.of(rows, REAL)


def check_regime(
    regime: Regime, *, origins: Origins | None = None, forms: Collection[str] | None = None
) -> Outcome:
    """Hold a regime to the laws of its role, over six generations of three chains.

    S_0 has 12 rows, a study writes 8 rows a generation. origins: for t >= 2 the rows of D_t by who
    made them, as {0: 12, 1: 8}, 0 real, -1 a foreign law. forms: exactly those of 'moments',
    'counts' and 'source' in which it must run; if None, each may be refused. A law that the regime
    mixes in must have real rows of two coordinates.

    Raises:
        ContractError: with all laws that do not hold.
    """
    case = RegimeCase(regime, origins, None if forms is None else frozenset(forms))
    return check(type(regime).__name__, REGIME_LAWS, case)


def generation_1_is_reality(case: RegimeCase) -> None:
    """D_1 = S_0 under every regime."""
    sizes = case.regime.sizes(1, N_REAL, N)
    right = f"{N_REAL} of D_1 and no new ones"
    require(
        (sizes.train, sizes.fresh) == (N_REAL, 0), f"{sizes.train} and {sizes.fresh} rows", right
    )


def sizes_come_true(case: RegimeCase) -> None:
    """What is planned before a run is what it trains on, writes and takes from reality."""
    taken = N_REAL
    for g in case.generations[1:]:
        sizes = case.regime.sizes(g.t, N_REAL, N)
        rows = 0 if g.train is None else g.train.n_rows
        require(rows == sizes.train, f"{rows} rows of D_{g.t}", f"{sizes.train}, as sizes() says")
        taken += sizes.fresh
        drawn = g.history.n_real_drawn
        require(drawn == taken, f"{drawn} real rows handed out at t = {g.t}", f"{taken}")


def no_row_is_repeated_or_leaves_its_chain(case: RegimeCase) -> None:
    """A row counts once, in the chain that drew it."""
    for t, train in case.training():
        tag, value = train.x[:, :, 0], train.x[:, :, 1]
        own = (tag == np.arange(C)[:, None]) | (train.origin == FOREIGN)
        require(own.all(), f"a row of another chain in D_{t}", "rows of its own")
        for rows in value:
            repeated = len(rows) - len(np.unique(rows))
            require(not repeated, f"{repeated} repeated rows in D_{t}", "each row once")


def an_origin_says_who_made_a_row(case: RegimeCase) -> None:
    """It is a fact about the row, not a label that composing invents."""
    made = {g.t: set(g.samples.x[:, :, 1].ravel()) for g in case.generations}  # type: ignore[attr-defined]
    for t, train in case.training():
        real = made[0].union(*(_values(case.fresh(k)) for k in range(2, t + 1)))
        synthetic = set().union(*(made[k] for k in made if k))
        for origin, value in zip(train.origin.ravel(), train.x[:, :, 1].ravel(), strict=True):
            if origin == FOREIGN:
                require(
                    value not in real | synthetic, f"an own row of D_{t} as foreign", "its maker"
                )
                continue
            own = real if origin == REAL else made.get(int(origin), set())
            require(value in own, f"a row of D_{t} of origin {origin}", "a row that it made")


def _values(rows: Samples | None) -> set[float]:
    return set() if rows is None else set(rows.x[:, :, 1].ravel())


def training_sets_have_the_origins_that_are_known(case: RegimeCase) -> None:
    """As the caller wrote them down by hand."""
    if case.origins is None:
        raise Skipped("no origins were given")
    for t, train in case.training():
        if t > 1:
            _check_origins(train, case.origins(t), f"D_{t}")


def _check_origins(data: Data, right: Mapping[int, int], what: str) -> None:
    got = {k: v.tolist() for k, v in data.origin_counts().items() if v.any()}
    expected = {k: [rows] * C for k, rows in right.items() if rows}
    require(got == expected, f"{what} of {got}", f"{expected}")


def forgetting_changes_nothing(case: RegimeCase) -> None:
    """D_t from what `remember` left is D_t from the whole past."""
    everything: list[Data] = []
    for before, after in pairwise(case.generations[1:]):
        t = after.t
        kept = case.fresh(t - 1) if case.regime.sizes(t - 1, N_REAL, N).keeps else None
        everything += [*(() if kept is None else (kept,)), before.samples]
        past = tuple(everything)
        whole = History(case.generations[0].samples, past, t, 0, before.model)
        for name, history in (("remembered", before.history), ("whole", whole)):
            data = case.regime.compose(history, case.fresh(t), STREAMS.rng(t, "compose"))
            one = digest({} if after.train is None else after.train.arrays())
            same = digest(data.arrays()) == one
            require(same, f"another D_{t} from the {name} past", "the same")


def composing_leaves_the_past_alone(case: RegimeCase) -> None:
    """The samples of every generation are what metrics have seen."""
    running = generations(Tags(C), TagLearner(), case.regime, Rows())
    seen = [(g, digest(g.samples.arrays())) for g in running]
    for g, before in seen:
        same = digest(g.samples.arrays()) == before
        require(same, f"another S_{g.t} after later generations", "the same")


def other_forms_are_composed_or_refused(case: RegimeCase) -> None:
    """In statistics and sources: the same origins, or a DataError that says what to try."""
    for form, (p_0, shape, learner) in FORMS.items():
        try:
            chained = chain(p_0, learner, case.regime, shape)
        except DataError as error:
            must = case.forms is None or form not in case.forms
            require(must, f"form {form} refused ({error})", "D_t in this form")
            require(len(str(error)) > 20, f"{form} refused with {error}", "what to try instead")
            continue
        require(case.forms is None or form in case.forms, f"D_t of {form}", "a DataError")
        for g in chained[2:]:
            sizes = case.regime.sizes(g.t, N_REAL, N)
            if g.train is not None:
                rows = g.train.n_rows
                require(rows == sizes.train, f"{rows} rows of {form}", f"{sizes.train}")
                if case.origins is not None:
                    _check_origins(g.train, case.origins(g.t), f"D_{g.t} of {form}")


REGIME_LAWS: tuple[Law[RegimeCase], ...] = (
    *OBJECT_LAWS,
    generation_1_is_reality,
    sizes_come_true,
    no_row_is_repeated_or_leaves_its_chain,
    an_origin_says_who_made_a_row,
    training_sets_have_the_origins_that_are_known,
    forgetting_changes_nothing,
    composing_leaves_the_past_alone,
    other_forms_are_composed_or_refused,
)
