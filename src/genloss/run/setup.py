"""Setting up a block of chains: reality realised, learner bound, rows reserved, S_0 drawn."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from genloss.core.abilities import FiniteModel
from genloss.core.arrays import Array
from genloss.core.chain import Generation, generation_zero, run_chain
from genloss.core.curators.rounds import rows_reserved
from genloss.core.curators.selection import Together
from genloss.core.forms import Rows
from genloss.core.resources import check_room
from genloss.core.roles import History, Learner, Model, Reality, Sampler
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.core.text import with_vocabulary_of
from genloss.core.view import UsesBase
from genloss.errors import RealityExhausted
from genloss.run.events import Phase
from genloss.run.watch import Watch
from genloss.study.study import Study


@runtime_checkable
class BasedLearner(Learner, Protocol):
    """A learner whose fits may begin at a pretrained model."""

    def base_model(self) -> Model | None:
        """Return that model, one chain of it, as it is before any fit; None without one."""
        ...


@runtime_checkable
class Dimensioned(Protocol):
    """A reality whose rows are of d numbers, or more."""

    @property
    def d(self) -> int:
        """The columns of a row."""
        ...


@runtime_checkable
class InBlocks(Protocol):
    """A reality of text, whose rows are blocks of tokens."""

    @property
    def block(self) -> int:
        """T, the tokens of a row."""
        ...


@runtime_checkable
class SizedLearner(Learner, Protocol):
    """A learner that knows how large its models are."""

    def model_numbers(self, d: int) -> int:
        """Return the numbers of one chain's model of rows of d numbers."""
        ...


def columns_of(reality: Reality) -> int:
    """Return the numbers of a row of a reality, at least: one where it does not say."""
    return reality.d if isinstance(reality, Dimensioned) and isinstance(reality.d, int) else 1


@dataclass(frozen=True, eq=False)
class Setup:
    """A block that is ready to run.

    study: with its learner bound to the reality; p_0: without the rows of held_out; base: the
    pretrained model, if a metric looks through it.
    """

    study: Study
    streams: Streams
    p_0: Model
    held_out: Array | None
    base: Model | None
    zero: Generation

    def chain(self, after: History, learner: Learner, sampler: Sampler) -> Iterator[Generation]:
        """Yield the generations after a history, to the last, by these or the study's own roles."""
        study = self.study
        chain = run_chain(
            self.p_0,
            learner,
            study.regime,
            sampler=sampler,
            form=study.form,
            n_synthetic=study.n_synthetic,
            streams=self.streams,
            after=after,
            curator=study.curator,
            warm_start=study.warm_start,
            valid=None if self.held_out is None else Samples.of(self.held_out, 0),
        )
        for generation in chain:
            yield generation
            if generation.t == study.generations:
                return
            # Not while the next one is fitted: a model may be as large as all that a fit takes.
            del generation


def check_memory(study: Study) -> None:
    """Refuse a study of which one generation of one block cannot fit into the memory.

    From sizes alone, and from below: 8 bytes for each number in the rows that D_t, S_t and the
    held-out rows hold (tokens of text; one a row where the reality does not say how many), for each
    number of a mean where data travel as statistics, and for each of a model that knows its size.

    Raises:
        ResourceError: it does not fit.
    """
    chains, text = study.block_chains(0), isinstance(study.reality, InBlocks)
    rows = _rows_at_once(study)
    rows += study.held_out if text or isinstance(study.reality, Dimensioned) else 0
    columns = columns_of(study.reality)
    width = study.reality.block if isinstance(study.reality, InBlocks) else columns
    model = study.learner.model_numbers(columns) if isinstance(study.learner, SizedLearner) else 0
    parts = [f"{chains:,} chains"]
    parts += [f"{rows:,} rows"] if rows > 1 else []
    parts += [f"{width:,} {'tokens' if text else 'numbers'}"] if width > 1 else []
    models = f", with models of {model:,} numbers," if model > rows * width else ""
    check_room(
        8 * chains * (rows * width + model),
        " of ".join(parts) + models,
        "lower n_real or n_synthetic, or let fewer chains advance together (chains_per_block)",
    )


def _rows_at_once(study: Study) -> int:
    """Return the rows of a chain that D_t and S_t hold, at most; 1 where data are statistics."""
    if not isinstance(study.form, Rows):
        return 1
    n, curator, rounds = study.n_synthetic, study.curator, 1
    if isinstance(curator, Together) and curator.covers != "training":
        rounds = curator.rounds
    ends = (study.regime.sizes(t, study.n_real, n) for t in (1, study.generations))
    return max(study.n_real, *(s.train + s.synthetic * rounds for s in ends))


def set_up(study: Study, block: int, watch: Watch) -> Setup:
    """Set up one block of a study.

    Raises:
        GenlossError: what reality, learner or base refuse; a finite reality that is too small.
    """
    check_memory(study)
    streams = Streams(study.seed, block)
    watch.enter(Phase.READING)
    p_0 = study.reality.realise(study.block_chains(block), streams.rng(0, "realise"))
    if isinstance(study.learner, BasedLearner):
        watch.enter(Phase.BASE)
    study = replace(study, learner=with_vocabulary_of(study.learner, p_0))
    p_0, held_out = reserve(study, p_0, streams)
    zero = generation_zero(p_0, study.form, study.n_real, streams, study.curator)
    return Setup(study, streams, p_0, held_out, _base_of(study), zero)


def _base_of(study: Study) -> Model | None:
    wanted = any(isinstance(m, UsesBase) and m.uses_base for m in study.metrics)
    learner = study.learner
    return learner.base_model() if wanted and isinstance(learner, BasedLearner) else None


def reserve(study: Study, p_0: Model, streams: Streams) -> tuple[Model, Array | None]:
    """Return p_0 and the held-out rows; a finite reality says itself which rows it gives up.

    Raises:
        RealityExhausted: the study as a whole needs more real rows than there are.
    """
    if not isinstance(p_0, FiniteModel):
        m = study.held_out
        return p_0, p_0.sample(m, streams.rng(0, "held_out")) if m else None
    held_out = None
    have = p_0.n_rows
    if study.held_out:
        p_0, held_out = p_0.split(study.held_out)
    needed = real_rows_needed(study) - study.held_out
    if needed > p_0.n_rows:
        raise RealityExhausted(
            f"the study trains on {needed} real rows per chain and holds out {study.held_out}; the "
            f"reality has {have}, {p_0.n_rows} of them to train on; lower n_real, held_out, "
            "generations or the fresh rows"
        )
    return p_0, held_out


def real_rows_needed(study: Study) -> int:
    """Return the real rows that one chain of the study uses up, held-out ones included."""
    sizes = (
        study.regime.sizes(t, study.n_real, study.n_synthetic)
        for t in range(1, study.generations + 1)
    )
    fresh = sum(s.fresh for s in sizes if not s.repeats)
    return rows_reserved(study.n_real + fresh, study.curator) + study.held_out
