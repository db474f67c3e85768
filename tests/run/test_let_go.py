"""While one generation is fitted, nobody holds the model of the last one: it may be as large."""

import gc
import weakref

import pytest

from genloss.models.gaussian import GaussianLearner
from genloss.run.memory import measure
from genloss.study.study import study_from

MODELS = []


class Looking(GaussianLearner):
    """A learner that looks, at every fit, whether the last model is still somewhere."""

    def fit(self, train, rng, *, init=None, valid=None):
        gc.collect()
        held = MODELS[-1]() if MODELS else None
        assert init is held
        model = super().fit(train, rng, valid=valid)
        MODELS.append(weakref.ref(model))
        return model


@pytest.mark.slow
@pytest.mark.parametrize("warm_start", [False, True])
def test_the_last_model_is_let_go_unless_a_warm_start_needs_it(warm_start):
    MODELS.clear()
    spec = {
        "reality": "gaussian",
        "learner": {"kind": "gaussian", "ddof": 1},
        "n_real": 9,
        "generations": 3,
    }
    study = study_from({"name": "x", **spec, "metrics": ["mean_error"], "warm_start": warm_start})
    object.__setattr__(study, "learner", Looking(1))
    measure(study)
    assert len(MODELS) == 3
