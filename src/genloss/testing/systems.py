"""Small systems that metrics are tried on: a reality, and models of it that are wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from genloss.core.arrays import Array, Floats, Ints
from genloss.core.curators.rounds import ACCEPTED, Curation, Judged
from genloss.core.forms import AsMoments, Rows
from genloss.core.roles import Data, Form, Model
from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.source import draw_rows
from genloss.core.streams import Streams
from genloss.core.view import View
from genloss.models.categorical import CategoricalModel
from genloss.models.gaussian import GaussianModel
from genloss.models.kde import KDEModel
from genloss.models.mixture.mixture import MixtureModel
from genloss.models.ngram.ngram import NGramLearner
from genloss.realities.gaussians import Gaussian
from genloss.realities.mixtures import ModeGrid
from genloss.realities.shapes import TwoMoons
from genloss.realities.tokens import ZipfMandelbrot
from genloss.testing import small_text

C, N = 3, 400
STREAMS = Streams(2)
Restore = Callable[[Mapping[str, Array]], Model]


@dataclass(frozen=True, eq=False)
class System:
    """A reality, models of it that are wrong in different ways, and how data travel.

    Every metric must find one of the wrong models further from reality than reality is. written:
    S_1 of each, instead of rows drawn from it; real_rows, held_out: S_0 and the held-out rows, if
    not drawn; first, base: p_1 and the pretrained model, for metrics that look through them; apart:
    a reality whose chains have laws of their own, where p_0 has one for all; restore: rebuilds a
    wrong model, or p_1, from its state where its fields do not show the arrays of its chains;
    curated: what a curator made of rows of p_1, and of those of each wrong model.
    """

    p_0: Model
    wrong: tuple[Model, ...]
    form: Form = field(default_factory=Rows)
    n: int = N
    written: tuple[Array, ...] = ()
    real_rows: Array | None = None
    held_out: Array | None = None
    first: Model | None = None
    base: Model | None = None
    apart: Model | None = None
    restore: Restore | None = None
    curated: tuple[Curation, ...] = ()

    @cached_property
    def views(self) -> tuple[View, ...]:
        """Generation 0 and a wrong generation 1 for each model."""
        form, p_0 = self.form, self.p_0
        if self.real_rows is None:
            real: Data = form.draw(p_0, self.n, STREAMS.rng(0, "reality", 0), 0)
        else:
            real = form.of(self.real_rows, 0)
        held_out = self.held_out
        if held_out is None:
            held_out = p_0.sample(self.n, STREAMS.rng(0, "held_out"))
        shown = real.x[:, : max(1, self.n // 4)] if isinstance(real, Samples) else None
        views = [View(0, p_0, p_0, None, real, held_out, rng_of(0), base=self.base, real=shown)]
        for k, model in enumerate(self.wrong):
            if self.written:
                data: Data = form.of(self.written[k], 1)
            else:
                data = form.draw(model, self.n, STREAMS.rng(1, "sample"), 1)
            made = self.curated[k + 1] if self.curated else None
            first = self.first or model
            one = replace(views[0], t=1, model=model, train=data, samples=data)
            views.append(replace(one, first=first, curation=made))
        return tuple(views)

    @cached_property
    def honest(self) -> View | None:
        """Generation 1 of p_1, where there is one."""
        if self.first is None:
            return None
        data = self.form.draw(self.first, self.n, STREAMS.rng(1, "honest"), 1)
        made = self.curated[0] if self.curated else None
        one = replace(self.views[1], model=self.first, train=self.views[0].samples)
        return replace(one, samples=data, curation=made)

    @cached_property
    def views_apart(self) -> tuple[View, ...]:
        """The same where the chains have laws of their own."""
        return self.views if self.apart is None else replace(self, p_0=self.apart).views


def rng_of(t: int) -> np.random.Generator:
    """Return the stream of a metric in generation t."""
    return STREAMS.rng(t, "metric")


def again(view: View, **changed: Any) -> View:
    """Return a view as a metric meets it first: a new stream, nothing remembered, copied rows."""
    new: dict[str, Any] = {"rng": rng_of(view.t), "memo": {}, "lasting": {}}
    parts = {part: getattr(view, part) for part in ("train", "samples", "held_out", "real")}
    return replace(view, **new | {k: _copied(v) for k, v in parts.items()} | changed)


def _copied(part: Any) -> Any:
    if isinstance(part, Samples):
        return Samples.from_arrays({k: v.copy() for k, v in part.arrays().items()})
    return part.copy() if isinstance(part, np.ndarray) else part


NOISE = 0.05
"""Standard deviation of a class about its point of the circle of radius 1."""


@dataclass(frozen=True, eq=False)
class Ring:
    """Ten classes on a circle, as a trained network with classes and an encoder would know them.

    centre: (C, 2); radius: (C,); train_loss: (C, epochs).
    """

    centre: Floats
    radius: Floats
    train_loss: Floats

    @property
    def n_chains(self) -> int:
        """Chains."""
        return len(self.centre)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw points (C, n, 2)."""
        return self.sample_labelled(n, rng)[0]

    def sample_labelled(self, n: int, rng: np.random.Generator) -> tuple[Floats, Ints]:
        """Draw points (C, n, 2) and their classes (C, n), each at its tenth of the circle."""
        label = rng.integers(10, size=(self.n_chains, n))
        angle = 0.2 * np.pi * label
        on_circle = np.stack([np.cos(angle), np.sin(angle)], axis=2)
        noise = NOISE * rng.normal(size=on_circle.shape)
        return self.centre[:, None] + self.radius[:, None, None] * (on_circle + noise), label

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, 2) and the covariance r^2 (1/2 + 0.05^2) I (C, 2, 2)."""
        variance = self.radius**2 * (0.5 + NOISE**2)
        return self.centre, variance[:, None, None] * np.eye(2)

    def encode(self, x: Array) -> Floats:
        """Return the points themselves."""
        return np.asarray(x, dtype=np.float64)

    def state(self) -> dict[str, Array]:
        """Return the fields."""
        return {"centre": self.centre, "radius": self.radius, "train_loss": self.train_loss}


def _ring(centre: float, radius: float) -> Ring:
    loss = np.array([[9.0, 2.0, 1.0]] * C) * (1.0 + np.arange(C))[:, None] / radius
    return Ring(np.full((C, 2), centre), np.full(C, radius), loss)


def _judged(model: Model, accepted: Ints) -> Judged:
    """Return rows of a model, of which the first so many were accepted."""
    rows = draw_rows(model, 2 * N, STREAMS.rng(1, "judged"), 1)
    reason = np.where(np.arange(2 * N) < accepted[:, None], ACCEPTED, 0)
    return Judged(rows, reason, ("thinned",))


def _trained() -> System:
    """Return the circle: its classes, encoder and loss, and a curator that some chains fail."""
    real, wrong = _ring(0.0, 1.0), (_ring(0.5, 0.01), _ring(50.0, 9.0))
    accepted = [np.full(C, N), N - 1 - np.arange(C), np.arange(1, C + 1)]
    made = [
        Curation(N, np.full(C, 2 * N), a, {"thinned": 2 * N - a}, _judged(real, a))
        for a in accepted
    ]
    return System(real, wrong, first=real, curated=tuple(made))


def _thinned(model: Model) -> tuple[Curation, ...]:
    """Return what a curator made of rows of a model: many, half and few of them accepted."""
    accepted = [np.full(C, k) - np.arange(C) for k in (N, N // 2, N // 4)]
    return tuple(
        Curation(N, np.full(C, 2 * N), a, {"thinned": 2 * N - a}, _judged(model, a))
        for a in accepted
    )


def number_systems() -> dict[str, System]:
    """Return a plane, moments, symbols, modes, two moons and a circle, each with wrong models.

    One is collapsed (a fraction of reality's spread or symbols), one lost (far away, or the symbols
    exchanged). In the plane p_1 is an honest one; the circle has classes, an encoder, a training
    loss and a curator.
    """
    rng = STREAMS.rng(0, "realise")
    plane, line = Gaussian(2).realise(C, rng), Gaussian(1).realise(C, rng)
    tokens = ZipfMandelbrot(12).realise(C, rng)
    p = np.asarray(tokens.p)
    grid, moons = ModeGrid(side=3).realise(C, rng), TwoMoons().realise(C, rng)
    w, m, s = grid.mixture()
    few = MixtureModel(w[:, :2] * 4.5, m[:, :2] + 0.05, s[:, :2] * 0.01)
    rows, h = moons.sample(5, rng), np.full(C, 0.0)
    turned = CategoricalModel(np.stack([np.roll(row, c) for c, row in enumerate(p)]))
    lost = CategoricalModel(np.ascontiguousarray(p[:, ::-1]))
    return {
        "gaussian": System(plane, _wrong(2), apart=_apart(plane), first=plane),
        "moments": System(line, _wrong(1), AsMoments(), apart=_apart(line)),
        "tokens": System(tokens, (_collapsed(p), lost), apart=turned),
        "mixture": System(grid, (few, MixtureModel(w, m + 50, s * 9)), curated=_thinned(grid)),
        "trained": _trained(),
        "shape": System(moons, (KDEModel(rows, h), KDEModel(rows + 50, h + 1))),
    }


def _normal(d: int, mean: float, variance: float) -> GaussianModel:
    return GaussianModel(np.full((C, d), mean), np.tile(variance * np.eye(d), (C, 1, 1)))


def _wrong(d: int) -> tuple[Model, Model]:
    return _normal(d, 0.5, 0.01), _normal(d, 50, 9)


def _apart(law: GaussianModel) -> GaussianModel:
    by_chain = np.arange(1.0, C + 1)
    return GaussianModel(law.mean * by_chain[:, None] + 3, law.cov * by_chain[:, None, None])


def _collapsed(p: Floats) -> CategoricalModel:
    survivor = np.zeros_like(p)
    survivor[:, 1:5] = p[:, 1:5]
    return CategoricalModel(survivor / survivor.sum(axis=1, keepdims=True))


def text_system() -> System:
    """Return a text with two wrong generations: a few rows again and again, and any token at all.

    Of the collapsed rows half are the most probable text, some end early, some at once.
    """
    n, v, end = small_text.ROWS, small_text.VOCABULARY, small_text.END
    test = small_text.written(120, 2)[0]
    p_0, held_out = small_text.SmallText(small_text.written(2 * n, 1), test).split(n)
    learner, real = NGramLearner(v, 2), p_0.rows(0, n)
    stream = np.random.default_rng(0)
    first = learner.fit(Samples.of(real, 0), stream)
    base = learner.fit(Samples.of(small_text.written(n, 21)[:1], 0), stream)
    few = real[:, np.arange(n) % 30].copy()
    best = first.token_log_probs(real).sum(axis=2).argmax(axis=1)
    few[:, ::2] = real[np.arange(len(real)), best][:, None]
    few[:, 1, 5:] = NO_TOKEN
    few[:, 4] = NO_TOKEN
    few[:, 4, 0] = end
    lost = np.random.default_rng(7).integers(1, v, size=real.shape)
    wrong = tuple(learner.fit(Samples.of(x, 1), stream) for x in (few, lost))
    rows: dict[str, Any] = {
        "written": (few, lost),
        "real_rows": real,
        "held_out": held_out,
    }
    return System(p_0, wrong, n=n, **rows, first=first, base=base, restore=learner.restore)
