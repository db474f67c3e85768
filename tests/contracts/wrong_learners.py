"""An honest learner of rows on the line, and others that each break a law."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genloss.core.about import About
from genloss.core.samples import Samples
from genloss.errors import DataError
from genloss.models.gaussian import GaussianLearner, GaussianModel


@dataclass(frozen=True)
class LineModel:
    """N(mean, sd^2) of every chain."""

    mean: np.ndarray
    sd: np.ndarray

    @property
    def n_chains(self):
        return len(self.mean)

    def sample(self, n, rng):
        return self.draw(rng.standard_normal((self.n_chains, n, 1)))

    def draw(self, z):
        return self.mean[:, None, None] + self.sd[:, None, None] * z

    def moments(self):
        return self.mean[:, None], self.sd[:, None, None] ** 2

    def log_prob(self, x):
        z = (x[:, :, 0] - self.mean[:, None]) / self.sd[:, None]
        return -0.5 * (z**2 + np.log(2 * np.pi)) - np.log(self.sd)[:, None]

    def state(self):
        return {"mean": self.mean.copy(), "sd": self.sd.copy()}


@dataclass(frozen=True)
class Line:
    """An honest learner: mean and standard deviation of weighted rows on the line."""

    floor: float = 0.0
    model = LineModel

    def fit(self, train, rng, *, init=None, valid=None):
        x, w = self.read(train)
        mean = (w * x).sum(axis=1) / w.sum(axis=1)
        variance = (w * (x - mean[:, None]) ** 2).sum(axis=1) / w.sum(axis=1)
        return self.model(mean, np.sqrt(variance) + self.floor)

    def read(self, train):
        if not isinstance(train, Samples) or train.x.ndim != 3 or train.x.dtype.kind != "f":
            raise DataError("Line learns from real rows; use form = 'rows'")
        x = train.x[:, :, 0]
        return x, np.ones(x.shape) if train.weight is None else train.weight

    def restore(self, state):
        return self.model(state["mean"], state["sd"])


WRONG: list[tuple[str, Any, str]] = []


def breaks(law, kind="line"):
    """Plant a wrong class: an instance of it must be rejected by this law."""

    def planted(cls):
        WRONG.append((law, cls(), kind))
        return cls

    return planted


def wrong_model(law):
    """Plant a wrong model, learned as an honest one is."""

    def planted(cls):
        learner = dataclass(frozen=True)(type(cls.__name__, (Line,), {"model": cls}))
        WRONG.append((law, learner(), "line"))
        return cls

    return planted


@breaks("it fills its role")
class WithoutRestore:
    fit = Line.fit


@breaks("it is a frozen dataclass")
@dataclass
class CanBeSet:
    floor: float = 0.0
    model = LineModel
    fit, read, restore = Line.fit, Line.read, Line.restore


@breaks("its description builds it again")
@dataclass(frozen=True)
class Doubles(Line):
    floor: float = 1.0

    def __post_init__(self):
        object.__setattr__(self, "floor", 2 * self.floor)


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class CitesNobody(Line):
    about = About("cites_nobody", "Cites nobody", "", ("nobody-1900",))


@breaks("a fit is a function of data and stream")
@dataclass(frozen=True)
class OwnStream(Line):
    def fit(self, train, rng, *, init=None, valid=None):
        model = super().fit(train, rng)
        return replace(model, mean=model.mean + np.random.default_rng().normal(size=2))


@breaks("a fit leaves its data alone")
@dataclass(frozen=True)
class Centres(Line):
    def read(self, train):
        x, w = super().read(train)
        train.x.base[...] -= 0.1
        return x, w


@breaks("a fit leaves its data alone")
@dataclass(frozen=True)
class CentresValid(Line):
    def fit(self, train, rng, *, init=None, valid=None):
        if valid is not None:
            valid.x.base[...] -= 0.1
        return super().fit(train, rng)


@wrong_model("samples have the shape of rows")
class Flat(LineModel):
    def sample(self, n, rng):
        return super().sample(n, rng)[:, :, 0]


@wrong_model("samples have the shape of rows")
class Lost(LineModel):
    def sample(self, n, rng):
        return super().sample(n, rng) / np.float64(n > 1)


@wrong_model("sampling and measuring never change a model")
class Tires(LineModel):
    def sample(self, n, rng):
        x = super().sample(n, rng)
        self.mean[...] += 0.1
        return x


@wrong_model("nobody can write into a model")
class Open(LineModel):
    def state(self):
        return {"mean": self.mean, "sd": self.sd}


@wrong_model("draws are a function of the stream")
class IgnoresTheStream(LineModel):
    def sample(self, n, rng):
        return super().sample(n, np.random.default_rng(1))


@wrong_model("draws are a function of the stream")
class StreamOfItsOwn(LineModel):
    def sample(self, n, rng):
        return super().sample(n, np.random.default_rng())


@wrong_model("draws are a function of the stream")
class BeginsAgain(LineModel):
    def sample(self, n, rng):
        return super().sample(n, np.random.default_rng(rng.bit_generator.seed_seq.entropy))


@wrong_model("samples have their own moments")
class TooWide(LineModel):
    def moments(self):
        mean, cov = super().moments()
        return mean, 1.2 * cov


@wrong_model("samples match their own density")
class Constant(LineModel):
    def log_prob(self, x):
        return super().log_prob(x) + 0.2


@wrong_model("samples match their own density")
class AnotherShape(LineModel):
    def sample(self, n, rng):
        return self.draw(rng.uniform(-np.sqrt(3), np.sqrt(3), (self.n_chains, n, 1)))


class OffInSpace(GaussianModel):
    def log_prob(self, x):
        return super().log_prob(x) + 0.2


@breaks("samples match their own density", "space")
@dataclass(frozen=True)
class Offset(GaussianLearner):
    ddof: int = 1

    def fit(self, train, rng, *, init=None, valid=None):
        model = super().fit(train, rng)
        return OffInSpace(model.mean, model.cov)


@wrong_model("a state is arrays with chains on axis 0")
class Turned(LineModel):
    def state(self):
        return {**super().state(), "both": np.ones((1, self.n_chains))}


@breaks("a state restores the same model")
@dataclass(frozen=True)
class Forgets(Line):
    def restore(self, state):
        return self.model(state["mean"], np.ones_like(state["sd"]))


@dataclass(frozen=True)
class Hidden(LineModel):
    skew: float = 0.0

    def draw(self, z):
        return super().draw(z) + self.skew


@breaks("a state restores the same model")
@dataclass(frozen=True)
class ForgetsWhatItDoesNotSay(Line):
    model = Hidden

    def fit(self, train, rng, *, init=None, valid=None):
        return replace(super().fit(train, rng), skew=1.0)


@wrong_model("chains of the same rows draw apart")
class OneDrawForAll(LineModel):
    def sample(self, n, rng):
        return self.draw(rng.standard_normal((1, n, 1)))


@breaks("chains are fitted apart")
@dataclass(frozen=True)
class Pools(Line):
    def fit(self, train, rng, *, init=None, valid=None):
        model = super().fit(train, rng)
        return replace(model, sd=np.full_like(model.sd, model.sd.mean()))


@breaks("chains are fitted apart")
@dataclass(frozen=True)
class LearnsNothing(Line):
    def fit(self, train, rng, *, init=None, valid=None):
        c = super().fit(train, rng).n_chains
        return self.model(np.zeros(c), np.ones(c))


@breaks("chains do not know their place")
@dataclass(frozen=True)
class Numbers(Line):
    def fit(self, train, rng, *, init=None, valid=None):
        model = super().fit(train, rng)
        return replace(model, mean=model.mean + np.arange(model.n_chains))


@breaks("weights are frequencies")
@dataclass(frozen=True)
class CountsRows(Line):
    """n - 1 of the rows, not of their weights."""

    def fit(self, train, rng, *, init=None, valid=None):
        model = super().fit(train, rng)
        n = (self.read(train)[1] > 0).sum(axis=1)
        return replace(model, sd=model.sd * np.sqrt(n / (n - 1)))


@breaks("weights are frequencies")
@dataclass(frozen=True)
class FirstWeights(Line):
    def read(self, train):
        x, w = super().read(train)
        return x, np.broadcast_to(w[:1], w.shape)


@breaks("weights matter")
@dataclass(frozen=True)
class IgnoresWeights(Line):
    def read(self, train):
        x, w = super().read(train)
        return x, np.ones_like(w)


@breaks("rows of weight 0 leave no trace")
@dataclass(frozen=True)
class SeesAll(Line):
    def fit(self, train, rng, *, init=None, valid=None):
        model = super().fit(train, rng)
        return replace(model, sd=model.sd + 0.1 * train.x.std(axis=(1, 2)))


@breaks("other forms are learned from or refused")
@dataclass(frozen=True)
class Trusts(Line):
    def read(self, train):
        x = train.x[:, :, 0]
        return x, np.ones(x.shape) if train.weight is None else train.weight


@breaks("a warm start is accepted")
@dataclass(frozen=True)
class GoesOnElsewhere(Line):
    def fit(self, train, rng, *, init=None, valid=None):
        model = super().fit(train, rng)
        return model if init is None else replace(model, sd=2 * model.sd)


@dataclass(frozen=True)
class Resumes(Line):
    """A learner that adds ten draws, noting each."""

    notebook: Any = None

    def with_notebook(self, notebook):
        return replace(self, notebook=notebook)

    def fit(self, train, rng, *, init=None, valid=None):
        model, (k, total) = super().fit(train, rng), self.begin()
        steps = rng.normal(size=10)
        while k < 10:
            k, total = k + 1, total + steps[k]
            if self.notebook is not None:
                self.notebook.write({"step": np.array([k]), "total": np.array([total])})
        return replace(model, mean=model.mean + 0.1 * total)

    def begin(self):
        note = None if self.notebook is None else self.notebook.read()
        return (0, 0.0) if note is None else (int(note["step"][0]), float(note["total"][0]))


@breaks("a broken fit goes on to the same model")
@dataclass(frozen=True)
class LosesItsSum(Resumes):
    def begin(self):
        return super().begin()[0], 0.0


@breaks("a broken fit goes on to the same model")
@dataclass(frozen=True)
class BeginsAtItsNote(Resumes):
    """A step twice."""

    def begin(self):
        step, total = super().begin()
        return max(step - 1, 0), total
