"""Every learner of the contract table, held to the laws of `genloss.testing`."""

import pytest
import torch

from genloss.testing import check_learner

from .table import LEARNERS

SLOW = ("vae", "diffusion", "flow_matching", "hugging_face", "transformer")
"""Twenty fits of these take seconds."""
CASES = [
    pytest.param(x, id=f"{x}-{x.rows}", marks=[pytest.mark.slow] if x.kind in SLOW else [])
    for x in LEARNERS
]


@pytest.fixture(autouse=True)
def one_thread():
    """Small networks gain nothing from threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("line", CASES)
def test_every_learner_keeps_the_laws(line):
    learner = line.build("learner")
    outcome = check_learner(learner, line.rows, init=line.init, refuses=line.refuses)
    # What a learner can do may not be lost unnoticed.
    assert set(outcome.skipped) == set(line.skips), outcome.skipped
