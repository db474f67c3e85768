"""One block of chains, from its last checkpoint to the last generation."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from genloss.core.abilities import FiniteModel, ResumableLearner
from genloss.core.arrays import Array, Floats
from genloss.core.chain import Generation, generation_zero, run_chain
from genloss.core.curators import rows_reserved
from genloss.core.roles import History, Learner, Model
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.core.text import bound
from genloss.core.view import (
    Binned,
    Labelled,
    Metric,
    NotApplicable,
    Partial,
    UsesBase,
    UsesFirst,
    View,
    stream_key,
)
from genloss.errors import RealityExhausted, SpecError
from genloss.run.keeping import kept_parts
from genloss.run.threads import computing_on
from genloss.store.block import BlockStore, Checkpoint
from genloss.store.environment import instructions, versions
from genloss.store.folder import block_path
from genloss.store.header import read_header
from genloss.store.lock import locked_block
from genloss.store.manifest import Machine
from genloss.store.parts import HISTOGRAMS
from genloss.store.table import absent_row, metric_row
from genloss.study.study import Study


@runtime_checkable
class BasedLearner(Learner, Protocol):
    """A learner whose fits may begin at a pretrained model."""

    def base_model(self) -> Model | None:
        """Return that model, one chain of it, as it is before any fit; None without one."""
        ...


def run_block(study: Study, run: Path, block: int, threads: int = 1) -> Iterator[int]:
    """Run or resume one block, yielding each finished generation.

    threads: those that the networks of a new block compute on; a resume takes what is stored.

    Raises:
        GenlossError: whatever a learner, metric or the disk refuses; what was stored resumes.
    """
    with locked_block(block_path(run, block)):
        header, machine = read_header(run), Machine(threads, instructions(), versions())
        store = BlockStore(block_path(run, block), header.origin, block, machine, header.accepted)
        found = store.resume()
        with computing_on(store.machine.threads):
            yield from _run_block(study, store, found, block)


def _run_block(
    study: Study, store: BlockStore, found: Checkpoint | None, block: int
) -> Iterator[int]:
    if found is not None and found.t >= study.generations:
        return
    streams = Streams(study.seed, block)
    p_0 = study.reality.realise(study.block_chains(block), streams.rng(0, "realise"))
    study = replace(study, learner=bound(study.learner, p_0))
    p_0, held_out = reserve(study, p_0, streams)
    zero = generation_zero(p_0, study.form, study.n_real, streams, study.curator)
    recorder = Recorder(study, store, streams, p_0, held_out)
    if found is None:
        recorder.record(zero)
        after = zero.history
    else:
        after = restored(study, found, zero)
        if first := _below(found.arrays, "first"):
            recorder.first = study.learner.restore(first)
    learner = study.learner
    if isinstance(learner, ResumableLearner):
        learner = learner.with_notebook(store.notebook())
    for generation in run_chain(
        p_0,
        learner,
        study.regime,
        sampler=study.sampler,
        form=study.form,
        n_synthetic=study.n_synthetic,
        streams=streams,
        after=after,
        curator=study.curator,
        warm_start=study.warm_start,
        valid=None if held_out is None else Samples.of(held_out, 0),
    ):
        recorder.record(generation)
        yield generation.t
        if generation.t == study.generations:
            return


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
    fresh = sum(
        study.regime.sizes(t, study.n_real, study.n_synthetic).fresh
        for t in range(1, study.generations + 1)
    )
    return rows_reserved(study.n_real + fresh, study.curator) + study.held_out


class Recorder:
    """Measures, keeps and checkpoints the generations of one block."""

    def __init__(
        self,
        study: Study,
        store: BlockStore,
        streams: Streams,
        p_0: Model,
        held_out: Array | None,
    ) -> None:
        self.study, self.store, self.streams = study, store, streams
        self.p_0, self.held_out = p_0, held_out
        self.measured = study.measure.times(study.generations) | {study.generations}
        self.kept = study.keep.times(study.generations)
        self.first: Model | None = None
        self.lasting: dict[Hashable, Any] = {}
        self.uses_first = any(isinstance(m, UsesFirst) and m.uses_first for m in study.metrics)
        self.base = base_of(study)

    def record(self, generation: Generation) -> None:
        """Store what the study asks for of this generation."""
        t, study = generation.t, self.study
        if t == 1 and self.uses_first:
            self.first = generation.model
        memo: dict[Hashable, Any] = {}
        if t in self.measured:
            self.store.append(self.rows(generation, memo))
        if t in self.kept:
            self.keep(generation, memo)
        if t == study.generations:
            # Nothing continues after the last generation: the mark alone is enough.
            self.store.checkpoint(Checkpoint(t, generation.history.n_real_drawn, {}))
        elif t % study.checkpoint_every == 0:
            self.store.checkpoint(checkpoint_of(generation, self.first))

    def view(self, generation: Generation, metric: Metric, memo: dict[Hashable, Any]) -> View:
        """Return what a metric may look at; memo is shared by those of one generation."""
        real = generation.history.real
        rows = real.real_rows(self.study.n_synthetic) if isinstance(real, Samples) else None
        return View(
            generation.t,
            self.p_0,
            generation.model,
            generation.train,
            generation.samples,
            self.held_out,
            self.streams.rng(generation.t, stream_key(metric)),
            memo,
            self.first,
            self.lasting,
            self.streams,
            self.base,
            rows,
            generation.curation,
        )

    def rows(self, generation: Generation, memo: dict[Hashable, Any]) -> Iterator[dict[str, Any]]:
        """Yield one table row per metric."""
        t = generation.t
        for metric in self.study.metrics:
            value = metric(self.view(generation, metric, memo))
            if isinstance(value, NotApplicable):
                yield absent_row(t, metric.name, value.why)
            else:
                labels = metric.labels if isinstance(metric, Labelled) else None
                values, absent = _checked(value, metric.name, self.p_0.n_chains, labels)
                yield metric_row(t, metric.name, values, absent)

    def keep(self, generation: Generation, memo: dict[Hashable, Any]) -> None:
        """Keep state, rows and texts of the first chains, and the histograms of all."""
        study, real = self.study, generation.history.real
        parts = kept_parts(study, generation, self.p_0, real, self.streams)
        histograms: dict[str, Array] = {}
        for metric in study.metrics:
            if isinstance(metric, Binned):
                histograms |= metric.histogram(self.view(generation, metric, memo))
        parts |= {HISTOGRAMS: histograms} if histograms else {}
        self.store.keep(generation.t, parts, {"chains": study.keep.chains})


def _checked(
    value: Floats | Partial, name: str, n_chains: int, labels: tuple[str, ...] | None
) -> tuple[Floats, dict[int, str]]:
    """Return a metric's values, and why components lack, by their place among the labels."""
    reasons = value.absent if isinstance(value, Partial) else {}
    values = np.asarray(value.values if isinstance(value, Partial) else value, dtype=np.float64)
    shape = (n_chains,) if labels is None else (n_chains, len(labels))
    if values.shape != shape or not set(reasons) <= set(labels or ()):
        of = f" of each of {labels}" if labels else ""
        absent = f" and reasons for {list(reasons)}" if reasons else ""
        raise SpecError(
            f"metric {name} returned shape {values.shape}{absent}; "
            f"expected one value per chain{of} {shape}"
        )
    return values, {(labels or ()).index(label): why for label, why in reasons.items()}


