"""The laws that every class of a role keeps, as functions; they need no test runner.

    from genloss.testing import check_learner
    def test_my_learner():
        check_learner(MyLearner())

Each tries the object on a small example, yours or one of ours, and raises one `ContractError` that
names every law it breaks, what was got and what was expected. What came back otherwise says which
laws held, and which do not apply and why.
"""

from genloss.testing.curator import check_curator
from genloss.testing.features import check_features
from genloss.testing.figure import check_figure
from genloss.testing.laws import ContractError, Outcome, Violation
from genloss.testing.learner import check_learner
from genloss.testing.metric import check_metric
from genloss.testing.objects import check_object
from genloss.testing.reality import check_reality
from genloss.testing.regime import check_regime
from genloss.testing.sampler import check_sampler
from genloss.testing.score import check_score
from genloss.testing.scorer import check_scorer
from genloss.testing.systems import System

__all__ = [
    "ContractError",
    "Outcome",
    "System",
    "Violation",
    "check_curator",
    "check_features",
    "check_figure",
    "check_learner",
    "check_metric",
    "check_object",
    "check_reality",
    "check_regime",
    "check_sampler",
    "check_score",
    "check_scorer",
]
