"""What several makers write together: their models as one."""

from dataclasses import dataclass

import numpy as np

from genloss.core.abilities import ConditionalModel, DensityModel, MomentLaw
from genloss.core.arrays import Array, Floats
from genloss.core.decoding import Decoding, WritingModel
from genloss.core.roles import Model


@dataclass(frozen=True, eq=False)
class MakersModel:
    """What the makers at work write together: row i is by the (i mod m)-th of m of them.

    members: the model of every maker, None before it enters.
    """

    members: tuple[Model | None, ...]

    @property
    def at_work(self) -> tuple[Model, ...]:
        """The models of those that have entered."""
        return tuple(model for model in self.members if model is not None)

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.at_work[0].n_chains

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw n rows of every chain, equally many of every maker: (C, n, ...)."""
        m, streams = len(self.at_work), rng.spawn(len(self.at_work))
        drawn = [
            model.sample(len(range(i, n, m)), own)
            for i, (model, own) in enumerate(zip(self.at_work, streams, strict=True))
            if i < n
        ]
        return _dealt_out(drawn, n)

    def state(self) -> dict[str, Array]:
        """Return the states of all models, by the place of their maker."""
        return {
            f"{i}.{name}": value
            for i, model in enumerate(self.members)
            if model is not None
            for name, value in model.state().items()
        }


@dataclass(frozen=True, eq=False)
class MakersLaw(MakersModel):
    """The same of models whose densities and moments are known: a mixture with equal weights."""

    def log_prob(self, x: Array) -> Floats:
        """Return ln of the mean density in nats: (C, n) for x (C, n, ...)."""
        each = np.stack([m.log_prob(x) for m in self.at_work if isinstance(m, DensityModel)])
        return np.asarray(np.logaddexp.reduce(each, axis=0) - np.log(len(each)))

    def moments(self) -> tuple[Floats, Floats]:
        """Return mean (C, d) and covariance (C, d, d): that within models and that between them."""
        pairs = [m.moments() for m in self.at_work if isinstance(m, MomentLaw)]
        means, covs = np.stack([m for m, _ in pairs]), np.stack([c for _, c in pairs])
        mean = means.mean(axis=0)
        off = means - mean
        between = np.einsum("mci,mcj->cij", off, off) / len(off)
        return mean, covs.mean(axis=0) + between


@dataclass(frozen=True, eq=False)
class MakersText(MakersModel):
    """The same of language models: prompt i is continued by the (i mod m)-th of m of them.

    It scores no text: `by_maker` asks each for itself.
    """

    @property
    def end(self) -> int:
        """The token that begins and ends a document, of all makers alike."""
        return _writers(self.at_work)[0].end

    def decoding(self, how: Decoding) -> ConditionalModel:
        """Return the makers as continuing prompts in one way."""
        return MakersWriting(self, how)


@dataclass(frozen=True, eq=False)
class MakersWriting:
    """Makers of text that share out prompts and continue them in one way."""

    model: MakersText
    how: Decoding

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.model.n_chains

    def continue_(self, prompts: Array, rng: np.random.Generator) -> Array:
        """Continue every prompt (C, n, P) to (C, n, max_new)."""
        n, m = prompts.shape[1], len(self.model.at_work)
        writers = [model.decoding(self.how) for model in _writers(self.model.at_work)]
        drawn = [
            writer.continue_(prompts[:, i::m], own)
            for i, (writer, own) in enumerate(zip(writers, rng.spawn(m), strict=True))
            if i < n
        ]
        return _dealt_out(drawn, n)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Write n rows of every chain after an end token: (C, n, max_new)."""
        return self.continue_(np.full((self.n_chains, n, 1), self.model.end), rng)

    def state(self) -> dict[str, Array]:
        """Return the states of all models, by the place of their maker."""
        return self.model.state()


def model_of(members: tuple[Model | None, ...]) -> MakersModel:
    """Return makers' models as one that knows what all of them know."""
    there = [model for model in members if model is not None]
    if all(isinstance(m, DensityModel) and isinstance(m, MomentLaw) for m in there):
        return MakersLaw(members)
    if all(isinstance(m, WritingModel) for m in there):
        return MakersText(members)
    return MakersModel(members)


def _writers(models: tuple[Model, ...]) -> list[WritingModel]:
    return [model for model in models if isinstance(model, WritingModel)]


def _dealt_out(drawn: list[Array], n: int) -> Array:
    """Return n rows (C, n, ...) in which the i-th of m makers wrote rows i, i + m, ..."""
    m, first = len(drawn), drawn[0]
    rows = np.empty((first.shape[0], n, *first.shape[2:]), dtype=first.dtype)
    for i, x in enumerate(drawn):
        rows[:, i::m] = x
    return rows
