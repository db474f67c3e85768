"""Study: everything one run is, typed and frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from genloss.core.abilities import pairs_rows
from genloss.core.arrays import checked_count
from genloss.core.curators.selection import Curator
from genloss.core.forms import AsCounts, AsMoments, Endless, Rows
from genloss.core.regimes import Replace
from genloss.core.roles import Form, Learner, Reality, Regime, Sampler
from genloss.core.samplers import Ancestral
from genloss.core.view import Metric, entry_of
from genloss.corpus.inventory import Entry
from genloss.errors import SpecError
from genloss.spec.build import construct, describe, parts_of


@runtime_checkable
class StartingLearner(Learner, Protocol):
    """A learner that names where a fit starts: 'base', 'last' or 'scratch'."""

    @property
    def start(self) -> str:
        """Where; 'last' needs the model of the last generation."""
        ...


@runtime_checkable
class DescribesData(Protocol):
    """A reality that has something to say about its data, such as what was left out of them."""

    def data_summary(self) -> str:
        """Return it in one line."""
        ...


@runtime_checkable
class ReadsFiles(Protocol):
    """A reality that reads files of a folder, and knows what became of each."""

    def files_read(self) -> tuple[Entry, ...]:
        """Return every file: read into which split, or left out, and why."""
        ...


Naming = str | Mapping[str, Any]
"""A part as a spec names it: by its kind, or by a table of its kind and fields."""

MOST_GENERATIONS = 10_000_000
"""Schedules are sets of generations, held in memory."""


MOST_BLOCKS = 1_000_000
"""Every block has a folder of its own."""


UNIDENTIFIED = ("name", "checkpoint_every", "controls")
"""Fields that decide no number of a run."""


@dataclass(frozen=True)
class Schedule:
    """Generations at which something happens: all of `at`, and every `every`-th (0: none).

    Schedule(every=10) of 25 generations is 0, 10, 20; generations past the end are left out.
    """

    every: int = 0
    at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        checked_count(self.every, "every", 0)
        for t in self.at:
            checked_count(t, "at", 0)

    def times(self, last: int) -> frozenset[int]:
        """Return the generations up to `last`."""
        regular = range(0, last + 1, self.every) if self.every else ()
        return frozenset(regular) | {t for t in self.at if t <= last}


@dataclass(frozen=True)
class Keep:
    """What stays on disk of which generations: the models' states, and rows to look at."""

    at: tuple[int, ...] = ()
    every: int = 0
    chains: int = 1
    rows: int = 1000

    def __post_init__(self) -> None:
        Schedule(self.every, self.at)
        checked_count(self.chains, "keep.chains")
        checked_count(self.rows, "keep.rows", 0)

    def times(self, last: int) -> frozenset[int]:
        """Return the generations up to `last`."""
        return Schedule(self.every, self.at).times(last)


