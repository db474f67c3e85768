"""Recorder: what becomes of a generation, its metrics, what is kept, what a resume needs."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from genloss.core.abilities import uses_first
from genloss.core.arrays import Array, Floats
from genloss.core.chain import Generation
from genloss.core.progress import span
from genloss.core.roles import Model
from genloss.core.samples import Samples
from genloss.core.text import TextModel
from genloss.core.view import (
    Binned,
    Labelled,
    Metric,
    NotApplicable,
    Partial,
    View,
    stream_key,
)
from genloss.errors import SpecError
from genloss.run.checkpoint import checkpoint_of
from genloss.run.events import Phase
from genloss.run.kept_parts import kept_parts
from genloss.run.setup import Setup
from genloss.run.watch import Watch
from genloss.store.block import Checkpoint
from genloss.store.manifest import Shortfall
from genloss.store.parts import HISTOGRAMS
from genloss.store.table import absent_row, metric_row


def unchecked() -> None:
    """Check nothing."""


class Store(Protocol):
    """Where a block's numbers and states go."""

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take the rows of one generation."""
        ...

    def keep(
        self, t: int, parts: Mapping[str, Mapping[str, Array]], about: Mapping[str, Any]
    ) -> None:
        """Keep parts of generation t."""
        ...

    def checkpoint(self, state: Checkpoint) -> None:
        """Take what a chain goes on from."""
        ...


class Recorder:
    """Measures, keeps and checkpoints the generations of one block."""

    def __init__(self, setup: Setup, store: Store, watch: Watch) -> None:
        study = setup.study
        self.setup, self.study, self.store, self.watch = setup, study, store, watch
        self.measured = study.measure.times(study.generations) | {study.generations}
        self.kept = study.keep.times(study.generations)
        self.first: Model | None = None
        self.shortfall: Shortfall | None = None
        self.lasting: dict[Hashable, Any] = {}
        self.uses_first = any(uses_first(part) for part in (*study.metrics, study.curator))

    def record(self, generation: Generation, check: Callable[[], None] = unchecked) -> None:
        """Store what the study asks for of this generation.

        check: called once all is measured and nothing stored.
        """
        t, study = generation.t, self.study
        if t == 1 and self.uses_first:
            self.first = generation.model
        self.shortfall = worse(self.shortfall, t, lacking(generation))
        memo: dict[Hashable, Any] = {}
        if t in self.measured:
            self.watch.enter(Phase.MEASURING, t)
            rows = list(self.rows(generation, memo))
            check()
            self.store.append(rows)
        else:
            check()
        self.watch.enter(Phase.WRITING, t)
        if t in self.kept:
            self.keep(generation, memo)
        # The last one too: a folder can be continued with more generations.
        if t == study.generations or t % study.checkpoint_every == 0:
            state = checkpoint_of(generation, self.first, study.warm_start, self.shortfall)
            self.store.checkpoint(replace(state, vocabulary=self.vocabulary))
        self.watch.enter(Phase.DONE, t)

    @property
    def vocabulary(self) -> int | None:
        """Return the entries of a text's tokeniser; a short text may have fewer than asked for."""
        p_0: Model = self.setup.p_0
        return p_0.tokeniser.size if isinstance(p_0, TextModel) else None

    def view(self, generation: Generation, metric: Metric, memo: dict[Hashable, Any]) -> View:
        """Return what a metric may look at; memo is shared by those of one generation."""
        real, setup = generation.history.real, self.setup
        rows = real.real_rows(self.study.n_synthetic) if isinstance(real, Samples) else None
        return View(
            generation.t,
            setup.p_0,
            generation.model,
            generation.train,
            generation.samples,
            setup.held_out,
            setup.streams.rng(generation.t, stream_key(metric)),
            memo,
            self.first,
            self.lasting,
            setup.streams,
            setup.base,
            rows,
            generation.curation,
        )

    def rows(self, generation: Generation, memo: dict[Hashable, Any]) -> Iterator[dict[str, Any]]:
        """Yield one table row per metric."""
        t, chains, metrics = generation.t, self.setup.p_0.n_chains, self.study.metrics
        for i, metric in enumerate(metrics):
            with span(i, i + 1, len(metrics)):
                value = metric(self.view(generation, metric, memo))
            if isinstance(value, NotApplicable):
                yield absent_row(t, metric.name, value.why)
            else:
                labels = metric.labels if isinstance(metric, Labelled) else None
                values, absent = _checked(value, metric.name, chains, labels)
                yield metric_row(t, metric.name, values, absent)

    def keep(self, generation: Generation, memo: dict[Hashable, Any]) -> None:
        """Keep state, rows and texts of the first chains, and the histograms of all."""
        study, real = self.study, generation.history.real
        parts = kept_parts(study, generation, self.setup.p_0, real, self.setup.streams)
        histograms: dict[str, Array] = {}
        for metric in study.metrics:
            if isinstance(metric, Binned):
                histograms |= metric.histogram(self.view(generation, metric, memo))
        parts |= {HISTOGRAMS: histograms} if histograms else {}
        self.store.keep(generation.t, parts, {"chains": study.keep.chains})


def lacking(generation: Generation) -> float | None:
    """Return the largest share of a chain's rows without weight: of S_0, or of what entered.

    None where no curator was at work.
    """
    if (curation := generation.curation) is not None:
        return float(1.0 - curation.accepted.min() / curation.asked)
    real = generation.history.real
    if generation.t or not isinstance(real, Samples) or real.weight is None:
        return None
    return float((real.weight == 0).mean(axis=1).max())


def worse(so_far: Shortfall | None, t: int, share: float | None) -> Shortfall | None:
    """Return the shortfall up to generation t, at which a chain lacked a share of its rows."""
    if not share or (so_far is not None and share <= so_far.share):
        return so_far
    return Shortfall(t if so_far is None else so_far.t, share)


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
