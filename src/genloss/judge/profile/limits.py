"""What closed forms say of the expected risk as t grows: the ground of the third verdict."""

from __future__ import annotations

from genloss.core import regimes
from genloss.core.about import Aspect, about_object
from genloss.core.forms import Endless
from genloss.core.samplers import Ancestral, Relabelling
from genloss.core.view import Metric
from genloss.judge.entering import as_it_acts
from genloss.judge.profile.divergence import Limit
from genloss.metrics import laws, tokens
from genloss.metrics.regression import ExcessRisk
from genloss.models.categorical import CategoricalLearner
from genloss.models.gaussian import GaussianLearner
from genloss.models.linear import LeastSquaresLearner
from genloss.study.study import Study

WANDERS = Limit(
    True,
    "a theorem: the mean of a Gaussian fitted to its own samples is a random walk whose steps do "
    "not shrink fast enough (Shumailov et al. 2024, 3.1; Kazdan et al. 2024)",
)
LABELS = Limit(
    True,
    "a closed form: every generation of labels adds its own noise, and nothing takes it away "
    "(Gerstgrasser et al. 2024)",
)
SHRINKS = Limit(
    False,
    "a closed form: maximum likelihood shrinks the spread by 1 - 1/n a generation, so that the "
    "steps of the mean have a finite sum",
)
SETTLES = Limit(
    False,
    "a closed form: the expected deviation shrinks geometrically, although the expected variance "
    "does not, so that the steps of the mean have a finite sum (theory.gaussian.expected_sigma); "
    "it is the squared distance, w2_squared, that diverges",
)
POOLED = Limit(
    False,
    "a closed form: each generation has a smaller share in what the next one trains on, so that "
    "the errors have a finite sum (Gerstgrasser et al. 2024)",
)
ANCHORED = Limit(
    False,
    "a closed form: a share of real rows pulls every generation back, so that errors fade",
)
ALONE = (regimes.Replace, regimes.ReplaceMultiple)
"""Regimes that see the last set alone."""

BOUNDED = Limit(False, "this risk is bounded: no law over finitely many symbols has more")


def risk_of(study: Study) -> Metric | None:
    """Return the metric of risk that verdicts are about: the first of the study."""
    for metric in study.metrics:
        about = about_object(metric)
        if about is not None and about.aspect is Aspect.RISK:
            return metric
    return None


def limit_of(study: Study) -> Limit | None:
    """Return what a closed form says of the risk of a study as t grows; None where none is known.

    For fitted Gaussians and the moments of any law with a variance, and for symbols; without
    curators, and drawn as they were fitted.
    """
    metric, study = risk_of(study), as_it_acts(study)
    if study.curator is not None or study.warm_start or isinstance(study.form, Endless):
        return None
    if type(metric) is ExcessRisk and type(study.learner) is LeastSquaresLearner:
        return _of_regression(study)
    if type(study.sampler) is not Ancestral:
        return None
    if type(study.learner) is CategoricalLearner:
        if type(metric) is tokens.ForwardKL:
            return BOUNDED if metric.smoothing > 0 else None
        return BOUNDED if type(metric) is tokens.SupportLoss else None
    moments = type(metric) in (laws.W2Squared, laws.W2)
    learner = study.learner
    if not moments or not isinstance(learner, GaussianLearner):
        return None
    limit = _of_gaussian(study, learner.ddof) if type(learner) is GaussianLearner else None
    if limit is WANDERS and type(metric) is laws.W2:
        # A few chains carry the second moment; the first one is bounded.
        return SETTLES if type(study.regime) is not regimes.ReplaceMultiple else None
    return limit


def _of_regression(study: Study) -> Limit | None:
    if type(study.sampler) not in (Ancestral, Relabelling):
        return None
    # What holds for one of ours need not hold for a class that is derived from it.
    if type(study.regime) in ALONE:
        return LABELS
    return POOLED if type(study.regime) is regimes.Accumulate else None


def _of_gaussian(study: Study, ddof: int) -> Limit | None:
    regime = study.regime
    if type(regime) in ALONE:
        return WANDERS if ddof else SHRINKS
    if type(regime) is regimes.Accumulate:
        return POOLED
    if type(regime) is regimes.Augment:
        return POOLED if regime.synthetic == "pool" else ANCHORED
    if type(regime) is regimes.Fresh:
        return ANCHORED
    if type(regime) is regimes.Mix:
        return ANCHORED
    return None
