"""What a model scores that knows next to nothing, by hand: the bar below which a metric is bad."""

from dataclasses import replace

import numpy as np
import pytest

from genloss.core.view import NotApplicable
from genloss.metrics import laws, regression, rows, tokens

from . import test_by_hand as numbers

LN = np.log
RISK = numbers.view(numbers.Slopes(np.zeros((2, 2))), numbers.Slopes(np.array([[0.0, 4], [3, -1]])))
LABELS = numbers.view(None, real=[[[9, 0], [9, 1], [9, 1], [9, 1]], [[9, 1]] * 4])
NUMBERS = numbers.view(None, real=[[[9, 2], [9, 4]], [[9, 0], [9, 6]]])
HELD = numbers.view(None, real=[[[1, 2], [-3, 2], [8, 4]], [[2, 0], [2, 1], [5, 9]]])
POINT = LN(4 / 3) * 3 / 4 + LN(4) / 4

CASES = [
    (laws.MeanError(), numbers.PLANE, [0, 0]),
    (laws.CovarianceError(), numbers.PLANE, [17**0.5, 17**0.5]),
    (laws.TraceRatio(), numbers.PLANE, [0, 0]),
    (laws.W2Squared(), numbers.PLANE, [5, 5]),
    (laws.SquaredL2(), numbers.LINE, [(4 * np.pi) ** -0.5, (100 * np.pi) ** -0.5]),
    (laws.HeldOutNLL(), HELD, [LN(11 * 2), LN(3 * 9)]),
    (regression.ExcessRisk(), RISK, [16, 10]),
    (regression.CoefficientError(), RISK, [16, 10]),
    (regression.ResponseNLL(), LABELS, [POINT, 0]),
    (regression.ResponseNLL(), NUMBERS, LN(2 * np.pi * np.e) / 2 + LN([1, 3])),
    # Of 1 and 5 the mean is 3: 2 (2) - 2; of three rows 2 (268/9) - 276/9.
    (rows.EnergyDistance(2), numbers.PAIRS, [2, 0]),
    (rows.EnergyDistance(0), numbers.PAIRS, [260 / 9, 268 / 9]),
    (tokens.Entropy(), numbers.LEFT, [0, 0]),
    (tokens.CollisionProbability(), numbers.LEFT, [1, 1]),
    (tokens.ZeroProportion(), numbers.LEFT, [0.75, 0.75]),
    (tokens.SupportLoss(), numbers.LEFT, [0.6, 0.5]),
    (
        tokens.SquaredProbabilityError(),
        numbers.LEFT,
        [0.01 + 0.0225 + 0.1225 + 0.36, 0.25 + 0.0625 + 0.0225 + 0.01],
    ),
]


@pytest.mark.parametrize(("metric", "view", "right"), CASES, ids=lambda one: str(one)[:30])
def test_a_model_that_knows_next_to_nothing_by_hand(metric, view, right):
    np.testing.assert_allclose(metric.trivial(view), right, rtol=1e-5, atol=1e-12)


WITHOUT = replace(numbers.PLANE, p_0=numbers.Known(), held_out=None, memo={})
SYMBOLS = replace(WITHOUT, held_out=np.zeros((2, 5), dtype=np.int64), memo={})


@pytest.mark.parametrize("metric", {type(metric): metric for metric, _, _ in CASES}.values())
def test_where_nothing_is_known_there_is_no_such_model(metric):
    assert isinstance(metric.trivial(WITHOUT), NotApplicable)
    if not isinstance(metric, regression.ResponseNLL):
        assert isinstance(metric.trivial(SYMBOLS), NotApplicable)
