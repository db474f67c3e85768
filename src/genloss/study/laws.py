"""The closed forms that apply to a study: the dashed lines of its figures.

A chain whose model reproduces its training set's mean and covariance (Gaussian, categorical, KDE up
to its kernel) obeys exact first-moment laws under most regimes; genloss.theory derives them.
"""

from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.core import regimes
from genloss.core.protocols import CategoricalLaw, FiniteModel, Model, MomentLaw
from genloss.core.samplers import Ancestral, Shrinkage
from genloss.models.categorical import CategoricalLearner
from genloss.models.gaussian import GaussianLearner
from genloss.study.study import Study
from genloss.theory import anchored, discrete, fixation, gaussian, moments, spread_law

Times = NDArray[np.int64]
Lines = dict[str, dict[str, Any]]

MOST_ROWS = 400
"""Exact survival needs an n x n Markov chain; beyond this it is left out."""


def theory_lines(study: Study) -> Lines:
    """Return {metric: {label, t, value}} for every metric of the study with a closed form."""
    lam = _shrinkage(study)
    p_0 = study.reality.realise(1, np.random.default_rng(0)) if lam is not None else None
    if p_0 is None or lam is None or isinstance(p_0, FiniteModel):
        return {}
    times = sorted(study.measure.times(study.generations) | {0, study.generations})
    t = np.array(times, dtype=np.int64)
    wanted = {metric.name for metric in study.metrics}
    laws = _gaussian_laws(study, p_0, lam) | _categorical_laws(study, p_0, lam)
    return {
        name: {"label": label, "t": times, "value": np.asarray(law(t), dtype=np.float64).tolist()}
        for name, (label, law) in laws.items()
        if name in wanted
    }


def moment_path(study: Study, t: Times, ddof: int, lam: float) -> moments.MomentPath | None:
    """Return the exact first moments of a plug-in chain under the study's regime, if derived."""
    return _path(study.regime, study, t, {"ddof": ddof, "lam": lam})


@singledispatch
def _path(regime: Any, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    return None


@_path.register(regimes.Replace)
@_path.register(regimes.ReplaceMultiple)
def _(regime: Any, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    return moments.replace(t, schedule(study), **how)


@_path.register
def _(regime: regimes.Accumulate, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    return moments.accumulate(t, study.n_real, **how) if _even(study) else None


@_path.register
def _(regime: regimes.AccumulateSubsample, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    if not _even(study) or regime.size not in (0, study.n_real):
        return None
    return moments.accumulate_subsample(t, study.n_real, **how)


@_path.register
def _(regime: regimes.Fresh, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    n, m = regime.n_real, study.n_synthetic
    return anchored.anchored(t, study.n_real, n, m, real_rows="fresh", **how)


@_path.register
def _(regime: regimes.Mix, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    n = round(regime.real_fraction * study.n_synthetic)
    if not 0 < n < study.n_synthetic:
        return None
    rows: anchored.RealRows = "fixed" if regime.real_rows == "same" else "redrawn"
    return anchored.anchored(t, study.n_real, n, study.n_synthetic - n, real_rows=rows, **how)


@_path.register
def _(regime: regimes.Augment, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    if regime.synthetic == "pool":
        return moments.accumulate(t, study.n_real, **how) if _even(study) else None
    n, m = study.n_real, study.n_synthetic
    return anchored.anchored(t, n, n, m, real_rows="fixed", **how)


def schedule(study: Study) -> list[int]:
    """Return the rows of D_1 .. D_T."""
    return [
        study.regime.sizes(t, study.n_real, study.n_synthetic).train
        for t in range(1, study.generations + 1)
    ]


def _shrinkage(study: Study) -> float | None:
    if isinstance(study.sampler, Ancestral):
        return 1.0
    return study.sampler.lam if isinstance(study.sampler, Shrinkage) else None


def _even(study: Study) -> bool:
    return study.n_real == study.n_synthetic


Laws = dict[str, tuple[str, Callable[[Times], Any]]]


def _gaussian_laws(study: Study, p_0: Model, lam: float) -> Laws:
    if not (isinstance(study.learner, GaussianLearner) and isinstance(p_0, MomentLaw)):
        return {}
    ddof, cov = study.learner.ddof, p_0.moments()[1][0]
    trace = float(np.trace(cov))
    if moment_path(study, np.zeros(1, dtype=np.int64), ddof, lam) is None:
        return {}

    def path(t: Times) -> moments.MomentPath:
        found = moment_path(study, t, ddof, lam)
        assert found is not None
        return found

    laws: Laws = {
        "trace_ratio": ("expected ratio (exact)", lambda t: path(t).spread),
        "squared_mean_error": ("expected error (exact)", lambda t: trace * path(t).mean_error),
        "second_moment": ("expected value (exact)", lambda t: trace * np.add(*path(t))),
    }
    if len(cov) == 1 and isinstance(study.regime, regimes.Replace | regimes.ReplaceMultiple):
        n, sigma = schedule(study), trace**0.5
        laws["sigma"] = (
            "typical chain (lognormal limit)",
            lambda t: sigma * spread_law.sigma_quantile(t, n, ddof=ddof, lam=lam),
        )
        laws["w2_squared"] = (
            "expected risk (exact)",
            lambda t: gaussian.w2_squared(t, n, sigma2=trace, ddof=ddof, lam=lam),
        )
    return laws


def _categorical_laws(study: Study, p_0: Model, lam: float) -> Laws:
    learner = study.learner
    if not (isinstance(learner, CategoricalLearner) and isinstance(p_0, CategoricalLaw)):
        return {}
    if learner.smoothing or lam != 1.0:
        return {}
    p, n = p_0.probabilities()[0], study.n_real
    laws: Laws = {}
    if isinstance(study.regime, regimes.Replace):
        sizes = schedule(study)
        laws["diversity"] = (
            "expected diversity (exact)",
            lambda t: 1 - discrete.collision_probability(t, sizes, p),
        )
        laws["collision_probability"] = (
            "expected probability (exact)",
            lambda t: discrete.collision_probability(t, sizes, p),
        )
        if _even(study) and n <= MOST_ROWS:
            laws["surviving_symbols"] = (
                "expected symbols (exact Markov chain)",
                lambda t: fixation.expected_survivors(t, p, n),
            )
    elif isinstance(study.regime, regimes.Accumulate) and _even(study):
        laws["diversity"] = (
            "expected diversity (exact)",
            lambda t: 1 - discrete.accumulate_collision_probability(t, n, p),
        )
    return laws
