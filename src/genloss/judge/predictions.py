"""The closed forms that apply to a study: the dashed lines of its figures.

A chain whose model reproduces its training set's mean and covariance (Gaussian, categorical, KDE up
to its kernel) obeys exact first-moment laws under most regimes; genloss.theory derives them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from genloss.core import regimes
from genloss.core.abilities import CategoricalLaw, FiniteModel, MomentLaw
from genloss.core.arrays import Floats
from genloss.core.forms import Endless
from genloss.core.over_chains import MEAN, MEDIAN, Statistic
from genloss.core.roles import Model
from genloss.core.samplers import Ancestral, Shrinkage
from genloss.core.shares import Discounted, FreshShare, WeightedFresh
from genloss.core.view import column_names
from genloss.errors import GenlossError, SpecError
from genloss.judge.entering import as_it_acts, enters_unchanged
from genloss.judge.regression_lines import excess_risk
from genloss.models.categorical import CategoricalLearner
from genloss.models.gaussian import GaussianLearner, GaussianModel
from genloss.models.kde import KDELearner
from genloss.models.mixture.mixture import RELATIVE, MixtureLearner
from genloss.spec.parts import parts
from genloss.store.theory_file import TheoryLine, check_location
from genloss.study.study import Study
from genloss.theory import anchored, discrete, fixation, gaussian, moments, shares, spread_law

Times = NDArray[np.int64]

MOST_PRODUCTS = 3e8
"""Exact survival multiplies by an n x n matrix at every generation; beyond this it is left out."""

MOST_ENTRIES = 4e6
"""Likewise for its (n + k) n probabilities of counts."""


def theory_lines(study: Study) -> dict[str, TheoryLine]:
    """Return the line of every metric of the study with a closed form.

    None for an endless source, as the laws count the rows of D_t, which it does not have, and none
    where a D_t has a single row.

    Raises:
        SpecError: a part of the study predicts something else than a `ClosedForm`, or fails.
    """
    times = sorted(study.measure.times(study.generations) | {0, study.generations})
    t = np.array(times, dtype=np.int64)
    wanted = {name for metric in study.metrics for name in column_names(metric)}
    laws = _our_laws(as_it_acts(study))
    lines = {name: law.line(t) for name, law in laws.items() if name in wanted}
    for _, part in parts(study):
        if isinstance(part, Predicts):
            lines |= {k: line for k, line in _brought_by(part, study, t).items() if k in wanted}
    return lines


def _brought_by(part: "Predicts", study: Study, t: Times) -> dict[str, TheoryLine]:
    """Return the lines of a class that brings closed forms: whatever fails in it is its own."""
    try:
        brought = part.predictions(study)
        for name, law in brought.items():
            if not isinstance(law, ClosedForm):
                raise SpecError(
                    f"{type(part).__name__} predicts {law!r} of {name}; expected "
                    "ClosedForm(label, statistic, law)"
                )
        return {name: law.line(t) for name, law in brought.items()}
    except GenlossError:
        raise
    except Exception as error:
        raise SpecError(
            f"the predictions of {type(part).__name__} failed ({type(error).__name__}: {error})"
        ) from error


def _our_laws(study: Study) -> "Laws":
    lam = _shrinkage(study)
    if not enters_unchanged(study):
        return {}
    if (risk := excess_risk(study, schedule(study))) is not None:
        return {"excess_risk": ClosedForm("expected risk (exact)", MEAN, risk)}
    if lam is None or isinstance(study.form, Endless) or min(schedule(study)) < 2:
        return {}
    p_0 = study.reality.realise(2, np.random.default_rng(0))
    if isinstance(p_0, FiniteModel) or not _same_law(p_0):
        return {}
    families = (_moment_laws, _line_laws, _categorical_laws)
    return {k: v for family in families for k, v in family(study, p_0, lam).items()}


def _moment_path(study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    # What holds for one of ours need not hold for a class that is derived from it.
    regime = study.regime
    if type(regime) in _path.registry:
        return _path(regime, study, t, how)
    return regime.moment_path(study, t, **how) if isinstance(regime, MomentRegime) else None


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


@_path.register
def _(regime: FreshShare, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    n = study.n_synthetic
    return shares.fresh_share(t, study.n_real, n, share=regime.real_share, **how)


@_path.register
def _(regime: WeightedFresh, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    n, m, w = regime.n_real, study.n_synthetic, regime.real_weight
    return shares.weighted_fresh(t, study.n_real, n, m, real_weight=w, **how)


@_path.register
def _(regime: Discounted, study: Study, t: Times, how: Mapping[str, Any]) -> Any:
    plain = all(how.get(k, v) == v for k, v in {"ddof": 0, "lam": 1.0, "bandwidth2": 0.0}.items())
    if not (plain and regime.cap == 1 and _even(study)):
        return None
    return shares.discounted(t, study.n_real, decay=regime.decay)


def schedule(study: Study) -> list[int]:
    """Return the rows of D_1 .. D_T."""
    return [
        study.regime.sizes(t, study.n_real, study.n_synthetic).train
        for t in range(1, study.generations + 1)
    ]


def _same_law(p_0: Model) -> bool:
    # Chains may have laws of their own (blobs per chain): no single line is exact for them.
    state = p_0.state().values()
    return all((value == value[:1]).all() for value in state if value.shape[:1] == (p_0.n_chains,))


def _shrinkage(study: Study) -> float | None:
    if type(study.sampler) is Shrinkage:
        return study.sampler.lam
    return 1.0 if type(study.sampler) is Ancestral else None


def _even(study: Study) -> bool:
    return study.n_real == study.n_synthetic


@dataclass(frozen=True)
class ClosedForm:
    """What theory says of a metric: law maps t (T,) to values (T,), in the metric's units.

    label: a few words for a legend. statistic: what it predicts over chains, a mean, a median or a
    quantile.

    Raises:
        SpecError: a statistic that is no value of the metric itself.
    """

    label: str
    statistic: Statistic
    law: Callable[[Times], Any]

    def __post_init__(self) -> None:
        check_location(self.label, self.statistic)

    def line(self, t: Times) -> TheoryLine:
        """Return its values at generations t (T,), where they are finite.

        Raises:
            SpecError: a law that gives something else than (T,).
        """
        value = np.asarray(self.law(t), dtype=np.float64)
        if value.shape != t.shape:
            raise SpecError(
                f"the law of {self.label!r} gives {value.shape} at {t.shape} generations; expected "
                "a value for each"
            )
        there = np.isfinite(value)
        t, value = t[there], value[there]
        return TheoryLine(self.label, self.statistic, tuple(t.tolist()), tuple(value.tolist()))


Laws = dict[str, ClosedForm]


@dataclass(frozen=True)
class PlugIn:
    """A learner whose model has its training set's mean, and its covariance plus a fixed part.

    ddof: of the fitted covariance. added: variance that the model adds in every direction (a
    kernel's, or the regularisation of a mixture), in squared units of the data. relative: the same
    as a share of the variance of S_0.
    """

    ddof: int
    added: float
    relative: float = 0.0


@runtime_checkable
class PlugInLearner(Protocol):
    """A learner of another package that obeys the moment laws of every regime."""

    def plug_in(self) -> PlugIn | None:
        """Return how it reproduces the moments of its training set, or None where it does not."""
        ...


@runtime_checkable
class MomentRegime(Protocol):
    """A regime of another package whose first moments have a closed form."""

    def moment_path(self, study: Study, t: Times, **how: Any) -> Any:
        """Return an object with `mean_error` and `spread` (T,), shares of reality's variance.

        how: ddof, and lam or bandwidth2, as for `theory.moments.replace`. None: no closed form.
        """
        ...


@runtime_checkable
class Predicts(Protocol):
    """A part of a study, of whatever role, that brings closed forms of its own.

    They are drawn as they are: it must see itself whether the study (its form, sampler, curator and
    reality) is one to which they apply.
    """

    def predictions(self, study: Study) -> "Laws":
        """Return the closed form of each metric, by its name."""
        ...


def plug_in(study: Study) -> PlugIn | None:
    """Return how the study's learner reproduces moments, or None where it does not.

    A maximisation step keeps the mean and the trace of the covariance of its rows, whatever the
    shape of the components, so a mixture's total spread obeys the law of maximum likelihood.
    """
    learner = study.learner
    if type(learner) is GaussianLearner:
        return PlugIn(learner.ddof, 0.0)
    if type(learner) is KDELearner and isinstance(learner.bandwidth, float):
        return PlugIn(0, learner.bandwidth**2)
    if type(learner) is MixtureLearner and type(study.sampler) is Ancestral:
        reg = learner.reg_covar
        return PlugIn(0, 0.0, RELATIVE) if isinstance(reg, str) else PlugIn(0, reg)
    if isinstance(learner, PlugInLearner) and type(study.sampler) is Ancestral:
        return learner.plug_in()
    return None


def _moment_laws(study: Study, p_0: Model, lam: float) -> Laws:
    how = plug_in(study)
    if how is None or not isinstance(p_0, MomentLaw):
        return {}
    cov = p_0.moments()[1][0]
    trace = float(np.trace(cov))
    # The rows of S_0 spread by trace (1 - 1/n) on average, about their own mean.
    added = how.added * len(cov) / trace + how.relative * (1 - 1 / study.n_real)
    # A shrunk kernel model keeps its centres: only what it adds is shrunk.
    options = (
        {"ddof": how.ddof, "lam": lam}
        if type(study.learner) is GaussianLearner
        else {"ddof": how.ddof, "bandwidth2": lam * added}
    )
    if _moment_path(study, np.zeros(1, dtype=np.int64), options) is None:
        return {}

    def error(t: Times) -> Any:
        return _moment_path(study, t, options).mean_error

    def spread(t: Times) -> Any:
        return _moment_path(study, t, options).spread + added * (t > 0)

    return {
        "trace_ratio": ClosedForm("expected ratio (exact)", MEAN, spread),
        "squared_mean_error": ClosedForm(
            "expected error (exact)", MEAN, lambda t: trace * error(t)
        ),
        "second_moment": ClosedForm(
            "expected value (exact)", MEAN, lambda t: trace * (error(t) + spread(t))
        ),
    }


def _line_laws(study: Study, p_0: Model, lam: float) -> Laws:
    """Return what is known of a Gaussian line, under regimes that see the last set alone."""
    alone = type(study.regime) in (regimes.Replace, regimes.ReplaceMultiple)
    # Another p_0 has the same first two moments at t = 1, but not the same law of its variance.
    if not (alone and type(study.learner) is GaussianLearner and isinstance(p_0, GaussianModel)):
        return {}
    cov, ddof, n = p_0.cov[0], study.learner.ddof, schedule(study)
    if len(cov) > 1:
        return {}
    variance = float(cov[0, 0])

    def typical(t: Times) -> Any:
        return variance**0.5 * spread_law.sigma_quantile(t, n, ddof=ddof, lam=lam)

    def risk(t: Times) -> Any:
        return gaussian.w2_squared(t, n, sigma2=variance, ddof=ddof, lam=lam)

    return {
        "sigma": ClosedForm("typical chain (lognormal limit)", MEDIAN, typical),
        "w2_squared": ClosedForm("expected risk (exact)", MEAN, risk),
    }


def _categorical_laws(study: Study, p_0: Model, lam: float) -> Laws:
    learner = study.learner
    if not (type(learner) is CategoricalLearner and isinstance(p_0, CategoricalLaw)):
        return {}
    if learner.smoothing or lam != 1.0:
        return {}
    p, n = p_0.probabilities()[0], study.n_real
    laws: Laws = {}
    plain = {"ddof": 0}
    if _moment_path(study, np.zeros(1, dtype=np.int64), plain) is not None:
        # One-hot rows: their spread is the diversity 1 - sum p^2.
        spread = 1 - float((p**2).sum())
        laws["squared_probability_error"] = ClosedForm(
            "expected error (exact)",
            MEAN,
            lambda t: spread * _moment_path(study, t, plain).mean_error,
        )
    if type(study.regime) is regimes.Replace:
        sizes = schedule(study)
        laws["diversity"] = ClosedForm(
            "expected diversity (exact)",
            MEAN,
            lambda t: 1 - discrete.collision_probability(t, sizes, p),
        )
        laws["collision_probability"] = ClosedForm(
            "expected probability (exact)",
            MEAN,
            lambda t: discrete.collision_probability(t, sizes, p),
        )
        small = study.generations * n**2 <= MOST_PRODUCTS and (n + p.size) * n <= MOST_ENTRIES
        if _even(study) and small:
            laws |= _survival_laws(p, n)
    elif type(study.regime) is regimes.Accumulate and _even(study):
        laws["diversity"] = ClosedForm(
            "expected diversity (exact)",
            MEAN,
            lambda t: 1 - discrete.accumulate_collision_probability(t, n, p),
        )
    return laws


def _survival_laws(p: Floats, n: int) -> Laws:
    def left(t: Times) -> Floats:
        return fixation.expected_survivors(t, p, n)

    alive = np.count_nonzero(p)
    return {
        "surviving_symbols": ClosedForm("expected symbols (exact Markov chain)", MEAN, left),
        "surviving_fraction": ClosedForm(
            "expected fraction (exact Markov chain)", MEAN, lambda t: left(t) / alive
        ),
        "zero_proportion": ClosedForm(
            "expected proportion (exact Markov chain)", MEAN, lambda t: 1 - left(t) / p.size
        ),
    }
