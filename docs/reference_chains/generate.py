"""Write the reference chains beside this file: `python docs/reference_chains/generate.py [FOLDER]`.

Each chain is a small run of genloss, with every D_t, p_t, S_t and some metrics written out.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import genloss
from genloss.core.chain import Generation
from genloss.core.roles import Learner, Model, Regime
from genloss.core.view import View
from genloss.metrics import laws, tokens
from genloss.metrics.arrays import text_likelihood
from genloss.spec.build import describe

CHAINS = 2
GENERATIONS = 4
HELD_OUT = 20
ROWS = genloss.Rows()


@dataclass(frozen=True)
class System:
    """One reference chain.

    p: what is written of a model; metrics: of genloss, or functions of (p_t, held-out rows).
    tolerance: how far from p_t and the metrics another implementation may be, absolute for numbers
    below 1 and relative above.
    """

    title: str
    p_0: Callable[[np.random.Generator], Model]
    learner: Learner
    regime: Regime
    n: int
    p: Callable[[Any], Mapping[str, Any]]
    metrics: tuple[Any, ...]
    form: Any = ROWS
    tolerance: float = 1e-9
    held_out: bool = False


def gaussian(model: Any) -> Mapping[str, Any]:
    """Return mean (C, d) and covariance (C, d, d)."""
    return {"mean": model.mean, "cov": model.cov}


def categorical(model: Any) -> Mapping[str, Any]:
    """Return the probabilities (C, k)."""
    return {"p": model.p}


def kernels(model: Any) -> Mapping[str, Any]:
    """Return the bandwidth (C,); the centres are the rows of D_t."""
    return (
        {"bandwidth": model.bandwidth} if isinstance(model, genloss.KDEModel) else gaussian(model)
    )


def mixture(model: Any) -> Mapping[str, Any]:
    """Return weights (C, k), means (C, k, d), covariances (C, k, d, d), by the first coordinate."""
    weights, means, covs = model.mixture()
    order = np.argsort(means[:, :, 0], axis=1)
    chain = np.arange(len(order))[:, None]
    return {
        "weights": weights[chain, order],
        "means": means[chain, order],
        "covs": covs[chain, order],
    }


def bigram(model: Any) -> Mapping[str, Any]:
    """Return p(next | token), (C, V, V)."""
    v = model.vocabulary
    pairs = np.stack(np.meshgrid(np.arange(v), np.arange(v), indexing="ij"), axis=-1)
    rows = np.tile(pairs.reshape(1, v * v, 2), (model.n_chains, 1, 1))
    return {"next": np.exp(model.token_log_probs(rows)).reshape(-1, v, v)}


def text(rng: np.random.Generator) -> Model:
    """Return the maximum-likelihood bigram of a drawn text: a reality with unequal transitions."""
    chance = rng.dirichlet(np.ones(4), 4)
    x = np.zeros((CHAINS, 50, 12), dtype=np.int64)
    x[:] = rng.integers(4, size=(50, 1))
    for i in range(1, 12):
        u = rng.random(50)
        x[:, :, i] = (u[:, None] > chance[x[0, :, i - 1]].cumsum(axis=1)).sum(axis=1).clip(max=3)
    learner = genloss.NGramLearner(vocabulary=4, order=2, smoothing="add_k", k=0.0)
    return learner.fit(genloss.Samples.of(x, 0), rng)


class Perplexity:
    """exp of the mean -ln p(token | the one before) over held-out rows."""

    name = "perplexity"

    def __call__(self, view: View) -> Any:
        """Return (C,)."""
        assert view.held_out is not None
        log_p = view.model.token_log_probs(view.held_out)  # type: ignore[attr-defined]
        return text_likelihood.perplexity(log_p, np.ones(log_p.shape[1:], dtype=bool))


OF_MOMENTS = (laws.TraceRatio(), laws.SquaredMeanError(), laws.W2Squared())

SYSTEMS = {
    "gaussian-ml": System(
        "Gaussian in one dimension, maximum likelihood, replace",
        lambda rng: genloss.Gaussian(d=1, mean=1.0, variance=4.0).realise(CHAINS, rng),
        genloss.GaussianLearner(ddof=0),
        genloss.Replace(),
        30,
        gaussian,
        (*OF_MOMENTS, laws.Sigma()),
    ),
    "gaussian-unbiased": System(
        "Gaussian in one dimension, unbiased variance, accumulate",
        lambda rng: genloss.Gaussian(d=1, mean=1.0, variance=4.0).realise(CHAINS, rng),
        genloss.GaussianLearner(ddof=1),
        genloss.Accumulate(),
        20,
        gaussian,
        (*OF_MOMENTS, laws.Sigma()),
    ),
    "gaussian-2d": System(
        "Gaussian in two dimensions, unbiased covariance, augment",
        lambda rng: genloss.Gaussian(d=2, variance=((2.0, 0.6), (0.6, 1.0))).realise(CHAINS, rng),
        genloss.GaussianLearner(ddof=1),
        genloss.Augment(synthetic="last"),
        20,
        gaussian,
        (*OF_MOMENTS, laws.DeterminantRatio()),
    ),
    "categorical": System(
        "Counts of six symbols, relative frequencies, replace",
        lambda rng: genloss.TokenLaw((0.5, 0.25, 0.13, 0.07, 0.03, 0.02)).realise(CHAINS, rng),
        genloss.CategoricalLearner(k=6),
        genloss.Replace(),
        30,
        categorical,
        (tokens.Entropy(), tokens.Diversity(), tokens.SurvivingSymbols()),
        form=genloss.AsCounts(),
    ),
    "kde": System(
        "Kernel density estimate in two dimensions, bandwidth 0.3, accumulate",
        lambda rng: genloss.Gaussian(d=2, variance=((2.0, 0.6), (0.6, 1.0))).realise(CHAINS, rng),
        genloss.KDELearner(bandwidth=0.3),
        genloss.Accumulate(),
        15,
        kernels,
        (laws.TraceRatio(), laws.SquaredMeanError(), laws.HeldOutNLL()),
        held_out=True,
    ),
    "mixture": System(
        "Two-component Gaussian mixture by EM to convergence, 1e-6 on variances, replace",
        lambda rng: genloss.MixtureModel(
            np.tile([0.4, 0.6], (CHAINS, 1)),
            np.tile([[-3.0], [2.0]], (CHAINS, 1, 1)),
            np.tile([[[1.0]], [[0.5]]], (CHAINS, 1, 1, 1)),
        ),
        genloss.MixtureLearner(k=2, tol=1e-13, max_iter=5000, reg_covar=1e-6),
        genloss.Replace(),
        60,
        mixture,
        (laws.TraceRatio(), laws.SquaredMeanError(), laws.SquaredL2(), laws.HeldOutNLL()),
        tolerance=1e-5,
        held_out=True,
    ),
    "bigram": System(
        "Bigram over four tokens, one half added to every count, replace",
        text,
        genloss.NGramLearner(vocabulary=4, order=2, smoothing="add_k", k=0.5),
        genloss.Replace(),
        30,
        bigram,
        (Perplexity(),),
        held_out=True,
    ),
}


def chain(name: str) -> dict[str, Any]:
    """Return a reference chain as it is written."""
    system, streams = SYSTEMS[name], genloss.Streams(seed=0)
    p_0 = system.p_0(streams.rng(0, "realise"))
    zero = genloss.generation_zero(p_0, system.form, system.n, streams)
    held_out = p_0.sample(HELD_OUT, streams.rng(0, "held_out")) if system.held_out else None
    generations = genloss.run_chain(
        p_0,
        system.learner,
        system.regime,
        sampler=genloss.Ancestral(),
        form=system.form,
        n_synthetic=system.n,
        streams=streams,
        after=zero.history,
    )
    written = [{"t": 0, "S": rows(zero.samples)}]
    for generation in islice(generations, GENERATIONS):
        written.append(entry(system, p_0, generation, held_out))
    return {
        "format": 1,
        "system": name,
        "title": system.title,
        "learner": describe(system.learner),
        "regime": describe(system.regime),
        "tolerance": system.tolerance,
        "p_0": plain(system.p(p_0)),
        "held_out": None if held_out is None else plain(held_out),
        "generations": written,
    }


def entry(system: System, p_0: Model, g: Generation, held_out: Any) -> dict[str, Any]:
    """Return what is written of a generation."""
    view = View(g.t, p_0, g.model, g.train, g.samples, held_out, np.random.default_rng(0))
    return {
        "t": g.t,
        "D": rows(g.train),
        "p": plain(system.p(g.model)),
        "S": rows(g.samples),
        "metrics": {m.name: plain(m(view)) for m in system.metrics},
    }


def rows(data: Any) -> Any:
    """Return rows (C, n, ...), or counts (C, k)."""
    return plain(data.counts if isinstance(data, genloss.Counts) else data.x)


def plain(value: Any) -> Any:
    """Return arrays as lists."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    return np.asarray(value).tolist()


def main() -> None:
    """Write every chain."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name in SYSTEMS:
        text = json.dumps(chain(name), allow_nan=False, separators=(",", ":"))
        # A line for every generation, so that a change shows where it is.
        text = text.replace('{"t":', '\n{"t":')
        (folder / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
