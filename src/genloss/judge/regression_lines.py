"""The closed forms of linear regression: which law holds for a study."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from genloss.core import regimes
from genloss.core.arrays import Floats
from genloss.core.editing import ToEdit
from genloss.core.forms import AsMoments, Rows
from genloss.core.samplers import Ancestral, Relabelling
from genloss.models.linear import LeastSquaresLearner
from genloss.realities.regression import Regression
from genloss.study.study import Study
from genloss.theory import contamination, regression

Law = Callable[[NDArray[np.int64]], Floats]


def excess_risk(study: Study, rows: Sequence[int]) -> Law | None:
    """Return the expected excess risk by generation, or None where it is not known exactly.

    rows: those of D_1 .. D_T. The model must write with the noise of reality.
    """
    reality, learner = study.reality, study.learner
    if type(reality) is not Regression or type(learner) is not LeastSquaresLearner:
        return None
    if reality.sigma2 != learner.sigma2 or type(study.form) not in (Rows, AsMoments):
        return None
    if min(rows) < reality.d + 2:
        return None
    regime, sampler = study.regime, type(study.sampler)
    if type(regime) is regimes.StaticContamination:
        return _contaminated(study, reality, regime)
    if sampler is Relabelling:
        # Whatever a curator chooses, some features come twice and others not at all.
        return None if study.curator is not None else _relabelled(study, reality, rows)
    if sampler is Ancestral and type(regime) in (regimes.Replace, regimes.ReplaceMultiple):
        return _doses([regression.dose(n, reality.d, sigma2=reality.sigma2) for n in rows])
    return None


def _relabelled(study: Study, reality: Regression, rows: Sequence[int]) -> Law | None:
    regime, n = study.regime, study.n_real
    if type(regime) is ToEdit:
        share, decay = regime.share, regime.decay
        return lambda t: regression.token_edit_error(
            t, n, reality.d, share=share, decay=decay, sigma2=reality.sigma2
        )
    if type(regime) is regimes.Accumulate and study.n_synthetic == n:
        return lambda t: regression.accumulate_error(t, n, reality.d, sigma2=reality.sigma2)
    if type(regime) not in (regimes.Replace, regimes.ReplaceMultiple):
        return None
    if any(m > n and m % n for m in rows):
        return None
    # Features repeated k times divide the dose by k; fewer than all are a smaller sample.
    one = [
        regression.dose(min(m, n), reality.d, sigma2=reality.sigma2) / max(m // n, 1) for m in rows
    ]
    return _doses(one)


def _doses(one: Sequence[float]) -> Law:
    path = np.concatenate([[0.0], np.cumsum(one)])
    return lambda t: np.asarray(path[t], dtype=np.float64)


def _contaminated(
    study: Study, reality: Regression, regime: regimes.StaticContamination
) -> Law | None:
    """Rows of another linear law beside real ones; each D_t stands for itself."""
    law = regime.law
    if type(law) is not Regression or (law.d, law.sigma2) != (reality.d, reality.sigma2):
        return None
    clean = regression.dose(study.n_real, reality.d, sigma2=reality.sigma2)
    n = (regime.n_real or study.n_real) + regime.n_foreign
    gap = np.broadcast_to(np.subtract(law.w, reality.w), (reality.d,))
    mixed = contamination.regression_error(
        n,
        reality.d,
        regime.n_foreign / n,
        shift2=float((gap**2).sum()),
        sigma2=reality.sigma2,
    )
    return lambda t: np.asarray(np.where(t == 0, 0.0, np.where(t == 1, clean, mixed)))
