"""The recursion, written once: learn, ask, remember, repeat."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from genloss.core.history import History
from genloss.core.regimes import Regime
from genloss.core.roles import Curator, FiniteModel, Form, Learner, Model, Sampler
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.errors import DataError


@dataclass(frozen=True, eq=False)
class Generation:
    """What generation t produced: its training data D_t, its model p_t, its samples S_t.

    `history` is the past that generation t + 1 will train on; with t it is all a resume needs.
    Generation 0 is reality: no training data, p_0 as the model, S_0 as the samples.
    """

    t: int
    train: Any
    model: Model
    samples: Any
    history: History


def draw_real(p_0: Model, form: Form, n: int, streams: Streams, t: int, start: int) -> Any:
    """Draw n real rows as generation t sees them; a finite reality continues at row `start`."""
    if isinstance(p_0, FiniteModel):
        return form.of(p_0.rows(start, n), 0, p_0.labels_of(start, n))
    return form.draw(p_0, n, streams.rng(t, "reality"), 0)


def generation_zero(p_0: Model, form: Form, n_real: int, streams: Streams) -> Generation:
    """Return reality as generation 0: S_0 holds n_real rows."""
    real = draw_real(p_0, form, n_real, streams, 0, 0)
    return Generation(0, None, p_0, real, History(real, (), 1, n_real))


def run_chain(
    p_0: Model,
    learner: Learner,
    regime: Regime,
    *,
    sampler: Sampler,
    form: Form,
    n_synthetic: int,
    streams: Streams,
    after: Generation,
    curator: Curator | None = None,
    warm_start: bool = False,
    valid: Any = None,
) -> Iterator[Generation]:
    """Yield generations without end, continuing after generation `after`.

    D_1 = S_0 under every regime; D_t = regime(S_0 .. S_{t-1}) for t > 1; p_t = learner(D_t);
    S_t ~ sampler(p_t), asked about the rows of S_0. The caller slices, measures, stores and stops.
    """
    history, model = after.history, after.model
    prompts = history.real.x if isinstance(history.real, Samples) else None
    while True:
        t = history.t
        sizes = regime.sizes(t, history.real.n_rows, n_synthetic)
        fresh = None
        if sizes.fresh:
            fresh = draw_real(p_0, form, sizes.fresh, streams, t, history.n_real_drawn)
        composing = streams.rng(t, "compose")
        train = history.real if t == 1 else regime.compose(history, fresh, composing)
        init = model if warm_start and t > 1 else None
        model = learner.fit(train, streams.rng(t, "fit"), init=init, valid=valid)
        asked = sampler.ask(model, prompts)
        samples = form.draw(asked, sizes.synthetic, streams.rng(t, "sample"), t)
        if curator is not None:
            samples = curated(samples, curator, streams, t)
        history = regime.remember(history.after(samples, sizes.fresh))
        yield Generation(t, train, model, samples, history)


def curated(samples: Any, curator: Curator, streams: Streams, t: int) -> Samples:
    """Return the rows that the curator lets in, with its weights."""
    if not isinstance(samples, Samples):
        raise DataError(f"a curator chooses rows; got {type(samples).__name__}; use form = 'rows'")
    chosen = curator.select(samples, streams.rng(t, "curate"))
    kept = samples.take(chosen.index)
    return Samples(kept.x, kept.origin, chosen.weight, kept.label)