def base_of(study: Study) -> Model | None:
    """Return the pretrained model that fits begin at, if a metric looks through it."""
    wanted = any(isinstance(m, UsesBase) and m.uses_base for m in study.metrics)
    learner = study.learner
    return learner.base_model() if wanted and isinstance(learner, BasedLearner) else None


def checkpoint_of(generation: Generation, first: Model | None) -> Checkpoint:
    """Return what a chain needs to go on after this generation; S_0 is drawn again instead."""
    history = generation.history
    arrays = {} if generation.t == 0 else _prefixed("model", generation.model.state())
    arrays |= {} if first is None else _prefixed("first", first.state())
    for i, part in enumerate(history.synthetic):
        arrays |= _prefixed(f"synthetic.{i}", part.arrays())
    return Checkpoint(generation.t, history.n_real_drawn, arrays)


def restored(study: Study, found: Checkpoint, zero: Generation) -> History:
    """Return the history behind a checkpoint; `zero` is generation 0 drawn again."""
    if found.t == 0:
        return zero.history

    def rebuild(origin: int, state: Mapping[str, Array]) -> Model:
        return zero.model if origin == 0 else study.learner.restore(state)

    parts: list[Any] = []
    while arrays := _below(found.arrays, f"synthetic.{len(parts)}"):
        parts.append(study.form.restore(arrays, rebuild))
    model = study.learner.restore(_below(found.arrays, "model"))
    return History(zero.samples, tuple(parts), found.t + 1, found.n_real_drawn, model)


def _prefixed(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{prefix}.{name}": value for name, value in arrays.items()}


def _below(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    cut = len(prefix) + 1
    return {name[cut:]: v for name, v in arrays.items() if name.startswith(f"{prefix}.")}
