"""Metrics of models that predict a response from features."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from genloss.core.abilities import CoefficientLaw
from genloss.core.about import About, Aspect
from genloss.core.arrays import Floats
from genloss.core.roles import Model
from genloss.core.view import Direction, NotApplicable, View


@runtime_checkable
class LinearLaw(CoefficientLaw, Protocol):
    """A model y = x . w + noise of variance sigma2 with x ~ N(0, I_d)."""

    @property
    def sigma2(self) -> Floats:
        """Variance of the noise (C,)."""
        ...


@runtime_checkable
class ResponseLaw(Model, Protocol):
    """A model that knows how likely a response y is for features x."""

    def response_log_prob(self, rows: Floats) -> Floats:
        """Return log p(y | x) in nats: (C, n) for rows (x, y), (C, n, d + 1)."""
        ...


@dataclass(frozen=True)
class ExcessRisk:
    """||w_t - w*||^2 = E (x . w_t - x . w*)^2: test error without the noise of y, units of y^2.

    x ~ N(0, I_d) is a new row of reality; the whole test error is the noise's variance more.
    """

    about = About(
        "excess_risk",
        "Excess risk",
        "How far predictions for new rows lie from the best possible ones, squared.",
        ("gerstgrasser-2024",),
        headline=True,
        aspect=Aspect.RISK,
    )
    name: ClassVar[str] = "excess_risk"
    unit: ClassVar[str] = "squared units of y"
    direction: ClassVar[Direction] = Direction.LOWER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the excess risk (C,), >= 0, or why there is none."""
        if not (isinstance(view.model, LinearLaw) and isinstance(view.p_0, LinearLaw)):
            return NotApplicable("needs a linear regression, as reality and as model")
        gap = view.model.coefficients() - view.p_0.coefficients()
        return np.asarray((gap**2).sum(axis=1), dtype=np.float64)

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return ||w*||^2 (C,), the risk of always saying the mean of y, whatever x is."""
        p_0: Model = view.p_0
        if not isinstance(p_0, LinearLaw):
            return NotApplicable("needs a linear regression, as reality and as model")
        return np.asarray((p_0.coefficients() ** 2).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class CoefficientError:
    """||w_t - w*||^2, the sum of squared errors of all coefficients of a regression."""

    about = About(
        "coefficient_error",
        "Error of the coefficients",
        "How far the coefficients have wandered from reality's, squared.",
        ("dey-2024",),
        aspect=Aspect.RISK,
    )
    name: ClassVar[str] = "coefficient_error"
    unit: ClassVar[str] = "squared units of w"
    direction: ClassVar[Direction] = Direction.LOWER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the error (C,), >= 0, or why there is none."""
        if not (isinstance(view.model, CoefficientLaw) and isinstance(view.p_0, CoefficientLaw)):
            return NotApplicable("needs a regression, as reality and as model")
        gap = view.model.coefficients() - view.p_0.coefficients()
        return np.asarray((gap**2).sum(axis=1), dtype=np.float64)

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return ||w*||^2 (C,), the error of coefficients of 0."""
        p_0: Model = view.p_0
        if not isinstance(p_0, CoefficientLaw):
            return NotApplicable("needs a regression, as reality and as model")
        return np.asarray((p_0.coefficients() ** 2).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class HalfspaceAccuracy:
    """1 - angle(w_t, w*)/pi: how often sign(x . w_t) is sign(x . w*) for x ~ N(0, I_d); in [0, 1].

    A model without coefficients that differ from 0 guesses: 1/2.
    """

    about = About(
        "halfspace_accuracy",
        "Accuracy of the plane",
        "How often the model's plane has new rows on the right side.",
        ("feng-2024",),
        aspect=Aspect.RISK,
    )
    name: ClassVar[str] = "halfspace_accuracy"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.HIGHER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the accuracy (C,), or why there is none."""
        if not (isinstance(view.model, CoefficientLaw) and isinstance(view.p_0, CoefficientLaw)):
            return NotApplicable("needs a regression, as reality and as model")
        a, b = view.model.coefficients(), view.p_0.coefficients()
        norms = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
        cosine = (a * b).sum(axis=1) / np.where(norms == 0, 1.0, norms)
        angle = np.arccos(np.clip(cosine, -1, 1))
        return np.asarray(np.where(norms == 0, 0.5, 1 - angle / np.pi), dtype=np.float64)

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return 1/2 (C,), the accuracy of guessing."""
        if not isinstance(view.p_0, CoefficientLaw):
            return NotApplicable("needs a regression, as reality and as model")
        return np.full(view.p_0.n_chains, 0.5)


@dataclass(frozen=True)
class ResponseNLL:
    """Mean -log p_t(y | x) over the held-out real rows (x, y): the test loss of a classifier."""

    about = About(
        "response_nll",
        "Surprise about responses",
        "How surprised the model is by the real responses of rows that were held out.",
        ("dey-2024",),
        headline=True,
        aspect=Aspect.RISK,
    )
    name: ClassVar[str] = "response_nll"
    unit: ClassVar[str] = "nats per row"
    direction: ClassVar[Direction] = Direction.LOWER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the mean (C,), or why there is none."""
        if view.held_out is None:
            return NotApplicable("no held-out rows; set held_out")
        model: Model = view.model
        if not isinstance(model, ResponseLaw):
            return NotApplicable(f"{type(model).__name__} does not know how likely a response is")
        return np.asarray(-model.response_log_prob(view.held_out).mean(axis=1))

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return the loss (C,) of always saying the same law of y.

        Labels 0 and 1: the entropy of their shares; else that of a Gaussian of y's own variance.
        """
        if view.held_out is None:
            return NotApplicable("no held-out rows; set held_out")
        y = view.held_out[:, :, -1]
        if not np.isin(y, (0.0, 1.0)).all():
            return np.asarray(0.5 * np.log(2 * np.pi * np.e * y.var(axis=1)))
        ones = np.stack([y.mean(axis=1), 1 - y.mean(axis=1)])
        # A share of 0 costs nothing.
        return np.asarray(-(ones * np.log(np.maximum(ones, np.finfo(float).tiny))).sum(axis=0))