@dataclass(frozen=True)
class Study:
    """One run: C chains of T generations of a learner on a reality under a regime.

    n_real rows in S_0; n_synthetic rows in each S_t (0: n_real); held_out real rows per chain that
    no generation trains on; chains_per_block chains advance together and share random streams (0:
    all). controls: whether commands run real-only controls beside it, see genloss.study.controls.
    name, checkpoint_every and controls are not part of the run's identity. Parts may be named as a
    spec names them: regime="accumulate", learner={"kind": "kde", "bandwidth": 0.2}.

    Raises:
        SpecError, DataError: a count of 0 or below, or an empty or unfit name.
    """

    reality: Reality
    learner: Learner
    n_real: int
    generations: int
    regime: Regime = field(default_factory=Replace)
    sampler: Sampler = field(default_factory=Ancestral)
    form: Form = field(default_factory=Rows)
    curator: Curator | None = None
    n_synthetic: int = 0
    held_out: int = 0
    chains: int = 1
    chains_per_block: int = 0
    seed: int = 0
    warm_start: bool = False
    metrics: tuple[Metric, ...] = ()
    measure: Schedule = field(default_factory=lambda: Schedule(every=1))
    keep: Keep = field(default_factory=Keep)
    name: str = "run"
    checkpoint_every: int = 50
    controls: bool = True

    if TYPE_CHECKING:  # The fields hold objects; what makes them may be named.

        def __init__(
            self,
            reality: Reality | Naming,
            learner: Learner | Naming,
            n_real: int,
            generations: int,
            regime: Regime | Naming = ...,
            sampler: Sampler | Naming = ...,
            form: Form | Naming = ...,
            curator: Curator | Naming | None = ...,
            n_synthetic: int = ...,
            held_out: int = ...,
            chains: int = ...,
            chains_per_block: int = ...,
            seed: int = ...,
            warm_start: bool = ...,
            metrics: Sequence[Metric | Naming] = ...,
            measure: Schedule | Mapping[str, Any] = ...,
            keep: Keep | Mapping[str, Any] = ...,
            name: str = ...,
            checkpoint_every: int = ...,
            controls: bool = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        for name, part in parts_of(self).items():
            object.__setattr__(self, name, part)
        # Numbers out of arrays become plain ones.
        for name in ("n_real", "generations", "chains", "checkpoint_every"):
            object.__setattr__(self, name, checked_count(getattr(self, name), name))
        for name in ("n_synthetic", "held_out", "chains_per_block", "seed"):
            object.__setattr__(self, name, checked_count(getattr(self, name), name, 0))
        if self.generations > MOST_GENERATIONS:
            raise SpecError(
                f"generations is {self.generations:,}; expected at most {MOST_GENERATIONS:,}"
            )
        object.__setattr__(self, "n_synthetic", self.n_synthetic or self.n_real)
        object.__setattr__(self, "chains_per_block", self.chains_per_block or self.chains)
        if self.n_blocks > MOST_BLOCKS:
            raise SpecError(
                f"chains = {self.chains:,} in blocks of {self.chains_per_block:,} make "
                f"{self.n_blocks:,} blocks; expected at most {MOST_BLOCKS:,}; raise "
                "chains_per_block, or lower chains"
            )
        # A regime that cannot work with these sizes says so before anything runs.
        self.regime.sizes(1, self.n_real, self.n_synthetic)
        if self.curator is not None and isinstance(self.form, (AsMoments, AsCounts, Endless)):
            form = type(self.form).__name__
            raise SpecError(f"a curator chooses rows; {form} carries none; use form = 'rows'")
        self._check_places()
        checked_name(self.name)
        learner = self.learner
        if isinstance(learner, StartingLearner) and learner.start == "last" and not self.warm_start:
            raise SpecError(
                "the learner starts from the 'last' generation, which only warm_start = true hands "
                "over; set it, or start = 'base' or 'scratch'"
            )
        names = [metric.name for metric in self.metrics]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise SpecError(f"metrics {twice} occur twice; drop one or change its options")

    def _check_places(self) -> None:
        curator, regime = self.curator, self.regime
        if curator is not None and curator.covers != "training" and pairs_rows(regime):
            raise SpecError(
                f"{type(regime).__name__} takes row i of what a model writes for another version "
                f"of row i of S_0, and {type(curator).__name__} puts other rows in their places; "
                "use a curator that covers 'training', or another regime"
            )

    @property
    def n_blocks(self) -> int:
        """The number of blocks of chains."""
        return -(-self.chains // self.chains_per_block)

    def block_chains(self, block: int) -> int:
        """Return the number of chains of one block; the last may be smaller."""
        return min(self.chains_per_block, self.chains - block * self.chains_per_block)

    def metric_header(self) -> list[dict[str, Any]]:
        """Return name, unit, direction and labels of every metric."""
        return [entry_of(metric) for metric in self.metrics]


def checked_name(name: object) -> str:
    """Return the name of a run or a sweep; raises SpecError where it cannot be one of a folder."""
    fits = isinstance(name, str) and all(c.isalnum() or c in "-_.=," for c in name)
    if not fits or not str(name).strip("."):
        raise SpecError(f"name is {name!r}; expected letters, digits and - _ . = ,")
    return str(name)


def study_from(spec: Mapping[str, Any]) -> Study:
    """Build a study from a spec.

    Raises:
        SpecError: an unknown key or kind (with the nearest name), a missing key, a wrong type.
    """
    study: Study = construct(Study, spec, "spec")
    return study


def identity(study: Study) -> dict[str, Any]:
    """Return what the fingerprint covers: what decides a number, and no paths."""
    out: dict[str, Any] = describe(study, identity=True)
    return {k: v for k, v in out.items() if k not in UNIDENTIFIED}
