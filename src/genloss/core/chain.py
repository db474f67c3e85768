"""The recursion, written once: learn, ask, curate, remember, repeat."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from genloss.core.abilities import FiniteModel, OriginModel, scaled, uses_first
from genloss.core.curators.reference import Reference
from genloss.core.curators.rounds import (
    Curation,
    curated,
    curated_set,
    rows_reserved,
    together,
)
from genloss.core.curators.selection import Curator
from genloss.core.roles import Data, Form, History, Learner, Model, Regime, Sampler
from genloss.core.samples import REAL, Samples
from genloss.core.streams import Streams


@dataclass(frozen=True, eq=False)
class Generation:
    """What generation t produced: its training data D_t, its model p_t, its samples S_t.

    `history` is the past that generation t + 1 will train on, and all that a resume needs; where a
    curator stands between, it holds what that accepted of S_t. `curation` counts what became of its
    rows, or of those of D_t where that is what must pass; train is what passed.
    Generation 0 is reality: no training data, p_0 as the model, S_0 as the samples.
    """

    t: int
    train: Data | None
    model: Model
    samples: Data
    history: History
    curation: Curation | None = None


def draw_real(
    p_0: Model,
    form: Form,
    n: int,
    streams: Streams,
    t: int,
    start: int,
    curator: Curator | None = None,
    reference: Reference | None = None,
    repeats: bool = False,
) -> tuple[Data, Curation | None]:
    """Draw n rows of reality as generation t sees them; a finite one continues at row `start`.

    Their origin is `REAL`, unless the reality knows that others made some of them. A curator that
    covers all rows lets them in or not, beside a reference, and counts them. repeats: whether a
    finite reality begins again where it ends, as often as it takes.
    """

    def draw(k: int) -> Data:
        if isinstance(p_0, FiniteModel):
            places = _places(start + k * n, n, p_0.n_rows) if repeats else [(start + k * n, n)]
            parts = [_handed_out(p_0, form, place, m) for place, m in places]
            return parts[0] if len(parts) == 1 else type(parts[0]).concat(parts)
        return form.draw(p_0, n, streams.rng(t, "reality", k), REAL)

    if curator is None or curator.covers != "all":
        return draw(0), None
    beside = reference or Reference(p_0, streams, n)
    return curated(draw, n, curator, beside, lambda k: streams.rng(t, "curate_reality", k))


def _handed_out(p_0: FiniteModel, form: Form, place: int, n: int) -> Data:
    origins = p_0.origins_of(place, n) if isinstance(p_0, OriginModel) else None
    origin = REAL if origins is None else origins
    return form.of(p_0.rows(place, n), origin, p_0.labels_of(place, n))


def _places(start: int, n: int, size: int) -> list[tuple[int, int]]:
    """Return n places from `start` on a ring of `size` rows, as (first, how many)."""
    out = []
    while n:
        first = start % size
        m = min(n, size - first)
        out.append((first, m))
        start, n = start + m, n - m
    return out


def generation_zero(
    p_0: Model, form: Form, n_real: int, streams: Streams, curator: Curator | None = None
) -> Generation:
    """Return reality as generation 0: S_0 holds n_real rows."""
    real, curation = draw_real(p_0, form, n_real, streams, 0, 0, curator)
    history = History(real, (), 1, rows_reserved(n_real, curator), p_0)
    return Generation(0, None, p_0, real, history, curation)


def run_chain(
    p_0: Model,
    learner: Learner,
    regime: Regime,
    *,
    sampler: Sampler,
    form: Form,
    n_synthetic: int,
    streams: Streams,
    after: History,
    curator: Curator | None = None,
    warm_start: bool = False,
    valid: Data | None = None,
) -> Iterator[Generation]:
    """Yield generations without end, continuing after the generation of history `after`.

    D_1 = S_0 under every regime; D_t = regime(S_0 .. S_{t-1}) for t > 1; p_t = learner(D_t);
    S_t ~ sampler(p_t), asked about the rows of S_0. The caller slices, measures, stores and stops.
    """
    history = after
    learner = scaled(learner, history.real)
    prompts = history.real.x if isinstance(history.real, Samples) else None
    held_out = valid.x if isinstance(valid, Samples) else None
    reference = Reference(p_0, streams, history.real.n_rows, held_out, history.first)
    while True:
        t = history.t
        sizes = regime.sizes(t, history.real.n_rows, n_synthetic)
        fresh, of_fresh = None, None
        if sizes.fresh:
            start = history.n_real_drawn
            again = sizes.repeats
            fresh, of_fresh = draw_real(
                p_0, form, sizes.fresh, streams, t, start, curator, reference, again
            )
        composing = streams.rng(t, "compose")
        train = history.real if t == 1 else regime.compose(history, fresh, composing)
        of_train = None
        if curator is not None and curator.covers == "training" and t > 1:
            train, of_train = curated_set(train, curator, reference, streams.rng(t, "curate"))
        init = history.model if warm_start and t > 1 else None
        model = learner.fit(train, streams.rng(t, "fit"), init=init, valid=valid)
        if t == 1 and uses_first(curator):
            reference = replace(reference, first=model)
        sampled = sampler.ask(model, prompts)
        samples = form.draw(sampled, sizes.synthetic, streams.rng(t, "sample"), t)
        entering, of_samples = samples, None
        if curator is not None and curator.covers != "training":
            beside = replace(reference, writer=model)
            entering, of_samples = _curated(samples, sampled, form, curator, beside, t)
        used = rows_reserved(sizes.fresh, curator)
        kept = fresh if sizes.keeps else None
        history = regime.remember(history.after(model, entering, used, kept))
        history = replace(history, first=reference.first)
        curation = together(of_fresh, of_train, of_samples)
        yield Generation(t, train, model, samples, history, curation)
        # While p_t is fitted, nobody but a warm start or an endless source holds p_{t-1}.
        history = history if warm_start else replace(history, model=p_0)
        del model, sampled, samples, entering, curation, of_fresh, of_train, of_samples


def _curated(
    samples: Data, model: Model, form: Form, curator: Curator, reference: Reference, t: int
) -> tuple[Data, Curation]:
    """Return what enters of S_t and of as many further rounds of p_t as it takes."""
    n, streams = samples.n_rows, reference.streams

    def draw(k: int) -> Data:
        return form.draw(model, n, streams.rng(t, "sample", k), t) if k else samples

    return curated(draw, n, curator, reference, lambda k: streams.rng(t, "curate", k))
