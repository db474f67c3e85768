"""Every law of samplers rejects a sampler that was made to break it; ours keep them all."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from genloss.core.about import About
from genloss.core.decoding import Prompts, prompted
from genloss.core.samplers import Ancestral, Denoising, Relabelling
from genloss.core.samples import NO_TOKEN
from genloss.errors import SpecError
from genloss.models.gaussian import GaussianModel
from genloss.models.linear import LeastSquaresLearner
from genloss.models.torch.denoising.diffusion import DiffusionLearner
from genloss.models.torch.training import Training
from genloss.testing import ContractError, check_sampler
from genloss.testing.sampler import SAMPLER_LAWS

from .table import held

WRONG: list[tuple[str, Any, str]] = []
SHORT = {"max_new": 6, "min_new": 2, "prompts": Prompts(tokens=3)}


def breaks(law, kind="line"):
    """Plant a wrong sampler: it must be rejected by this law."""

    def planted(cls):
        WRONG.append((law, cls(), kind))
        return cls

    return planted


@dataclass(frozen=True)
class Shift:
    """Honest: rows moved by a number."""

    by: float = 1.0

    def ask(self, model, prompts=None):
        if not isinstance(model, GaussianModel):
            raise SpecError("Shift needs a Gaussian model; use the ancestral sampler")
        return replace(model, mean=model.mean + self.by)


@dataclass(frozen=True)
class Draws:
    """Honest: inverts the distribution function of the softmax."""

    prompts: Prompts = field(default_factory=lambda: Prompts(tokens=3))
    max_new: int = 6
    min_new: int = 2
    repetition_penalty: float = 1.0
    draws: bool = True

    def choose(self, logits, uniform):
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        edges = np.cumsum(p, axis=1) / p.sum(axis=1, keepdims=True)
        # The last possible token ends at 1, whatever the rounding of the sum.
        edges[edges >= edges[:, -1:]] = 1.0
        return (edges <= uniform[:, None]).sum(axis=1)

    def ask(self, model, prompts=None):
        return prompted(model, self, prompts)


@pytest.mark.slow
@pytest.mark.parametrize("line", held("sampler"), ids=lambda x: f"{x}-{x.rows}")
def test_every_sampler_keeps_the_laws(line):
    check_sampler(line.build("sampler"), line.rows)


@pytest.mark.parametrize(("sampler", "kind"), [(Shift(), "line"), (Draws(), "text")], ids=str)
def test_honest_samplers_of_others_keep_them(sampler, kind):
    check_sampler(sampler, kind)


def test_relabelling_keeps_the_laws():
    check_sampler(Relabelling(), "space", learner=LeastSquaresLearner())


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [Denoising(2), Denoising(3, eta=0.0)], ids=str)
def test_denoising_keeps_the_laws(sampler):
    training = Training(epochs=1, batch=30, device="cpu")
    check_sampler(sampler, "space", learner=DiffusionLearner(4, width=8, training=training))


@breaks("it fills its role")
@dataclass(frozen=True)
class CannotAsk:
    by: float = 1.0


@breaks("it is a frozen dataclass")
class NoFields:
    by, ask = 1.0, Shift.ask


@breaks("its description builds it again")
@dataclass(frozen=True)
class Grows(Shift):
    def __post_init__(self):
        object.__setattr__(self, "by", self.by + 1)


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class CitesNobody(Shift):
    about = About("cites_nobody", "Cites nobody", "", ("nobody-1900",))


@breaks("asking leaves the model alone")
@dataclass(frozen=True)
class InPlace(Shift):
    def ask(self, model, prompts=None):
        if isinstance(model, GaussianModel):
            model.mean.base[...] += self.by
        return super().ask(model)


@breaks("what is asked draws rows of every chain")
@dataclass(frozen=True)
class FirstChain(Shift):
    def ask(self, model, prompts=None):
        asked = super().ask(model)
        return GaussianModel(asked.mean[:1], asked.cov[:1])


@breaks("draws are a function of model and stream")
@dataclass(frozen=True)
class StreamOfItsOwn(Shift):
    def ask(self, model, prompts=None):
        asked = super().ask(model)
        return replace(asked, mean=asked.mean + np.random.default_rng().normal())


@breaks("draws are a function of model and stream", "text")
@dataclass(frozen=True)
class SaysThatItDraws(Draws):
    def choose(self, logits, uniform):
        return logits.argmax(axis=1)


@breaks("a chain is asked apart")
@dataclass(frozen=True)
class Pools(Shift):
    def ask(self, model, prompts=None):
        asked = super().ask(model)
        return replace(asked, cov=np.repeat(asked.cov.mean(axis=0)[None], len(asked.cov), axis=0))


@breaks("a model that cannot be asked is refused")
@dataclass(frozen=True)
class Trusts(Shift):
    def ask(self, model, prompts=None):
        return replace(model, mean=model.mean + self.by)


class Loose:
    """A model that writes on after the end."""

    def __init__(self, inner):
        self.inner, self.n_chains, self.state = inner, inner.n_chains, inner.state

    def sample(self, n, rng):
        x = self.inner.sample(n, rng)
        x[:, :, -1] = np.where(x[:, :, -1] == NO_TOKEN, 1, x[:, :, -1])
        return x


@breaks("a text has its lengths", "text")
@dataclass(frozen=True)
class WritesOn(Draws):
    min_new: int = 0

    def ask(self, model, prompts=None):
        return Loose(super().ask(model, prompts))


@breaks("an impossible token is never chosen", "text")
@dataclass(frozen=True)
class Smooths(Draws):
    def choose(self, logits, uniform):
        return super().choose(np.maximum(logits, -5.0), uniform)


@breaks("an impossible token is never chosen", "text")
@dataclass(frozen=True)
class OffByOneAtZero(Draws):
    """`<` for `<=`: a number of 0 falls on the first token, possible or not."""

    def choose(self, logits, uniform):
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        edges = np.cumsum(p, axis=1) / p.sum(axis=1, keepdims=True)
        return np.minimum((edges < uniform[:, None]).sum(axis=1), logits.shape[1] - 1)


@breaks("rows of logits are chosen apart", "text")
@dataclass(frozen=True)
class OneBarForAll(Draws):
    def choose(self, logits, uniform):
        return super().choose(np.where(logits < np.median(logits[:, 1]), -30.0, logits), uniform)


@breaks("a constant added to logits changes nothing", "text")
@dataclass(frozen=True)
class AbsoluteBar(Draws):
    def choose(self, logits, uniform):
        return super().choose(np.where(logits < 0.2, logits - 30, logits), uniform)


@pytest.mark.parametrize(
    ("law", "sampler", "kind"), WRONG, ids=[f"{law}-{type(s).__name__}" for law, s, _ in WRONG]
)
def test_a_wrong_sampler_is_rejected_by_its_law(law, sampler, kind):
    with pytest.raises(ContractError) as error:
        check_sampler(sampler, kind)
    assert law in {v.law for v in error.value.violations}, str(error.value)


def test_every_law_has_a_wrong_sampler():
    assert {law for law, *_ in WRONG} == {m.__name__.replace("_", " ") for m in SAMPLER_LAWS}


def test_rows_without_a_learner_are_refused():
    with pytest.raises(SpecError, match="no learner for images"):
        check_sampler(Ancestral(), "images")
