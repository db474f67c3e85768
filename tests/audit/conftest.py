"""What tests of audits share."""

import numpy as np
import pytest


@pytest.fixture
def rng(seed):
    return np.random.default_rng([20261129, seed])
