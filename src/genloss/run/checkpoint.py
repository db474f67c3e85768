"""Between a generation and its checkpoint: what a chain needs to go on, and the way back."""

from collections.abc import Mapping
from typing import Any

from genloss.core.abilities import uses_first
from genloss.core.arrays import Array
from genloss.core.chain import Generation
from genloss.core.roles import History, Model
from genloss.run.setup import Setup
from genloss.store.block import Checkpoint
from genloss.store.manifest import Shortfall


def checkpoint_of(
    generation: Generation,
    first: Model | None,
    warm_start: bool,
    shortfall: Shortfall | None = None,
) -> Checkpoint:
    """Return what a chain needs to go on after this generation; S_0 is drawn again instead.

    p_t itself is needed by a warm start alone.
    """
    history = generation.history
    warm = warm_start and generation.t > 0
    arrays = _prefixed("model", generation.model.state()) if warm else {}
    arrays |= {} if first is None else _prefixed("first", first.state())
    for i, part in enumerate(history.synthetic):
        arrays |= _prefixed(f"synthetic.{i}", part.arrays())
    return Checkpoint(generation.t, history.n_real_drawn, arrays, shortfall)


def restored(setup: Setup, checkpoint: Checkpoint) -> tuple[History, Model | None]:
    """Return the history behind a checkpoint, and the first model where metrics look at that.

    Generation 0 is drawn again instead.
    """
    study, zero = setup.study, setup.zero
    first = _below(checkpoint.arrays, "first")
    first_model = study.learner.restore(first) if first else None
    if checkpoint.t == 0:
        return zero.history, first_model

    def rebuild(origin: int, state: Mapping[str, Array]) -> Model:
        return zero.model if origin == 0 else study.learner.restore(state)

    parts: list[Any] = []
    while arrays := _below(checkpoint.arrays, f"synthetic.{len(parts)}"):
        parts.append(study.form.restore(arrays, rebuild))
    model = zero.model
    if study.warm_start:
        model = study.learner.restore(_below(checkpoint.arrays, "model"))
    drawn, seen = checkpoint.n_real_drawn, first_model if uses_first(study.curator) else None
    return History(zero.samples, tuple(parts), checkpoint.t + 1, drawn, model, seen), first_model


def _prefixed(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{prefix}.{name}": value for name, value in arrays.items()}


def _below(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    cut = len(prefix) + 1
    return {name[cut:]: v for name, v in arrays.items() if name.startswith(f"{prefix}.")}
