"""Bindings of metrics on two unequal chains, with values by hand: nothing cancels, nothing is 1."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.view import NotApplicable, View
from genloss.metrics import laws, makers, modes, regression, rows, tokens
from genloss.models.linear import LinearModel
from genloss.models.logistic import LogisticModel
from genloss.models.makers_joint import MakersModel

LN = np.log


class Known:
    """A model of two chains of which only the law is asked for."""

    n_chains = 2

    def sample(self, n, rng):
        raise AssertionError("nothing is drawn here")

    def state(self):
        return {}


@dataclass(frozen=True)
class Gaussians(Known):
    """Normal laws with independent coordinates."""

    mean: np.ndarray
    variances: np.ndarray

    def moments(self):
        return self.mean, np.stack([np.diag(v) for v in self.variances])

    def mixture(self):
        mean, cov = self.moments()
        return np.ones((len(mean), 1)), mean[:, None], cov[:, None]


@dataclass(frozen=True)
class Widths(Known):
    """Mixtures of two components in the plane."""

    def mixture(self):
        cov = np.array([[[1.0, 7.0], [9.0, 41.0]], [[4.0, 4.0], [2.0, 0.0]]])
        return np.full((2, 2), 0.5), np.zeros((2, 2, 2)), cov[..., None] * np.eye(2)


@dataclass(frozen=True)
class Laplace(Known):
    """A density on the line, of one width per chain."""

    def log_prob(self, x):
        return -np.abs(x[..., 0]) * np.array([[1.0], [2.0]])


@dataclass(frozen=True)
class Slopes(Known):
    """Two coefficients of every chain."""

    w: np.ndarray
    sigma2: float = 1.0

    def coefficients(self):
        return self.w


@dataclass(frozen=True)
class Symbols(Known):
    """Laws over four symbols."""

    p: np.ndarray

    def probabilities(self):
        return self.p


@dataclass(frozen=True)
class Modes(Known):
    """Three modes in the plane."""

    def modes(self):
        return np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]]), 1.0


def view(model, p_0=None, x=None, real=None) -> View:
    """Return generation 3 of these laws and rows, of which the line may be given flat."""
    x, real = (None if part is None else np.asarray(part, dtype=float) for part in (x, real))
    x, real = (
        part[..., None] if part is not None and part.ndim == 2 else part for part in (x, real)
    )
    samples = None if x is None else Samples.of(x, 3)
    return View(3, p_0, model, None, samples, real, np.random.default_rng(0))


PLANE = view(
    Gaussians(np.array([[1.0, 2], [0, 0]]), np.array([[4.0, 9], [9, 16]])),
    Gaussians(np.array([[0.0, 0], [3, 4]]), np.array([[1.0, 4], [4, 1]])),
)
LINE = view(
    Gaussians(np.array([[0.0], [1]]), np.array([[4.0], [9]])),
    Gaussians(np.array([[3.0], [1]]), np.array([[1.0], [25]])),
)
NARROW = Gaussians(np.zeros((2, 1)), np.array([[0.25], [0.04]]))
DRAWN = view(Known(), Known(), [[0, 2, 4], [1, 1, 4]], [[3, 5], [2, 9]])
# Nothing known: means 2 and 2, variances 8 / 3 and 2; of held-out rows 4 and 5.5, 1 and 12.25.
FEW = np.array([[0.5, 0.25, 0.25, 0], [0.7, 0, 0.3, 0]])
ALL = np.array([[0.1, 0.15, 0.35, 0.4], [0.5, 0.25, 0.15, 0.1]])
LEFT = view(Symbols(FEW), Symbols(ALL))
RIGHT = view(Symbols(ALL), Symbols(FEW))
# Rows (x, y), each a feature and a label 0 or 1.
RESPONSES = [[[2, 0], [-3, 1]], [[-2, 0], [5, 1]]]
H_0 = [-(p * LN(p)).sum() for p in ALL]
H = [1.5 * LN(2), -(0.7 * LN(0.7) + 0.3 * LN(0.3))]
KL = [
    0.5 * LN(5) + 0.25 * LN(0.25 / 0.15) + 0.25 * LN(0.25 / 0.35),
    0.7 * LN(1.4) + 0.3 * LN(2),
]
NINE = [np.arange(1, 10.0), np.arange(10, 100, 10.0)]
TAILS = view(None, None, [[1, 1.5, 5, 6, 9], [30, 40, 50, 60, 81]], NINE)
# The second column is 0 in most rows, and has no lower tail.
PIXEL = np.array([0, 0, 0, 0, 0, 0, 0, 1, 2.0])
EITHER = view(None, None, np.ones((2, 5)), [PIXEL, PIXEL])
WITH_PIXEL = view(
    None,
    None,
    np.stack([TAILS.samples.x[:, :, 0], np.ones((2, 5))], axis=2),
    np.stack([NINE, [PIXEL, PIXEL]], axis=2),
)
HELD = view(None, None, NINE, [[3, 4, 5, 6, 9], [10, 30, 90, 95, 99]])
PAIRS = view(None, None, [[0, 2, 90], [0, 0, 90]], [[1, 5, 70], [3, 3, 70]])
NEAR_ONE = view(
    Laplace(), Modes(), real=[[[9.5, 0], [10.5, 0], [0, 0]], [[10, 0.5], [3, 3], [9, 0]]]
)
SPOTS = view(
    None,
    Modes(),
    [
        [[0, 0], [0, 0.6], [10, 0], [50, 50], [0.3, 0]],
        [[0, 10], [0, 10.2], [0, 9.8], [0.4, 10], [7, 7]],
    ],
)
AXES = view(None, None, [[[1, 0], [2, 0], [0, 1], [0, 3]], [[1, 1], [1, 1], [1, 1], [0, 0.5]]])


PART = (1 + np.array([-1, 1]) * 0.625**0.5) / 2
"""Eigenvalues of the kernel of the second chain of AXES, over its number of rows."""


def density(x, variance):
    return np.exp(-(x**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def squared_l2(shift, one, other):
    return density(0, 2 * one) + density(0, 2 * other) - 2 * density(shift, one + other)


SHIFTED = view(Gaussians(np.array([[1.0, 0], [3, 6]]), np.array([[1.0, 4], [4, 1]])), PLANE.p_0)
# What each maker alone is seen as: the model of PLANE, and reality shifted by 1 and by 2.
TWO = replace(
    view(MakersModel((PLANE.model, SHIFTED.model)), PLANE.p_0),
    memo={("maker", 0): PLANE, ("maker", 1): SHIFTED},
)

CASES = [
    (makers.ByMaker(laws.W2Squared()), TWO, [[7, 1], [35, 4]]),
    (laws.MeanError(), PLANE, [5**0.5, 5]),
    (laws.MeanError(), DRAWN, [2, 3.5]),
    (laws.TraceRatio(), DRAWN, [8 / 3, 2 / 12.25]),
    (laws.SquaredMeanError(), PLANE, [5, 25]),
    (laws.CovarianceError(), PLANE, [34**0.5, 250**0.5]),
    (laws.TraceRatio(), PLANE, [2.6, 5]),
    (laws.DeterminantRatio(), PLANE, [9, 36]),
    (laws.Sigma(), PLANE, [6.5**0.5, 12.5**0.5]),
    (laws.SigmaError(), LINE, [1, 2]),
    (laws.SigmaError(), replace(LINE, p_0=NARROW, memo={}), [1.5, 2.8]),
    (laws.W2Squared(), PLANE, [7, 35]),
    (laws.W2(), PLANE, [7**0.5, 35**0.5]),
    (laws.SecondMoment(), PLANE, [18, 50]),
    (laws.SquaredL2(), LINE, [squared_l2(3, 4, 1), squared_l2(0, 9, 25)]),
    (laws.ComponentStd(), view(Widths()), [2, 1]),
    (laws.ComponentStd("largest"), view(Widths()), [5, 2]),
    (laws.HeldOutNLL(), view(Laplace(), real=[[1, -3, 8], [2, 2, 5]]), [4, 6]),
    (laws.HeldOutNLL(2), view(Laplace(), real=[[1, -3, 8], [2, 2, 5]]), [2, 4]),
    (
        regression.ExcessRisk(),
        view(Slopes(np.array([[1.0, 2], [0, 0]])), Slopes(np.array([[0.0, 4], [3, -1]]))),
        [5, 10],
    ),
    (
        regression.CoefficientError(),
        view(Slopes(np.array([[1.0, 2], [0, 0]])), Slopes(np.array([[0.0, 4], [3, -1]]))),
        [5, 10],
    ),
    (
        regression.ResponseNLL(),
        view(LogisticModel(np.array([[1.0], [0.0]])), real=RESPONSES),
        [LN(1 + np.exp(2)) / 2 + LN(1 + np.exp(3)) / 2, LN(2)],
    ),
    (
        regression.ResponseNLL(),
        view(LinearModel(np.array([[1.0], [0.0]]), np.array([4.0, 1.0])), real=RESPONSES),
        [LN(8 * np.pi) / 2 + (4 + 16) / 16, LN(2 * np.pi) / 2 + 1 / 4],
    ),
    (
        regression.HalfspaceAccuracy(),
        view(Slopes(np.array([[1.0, 0], [0, 2]])), Slopes(np.array([[1.0, 1], [-3, 0]]))),
        [0.75, 0.5],
    ),
    (
        regression.HalfspaceAccuracy(),
        view(Slopes(np.array([[0.0, 0], [1, 1]])), Slopes(np.array([[1.0, 1], [-1, -1]]))),
        [0.5, 0],
    ),
    (tokens.Entropy(), LEFT, H),
    (tokens.EntropyRatio(), LEFT, np.divide(H, H_0)),
    (tokens.CollisionProbability(), LEFT, [0.375, 0.58]),
    (tokens.Diversity(), LEFT, [0.625, 0.42]),
    (tokens.SurvivingSymbols(), LEFT, [3, 2]),
    (tokens.SurvivingFraction(), LEFT, [0.75, 0.5]),
    (tokens.SurvivingFraction(), view(Symbols(FEW[::-1]), Symbols(FEW)), [2 / 3, 1]),
    (tokens.ZeroProportion(), LEFT, [0.25, 0.5]),
    (
        tokens.SquaredProbabilityError(),
        LEFT,
        [0.16 + 0.01 + 0.01 + 0.16, 0.04 + 0.0625 + 0.0225 + 0.01],
    ),
    (tokens.SupportLoss(), LEFT, [0.4, 0.35]),
    (tokens.BackwardKL(0.0), LEFT, KL),
    (tokens.ForwardKL(0.0), RIGHT, KL),
    (tokens.ForwardKL(0.0), LEFT, [np.inf, np.inf]),
    (tokens.RareMass(0.25), LEFT, [3, 1.2]),
    (tokens.SymbolProbability(2), LEFT, [0.25, 0.3]),
    (tokens.SymbolProbability(3), view(Symbols(ALL), Symbols(FEW[:, :3])), [0.4, 0.1]),
    (rows.TailMass(0.4), TAILS, [1.5, 0.5]),
    # Below 2.5 and above 7.5 two fifths and a fifth, of a quarter; below 25 nothing.
    (rows.TailCoverage(0.5), TAILS, [0.8, 0]),
    (rows.TailCoverage(0.5), WITH_PIXEL, [0.8, 0]),
    (rows.QuantileCoverage(0.4), HELD, [4 / 3, 1 / 3]),
    (rows.EnergyDistance(2), PAIRS, [2, 6]),
    (rows.SlicedWasserstein(8, 2), PAIRS, [5**0.5, 3]),
    (rows.DuplicateRate(), AXES, [0, 0.5]),
    (rows.VendiScore(), AXES, [2, np.exp(-(PART * LN(PART)).sum())]),
    (rows.VendiScore(rows=2), AXES, [1, 1]),
    (modes.SurvivingModes(), SPOTS, [2, 1]),
    (modes.SurvivingModes(0.3), SPOTS, [1, 1]),
    (modes.ModeShare(0), SPOTS, [0.6, 0]),
    (modes.ModeShare(2), SPOTS, [0, 0.8]),
    # |x| is 9.5 and 10.5 in mode 1, and 10 and 9; the second law is twice as narrow.
    (
        modes.ModeNLL(1),
        NEAR_ONE,
        [10, 19],
    ),
    (modes.AverageModalVariance(0.3), SPOTS, [0.1, 0.05]),
]


@pytest.mark.parametrize(
    ("metric", "of", "right"), CASES, ids=lambda part: getattr(part, "name", "")
)
def test_values_by_hand(metric, of, right):
    found = metric(of)
    assert not isinstance(found, NotApplicable), found
    np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12)
